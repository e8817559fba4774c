//! Exceptions on their way: raised in a frame, passing one, ending in one, thrown into one.
//!
//! CPython's EXCEPTION_HANDLED fires whenever a handler is entered, `finally` and clean-up code included. An exception
//! ends only where a clause matches or a `with` suppresses it, so that is decided at the conditional jump that follows
//! the test (BRANCH, armed in code objects that met an exception).

use trace_model::Op;

use super::Answer;
use super::events::{go_on, traced};
use super::lines::come_from;
use super::recorder::Recorder;
use super::stack::expect_top;
use super::thread::Pending;
use super::unwinding::Unwinding;
use crate::capture::{self, News};
use crate::code::analysis::Match;
use crate::code::facts::CodeFacts;
use crate::code::opcodes::OPCODES;
use crate::raw::apart::is_apart;
use crate::raw::extra::{Extra, lookup};
use crate::raw::frame::{Code, Frame};
use crate::raw::object::Obj;
use crate::raw::threads::{Current, handled_exception};

/// Whether the place where a frame is may have no line because of a call.
const CALLS_LEAVE_NO_LINE: bool = match OPCODES {
    Some(ops) => ops.calls_leave_no_line,
    None => false,
};

/// PY_THROW.
pub fn throw(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    offset: u32,
    exc: Obj<'_>,
) -> Answer {
    let Some(frame) = current.frame() else {
        return Answer::Continue;
    };
    let facts = match lookup(code) {
        Extra::Facts(facts) if facts.session == recorder.session => facts,
        Extra::Skipped(session) if session == recorder.session => return Answer::Continue,
        _ if is_apart(current.key()) => return Answer::Continue,
        _ => match recorder.decide(current, code, frame) {
            Some(facts) => facts,
            None => {
                recorder.skip(code);
                return Answer::Continue;
            }
        },
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
        true,
        |code, line, call| Op::Throw { code, line, call },
    );
    let Recorder {
        threads, values, ..
    } = recorder;
    let thread = &mut threads[at];
    thread.thrown_into = frame.address();
    capture::exception(values, thread, exc, News::State);
    thread.sink.commit();
    Answer::Continue
}

/// RAISE.
pub fn raise(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    offset: u32,
    exc: Obj<'_>,
) -> Answer {
    let passing = recorder.unwinding == Unwinding::of(exc, recorder.order.step);
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Continue;
    };
    if exc.is_stop_iteration() && facts.analysis.ends_iteration.binary_search(&offset).is_ok() {
        return Answer::Continue;
    }
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
    let thrown = std::mem::replace(&mut thread.thrown_into, 0) == frame.address();
    // An exception thrown in was raised elsewhere if it has passed a frame before.
    let fresh = !thrown
        || exc
            .exception_traceback()
            .is_none_or(|tb| tb.next().is_none());
    let origin = !passing && fresh;
    let news = recorder.steady.news(exc, order.step, origin);
    thread.event(order, Op::Raise { origin });
    capture::exception(values, thread, exc, news);
    thread.sink.commit();
    recorder.steady = Unwinding::of(exc, order.step);
    Answer::Continue
}

/// PY_UNWIND.
pub fn unwind(recorder: &mut Recorder, current: Current, code: Code<'_>, exc: Obj<'_>) -> Answer {
    recorder.unwinding = Unwinding::of(exc, recorder.order.step);
    let steady = std::mem::take(&mut recorder.steady);
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Continue;
    };
    let Some(frame) = current.frame() else {
        return Answer::Continue;
    };
    let Some(at) = recorder.enter(current) else {
        recorder.main_unwound(frame, exc);
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
    let last = thread.stack.last().map_or(facts.first_line, |top| top.line);
    let line = match frame.offset().map_or(0, |at| facts.analysis.line_at(at)) {
        0 => last,
        line => line,
    };
    let step = order.step;
    let outermost = thread.stack.len() == 1;
    let news = steady.news(exc, step, outermost);
    thread.event(order, Op::Unwind { line });
    if values.enabled() {
        capture::last_line_work(values.at(step), thread, frame, facts);
    }
    capture::exception(values, thread, exc, news);
    if thread
        .pending_handled
        .is_some_and(|p| p.frame == frame.address())
    {
        thread.pending_handled = None;
    }
    let open = thread.pop();
    if open.is_some_and(|open| open.resumed) {
        suspended.remove(frame.address());
    }
    thread.sink.commit();
    recorder.unwinding = Unwinding::of(exc, recorder.order.step);
    if !frame.caller().1 {
        recorder.steady = recorder.unwinding;
    }
    recorder.end_in_task(at, open, frame);
    recorder.main_unwound(frame, exc);
    Answer::Continue
}

/// EXCEPTION_HANDLED: a handler was entered.
pub fn handler(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    offset: u32,
    exc: Obj<'_>,
) -> Answer {
    recorder.steady = Unwinding::default();
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Continue;
    };
    let Some(frame) = current.frame() else {
        return Answer::Continue;
    };
    if CALLS_LEAVE_NO_LINE
        && !facts.analysis.watched.is_empty()
        && let (Some(at), Some(from)) = (recorder.enter(current), frame.offset())
    {
        let line = facts.analysis.line_left_at(from);
        come_from(recorder, at, frame, facts, line);
    }
    if facts.analysis.bare_handlers.contains(&offset) {
        let Some(at) = recorder.enter(current) else {
            return Answer::Continue;
        };
        recorder.threads[at].pending_handled = Some(Pending {
            frame: frame.address(),
            exception: exc.address(),
        });
    } else if !facts.watches_matches.get() && !facts.analysis.matches.is_empty() {
        facts.watches_matches.set(true);
        recorder.arm(code, facts);
    }
    Answer::Continue
}

/// BRANCH, in code that met an exception.
pub fn branch(
    recorder: &mut Recorder,
    current: Current,
    code: Code<'_>,
    from: u32,
    to: u32,
) -> Answer {
    let Some(facts) = traced(recorder, current, code) else {
        return Answer::Disable;
    };
    let Some(decision) = facts.analysis.match_at(from) else {
        return Answer::Disable;
    };
    let (now, on_next_line) = match decision {
        Match::Clause { otherwise, bare } => (to != otherwise, to == otherwise && bare),
        Match::Group { otherwise } => (to != otherwise, false),
        Match::Suppress { suppressed } => (to == suppressed, false),
    };
    if !now && !on_next_line {
        return Answer::Continue;
    }
    let (Some(frame), Some(at)) = (current.frame(), recorder.enter(current)) else {
        return Answer::Continue;
    };
    let Some(exc) = handled_exception() else {
        return Answer::Continue;
    };
    if on_next_line {
        recorder.threads[at].pending_handled = Some(Pending {
            frame: frame.address(),
            exception: exc.address(),
        });
        return Answer::Continue;
    }
    write_handled(recorder, at, frame, facts, exc);
    Answer::Continue
}

fn write_handled(
    recorder: &mut Recorder,
    at: usize,
    frame: Frame<'_>,
    facts: &CodeFacts,
    exc: Obj<'_>,
) {
    let session = recorder.session;
    let Recorder {
        threads,
        order,
        values,
        ..
    } = recorder;
    let thread = &mut threads[at];
    expect_top(thread, order, session, frame, facts);
    let line = thread.stack.last().map_or(facts.first_line, |top| top.line);
    thread.event(order, Op::Handled { line });
    capture::exception(values, thread, exc, News::Whole);
    thread.sink.commit();
}

/// Writes the handled event of a bare `except:` after the line event of its clause.
#[cold]
pub(super) fn write_pending(
    recorder: &mut Recorder,
    at: usize,
    pending: Pending,
    frame: Frame<'_>,
    line: u32,
) {
    let thread = &mut recorder.threads[at];
    thread.sink.commit();
    if pending.frame != frame.address() {
        return;
    }
    thread.pending_handled = None;
    let Some(exc) = handled_exception().filter(|exc| exc.address() == pending.exception) else {
        return;
    };
    if !recorder.has_room(at) {
        return;
    }
    let Recorder {
        threads,
        order,
        values,
        ..
    } = recorder;
    let thread = &mut threads[at];
    thread.event(order, Op::Handled { line });
    capture::exception(values, thread, exc, News::Whole);
    thread.sink.commit();
}
