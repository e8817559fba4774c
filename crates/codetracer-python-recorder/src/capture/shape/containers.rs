//! Containers, of subclasses too: their items or entries, up to the limit.

use trace_model::Value;
use trace_model::value::Form;

use super::{Child, Shape};
use crate::capture::limits::Limits;
use crate::raw::object::Obj;
use crate::raw::types;

pub(super) fn list<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let len = obj.size();
    let mut children = Vec::new();
    children.extend((0..len.min(limits.items)).map(|i| Child::of(obj.list_item(i))));
    Shape::new(Form::Items, len, children)
}

pub(super) fn tuple<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let len = obj.size();
    let mut children = Vec::new();
    children.extend((0..len.min(limits.items)).map(|i| Child::of(obj.tuple_item(i))));
    Shape::new(Form::Items, len, children)
}

/// A tuple with, where its class is that of a named tuple, the names of its items.
pub(super) fn tuple_subclass<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut shape = tuple(obj, limits);
    if let Some(names) = types::tuple_fields(obj) {
        shape.own("_fields", Child::Object(names));
    }
    shape
}

pub(super) fn dict<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut children = Vec::new();
    obj.dict_entries(limits.items, |key, value| {
        children.extend([Child::Object(key), Child::Object(value)]);
    });
    Shape::new(Form::Entries, obj.dict_len(), children)
}

pub(super) fn ordered_dict<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut children = Vec::new();
    obj.ordered_entries(limits.items, |key, value| {
        children.extend([Child::Object(key), Child::of(value)]);
    });
    Shape::new(Form::Entries, obj.dict_len(), children)
}

pub(super) fn set<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut children = Vec::new();
    obj.set_items(limits.items, |item| children.push(Child::Object(item)));
    Shape::new(Form::Items, obj.set_len(), children)
}

pub(super) fn deque<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut children = Vec::new();
    obj.deque_items(limits.items, |item| children.push(Child::of(item)));
    let mut shape = Shape::new(Form::Items, obj.size(), children);
    if let Some(limit) = obj.deque_limit() {
        shape.own("maxlen", Child::made(Value::Int(limit)));
    }
    shape
}

/// Start, stop and step.
pub(super) fn triple(obj: Obj<'_>) -> Shape<'_> {
    Shape::new(Form::Items, 3, obj.triple().map(Child::of).into())
}
