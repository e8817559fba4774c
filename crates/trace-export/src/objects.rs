//! The latest known state of every object, in bounded memory.

use std::collections::HashMap;

use trace_model::event::ObjectState;
use trace_model::{Event, Value};

/// Approximate bytes that each of the two generations may hold.
const GENERATION: usize = 24 << 20;

/// Object states by id. States not seen for long are forgotten: their objects are then shown without content.
#[derive(Debug, Clone)]
pub struct ObjectTable {
    young: HashMap<u64, ObjectState>,
    old: HashMap<u64, ObjectState>,
    weight: usize,
    limit: usize,
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
        }
    }

    /// Takes the states that an event carries.
    pub fn apply(&mut self, event: &Event) {
        for state in &event.objects {
            self.insert(state.clone());
        }
    }

    /// Takes one state.
    pub fn insert(&mut self, state: ObjectState) {
        self.weight = self.weight.saturating_add(weight(&state));
        if self.weight > self.limit {
            self.weight = weight(&state);
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(state.object, state);
    }

    /// The latest state of an object.
    pub fn get(&self, object: u64) -> Option<&ObjectState> {
        self.young.get(&object).or_else(|| self.old.get(&object))
    }
}

fn weight(state: &ObjectState) -> usize {
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
    96 + state.items.iter().map(bytes).sum::<usize>()
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
            table.insert(state(n, 0));
            table.insert(state(n, 1));
        }
        assert_eq!(table.get(9_999), Some(&state(9_999, 1)));
        assert_eq!(table.get(0), None);
        assert!(table.young.len() + table.old.len() < 1_000);
    }
}
