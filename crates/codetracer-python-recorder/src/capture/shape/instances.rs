//! Attributes of instances: in their dictionary or inline, in slots, in the members of C types.

use trace_model::Value;
use trace_model::value::Form;

use super::{Child, MORE, Shape, structured};
use crate::capture::limits::Limits;
use crate::raw::instance;
use crate::raw::members::{self, Field, FieldName};
use crate::raw::object::Obj;
use crate::raw::unicode::{self, Units};

/// An instance that has attributes in its dictionary or inline, and nothing else.
#[inline]
pub(super) fn plain<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut children = Vec::new();
    let len = instance::attributes(obj, limits.items, |name, value| {
        children.extend([Child::Name(name), Child::Object(value)]);
    });
    Shape::new(Form::Attrs, len, children)
}

/// A member of an enum: it shows no class and no place among its like.
pub(super) fn enum_member<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut shape = structured::structured(obj, limits);
    let place = |child: &Child<'_>| match child {
        Child::Name(name) => is_place_of_member(*name),
        _ => false,
    };
    while let Some(at) = shape.children.iter().position(place) {
        shape.children.drain(at..at + 2);
        if shape.form == Form::Attrs {
            shape.len -= 1;
        }
    }
    shape
}

/// Whether an attribute says where in its enum a member stands.
#[inline]
pub(in crate::capture) fn is_place_of_member(name: Obj<'_>) -> bool {
    unicode::is_str(name)
        && matches!(
            unicode::units(name),
            Units::Ascii(b"__objclass__" | b"_sort_order_")
        )
}

/// Adds what C types among the bases declare as their fields.
pub(super) fn members<'a>(obj: Obj<'a>, shape: &mut Shape<'a>) {
    members::members(obj, |name, field| match field {
        _ if name.starts_with("__") && !matches!(name, "__func__" | "__self__") => {}
        Field::Object(value) => shape.own(name, Child::Object(value)),
        Field::Int(number) => shape.own(name, Child::made(Value::Int(number))),
    });
}

/// Adds slots and attributes. Where the form tells another length, the number of those that are missing is told apart.
pub(super) fn attributes<'a>(obj: Obj<'a>, limits: &Limits, shape: &mut Shape<'a>) {
    let (mut shown, mut slots) = (0, 0);
    let children = &mut shape.children;
    members::slots(obj, |name, value| {
        slots += 1;
        if shown < limits.items {
            shown += 1;
            children.push(match name {
                FieldName::Slot(name) => Child::Name(name),
                FieldName::Text(text) => Child::Own(text),
            });
            children.push(Child::Object(value));
        }
    });
    let held = instance::attributes(obj, limits.items - shown, |name, value| {
        shown += 1;
        children.extend([Child::Name(name), Child::Object(value)]);
    });
    let total = slots + held;
    match shape.form {
        Form::Attrs => shape.len += total,
        Form::Opaque if shown > 0 => {
            shape.form = Form::Attrs;
            shape.len = total;
        }
        _ if shown < total => {
            let total = Child::made(Value::Int(total as i64));
            shape.children.extend([Child::Own(MORE), total]);
        }
        _ => {}
    }
}
