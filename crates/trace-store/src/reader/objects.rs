//! Latest states of objects at a step.
//!
//! Owns how far back they must be looked for. A block describes an object whole before it changes it or refers to it,
//! so what stands in one block is found from that block's beginning on; threads share objects, so the blocks of all of
//! them are read. Refuses to guess: an object that no block describes where it should has no state.

use std::collections::{HashMap, HashSet};

use recorder_errors::prelude::*;
use trace_model::event::{Described, ObjectState};
use trace_model::{Event, Value};

use super::{Recording, Selection};

/// Objects known before those that nothing leads to are forgotten.
const MANY: usize = 100_000;

/// An object that a value refers to, and the first step of the block in which that value stands.
pub(super) type Root = (u64, u64);

#[derive(Debug)]
struct Known {
    state: ObjectState,
    /// Step of the latest whole state.
    whole: u64,
    /// Smallest first step of the blocks that the state was taken from.
    since: u64,
}

/// States in the making, in the order of steps.
#[derive(Debug, Default)]
struct Objects {
    known: HashMap<u64, Known>,
}

impl Objects {
    /// Takes what an event of a block that begins with step `since` says.
    fn take(&mut self, event: &Event, since: u64) {
        for described in &event.objects {
            match described {
                Described::State(state) => {
                    let known = Known {
                        state: state.clone(),
                        whole: event.step,
                        since,
                    };
                    self.known.insert(state.object, known);
                }
                Described::Change(change) => {
                    let Some(known) = self.known.get_mut(&change.object) else {
                        continue;
                    };
                    known.since = known.since.min(since);
                    if !known.state.change(change) {
                        self.known.remove(&change.object);
                    }
                }
            }
        }
    }

    /// The objects that `roots` lead to, and of those that are not known the step from which on they may be.
    fn reach(&self, roots: &[Root]) -> (HashSet<u64>, Option<u64>) {
        let mut found = HashSet::new();
        let mut missing: Option<u64> = None;
        let mut todo = roots.to_vec();
        while let Some((id, since)) = todo.pop() {
            let Some(known) = self.known.get(&id) else {
                missing = Some(missing.map_or(since, |before| before.min(since)));
                continue;
            };
            if found.insert(id) {
                let inside = known.state.items.iter().filter_map(object_of);
                todo.extend(inside.map(|id| (id, known.since)));
            }
        }
        (found, missing)
    }
}

/// The object that a value refers to.
pub(super) const fn object_of(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Ref { object, .. } => Some(*object),
        _ => None,
    }
}

impl Recording {
    /// The first step of the block that has this step of a thread.
    pub(super) fn block_start(&self, thread: u32, step: u64) -> u64 {
        let numbers = self.by_thread.get(&thread).map(Vec::as_slice);
        let numbers = numbers.unwrap_or_default();
        let first = |number: &usize| {
            self.entry(*number)
                .map_or(u64::MAX, |entry| entry.first_step)
        };
        let after = numbers.partition_point(|number| first(number) <= step);
        let at = after.checked_sub(1).and_then(|at| numbers.get(at));
        at.map_or(step, first)
    }

    /// First step of the blocks that are open at `step`, which is where to begin reading in order to know at `step`
    /// the latest state of every object that the events from there on refer to.
    pub fn settled_from(&self, step: u64) -> u64 {
        self.index()
            .filter(|entry| entry.first_step <= step && step < entry.end_step)
            .map(|entry| entry.first_step)
            .fold(step, u64::min)
    }

    /// Latest states, after the event at `step`, of the objects that `roots` lead to. `near` is where to begin.
    pub(super) fn objects_at(
        &self,
        step: u64,
        near: u64,
        roots: &[Root],
    ) -> RecorderResult<HashMap<u64, ObjectState>> {
        let mut from = near.min(step);
        loop {
            let mut objects = self.objects_between(from, step, roots)?;
            let (found, missing) = objects.reach(roots);
            // What is missing and would have been seen was never described.
            match missing.filter(|since| *since < from) {
                Some(since) => from = since.min(from.saturating_sub(step - from)),
                None => {
                    objects.known.retain(|id, _| found.contains(id));
                    let states = objects.known.into_iter();
                    return Ok(states.map(|(id, known)| (id, known.state)).collect());
                }
            }
        }
    }

    fn objects_between(&self, from: u64, to: u64, roots: &[Root]) -> RecorderResult<Objects> {
        let mut events = self.events(Selection {
            thread: None,
            from_step: from,
            to_step: to.saturating_add(1),
        });
        let mut objects = Objects::default();
        let mut many = MANY;
        while let Some(event) = events.next_event()? {
            if event.objects.is_empty() {
                continue;
            }
            objects.take(&event, self.block_start(event.thread, event.step));
            if objects.known.len() > many {
                // A block that is not open yet describes whatever it refers to.
                let open = self.settled_from(event.step);
                let (found, _) = objects.reach(roots);
                let is_needed =
                    |id: &u64, known: &mut Known| known.whole >= open || found.contains(id);
                objects.known.retain(is_needed);
                many = MANY.max(objects.known.len() * 2);
            }
        }
        Ok(objects)
    }
}
