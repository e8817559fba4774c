//! The state of frames at a step.
//!
//! Owns rebuilding it from the frames' beginnings. Refuses to guess: a name is there only when a record says so.

use std::collections::{BTreeMap, HashMap};

use recorder_errors::prelude::*;
use trace_model::event::{EventKind, ObjectState};
use trace_model::{Event, OpenFrame, RowReader, Value};

use super::objects::{Root, object_of};
use super::{Recording, Selection};
use crate::error::malformed;

/// A frame that is open at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Call id.
    pub call: u64,
    /// Code id.
    pub code: u32,
    /// The line it is at.
    pub line: u32,
    /// Values by slot, the index into the names of the frame's code. An unbound name is not there.
    pub names: BTreeMap<u16, Value<'static>>,
}

/// What is known about frames of a thread at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The event at the step.
    pub event: Event,
    /// Open frames, outermost first; the last is the event's own, also where it ends by this event.
    pub frames: Vec<Frame>,
    /// Latest recorded states of the objects that the values refer to, directly or through others, whichever thread
    /// described them.
    pub objects: HashMap<u64, ObjectState>,
}

/// A value and the first step of the block in which it was bound.
type Bound = (Value<'static>, u64);

impl Recording {
    /// The event at a step, `None` when there is none.
    pub fn event_at(&self, step: u64) -> RecorderResult<Option<Event>> {
        let selection = Selection {
            from_step: step,
            to_step: step.saturating_add(1),
            ..Selection::default()
        };
        self.events(selection).next_event()
    }

    /// The frame of the event at `step`: its names as they were after it. `None` when there is no such event; no frame
    /// where the event is outside of any.
    pub fn state_at(&self, step: u64) -> RecorderResult<Option<State>> {
        let Some(event) = self.event_at(step)? else {
            return Ok(None);
        };
        let own = own_frame(&event);
        self.state(event, own.as_slice()).map(Some)
    }

    /// All open frames of the thread of the event at `step`, with their names as they were after it. `None` when there
    /// is no such event.
    pub fn frames_at(&self, step: u64) -> RecorderResult<Option<State>> {
        let Some(event) = self.event_at(step)? else {
            return Ok(None);
        };
        let stack = self.stack_at(&event)?;
        self.state(event, &stack).map(Some)
    }

    /// The names of the event's frame, as they were before the event.
    pub fn names_before(&self, event: &Event) -> RecorderResult<BTreeMap<u16, Value<'static>>> {
        let Some(own) = own_frame(event) else {
            return Ok(BTreeMap::new());
        };
        let mut names = self.names(event, &[own], event.step)?;
        let names = names.remove(&event.call).unwrap_or_default();
        Ok(names
            .into_iter()
            .map(|(slot, (value, _))| (slot, value))
            .collect())
    }

    fn state(&self, event: Event, stack: &[OpenFrame]) -> RecorderResult<State> {
        let mut names = self.names(&event, stack, event.step.saturating_add(1))?;
        let near = self.block_start(event.thread, event.step);
        let given = event.result.iter().chain(&event.exception);
        let mut roots: Vec<Root> = given
            .filter_map(|value| Some((object_of(value)?, near)))
            .collect();
        let mut frames = Vec::with_capacity(stack.len());
        for frame in stack {
            let bound = names.remove(&frame.call).unwrap_or_default();
            let referred = bound.values();
            roots.extend(referred.filter_map(|(value, since)| Some((object_of(value)?, *since))));
            frames.push(Frame {
                call: frame.call,
                code: frame.code,
                line: frame.line,
                names: bound
                    .into_iter()
                    .map(|(slot, (value, _))| (slot, value))
                    .collect(),
            });
        }
        let objects = self.objects_at(event.step, near, &roots)?;
        Ok(State {
            event,
            frames,
            objects,
        })
    }

    /// What the events before `to_step` bound in these frames of the event's thread.
    fn names(
        &self,
        event: &Event,
        stack: &[OpenFrame],
        to_step: u64,
    ) -> RecorderResult<HashMap<u64, BTreeMap<u16, Bound>>> {
        let Some(first) = stack.iter().map(|frame| frame.call).min() else {
            return Ok(HashMap::new());
        };
        let mut all: HashMap<u64, BTreeMap<u16, Bound>> = stack
            .iter()
            .map(|frame| (frame.call, BTreeMap::new()))
            .collect();
        let begins = self.index().filter(|entry| entry.end_call > first);
        let from_step = begins.map(|entry| entry.first_step).min().unwrap_or(0);
        let anywhere = stack.iter().any(|frame| self.is_suspendable(frame.code));
        let depth = u64::from(event.depth) + 1;
        let selection = Selection {
            thread: (!anywhere).then_some(event.thread),
            from_step,
            to_step,
        };
        let mut events = self.events_in(selection, |entry| anywhere || entry.min_depth <= depth);
        while let Some(past) = events.next_event()? {
            let Some(names) = all.get_mut(&past.call) else {
                continue;
            };
            let since = match past.bindings.is_empty() {
                true => continue,
                false => self.block_start(past.thread, past.step),
            };
            for binding in past.bindings {
                match binding.value {
                    Some(value) => names.insert(binding.slot, (value, since)),
                    None => names.remove(&binding.slot),
                };
            }
        }
        Ok(all)
    }

    /// The open frames at an event, outermost first; with the event's own, if it ends by this event.
    fn stack_at(&self, event: &Event) -> RecorderResult<Vec<OpenFrame>> {
        let numbers = self.by_thread.get(&event.thread).into_iter().flatten();
        let start = self.block_start(event.thread, event.step);
        let mut blocks = numbers.copied().filter(|number| {
            self.entry(*number)
                .is_some_and(|entry| entry.first_step == start && event.step < entry.end_step)
        });
        let Some(number) = blocks.next() else {
            return Ok(own_frame(event).into_iter().collect());
        };
        let (path, offset) = self.place(number);
        let fail = |error| malformed(path, offset, error);
        let (mut state, rows) = self.rows(number)?;
        let mut reader = RowReader::new(&rows);
        while let Some(row) = reader.next().map_err(fail)? {
            let moment = state.advance(&row, self.lines()).map_err(fail)?;
            if moment.is_some_and(|moment| moment.step == event.step) {
                break;
            }
        }
        let mut stack = state.stack;
        if matches!(
            event.kind,
            EventKind::Return | EventKind::Yield | EventKind::Unwind
        ) {
            stack.extend(own_frame(event));
        }
        if let Some(top) = stack.last_mut() {
            top.line = event.line;
        }
        Ok(stack)
    }
}

/// The frame of an event.
fn own_frame(event: &Event) -> Option<OpenFrame> {
    (event.call != Event::NO_CALL).then_some(OpenFrame {
        call: event.call,
        code: event.code,
        line: event.line,
        opened_before: false,
        started: true,
    })
}
