//! Objects as events describe them: whole states, and changes of the latest one.
//!
//! Owns what a change does to a state. Refuses to guess: what a change leaves unknown is cut off.

use crate::value::{Form, Value};

/// Shallow state of an object at one event.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectState {
    /// Object id.
    pub object: u64,
    /// Type id.
    pub type_id: u32,
    /// What `items` are.
    pub form: Form,
    /// True length; more than `items` hold where a limit cut.
    pub len: u64,
    /// Items, or keys and values in turn.
    pub items: Vec<Value<'static>>,
}

/// A change of a part of an object since its latest state.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectChange {
    /// Object id.
    pub object: u64,
    /// Type id.
    pub type_id: u32,
    /// What `items` are.
    pub form: Form,
    /// True length afterwards.
    pub len: u64,
    /// `Form::Items`: index of the first item replaced.
    pub at: u32,
    /// `Form::Items`: how many items are replaced.
    pub removed: u32,
    /// How many `items` there were to be; a limit may have cut some.
    pub count: u32,
    /// New items; keys and their values in turn, [`Value::Removed`] for a key that is gone; or the new content.
    pub items: Vec<Value<'static>>,
}

/// What an event says of an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Described {
    /// All of it.
    State(ObjectState),
    /// What became different.
    Change(ObjectChange),
}

impl Described {
    /// Object id.
    pub const fn object(&self) -> u64 {
        match self {
            Described::State(state) => state.object,
            Described::Change(change) => change.object,
        }
    }

    /// Values that stand in it.
    pub fn items(&self) -> &[Value<'static>] {
        match self {
            Described::State(state) => &state.items,
            Described::Change(change) => &change.items,
        }
    }

    pub(crate) fn items_mut(&mut self) -> &mut Vec<Value<'static>> {
        match self {
            Described::State(state) => &mut state.items,
            Described::Change(change) => &mut change.items,
        }
    }
}

impl ObjectState {
    /// Makes this the state after `change`. `false` where the change is not one of such a state: what the object is
    /// like then is not known.
    #[must_use]
    pub fn change(&mut self, change: &ObjectChange) -> bool {
        if (self.form, self.type_id) != (change.form, change.type_id) {
            return false;
        }
        self.len = change.len;
        match change.form {
            Form::Opaque => return false,
            Form::Items => self.splice(change),
            Form::Entries | Form::Attrs => {
                for pair in change.items.chunks_exact(2) {
                    if let [key, value] = pair {
                        self.set(key, value);
                    }
                }
                let kept = usize::try_from(change.len).unwrap_or(usize::MAX);
                self.keep(kept.saturating_mul(2));
            }
            Form::Content => self.items.clone_from(&change.items),
        }
        true
    }

    /// How many items stand before the attributes that the object has beside them.
    fn own(&self) -> usize {
        let begins = |item: &Value<'_>| matches!(item, Value::Name(_));
        let at = match self.form {
            Form::Items | Form::Entries => self.items.iter().position(begins),
            Form::Opaque | Form::Attrs | Form::Content => None,
        };
        at.unwrap_or(self.items.len())
    }

    /// Cuts the items, not the attributes beside them.
    fn keep(&mut self, most: usize) {
        let own = self.own();
        if own > most {
            self.items.drain(most..own);
        }
    }

    fn splice(&mut self, change: &ObjectChange) {
        let kept = self.own();
        let from = change.at as usize;
        if from <= kept {
            let end = from.saturating_add(change.removed as usize).min(kept);
            let is_whole = change.items.len() == change.count as usize;
            // What follows items that a limit cut stands at an unknown place, and nothing is known beyond what was kept.
            let end = if is_whole { end } else { kept };
            self.items.splice(from..end, change.items.iter().cloned());
        }
        self.keep(usize::try_from(change.len).unwrap_or(usize::MAX));
    }

    fn set(&mut self, key: &Value<'static>, value: &Value<'static>) {
        let own = self.own();
        let mut keys = self.items.iter().take(own).step_by(2);
        let at = keys.position(|known| is_same_key(known, key));
        match (at, value) {
            (Some(at), Value::Removed) => {
                let at = at * 2;
                let end = own.min(at + 2);
                self.items.drain(at..end);
            }
            (None, Value::Removed) => {}
            (Some(at), value) => {
                if let Some(place) = self.items.get_mut(at * 2 + 1) {
                    *place = value.clone();
                }
            }
            (None, value) => {
                self.items.splice(own..own, [key.clone(), value.clone()]);
            }
        }
    }
}

/// Whether two recorded keys are one key of a dict: equal scalars of one type, or the same object.
fn is_same_key(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Ref { object: a, .. }, Value::Ref { object: b, .. }) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b || a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests;
