//! The state of a frame at a step.
//!
//! Owns rebuilding it from the frame's beginning. Refuses to guess: a name is there only when a record says so.

use std::collections::{BTreeMap, HashMap, HashSet};

use recorder_errors::prelude::*;
use trace_model::event::{Described, ObjectState};
use trace_model::{Event, Value};

use super::{Events, Recording, Selection};

/// What is known about a frame at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameState {
    /// The event at the step.
    pub event: Event,
    /// Values by slot, the index into the names of the frame's code. An unbound name is not there.
    pub names: BTreeMap<u16, Value<'static>>,
    /// Latest recorded states of the objects that the values refer to, directly or through others.
    pub objects: HashMap<u64, ObjectState>,
}

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

    /// The frame of the event at `step`: its names as they were then. `None` when there is no such event.
    pub fn state_at(&self, step: u64) -> RecorderResult<Option<FrameState>> {
        let Some(event) = self.event_at(step)? else {
            return Ok(None);
        };
        let mut names = BTreeMap::new();
        let mut known: HashMap<u64, ObjectState> = HashMap::new();
        if let Some(call) = self.beginning_of(&event)? {
            let mut events = self.events_of(&call, step.saturating_add(1));
            while let Some(past) = events.next_event()? {
                super::cursor::take(&mut known, &past);
                if past.call != event.call {
                    continue;
                }
                learn(&past, &events, &mut known);
                for binding in past.bindings {
                    match binding.value {
                        Some(value) => names.insert(binding.slot, value),
                        None => names.remove(&binding.slot),
                    };
                }
            }
        }
        let roots = names
            .values()
            .chain(event.result.as_ref())
            .chain(event.exception.as_ref());
        let objects = reachable(roots, &known);
        Ok(Some(FrameState {
            event,
            names,
            objects,
        }))
    }
}

/// Takes the states of what an event refers to that were described before the frame began.
fn learn(event: &Event, events: &Events<'_>, known: &mut HashMap<u64, ObjectState>) {
    let bound = event.bindings.iter().filter_map(|b| b.value.as_ref());
    let values = bound.chain(&event.result).chain(&event.exception);
    let mut todo: Vec<u64> = values
        .chain(event.objects.iter().flat_map(Described::items))
        .filter_map(object_of)
        .collect();
    while let Some(id) = todo.pop() {
        if known.contains_key(&id) {
            continue;
        }
        if let Some(state) = events.object(event.thread, id) {
            todo.extend(state.items.iter().filter_map(object_of));
            known.insert(id, state.clone());
        }
    }
}

const fn object_of(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Ref { object, .. } => Some(*object),
        _ => None,
    }
}

fn reachable<'a>(
    roots: impl Iterator<Item = &'a Value<'static>>,
    known: &'a HashMap<u64, ObjectState>,
) -> HashMap<u64, ObjectState> {
    let mut found = HashMap::new();
    let mut seen = HashSet::new();
    let mut todo: Vec<&Value<'static>> = roots.collect();
    while let Some(value) = todo.pop() {
        if let Some(object) = object_of(value)
            && seen.insert(object)
            && let Some(state) = known.get(&object)
        {
            todo.extend(&state.items);
            found.insert(object, state.clone());
        }
    }
    found
}
