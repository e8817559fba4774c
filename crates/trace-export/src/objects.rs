//! The latest known state of every object, in bounded memory.

use std::collections::{HashMap, HashSet};

use trace_model::event::{Described, ObjectChange, ObjectState};
use trace_model::{Event, Value};

/// Approximate bytes that each of the two generations may hold.
const GENERATION: usize = 24 << 20;

#[derive(Debug, Clone)]
struct Known {
    state: ObjectState,
    /// Step of the latest whole state.
    whole: u64,
}

/// Object states by id. States not seen for long are forgotten: their objects are then shown without content.
#[derive(Debug, Clone)]
pub struct ObjectTable {
    young: HashMap<u64, Known>,
    old: HashMap<u64, Known>,
    weight: usize,
    limit: usize,
    /// Smallest step of a whole state taken so far.
    oldest: u64,
    /// Objects whose states the last event gave again as they were known.
    repeated: HashSet<u64>,
    /// Smallest step of a whole state that the last event gave again, as it was or not.
    compared: u64,
}

impl Default for ObjectTable {
    fn default() -> Self {
        Self::with_limit(GENERATION * 2)
    }
}

impl ObjectTable {
    /// An empty table of about 48 MiB at most.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table of about `bytes` at most.
    pub fn with_limit(bytes: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            weight: 0,
            limit: bytes / 2,
            oldest: u64::MAX,
            repeated: HashSet::new(),
            compared: u64::MAX,
        }
    }

    /// Takes what an event says of objects.
    pub fn apply(&mut self, event: &Event) {
        self.take(&event.objects, &event.again, event.step);
    }

    /// Only a state that its block gave before can be a repeated one, so that it is known to be one by who reads all of
    /// the block, and nothing before it.
    fn take(&mut self, objects: &[Described], again: &[u64], step: u64) {
        self.repeated.clear();
        self.compared = u64::MAX;
        let mut news = HashSet::new();
        for described in objects {
            match described {
                Described::State(state) => {
                    let known = self.known(state.object);
                    let known = known.filter(|_| again.contains(&state.object));
                    let whole = known.map_or(u64::MAX, |known| known.whole);
                    if known.is_some_and(|known| known.state == *state) {
                        self.repeated.insert(state.object);
                    } else {
                        news.insert(state.object);
                    }
                    self.compared = self.compared.min(whole);
                    self.insert(state.clone(), step);
                }
                Described::Change(change) => {
                    news.insert(change.object);
                    self.change(change);
                }
            }
        }
        self.repeated.retain(|object| !news.contains(object));
    }

    /// Whether the last event said nothing of the object but what was known.
    pub fn is_repeated(&self, object: u64) -> bool {
        self.repeated.contains(&object)
    }

    /// Step of the oldest whole state that decided what the last event repeated.
    pub const fn compared(&self) -> u64 {
        self.compared
    }

    /// Takes a whole state of an event at step `whole`.
    pub fn insert(&mut self, state: ObjectState, whole: u64) {
        self.make_room(weight(&state.items));
        self.oldest = self.oldest.min(whole);
        self.young.insert(state.object, Known { state, whole });
    }

    /// Takes a change of a state. One that is not known, or known to be something else, is not known afterwards.
    fn change(&mut self, change: &ObjectChange) {
        let id = change.object;
        self.make_room(weight(&change.items));
        let old = self.old.remove(&id);
        let Some(mut known) = self.young.remove(&id).or_else(|| {
            self.weight += old.as_ref().map_or(0, |old| weight(&old.state.items));
            old
        }) else {
            return;
        };
        if known.state.change(change) {
            self.young.insert(id, known);
        }
    }

    fn make_room(&mut self, weight: usize) {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > self.limit {
            self.weight = weight;
            self.old = std::mem::take(&mut self.young);
        }
    }

    /// The latest state of an object.
    pub fn get(&self, object: u64) -> Option<&ObjectState> {
        self.known(object).map(|known| &known.state)
    }

    /// Step of the latest whole state of an object.
    pub fn whole(&self, object: u64) -> Option<u64> {
        self.known(object).map(|known| known.whole)
    }

    /// No state is older than this step.
    pub const fn oldest(&self) -> u64 {
        self.oldest
    }

    fn known(&self, object: u64) -> Option<&Known> {
        self.young.get(&object).or_else(|| self.old.get(&object))
    }
}

fn weight(items: &[Value<'_>]) -> usize {
    let bytes = |value: &Value<'_>| {
        let content = match value {
            Value::Str { text, .. } => text.len(),
            Value::Bytes { data, .. } => data.len(),
            Value::BigInt { magnitude, .. } => magnitude.len(),
            Value::EnumMember { name, .. } => name.len(),
            _ => 0,
        };
        content + size_of::<Value<'_>>()
    };
    96 + items.iter().map(bytes).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trace_model::Form;

    fn state(object: u64, n: i64) -> ObjectState {
        ObjectState {
            object,
            type_id: 0,
            form: Form::Items,
            len: 1,
            items: vec![Value::Int(n)],
        }
    }

    #[test]
    fn the_latest_state_counts_and_memory_is_bounded() {
        let mut table = ObjectTable::with_limit(100_000);
        for n in 0..10_000 {
            table.insert(state(n, 0), 0);
            table.insert(state(n, 1), 1);
        }
        assert_eq!(table.get(9_999), Some(&state(9_999, 1)));
        assert_eq!(table.get(0), None);
        assert!(table.young.len() + table.old.len() < 1_000);
    }

    fn append(object: u64, n: i64, len: u64) -> ObjectChange {
        ObjectChange {
            object,
            type_id: 0,
            form: Form::Items,
            len,
            at: len as u32 - 1,
            removed: 0,
            count: 1,
            items: vec![Value::Int(n)],
        }
    }

    #[test]
    fn a_state_that_is_given_again_as_it_was_is_no_news() {
        let mut table = ObjectTable::new();
        let whole = |object, n| Described::State(state(object, n));
        table.take(&[whole(0, 1), whole(1, 1)], &[], 7);
        assert!(!table.is_repeated(0));
        assert_eq!(table.compared(), u64::MAX);
        table.take(&[whole(0, 1), whole(1, 2)], &[0, 1], 8);
        assert!(table.is_repeated(0) && !table.is_repeated(1));
        assert_eq!(table.compared(), 7);
        table.take(&[whole(0, 1), whole(0, 2), whole(0, 2)], &[0, 0, 0], 9);
        assert!(!table.is_repeated(0));
        assert_eq!(table.compared(), 8);
        let append = Described::Change(append(0, 1, 2));
        table.take(&[whole(0, 2), append], &[0], 10);
        assert!(!table.is_repeated(0));
        table.take(&[whole(1, 2)], &[], 11);
        assert!(!table.is_repeated(1));
    }

    #[test]
    fn a_state_that_changes_is_kept_and_an_unknown_one_stays_unknown() {
        let mut table = ObjectTable::with_limit(100_000);
        table.insert(state(0, 0), 0);
        table.change(&append(7, 1, 2));
        assert_eq!(table.get(7), None);
        let count = if cfg!(miri) { 50 } else { 1_000 };
        for n in 1..count {
            table.change(&append(0, n, n as u64 + 1));
            table.insert(state(n as u64, 0), 0);
        }
        let items: Vec<_> = (0..count).map(Value::Int).collect();
        assert_eq!(table.get(0).unwrap().items, items);
        table.change(&ObjectChange {
            form: Form::Content,
            ..append(0, 1, 1)
        });
        assert_eq!(table.get(0), None);
    }
}
