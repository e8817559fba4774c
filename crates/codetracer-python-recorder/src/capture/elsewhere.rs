//! Names that frames share: those in cells, and globals. What another frame bound, the next event of this one shows.

use super::{Appears, Values, bind, read};
use crate::capture::scalar::Scalar;
use crate::code::facts::{CodeFacts, Name};
use crate::hooks::thread::{Seen, ThreadContext};
use crate::raw::frame::Frame;
use crate::raw::object::{Obj, Unreadable};

/// Records globals that other frames bound since the frame's last event.
#[inline(always)]
pub(super) fn shared(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
    line: u32,
) {
    if !facts.opens_globals.is_empty() && facts.opens_globals.contains(&line) {
        values.globals = values.globals.wrapping_add(1);
    }
    if facts.shared.is_empty() {
        return;
    }
    let Some(top) = thread.stack.last() else {
        return;
    };
    if top.globals != values.globals {
        compare_shared(values, thread, frame, facts);
    }
}

#[cold]
fn compare_shared(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
) {
    let Some(base) = thread.stack.last().map(|top| top.seen as usize) else {
        return;
    };
    for name in &facts.shared {
        let seen_at = base + usize::from(name.slot);
        let is_same = match read(frame, name.source) {
            Ok(Some(value)) => is_object_seen(values, thread, value, seen_at),
            Ok(None) => false,
            Err(Unreadable) => true,
        };
        if !is_same {
            bind(
                values,
                thread,
                frame,
                *name,
                seen_at,
                Appears::FROM_ANYWHERE,
            );
        }
    }
    let now = values.globals;
    if let Some(top) = thread.stack.last_mut() {
        top.globals = now;
    }
}

/// Records names in cells, which other frames can bind. What these bind, and change in place, they record.
#[inline(always)]
pub(super) fn captured(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
    appears: Appears,
) {
    if !facts.captured.is_empty() {
        compare_captured(values, thread, frame, &facts.captured, appears);
    }
}

fn compare_captured(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    list: &[Name],
    appears: Appears,
) {
    let Some(base) = thread.stack.last().map(|top| top.seen as usize) else {
        return;
    };
    for name in list {
        let seen_at = base + usize::from(name.slot);
        let is_same = match read(frame, name.source) {
            Ok(Some(value)) => is_object_seen(values, thread, value, seen_at),
            _ => false,
        };
        if !is_same {
            bind(values, thread, frame, *name, seen_at, appears);
        }
    }
}

/// Whether a name is bound to the object that was recorded of it last; scalars are told apart by `bind`.
#[inline(always)]
fn is_object_seen(values: &Values, thread: &ThreadContext, value: Obj<'_>, seen_at: usize) -> bool {
    Scalar::of(value, &values.limits).is_none()
        && thread.seen.get(seen_at) == Some(&Seen::object(value))
}
