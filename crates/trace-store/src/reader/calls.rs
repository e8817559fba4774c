//! Calls: where a frame began and ended, and what it called.
//!
//! Owns the questions about calls, answered from the index and the blocks that can hold the answer. Refuses to keep a
//! tree of all calls.

use std::collections::{HashMap, HashSet};

use recorder_errors::prelude::*;
use trace_model::event::{Binding, EventKind};
use trace_model::{Event, OpenFrame};

use super::{Recording, Selection};

/// How and when a frame ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Step of the event.
    pub step: u64,
    /// `Return` or `Unwind`.
    pub kind: EventKind,
}

/// A frame from its beginning to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Call id.
    pub id: u64,
    /// The thread it began on.
    pub thread: u32,
    /// Code id.
    pub code: u32,
    /// The call it was made from.
    pub parent: Option<u64>,
    /// Frames open below it when it began.
    pub depth: u32,
    /// Step at which it began; `None` for a frame that was running before the recording.
    pub step: Option<u64>,
    /// Its arguments.
    pub arguments: Vec<Binding>,
    /// `None` when it did not end while recorded, or its end has no event.
    pub end: Option<End>,
}

impl Call {
    fn begun(event: Event) -> Self {
        Self {
            id: event.call,
            thread: event.thread,
            code: event.code,
            parent: event.parent,
            depth: event.depth,
            step: Some(event.step),
            arguments: event.bindings,
            end: None,
        }
    }

    fn opened(thread: u32, depth: usize, parent: Option<u64>, frame: &OpenFrame) -> Self {
        Self {
            id: frame.call,
            thread,
            code: frame.code,
            parent,
            depth: u32::try_from(depth).unwrap_or(u32::MAX),
            step: None,
            arguments: Vec::new(),
            end: None,
        }
    }
}

fn end_of(event: &Event) -> Option<End> {
    matches!(event.kind, EventKind::Return | EventKind::Unwind).then_some(End {
        step: event.step,
        kind: event.kind,
    })
}

impl Recording {
    /// The call with this id, `None` when there is none.
    pub fn call(&self, id: u64) -> RecorderResult<Option<Call>> {
        let Some(mut call) = self.beginning(id)? else {
            return Ok(None);
        };
        for event in self.events_of(&call, u64::MAX) {
            let event = event?;
            if event.call == id
                && let Some(end) = end_of(&event)
            {
                call.end = Some(end);
                break;
            }
        }
        Ok(Some(call))
    }

    fn beginning(&self, id: u64) -> RecorderResult<Option<Call>> {
        let begins = |first: u64, end: u64| first <= id && id < end;
        let mut events = self.events_in(Selection::default(), |entry| {
            begins(entry.first_call, entry.end_call)
        });
        let mut opened = None;
        while let Some(event) = events.next_event()? {
            if event.call == id && event.kind == EventKind::Call {
                return Ok(Some(Call::begun(event)));
            }
            if opened.is_none() {
                opened = self.find_open(event.thread, events.stack(), id);
            }
        }
        // A frame opened before, in a block that holds nothing else of it.
        if opened.is_none() {
            for entry in self.index().filter(|entry| entry.first_call > id) {
                let stack = entry.stack().unwrap_or_default();
                opened = self.find_open(entry.thread, &stack, id);
                if opened.is_some() {
                    break;
                }
            }
        }
        Ok(opened)
    }

    /// The call of a frame that is open and whose beginning was not recorded, or was dropped.
    fn find_open(&self, thread: u32, stack: &[OpenFrame], id: u64) -> Option<Call> {
        let begun = |frame: &OpenFrame| frame.opened_before || self.has_lost_beginnings();
        let at = stack
            .iter()
            .position(|frame| frame.call == id && begun(frame))?;
        let parent = at.checked_sub(1).and_then(|below| stack.get(below));
        let frame = stack.get(at)?;
        Some(Call::opened(
            thread,
            at,
            parent.map(|frame| frame.call),
            frame,
        ))
    }

    /// Events from the beginning of a call to `to_step`, leaving out blocks in which its frame is never the top or
    /// directly below it.
    fn events_of(&self, call: &Call, to_step: u64) -> super::Events<'_> {
        let anywhere = self.is_suspendable(call.code);
        let depth = u64::from(call.depth) + 1;
        let selection = Selection {
            thread: (!anywhere).then_some(call.thread),
            from_step: call.step.unwrap_or(0),
            to_step,
        };
        self.events_in(selection, move |entry| anywhere || entry.min_depth <= depth)
    }

    /// The calls that this call made, in their order.
    pub fn children(&self, id: u64) -> RecorderResult<Vec<Call>> {
        let Some(call) = self.call(id)? else {
            return Ok(Vec::new());
        };
        let to_step = call.end.map_or(u64::MAX, |end| end.step);
        self.collect(self.events_of(&call, to_step), |event| {
            event.parent == Some(id)
        })
    }

    /// The calls of a thread that no recorded call made, in their order.
    pub fn roots(&self, thread: u32) -> RecorderResult<Vec<Call>> {
        let selection = Selection {
            thread: Some(thread),
            ..Selection::default()
        };
        let mut first = true;
        let firsts: Vec<u64> = self
            .by_thread
            .get(&thread)
            .into_iter()
            .flatten()
            .filter_map(|number| self.entry(*number))
            .filter(|_| std::mem::take(&mut first))
            .map(|entry| entry.offset)
            .collect();
        let events = self.events_in(selection, |entry| {
            entry.min_depth == 0 || firsts.contains(&entry.offset)
        });
        self.collect(events, |event| event.parent.is_none())
    }

    /// Calls that `wanted` picks by any of their events, with their ends.
    fn collect(
        &self,
        mut events: super::Events<'_>,
        wanted: impl Fn(&Event) -> bool,
    ) -> RecorderResult<Vec<Call>> {
        let mut calls: Vec<Call> = Vec::new();
        let mut open: HashMap<u64, usize> = HashMap::new();
        let mut seen: HashSet<u64> = HashSet::new();
        while let Some(event) = events.next_event()? {
            let bottom = events.stack().first().copied();
            if let Some(bottom) = bottom
                && (bottom.opened_before || self.has_lost_beginnings())
                && !seen.contains(&bottom.call)
                && event.parent.is_some()
            {
                // Its own events may be far away or nowhere.
                let probe = Event {
                    parent: None,
                    call: bottom.call,
                    ..event.clone()
                };
                if wanted(&probe) {
                    seen.insert(bottom.call);
                    open.insert(bottom.call, calls.len());
                    calls.push(Call::opened(event.thread, 0, None, &bottom));
                }
            }
            if event.call == Event::NO_CALL {
                continue;
            }
            let end = end_of(&event);
            let id = event.call;
            if wanted(&event) && seen.insert(id) {
                open.insert(id, calls.len());
                if event.kind == EventKind::Call {
                    calls.push(Call::begun(event));
                } else {
                    calls.push(Call {
                        step: None,
                        arguments: Vec::new(),
                        ..Call::begun(event)
                    });
                }
            }
            if let Some(end) = end
                && let Some(call) = open.remove(&id).and_then(|at| calls.get_mut(at))
            {
                call.end = Some(end);
            }
        }
        Ok(calls)
    }

    /// Every `raise` event in the order of steps; `origin` tells the frame that raised from those passed.
    pub fn exceptions(&self) -> impl Iterator<Item = RecorderResult<Event>> {
        self.events_in(Selection::default(), |entry| {
            entry.count(EventKind::Raise) > 0
        })
        .filter(|event| {
            event
                .as_ref()
                .map_or(true, |event| event.kind == EventKind::Raise)
        })
    }
}
