//! Attributes as the interpreter finds them, where that runs no code: in the object's dictionary and slots, among the
//! items of a named tuple, in its class.

use pyo3::ffi;

use super::members::{self, FieldName};
use super::object::{Kind, Obj};
use super::unicode::Units;
use super::{instance, types, unicode};

unsafe extern "C" {
    fn _PyType_Lookup(ty: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

/// What a class and its bases have under a name, an interned `str`.
fn in_class<'a>(class: Obj<'a>, name: Obj<'_>) -> Option<Obj<'a>> {
    // SAFETY: a look-up along the method resolution order, in dicts of strings; the result is borrowed from the class.
    unsafe { Obj::new(_PyType_Lookup(class.as_ptr().cast(), name.as_ptr())) }
}

/// Whether an object in a class's namespace is an attribute as it stands there, and no descriptor.
fn is_plain(found: Obj<'_>) -> bool {
    // SAFETY: reads a field of the type of a live object.
    unsafe { (*found.type_ptr()).tp_descr_get.is_none() }
}

fn class_of(obj: Obj<'_>) -> Option<Obj<'_>> {
    // SAFETY: an object keeps its class alive.
    unsafe { Obj::new(obj.type_ptr().cast()) }
}

/// The attribute of an object of this kind under a name, an interned `str`; functions are found for `method`.
pub fn attribute<'a>(of: Obj<'a>, kind: Kind, name: Obj<'_>) -> Option<Obj<'a>> {
    match kind {
        Kind::Instance | Kind::Other | Kind::Exception | Kind::Function => {
            instance::attribute_named(of, name)
                .or_else(|| slot(of, name))
                .or_else(|| arguments(of, name))
                .or_else(|| in_class(class_of(of)?, name).filter(|found| is_plain(*found)))
        }
        Kind::Type => {
            let hidden = in_class(class_of(of)?, name);
            in_class(of, name).filter(|found| hidden.is_none() && is_plain(*found))
        }
        _ => None,
    }
}

/// `args` of an exception.
fn arguments<'a>(of: Obj<'a>, name: Obj<'_>) -> Option<Obj<'a>> {
    let wanted =
        of.kind() == Kind::Exception && matches!(unicode::units(name), Units::Ascii(b"args"));
    of.exception_args().filter(|_| wanted)
}

/// A slot of an instance, or an item of a named tuple.
fn slot<'a>(of: Obj<'a>, name: Obj<'_>) -> Option<Obj<'a>> {
    let mut found = None;
    members::slots(of, |slot, value| {
        if let FieldName::Slot(slot) = slot
            && found.is_none()
            && is_name(slot, name)
        {
            found = Some(value);
        }
    });
    found.or_else(|| {
        let fields = of.as_tuple().and_then(types::tuple_fields)?;
        let at = (0..fields.size()).find(|i| {
            fields
                .tuple_item(*i)
                .is_some_and(|field| is_name(field, name))
        })?;
        of.tuple_item(at)
    })
}

fn is_name(one: Obj<'_>, name: Obj<'_>) -> bool {
    one == name || (unicode::is_str(one) && unicode::equal(one, name))
}
