//! Keeps the stack of open frames equal to the interpreter's: by the identity of frames, never by counting starts and
//! returns.

use trace_model::Row;

use super::order::Order;
use super::thread::{Open, SAME_TASK, ThreadContext};
use crate::code::facts::CodeFacts;
use crate::raw::extra::{Extra, lookup};
use crate::raw::frame::Frame;

/// The facts of a frame's code when it is traced in this session.
fn traced<'a>(frame: Frame<'a>, session: u32) -> Option<&'a CodeFacts> {
    match lookup(frame.code()?) {
        Extra::Facts(facts) if facts.session == session => Some(facts),
        _ => None,
    }
}

/// Whether this frame's code is traced in this session.
pub fn is_traced(frame: Option<Frame<'_>>, session: u32) -> bool {
    frame.and_then(|frame| traced(frame, session)).is_some()
}

/// Whether `open` is this frame.
fn is(open: &Open, frame: Frame<'_>, facts: &CodeFacts) -> bool {
    open.frame == frame.address() && open.code == facts.id
}

/// Makes the innermost open frame the innermost traced frame at or below `frame`: closes frames that ended unseen,
/// opens frames that were running before anything was seen of them.
#[cold]
pub fn reconcile(
    thread: &mut ThreadContext,
    order: &mut Order,
    session: u32,
    frame: Option<Frame<'_>>,
) {
    let mut missing: Vec<(Frame<'_>, &CodeFacts)> = Vec::new();
    let mut keep = 0;
    let mut at = frame;
    while let Some(frame) = at {
        if let Some(facts) = traced(frame, session) {
            if let Some(found) = thread.stack.iter().rposition(|open| is(open, frame, facts)) {
                keep = found + 1;
                break;
            }
            missing.push((frame, facts));
        }
        at = frame.caller().0;
    }
    let lost = thread.stack.len() - keep;
    if lost > 0 {
        thread.take_turn(order);
        Row::Lost { count: lost as u32 }.encode(&mut thread.sink);
        for _ in 0..lost {
            thread.pop();
        }
    }
    for (frame, facts) in missing.into_iter().rev() {
        open(thread, order, frame, facts);
    }
}

/// Opens a frame that was already running.
pub fn open(thread: &mut ThreadContext, order: &mut Order, frame: Frame<'_>, facts: &CodeFacts) {
    thread.take_turn(order);
    let line = frame
        .line()
        .filter(|line| *line != 0)
        .unwrap_or(facts.first_line);
    Row::Opened {
        code: facts.id,
        line,
    }
    .encode(&mut thread.sink);
    let call = order.next_call();
    let open = Open {
        frame: frame.address(),
        code: facts.id,
        line,
        passed: 0,
        call,
        since: order.step,
        globals: 0,
        seen: 0,
        resumed: false,
        outer_task: SAME_TASK,
    };
    thread.push(open, facts.slots);
}

/// Before an event of a frame that is already open: makes it the innermost one.
#[inline(always)]
pub fn expect_top(
    thread: &mut ThreadContext,
    order: &mut Order,
    session: u32,
    frame: Frame<'_>,
    facts: &CodeFacts,
) {
    if !thread.stack.last().is_some_and(|top| is(top, frame, facts)) {
        reconcile(thread, order, session, Some(frame));
    }
}

/// Before a frame starts or goes on: makes its nearest traced caller the innermost one. Answers how it was called.
#[inline(always)]
pub fn expect_caller<'a>(
    thread: &mut ThreadContext,
    order: &mut Order,
    session: u32,
    frame: Frame<'a>,
) -> Caller<'a> {
    let (below, through_c) = frame.caller();
    if let (Some(below), Some(top)) = (below, thread.stack.last())
        && below.address() == top.frame
        && let Some(facts) = traced(below, session)
        && facts.id == top.code
    {
        return Caller {
            direct: Some(facts),
            through_c,
        };
    }
    settle(thread, order, session, below);
    Caller {
        direct: None,
        through_c,
    }
}

/// How a frame was called.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The facts of the traced frame that called it, without untraced frames between.
    pub direct: Option<&'a CodeFacts>,
    /// By C code.
    pub through_c: bool,
}

fn settle(
    thread: &mut ThreadContext,
    order: &mut Order,
    session: u32,
    mut below: Option<Frame<'_>>,
) {
    while let Some(frame) = below {
        if let Some(facts) = traced(frame, session) {
            if !thread.stack.last().is_some_and(|top| is(top, frame, facts)) {
                reconcile(thread, order, session, Some(frame));
            }
            return;
        }
        below = frame.caller().0;
    }
    if !thread.stack.is_empty() {
        reconcile(thread, order, session, None);
    }
}
