//! Exceptions: what they were made with, what they came from, and their attributes.

use trace_model::Value;

use super::{Child, Shape, instances};
use crate::capture::limits::Limits;
use crate::raw::members::{self, Field};
use crate::raw::object::Obj;
use crate::raw::structure;

/// Everything but the message and the traceback, which are made when the rest is news.
pub(in crate::capture) fn exception<'a>(exc: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut shape = Shape::attrs(Vec::with_capacity(8));
    shape.own("args", Child::of(exc.exception_args()));
    for (name, link) in [
        ("__cause__", exc.exception_cause()),
        ("__context__", exc.exception_context()),
    ] {
        if let Some(link) = link {
            shape.own(name, Child::Object(link));
        }
    }
    if exc.exception_suppresses() {
        shape.own("__suppress_context__", Child::made(Value::Bool(true)));
    }
    // `OSError.errno`, `StopIteration.value` and the like.
    members::members(exc, |name, field| match field {
        Field::Object(value) if !name.starts_with("__") => shape.own(name, Child::Object(value)),
        _ => {}
    });
    instances::attributes(exc, limits, &mut shape);
    shape
}

/// Whether the exception's type has content that is not known.
pub(in crate::capture) fn is_hidden(exc: Obj<'_>) -> bool {
    structure::of(exc).hidden
}

impl<'a> Shape<'a> {
    /// Says whether the exception's type has content that is not known, which is the same for all its life.
    pub fn says_what_is_hidden(&mut self, exc: Obj<'a>) {
        if is_hidden(exc) {
            self.hides();
        }
    }
}
