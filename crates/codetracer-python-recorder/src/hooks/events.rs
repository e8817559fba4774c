//! What each monitoring event writes: calls, returns, suspensions. Lines are in `lines`, exceptions in `exceptions`.

use trace_model::Op;

use super::recorder::Recorder;
use super::stack::{Caller, expect_caller, expect_top, open};
use super::thread::{Open, SAME_TASK, ThreadContext};
use super::{Answer, exceptions, lines};
use crate::capture::{self, Appears};
use crate::code::facts::CodeFacts;
use crate::code::opcodes::OPCODES;
use crate::raw::apart::is_apart;
use crate::raw::extra::{Extra, lookup};
use crate::raw::frame::{Code, Frame};
use crate::raw::object::Obj;
use crate::raw::threads::Current;

pub use exceptions::{branch, handler, raise, throw, unwind};
pub use lines::{call, instruction, jump, line};

/// Whether LINE takes a frame that was thrown into for one that went on.
const THROW_GOES_ON: bool = match OPCODES {
    Some(ops) => ops.throw_goes_on,
    None => false,
};

/// What is to be done with an event of a code object.
enum Known<'a> {
    /// Record it.
    Traced(&'a CodeFacts),
    /// Leave it out for good.
    Skipped,
    /// Leave it out here: a thread of the recorder's own runs it.
    Unrecorded,
}

/// The facts of `code`, decided now if this is its first event of the session.
#[inline(always)]
fn know<'a>(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'a>,
    frame: Frame<'a>,
) -> Known<'a> {
    match lookup(code) {
        Extra::Facts(facts) if facts.session == recorder.session => Known::Traced(facts),
        Extra::Skipped(session) if session == recorder.session => Known::Skipped,
        // What only runs there is not decided, so that it is recorded where the program runs it.
        _ if is_apart(current.key()) => Known::Unrecorded,
        _ => match recorder.decide(current, code, frame) {
            Some(facts) => Known::Traced(facts),
            None => Known::Skipped,
        },
    }
}

/// The facts of `code` if it is traced in this session; decides nothing, unless the session begins here.
#[inline(always)]
pub(super) fn traced<'a>(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'a>,
) -> Option<&'a CodeFacts> {
    match lookup(code) {
        Extra::Facts(facts) if facts.session == recorder.session => Some(facts),
        _ if recorder.is_waiting() && recorder.begins_with(current, code) => match lookup(code) {
            Extra::Facts(facts) if facts.session == recorder.session => Some(facts),
            _ => None,
        },
        _ => None,
    }
}

/// PY_START.
#[inline(always)]
pub fn start(recorder: &mut Recorder, current: Current, code: Code<'_>) -> Answer {
    let Some(frame) = current.frame() else {
        return Answer::Continue;
    };
    let facts = match know(recorder, current, code, frame) {
        Known::Traced(facts) => facts,
        Known::Skipped => return recorder.skip(code),
        Known::Unrecorded => return Answer::Continue,
    };
    let Some(at) = recorder.enter(current) else {
        return Answer::Continue;
    };
    let session = recorder.session;
    let caller = {
        let Recorder { threads, order, .. } = &mut *recorder;
        expect_caller(&mut threads[at], order, session, frame)
    };
    if let Some(facts) = caller.direct
        && facts.analysis.calls_begin_lines
        && !caller.through_c
    {
        lines::returns_to_no_line(&mut recorder.threads[at], frame, facts);
    }
    let outer_task = if caller.direct.is_none() || (facts.asynchronous && caller.through_c) {
        recorder.look_up_task(at)
    } else {
        SAME_TASK
    };
    let Recorder {
        threads,
        order,
        values,
        ..
    } = recorder;
    let thread = &mut threads[at];
    let has_names = !(facts.arguments.is_empty() && facts.captured.is_empty());
    let appears = if values.enabled() && has_names {
        arguments_of(&caller, thread, facts)
    } else {
        Appears::FROM_ANYWHERE
    };
    let step = order.step;
    thread.event(order, Op::Call { code: facts.id });
    let call = order.next_call();
    let open = Open {
        frame: frame.address(),
        code: facts.id,
        line: facts.first_line,
        passed: 0,
        call,
        since: step,
        globals: 0,
        seen: 0,
        resumed: false,
        outer_task,
    };
    thread.push(open, facts.slots);
    if values.enabled() {
        capture::arguments(values.at(step), thread, frame, facts, appears);
    }
    thread.sink.commit();
    Answer::Continue
}

/// Where the arguments of a call come from. The call itself is one of those on the caller's line.
#[inline(always)]
fn arguments_of(caller: &Caller<'_>, thread: &ThreadContext, facts: &CodeFacts) -> Appears {
    let (Some(caller_facts), Some(top)) = (caller.direct, thread.stack.last()) else {
        return Appears::FROM_ANYWHERE;
    };
    let makers = caller_facts
        .touches
        .of_line(top.line)
        .map_or(0, |line| line.makers);
    Appears {
        made: makers > u32::from(!caller.through_c || facts.initialises),
        since: top.since,
    }
}

/// PY_RETURN.
#[inline(always)]
pub fn leave(recorder: &mut Recorder, current: Current, code: Code<'_>, value: Obj<'_>) -> Answer {
    let Some(frame) = current.frame() else {
        return Answer::Continue;
    };
    let facts = match know(recorder, current, code, frame) {
        Known::Traced(facts) => facts,
        Known::Skipped => return recorder.skipped_return(current, code, value),
        Known::Unrecorded => return Answer::Continue,
    };
    let Some(at) = recorder.enter(current) else {
        recorder.main_returned(frame);
        return Answer::Continue;
    };
    let session = recorder.session;
    let Recorder {
        threads,
        order,
        values,
        suspended,
        ..
    } = recorder;
    let thread = &mut threads[at];
    expect_top(thread, order, session, frame, facts);
    let step = order.step;
    thread.event(order, Op::Return);
    if values.enabled() {
        let appears = capture::last_line_work(values.at(step), thread, frame, facts);
        capture::result(values, thread, value, appears);
    }
    let open = thread.pop();
    if open.is_some_and(|open| open.resumed) {
        suspended.remove(frame.address());
    }
    thread.sink.commit();
    recorder.end_in_task(at, open, frame);
    recorder.main_returned(frame);
    Answer::Continue
}

/// PY_YIELD.
pub fn suspend(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    value: Obj<'_>,
) -> Answer {
    let Some(frame) = current.frame() else {
        return Answer::Continue;
    };
    let facts = match know(recorder, current, code, frame) {
        Known::Traced(facts) => facts,
        Known::Skipped => return recorder.skip(code),
        Known::Unrecorded => return Answer::Continue,
    };
    let Some(at) = recorder.enter(current) else {
        return Answer::Continue;
    };
    let session = recorder.session;
    let Recorder {
        threads,
        order,
        values,
        suspended,
        ..
    } = recorder;
    let thread = &mut threads[at];
    expect_top(thread, order, session, frame, facts);
    let step = order.step;
    thread.event(order, Op::Yield);
    if values.enabled() {
        let appears = capture::last_line_work(values.at(step), thread, frame, facts);
        let value = if facts.asynchronous {
            value.unwrapped()
        } else {
            value
        };
        capture::result(values, thread, value, appears);
    }
    if let Some(top) = thread.stack.last() {
        let seen = thread.seen.get(top.seen as usize..).unwrap_or(&[]);
        suspended.save(frame.address(), top.call, top.code, seen);
    }
    let open = thread.pop();
    thread.sink.commit();
    recorder.leave_task(at, open);
    Answer::Continue
}

/// PY_RESUME.
pub fn resume(recorder: &mut Recorder, current: Current, code: Code<'_>, offset: u32) -> Answer {
    let Some(frame) = current.frame() else {
        return Answer::Continue;
    };
    let facts = match know(recorder, current, code, frame) {
        Known::Traced(facts) => facts,
        Known::Skipped => return recorder.skip(code),
        Known::Unrecorded => return Answer::Continue,
    };
    let Some(at) = recorder.enter(current) else {
        return Answer::Continue;
    };
    go_on(
        recorder,
        at,
        frame,
        facts,
        offset,
        false,
        |code, line, call| Op::Resume { code, line, call },
    );
    recorder.threads[at].sink.commit();
    Answer::Continue
}

/// A suspended frame becomes the innermost one again.
pub(super) fn go_on(
    recorder: &mut Recorder,
    at: usize,
    frame: Frame<'_>,
    facts: &CodeFacts,
    offset: u32,
    thrown: bool,
    op: impl FnOnce(u32, u32, u64) -> Op<'static>,
) {
    let session = recorder.session;
    let caller = {
        let Recorder { threads, order, .. } = &mut *recorder;
        expect_caller(&mut threads[at], order, session, frame)
    };
    let outer_task = if caller.direct.is_none() || (facts.asynchronous && caller.through_c) {
        recorder.look_up_task(at)
    } else {
        SAME_TASK
    };
    let Recorder {
        threads,
        order,
        suspended,
        ..
    } = recorder;
    let thread = &mut threads[at];
    let line = match facts.analysis.line_at(offset) {
        0 => facts.first_line,
        line => line,
    };
    let passed = if thrown && !THROW_GOES_ON { line } else { 0 };
    match suspended.get(frame.address(), facts.id) {
        Some(suspension) => {
            let call = suspension.call;
            thread.event(order, op(facts.id, line, call));
            let open = Open {
                frame: frame.address(),
                code: facts.id,
                line,
                passed,
                call,
                since: order.step,
                globals: 0,
                seen: 0,
                resumed: true,
                outer_task,
            };
            thread.push(open, facts.slots);
            thread.remember(&suspension.seen);
        }
        None => {
            // Suspended since before recording began: the frame opens first, then goes on.
            open(thread, order, frame, facts);
            let Some(top) = thread.stack.last_mut() else {
                return;
            };
            top.line = line;
            top.passed = passed;
            top.outer_task = outer_task;
            let call = top.call;
            thread.event(order, op(facts.id, line, call));
        }
    }
}
