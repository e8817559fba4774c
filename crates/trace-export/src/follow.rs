//! What is known while events pass in the order of steps: objects, and the names of open frames.
//!
//! Owns which names an event shows. Refuses to keep more than what is open: a frame that ended is forgotten, and where
//! very many are suspended, so are those.

use std::collections::{BTreeMap, HashMap, HashSet};

use trace_model::event::{Described, EventKind};
use trace_model::{Event, Form, Value};

use crate::objects::ObjectTable;

/// Suspended frames whose names are kept.
const MOST_SUSPENDED: usize = 100_000;
/// Frames that are taken as open at once because an event says that it stands above them.
const MOST_UNSEEN: usize = 100_000;

/// The names of a frame by slot, the index into the names of its code.
pub type Names = BTreeMap<u16, Value<'static>>;

#[derive(Debug, Default)]
struct Frame {
    names: Names,
    /// The step since which no binding was missed; none when its beginning was not seen.
    since: Option<u64>,
}

/// Follows a recording, event by event, over all threads.
#[derive(Debug, Default)]
pub struct Follow {
    table: ObjectTable,
    frames: HashMap<u64, Frame>,
    /// Call ids of the open frames by thread, outermost first.
    stacks: HashMap<u32, Vec<u64>>,
    /// The frame that the last event ended: known until the next.
    ended: Option<u64>,
}

impl Follow {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The objects' latest states.
    pub const fn table(&self) -> &ObjectTable {
        &self.table
    }

    /// The step since which every binding of the frame was seen; none for a frame that was open before.
    pub fn names_since(&self, call: u64) -> Option<u64> {
        self.frames.get(&call)?.since
    }

    /// Says which names a frame has before the event at `step`, where its beginning was not seen.
    pub fn learn(&mut self, call: u64, names: Names, step: u64) {
        let since = Some(step);
        self.frames.insert(call, Frame { names, since });
    }

    /// Takes an event.
    pub fn apply(&mut self, event: &Event) {
        self.table.apply(event);
        if let Some(ended) = self.ended.take() {
            self.frames.remove(&ended);
        }
        if event.call == Event::NO_CALL {
            return;
        }
        self.stand(event);
        let frame = self.frames.entry(event.call).or_default();
        if event.kind == EventKind::Call {
            frame.since = Some(event.step);
        }
        for binding in &event.bindings {
            match &binding.value {
                Some(value) => frame.names.insert(binding.slot, value.clone()),
                None => frame.names.remove(&binding.slot),
            };
        }
        let leaves = matches!(
            event.kind,
            EventKind::Return | EventKind::Unwind | EventKind::Yield
        );
        if leaves && let Some(stack) = self.stacks.get_mut(&event.thread) {
            stack.pop();
            if stack.is_empty() {
                self.stacks.remove(&event.thread);
            }
        }
        match event.kind {
            EventKind::Return | EventKind::Unwind => self.ended = Some(event.call),
            EventKind::Yield => self.forget_suspended(),
            _ => {}
        }
    }

    /// Makes the thread's stack what the event says it is. Frames that were lost are forgotten.
    fn stand(&mut self, event: &Event) {
        let stack = self.stacks.entry(event.thread).or_default();
        let depth = (event.depth as usize).min(stack.len() + MOST_UNSEEN);
        let kept = depth + usize::from(stack.get(depth) == Some(&event.call));
        for lost in stack.drain(kept.min(stack.len())..) {
            self.frames.remove(&lost);
        }
        if stack.len() == kept && kept > depth {
            return;
        }
        stack.resize(depth, Event::NO_CALL);
        stack.push(event.call);
    }

    fn forget_suspended(&mut self) {
        let open = self.stacks.values().map(Vec::len).sum::<usize>();
        if self.frames.len() > open + MOST_SUSPENDED {
            let open: HashSet<u64> = self.stacks.values().flatten().copied().collect();
            self.frames.retain(|call, _| open.contains(call));
        }
    }

    /// Names of the event's frame that it does not bind, and whose objects it describes, with their values.
    pub fn changed(&self, event: &Event) -> Vec<(u16, &Value<'static>)> {
        if event.objects.is_empty() {
            return Vec::new();
        }
        let Some(frame) = self.frames.get(&event.call) else {
            return Vec::new();
        };
        let described = self.described(event);
        let is_bound = |slot| event.bindings.iter().any(|binding| binding.slot == slot);
        let is_changed = |value: &Value<'_>| match value {
            Value::Ref { object, .. } => described.contains(object),
            _ => false,
        };
        let names = frame.names.iter();
        names
            .filter(|(slot, value)| is_changed(value) && !is_bound(**slot))
            .map(|(slot, value)| (*slot, value))
            .collect()
    }

    /// The objects that the event gives another content, in order, each once; not those of its exception, nor those that
    /// it only describes again.
    pub fn described(&self, event: &Event) -> Vec<u64> {
        let mut found = Vec::new();
        if event.objects.is_empty() {
            return found;
        }
        let raised = self.reach(event.exception.as_ref());
        let mut seen = HashSet::new();
        for id in event.objects.iter().map(Described::object) {
            let state = self.table.get(id);
            if state.is_some_and(|state| state.form != Form::Opaque)
                && !self.table.is_repeated(id)
                && !raised.contains(&id)
                && seen.insert(id)
            {
                found.push(id);
            }
        }
        found
    }

    /// The step of the oldest whole state that the event leads to, or was compared with, if it is before `step`.
    pub fn oldest(&self, event: &Event, step: u64) -> Option<u64> {
        if self.table.oldest() >= step {
            return None;
        }
        let bound = event
            .bindings
            .iter()
            .filter_map(|binding| binding.value.as_ref());
        // All that an object holds is shown, not only what changed of it.
        let own = event.objects.iter().map(Described::object);
        let states = own.clone().filter_map(|id| self.table.get(id));
        let inside = states.flat_map(|state| &state.items);
        let values = bound
            .chain(inside)
            .chain(&event.result)
            .chain(&event.exception);
        let all = self.reach(values).into_iter().chain(own);
        let led = all.filter_map(|id| self.table.whole(id));
        let oldest = led.chain([self.table.compared()]).min();
        oldest.filter(|oldest| *oldest < step)
    }

    /// The known objects that values lead to.
    fn reach<'a>(&'a self, values: impl IntoIterator<Item = &'a Value<'static>>) -> HashSet<u64> {
        let mut found = HashSet::new();
        let mut todo: Vec<&Value<'static>> = values.into_iter().collect();
        while let Some(value) = todo.pop() {
            if let Value::Ref { object, .. } = value
                && let Some(state) = self.table.get(*object)
                && found.insert(*object)
            {
                todo.extend(&state.items);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
