//! Functions, classes and modules: what they are called, and what they keep.

use std::collections::HashSet;

use super::{Child, Look, Shape, instances};
use crate::capture::limits::Limits;
use crate::capture::scalar::mix;
use crate::raw::object::{Kind, Obj};
use crate::raw::{types, unicode};

/// Names of the modules whose code is recorded: their classes show their attributes.
#[derive(Default)]
pub(in crate::capture) struct Modules(HashSet<String>);

impl Modules {
    /// A number that changes when what a class shows may have; 0 where it is not known, and of what is no class.
    #[inline]
    pub fn class_state(&self, obj: Obj<'_>) -> u64 {
        match types::version(obj) {
            0 => 0,
            version => {
                let name = obj.own_qualname().map_or(0, Obj::address) as u64;
                mix(u64::from(version) << 32 | self.0.len() as u64, name)
            }
        }
    }

    /// Adds a module.
    pub fn add(&mut self, name: &str) {
        if !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }
}

static FUNCTION_PARTS: [&str; 3] = ["__qualname__", "__defaults__", "__kwdefaults__"];

fn called<'a>(name: &'static str, obj: Obj<'a>) -> Shape<'a> {
    let mut shape = Shape::attrs(Vec::new());
    if let Some(text) = obj.own_qualname() {
        shape.own(name, Child::Object(text));
    } else if obj.kind() == Kind::Type
        && let Some(text) = obj.c_class_name()
    {
        shape.own(name, Child::text(text.to_owned()));
    }
    shape
}

/// Its name; its namespace is that of globals.
pub(super) fn module(obj: Obj<'_>) -> Shape<'_> {
    let mut shape = called("__name__", obj);
    shape.hides();
    shape
}

/// A function's name and default arguments.
#[inline]
pub(in crate::capture) fn function_parts<'a>(
    function: Obj<'a>,
) -> impl Iterator<Item = (&'static str, Obj<'a>)> {
    let (positional, keyword) = function.function_defaults();
    let parts = [function.own_qualname(), positional, keyword];
    FUNCTION_PARTS
        .iter()
        .zip(parts)
        .filter_map(|(name, part)| Some((*name, part?)))
}

/// Its name, default arguments and attributes.
pub(super) fn function<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut shape = Shape::attrs(Vec::new());
    for (name, part) in function_parts(obj) {
        shape.own(name, Child::Object(part));
    }
    instances::attributes(obj, limits, &mut shape);
    shape
}

/// Its name and, of a class of the program, its attributes but for methods, properties and what Python adds.
pub(super) fn class<'a>(obj: Obj<'a>, look: Look<'_>) -> Shape<'a> {
    let mut shape = called("__qualname__", obj);
    let of_program = |name: &String| look.modules.0.contains(name);
    let Some(namespace) =
        types::namespace(obj).filter(|_| types::module_of(obj).as_ref().is_some_and(of_program))
    else {
        shape.hides();
        return shape;
    };
    let is_enum = types::is_enum_class(obj);
    let mut shown = 0;
    let mut left_out = false;
    namespace.dict_entries(look.limits.items * 4, |name, value| {
        if !is_state(name, value, is_enum) {
            return;
        }
        if shown == look.limits.items {
            left_out = true;
            return;
        }
        shown += 1;
        shape
            .children
            .extend([Child::Name(name), Child::Object(value)]);
    });
    shape.len += shown;
    if left_out || namespace.dict_len() > look.limits.items * 4 {
        shape.hides();
    }
    shape
}

/// Whether an entry of a class's namespace is data.
fn is_state(name: Obj<'_>, value: Obj<'_>, is_enum: bool) -> bool {
    if !unicode::is_str(name) || value.kind() == Kind::Function || value.is_descriptor() {
        return false;
    }
    let text = unicode::text(name);
    let edge = if is_enum { "_" } else { "__" };
    !(text.len() > 2 && text.starts_with(edge) && text.ends_with(edge))
}
