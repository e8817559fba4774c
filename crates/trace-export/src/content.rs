//! The parts of an object's state: its own items or entries, and its attributes.

use std::borrow::Cow;

use trace_model::event::ObjectState;
use trace_model::{Form, Names, Value};

/// Stands in place of an attribute's name: what is beside it says what is missing.
const MORE: &str = "...";

/// A state, taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Items, entries or content.
    pub own: &'a [Value<'static>],
    /// Names and values of attributes, in turn.
    attrs: &'a [Value<'static>],
    /// Whether attributes or content are missing beside what the form's length says.
    pub more: bool,
}

impl<'a> Parts<'a> {
    /// The parts of a state. Attributes begin at the first attribute name, which no item is.
    pub fn of(names: &dyn Names, state: &'a ObjectState) -> Self {
        let all = state.items.as_slice();
        let at = match state.form {
            Form::Attrs => 0,
            _ => all
                .iter()
                .position(|item| matches!(item, Value::Name(_)))
                .unwrap_or(all.len()),
        };
        let (own, mut attrs) = all.split_at(at);
        let mut more = false;
        while let [
            before @ ..,
            Value::Name(id),
            Value::Int(_) | Value::Unknown(_),
        ] = attrs
            && names.name(*id) == Some(MORE)
        {
            attrs = before;
            more = true;
        }
        Self { own, attrs, more }
    }

    /// Whether there are attributes.
    pub fn has_attributes(&self) -> bool {
        !self.attrs.is_empty()
    }

    /// How many attributes are shown.
    pub fn attribute_count(&self) -> usize {
        self.attrs.len() / 2
    }

    /// Attribute names, as recorded text, and values.
    pub fn attributes(
        &self,
        names: &'a dyn Names,
    ) -> impl Iterator<Item = (Cow<'a, [u8]>, &'a Value<'static>)> + use<'a> {
        self.attrs.chunks_exact(2).filter_map(move |pair| {
            let [name, value] = pair else { return None };
            let name = match name {
                Value::Name(id) => match names.name(*id) {
                    Some(name) => name.as_bytes().into(),
                    None => format!("#{id}").into_bytes().into(),
                },
                Value::Str { text, .. } => text.as_ref().into(),
                _ => return None,
            };
            Some((name, value))
        })
    }
}

/// The attribute `wanted` of an object, if its state is known and has it.
pub fn attribute<'a>(
    names: &'a dyn Names,
    state: Option<&'a ObjectState>,
    wanted: &str,
) -> Option<&'a Value<'static>> {
    let mut all = Parts::of(names, state?).attributes(names);
    all.find_map(|(name, value)| (name.as_ref() == wanted.as_bytes()).then_some(value))
}
