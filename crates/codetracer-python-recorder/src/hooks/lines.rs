//! Line events, by LINE or by what takes its place (ADR 0009).

use trace_model::Op;

use super::events::traced;
use super::recorder::Recorder;
use super::stack::expect_top;
use super::thread::ThreadContext;
use super::{Answer, exceptions};
use crate::capture;
use crate::code::facts::CodeFacts;
use crate::code::line_starts::watch;
use crate::code::opcodes::OPCODES;
use crate::raw::frame::{Code, Frame};
use crate::raw::function;
use crate::raw::object::Obj;
use crate::raw::threads::Current;

/// Bytes of the inline cache of `CALL`.
const CALL_CACHE: u32 = match OPCODES {
    Some(ops) => 2 * ops.cache_of(ops.call) as u32,
    None => 0,
};

/// LINE.
#[inline(always)]
pub fn line(recorder: &mut Recorder, current: Current, code: Code<'_>, line: u32) -> Answer {
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Disable;
    };
    let (Some(frame), Some(at)) = (current.frame(), recorder.enter(current)) else {
        return Answer::Continue;
    };
    let session = recorder.session;
    let Recorder {
        threads,
        order,
        values,
        ..
    } = recorder;
    let thread = &mut threads[at];
    expect_top(thread, order, session, frame, facts);
    let Some(top) = thread.stack.last_mut() else {
        return Answer::Continue;
    };
    let (before, since) = (top.line, top.since);
    top.line = line;
    top.passed = line;
    top.since = order.step;
    let step = order.step;
    thread.event(
        order,
        Op::Line {
            delta: line.wrapping_sub(before) as i32,
        },
    );
    if values.enabled() {
        capture::line_work(values.at(step), thread, frame, facts, before, since);
    }
    if let Some(pending) = thread.pending_handled {
        exceptions::write_pending(recorder, at, pending, frame, line);
        return Answer::Continue;
    }
    thread.sink.commit();
    Answer::Continue
}

/// INSTRUCTION, in code whose lines it tells.
#[inline(always)]
pub fn instruction(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    offset: u32,
) -> Answer {
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Disable;
    };
    let kept = facts.analysis.watched_at(offset);
    if kept == watch::OFF || kept == watch::BY_JUMP {
        return Answer::Disable;
    }
    let at = facts.analysis.line_at(offset);
    if kept != watch::LINE {
        let (Some(frame), Some(thread)) = (current.frame(), recorder.enter(current)) else {
            return Answer::Continue;
        };
        let before = come_from(recorder, thread, frame, facts, at);
        if kept == watch::PASSES || before == Some(at) {
            return Answer::Continue;
        }
    }
    line(recorder, current, code, at)
}

/// JUMP: an iteration of a loop that stands on one line is a line event of its own, and so is the way back to a loop
/// where no other event tells it.
pub fn jump(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    from: u32,
    to: u32,
) -> Answer {
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Disable;
    };
    let at = facts.analysis.line_at(to);
    let begins =
        at == facts.analysis.line_at(from) || facts.analysis.watched_at(to) == watch::BY_JUMP;
    if to > from || at == 0 || !begins {
        return Answer::Disable;
    }
    line(recorder, current, code, at)
}

/// CALL, where a frame that goes on after it may begin a line.
pub fn call(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    offset: u32,
    callee: Obj<'_>,
) -> Answer {
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Disable;
    };
    if facts.analysis.watched_at(offset + CALL_CACHE) != watch::NO_LINE_BEFORE {
        return Answer::Disable;
    }
    if function::code(callee).is_some()
        && let (Some(frame), Some(at)) = (current.frame(), recorder.enter(current))
    {
        come_from(recorder, at, frame, facts, 0);
    }
    Answer::Continue
}

/// Says which line LINE takes a frame to come from; answers which it was.
#[inline(always)]
pub(super) fn come_from(
    recorder: &mut Recorder,
    at: usize,
    frame: Frame<'_>,
    facts: &CodeFacts,
    line: u32,
) -> Option<u32> {
    let session = recorder.session;
    let Recorder { threads, order, .. } = recorder;
    let thread = &mut threads[at];
    expect_top(thread, order, session, frame, facts);
    let top = thread.stack.last_mut()?;
    Some(std::mem::replace(&mut top.passed, line))
}

/// Takes note that the caller of a frame, of whose code `facts` are, will come from a place without a line.
#[cold]
pub(super) fn returns_to_no_line(thread: &mut ThreadContext, frame: Frame<'_>, facts: &CodeFacts) {
    let at = frame.caller().0.and_then(Frame::offset);
    if let (Some(at), Some(top)) = (at, thread.stack.last_mut())
        && facts.analysis.watched_at(at) == watch::NO_LINE_BEFORE
    {
        top.passed = 0;
    }
}
