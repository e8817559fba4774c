//! Slots of classes and the members of C types: object fields whose offsets the type itself declares.

use std::ffi::{CStr, c_int};

use pyo3::ffi;

use super::layout::object as at;
use super::object::{Obj, read_at};
use super::structure::{base_of, flags, is_made_in_c};

/// Most fields of one class that are looked at.
const MOST: usize = 1024;

/// Longest chain of bases that is followed.
const DEEPEST: usize = 128;

/// What a field is called: a `str` of the program, or text of C code.
#[derive(Debug, Clone, Copy)]
pub enum FieldName<'a> {
    /// A slot's name, as the class keeps it.
    Slot(Obj<'a>),
    /// A C string.
    Text(&'a str),
}

/// A field's content.
#[derive(Debug, Clone, Copy)]
pub enum Field<'a> {
    /// An object.
    Object(Obj<'a>),
    /// A number of C.
    Int(i64),
}

fn definitions<'a>(ty: *mut ffi::PyTypeObject) -> impl Iterator<Item = &'a ffi::PyMemberDef> {
    // SAFETY: the members of a live type are an array that ends with a null name.
    let first = unsafe { (*ty).tp_members };
    (0..if first.is_null() { 0 } else { MOST }).map_while(move |i| {
        // SAFETY: as above; no entry before this one had a null name.
        let definition = unsafe { &*first.add(i) };
        (!definition.name.is_null()).then_some(definition)
    })
}

fn is_slot(definition: &ffi::PyMemberDef) -> bool {
    definition.type_code == ffi::Py_T_OBJECT_EX
}

/// How many slots this class adds.
pub(super) fn slot_count(ty: *mut ffi::PyTypeObject) -> usize {
    if flags(ty) & at::FLAG_HEAPTYPE == 0 {
        return 0;
    }
    definitions(ty).filter(|one| is_slot(one)).count()
}

/// Calls `each` with name and content of every slot that is filled, the bases' first found last.
pub fn slots<'a>(obj: Obj<'a>, mut each: impl FnMut(FieldName<'a>, Obj<'a>)) {
    let mut ty = obj.type_ptr();
    for _ in 0..DEEPEST {
        let base = base_of(ty);
        if base.is_null() {
            return;
        }
        if flags(ty) & at::FLAG_HEAPTYPE != 0 {
            // SAFETY: a heap type's names of its slots: null or a tuple in the order of the members.
            let names = unsafe { Obj::new((*ty.cast::<ffi::PyHeapTypeObject>()).ht_slots) };
            for (i, one) in definitions(ty).filter(|one| is_slot(one)).enumerate() {
                let Some(value) = field(obj, one.offset) else {
                    continue;
                };
                let name = names.and_then(|names| names.tuple_item(i));
                each(
                    name.map_or_else(|| FieldName::Text(text(one)), FieldName::Slot),
                    value,
                );
            }
        }
        ty = base;
    }
}

/// Calls `each` with the members that C types among the bases of the class of `obj` declare, the nearest class first.
///
/// Only for objects whose structure is known: an unknown type may declare what it does not keep.
pub fn members<'a>(obj: Obj<'a>, mut each: impl FnMut(&'a str, Field<'a>)) {
    let mut ty = obj.type_ptr();
    for _ in 0..DEEPEST {
        let base = base_of(ty);
        if base.is_null() {
            return;
        }
        if is_made_in_c(ty) {
            for one in definitions(ty) {
                if let Some(value) = member(obj, one, flags(ty) & at::FLAG_HEAPTYPE != 0) {
                    each(text(one), value);
                }
            }
        }
        ty = base;
    }
}

fn member<'a>(obj: Obj<'a>, one: &ffi::PyMemberDef, heap: bool) -> Option<Field<'a>> {
    let offset = usize::try_from(one.offset).ok()?;
    match one.type_code {
        // A filled slot of a heap type is told by `slots`.
        ffi::Py_T_OBJECT_EX if heap => None,
        OBJECT | ffi::Py_T_OBJECT_EX => field(obj, one.offset).map(Field::Object),
        ffi::Py_T_INT => Some(Field::Int(i64::from(obj.read::<c_int>(offset)))),
        ffi::Py_T_PYSSIZET if !text(one).starts_with("__") => {
            Some(Field::Int(obj.read::<isize>(offset) as i64))
        }
        _ => None,
    }
}

/// `_Py_T_OBJECT`: null stands for `None`.
const OBJECT: c_int = 6;

fn field<'a>(obj: Obj<'a>, offset: isize) -> Option<Obj<'a>> {
    let offset = usize::try_from(offset).ok()?;
    // SAFETY: the offset is within the instance, as its class declares; an object field holds an object or null.
    unsafe { Obj::new(read_at(obj.as_ptr().cast_const().cast(), offset)) }
}

fn text<'a>(one: &ffi::PyMemberDef) -> &'a str {
    // SAFETY: a member's name is a C string that lives as long as its type.
    unsafe { CStr::from_ptr(one.name) }.to_str().unwrap_or("?")
}
