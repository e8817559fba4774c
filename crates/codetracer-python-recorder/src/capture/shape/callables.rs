//! Functions and methods of C code, generators, weak references, matches: what they are called and bound to.

use trace_model::Value;

use super::{Child, Shape};
use crate::raw::collections::Progress;
use crate::raw::object::Obj;

/// A name, and what the function is bound to.
pub(super) fn builtin(obj: Obj<'_>) -> Shape<'_> {
    let (name, bound) = obj.c_function();
    let mut shape = Shape::attrs(Vec::new());
    match bound {
        Some(to) => {
            shape.own("__name__", Child::text(name.to_owned()));
            shape.own("__self__", Child::Object(to));
        }
        None => shape.own("__qualname__", Child::text(name.to_owned())),
    }
    shape
}

pub(super) fn descriptor(obj: Obj<'_>) -> Shape<'_> {
    let (class, name) = obj.descriptor();
    let mut shape = Shape::attrs(Vec::new());
    shape.own("__name__", Child::of(name));
    if let Some(class) = class {
        shape.own("__objclass__", Child::Object(class));
    }
    shape
}

/// A name and how far it is; frames show what it holds.
pub(super) fn generator(obj: Obj<'_>) -> Shape<'_> {
    let (name, progress) = obj.generator();
    let mut shape = Shape::attrs(Vec::new());
    shape.own("__qualname__", Child::of(name));
    let progress = match progress {
        Progress::Created => "created",
        Progress::Suspended => "suspended",
        Progress::Running => "running",
        Progress::Ended => "closed",
    };
    shape.own("state", Child::text(progress.to_owned()));
    shape
}

/// What it refers to, or `None` when that is gone.
pub(super) fn weak_reference(obj: Obj<'_>) -> Shape<'_> {
    let target = obj.weak_target();
    Shape::content(
        1,
        target.map_or_else(|| Child::made(Value::None), Child::Object),
    )
}

/// Where it begins and ends.
pub(super) fn matched(obj: Obj<'_>) -> Shape<'_> {
    let (start, end) = obj.match_span();
    let mut shape = Shape::attrs(Vec::new());
    shape.own("start", Child::made(Value::Int(start)));
    shape.own("end", Child::made(Value::Int(end)));
    shape
}
