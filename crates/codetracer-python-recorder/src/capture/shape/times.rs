//! Dates, times, differences and time zones, field by field.

use trace_model::Value;

use super::{Child, Shape};
use crate::raw::object::Obj;

fn fields<'a>(shape: &mut Shape<'a>, names: &[&'static str], values: &[i64]) {
    for (name, value) in names.iter().zip(values) {
        shape.own(name, Child::made(Value::Int(*value)));
    }
}

fn clock<'a>(shape: &mut Shape<'a>, (values, zone): ([i64; 5], Option<Obj<'a>>)) {
    let names = ["hour", "minute", "second", "microsecond", "fold"];
    fields(shape, &names, &values);
    if let Some(zone) = zone {
        shape.own("tzinfo", Child::Object(zone));
    }
}

pub(super) fn date(obj: Obj<'_>) -> Shape<'_> {
    let mut shape = Shape::attrs(Vec::new());
    fields(&mut shape, &["year", "month", "day"], &obj.date_fields());
    shape
}

pub(super) fn datetime(obj: Obj<'_>) -> Shape<'_> {
    let mut shape = date(obj);
    clock(&mut shape, obj.datetime_time());
    shape
}

pub(super) fn time(obj: Obj<'_>) -> Shape<'_> {
    let mut shape = Shape::attrs(Vec::new());
    clock(&mut shape, obj.time_fields());
    shape
}

pub(super) fn delta(obj: Obj<'_>) -> Shape<'_> {
    let mut shape = Shape::attrs(Vec::new());
    let names = ["days", "seconds", "microseconds"];
    fields(&mut shape, &names, &obj.delta_fields());
    shape
}

pub(super) fn zone(obj: Obj<'_>) -> Shape<'_> {
    let (offset, name) = obj.timezone_fields();
    let mut shape = Shape::attrs(Vec::new());
    shape.own("offset", Child::of(offset));
    if let Some(name) = name {
        shape.own("name", Child::Object(name));
    }
    shape
}
