//! Functions, bound methods, and the functions of classes.

use std::ffi::CStr;
use std::sync::OnceLock;

use pyo3::ffi;

use super::frame::Code;
use super::object::{Obj, read_at};

/// `PyFunctionObject.func_code`.
const FUNCTION_CODE: usize = 48;
/// `PyMethodObject.im_func`.
const METHOD_FUNCTION: usize = 16;
/// `PyMethodObject.im_self` and `PyCFunctionObject.m_self`.
const METHOD_SELF: usize = 24;

unsafe extern "C" {
    static mut PyMethod_Type: ffi::PyTypeObject;
    fn _PyType_Lookup(ty: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

/// The code of a function, or of the function that a method is bound to.
pub fn code<'a>(callee: Obj<'a>) -> Option<Code<'a>> {
    let base = callee.as_ptr().cast_const().cast::<u8>();
    // SAFETY: the fields of objects whose exact type was checked; both hold live objects.
    unsafe {
        if callee.type_ptr() == &raw mut PyMethod_Type {
            return code(Obj::new(read_at(base, METHOD_FUNCTION))?);
        }
        if callee.type_ptr() != &raw mut ffi::PyFunction_Type {
            return None;
        }
        Code::from_obj(Obj::new(read_at(base, FUNCTION_CODE))?)
    }
}

/// The object that a method is bound to; any other object itself.
pub fn bound_to<'a>(callee: Obj<'a>) -> Obj<'a> {
    let base = callee.as_ptr().cast_const().cast::<u8>();
    // SAFETY: the fields of objects whose exact type was checked; `m_self` may be null.
    unsafe {
        if callee.type_ptr() == &raw mut PyMethod_Type
            || callee.type_ptr() == &raw mut ffi::PyCFunction_Type
        {
            return Obj::new(read_at(base, METHOD_SELF)).unwrap_or(callee);
        }
    }
    callee
}

/// What the classes of an object have under a name, an interned `str`, where that is a function.
pub fn method<'a>(of: Obj<'a>, name: Obj<'_>) -> Option<Obj<'a>> {
    // SAFETY: a look-up along the method resolution order, in dicts of strings; the result is borrowed from a class that
    // the object keeps alive.
    let found = unsafe { Obj::new(_PyType_Lookup(of.type_ptr(), name.as_ptr())) }?;
    // SAFETY: comparing with the address of a static type.
    (found.type_ptr() == &raw mut ffi::PyFunction_Type).then_some(found)
}

/// A name that is made once and lives as long as the process.
struct Name {
    text: &'static CStr,
    made: OnceLock<usize>,
}

impl Name {
    const fn new(text: &'static CStr) -> Self {
        Self {
            text,
            made: OnceLock::new(),
        }
    }

    fn get(&self) -> Option<Obj<'static>> {
        let name = self.made.get_or_init(|| {
            // SAFETY: makes an interned string, which is never released; null on out of memory.
            unsafe {
                let name = ffi::PyUnicode_InternFromString(self.text.as_ptr());
                if name.is_null() {
                    ffi::PyErr_Clear();
                }
                name as usize
            }
        });
        // SAFETY: the string lives as long as the process.
        unsafe { Obj::new(*name as *mut ffi::PyObject) }
    }
}

/// `__setitem__` of the classes of an object, where that is a function.
pub fn item_setter(of: Obj<'_>) -> Option<Obj<'_>> {
    static NAME: Name = Name::new(c"__setitem__");
    method(of, NAME.get()?)
}

/// Whether the classes of an object have `__missing__`, which a dict calls for a key that it has not.
pub fn has_missing(of: Obj<'_>) -> bool {
    static NAME: Name = Name::new(c"__missing__");
    // SAFETY: a look-up along the method resolution order, in dicts of strings.
    NAME.get()
        .is_some_and(|name| unsafe { !_PyType_Lookup(of.type_ptr(), name.as_ptr()).is_null() })
}

/// An object that a running code object keeps alive, by its address.
pub fn kept<'a>(address: usize) -> Option<Obj<'a>> {
    // SAFETY: names and constants of a code object live as long as it does, and its frame runs.
    unsafe { Obj::new(address as *mut ffi::PyObject) }
}
