//! What an object shows: its form, its true length, and its parts in order, one file per family of kinds.
//!
//! A shape borrows from the object and copies nothing but what CPython keeps in another form. Making one runs no code of
//! the program. Exact built-in containers and plain instances are told apart first, everything else by its structure.

mod buffers;
mod callables;
mod containers;
mod content;
mod exceptions;
mod instances;
mod named;
mod numbers;
mod structured;
mod times;

use trace_model::Value;
use trace_model::value::{Form, Unknown};

use super::limits::Limits;
use crate::raw::object::{Kind, Obj};
use crate::raw::{structure, types};

pub(super) use exceptions::{exception, is_hidden};
pub(super) use instances::is_place_of_member;
pub(super) use named::{Modules, function_parts};

/// Stands in place of an attribute's name: an int says how many attributes there are, an unknown that there is content
/// beside what is shown.
pub(super) const MORE: &str = "...";

/// What decides how much an object shows.
#[derive(Clone, Copy)]
pub(super) struct Look<'l> {
    pub limits: &'l Limits,
    pub modules: &'l Modules,
}

/// The shallow content of an object.
pub(super) struct Shape<'a> {
    pub form: Form,
    pub len: usize,
    pub children: Vec<Child<'a>>,
    /// How many children it was made with, none of which is beside items or entries.
    made_with: usize,
}

/// One part of an object.
pub(super) enum Child<'a> {
    Object(Obj<'a>),
    Name(Obj<'a>),
    Own(&'a str),
    Made(Box<Value<'a>>),
    Absent,
}

impl<'a> Child<'a> {
    fn of(obj: Option<Obj<'a>>) -> Self {
        obj.map_or(Child::Absent, Child::Object)
    }

    fn made(value: Value<'a>) -> Self {
        Child::Made(Box::new(value))
    }

    fn text(text: String) -> Self {
        Child::made(Value::Str {
            len: text.chars().count() as u64,
            text: text.into_bytes().into(),
            cut_hash: None,
        })
    }
}

impl<'a> Shape<'a> {
    fn new(form: Form, len: usize, children: Vec<Child<'a>>) -> Self {
        Self {
            form,
            len,
            made_with: children.len(),
            children,
        }
    }

    fn opaque() -> Self {
        Self::new(Form::Opaque, 0, Vec::new())
    }

    /// Attributes that are all shown.
    pub fn attrs(children: Vec<Child<'a>>) -> Self {
        Self::new(Form::Attrs, children.len() / 2, children)
    }

    /// One value that is all of the object.
    fn content(len: usize, child: Child<'a>) -> Self {
        Self::new(Form::Content, len, vec![child])
    }

    /// Adds an attribute that is not the program's.
    fn own(&mut self, name: &'a str, value: Child<'a>) {
        self.children.extend([Child::Own(name), value]);
        if self.form == Form::Attrs {
            self.len += 1;
        }
    }

    /// How many parts stand before the attributes that it has beside items or entries, or before what says that
    /// something is missing.
    pub fn own_parts(&self) -> usize {
        let begins = |child: &Child<'_>| match child {
            Child::Name(_) | Child::Own(_) if self.form != Form::Attrs => true,
            Child::Own(name) => *name == MORE,
            _ => false,
        };
        match self.form {
            // Attributes that are all shown end with one.
            Form::Attrs if self.children.len() == self.len * 2 => self.children.len(),
            _ if self.children.len() == self.made_with => self.made_with,
            _ => self
                .children
                .iter()
                .position(begins)
                .unwrap_or(self.children.len()),
        }
    }

    /// Says that there is content which is not shown.
    fn hides(&mut self) {
        if self.form != Form::Opaque {
            let unknown = Child::made(Value::Unknown(Unknown::Layout));
            self.children.extend([Child::Own(MORE), unknown]);
        }
    }
}

/// The shallow content of an object that is no exception.
#[inline]
pub(super) fn shape_of<'a>(obj: Obj<'a>, kind: Kind, look: Look<'_>) -> Shape<'a> {
    let limits = look.limits;
    match kind {
        Kind::List => containers::list(obj, limits),
        Kind::Tuple => containers::tuple(obj, limits),
        Kind::Dict => containers::dict(obj, limits),
        Kind::Instance if types::is_enum_member(obj) => instances::enum_member(obj, limits),
        Kind::Instance if structure::is_plain(obj) => instances::plain(obj, limits),
        Kind::Set | Kind::FrozenSet => containers::set(obj, limits),
        Kind::Range | Kind::Slice => containers::triple(obj),
        Kind::ByteArray => content::bytearray(obj, limits),
        Kind::Function => named::function(obj, limits),
        Kind::Type => named::class(obj, look),
        Kind::Module => named::module(obj),
        _ => structured::structured(obj, limits),
    }
}
