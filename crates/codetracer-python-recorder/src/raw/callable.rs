//! The callable objects registered with `sys.monitoring`: one per event, called by vectorcall without any of the checks
//! that built-in functions make on the way (a recursion check there could raise in the program).

use std::ffi::{c_char, c_int, c_void};

use pyo3::ffi;

use super::object::Obj;

#[repr(C)]
struct Hook {
    head: ffi::PyObject,
    vectorcall: ffi::vectorcallfunc,
}

const NAME: &std::ffi::CStr = c"codetracer_python_recorder._native.Hook";

fn hook_type() -> *mut ffi::PyTypeObject {
    static TYPE: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let address = *TYPE.get_or_init(|| {
        let offset = std::mem::offset_of!(Hook, vectorcall) as ffi::Py_ssize_t;
        let mut members = [
            ffi::PyMemberDef {
                name: c"__vectorcalloffset__".as_ptr(),
                type_code: ffi::Py_T_PYSSIZET,
                offset,
                flags: ffi::Py_READONLY,
                doc: std::ptr::null(),
            },
            ffi::PyMemberDef::default(),
        ];
        let mut slots = [
            ffi::PyType_Slot {
                slot: ffi::Py_tp_members,
                pfunc: members.as_mut_ptr().cast::<c_void>(),
            },
            ffi::PyType_Slot {
                slot: ffi::Py_tp_call,
                pfunc: ffi::PyVectorcall_Call as *mut c_void,
            },
            ffi::PyType_Slot {
                slot: 0,
                pfunc: std::ptr::null_mut(),
            },
        ];
        let mut spec = ffi::PyType_Spec {
            name: NAME.as_ptr().cast::<c_char>(),
            basicsize: std::mem::size_of::<Hook>() as c_int,
            itemsize: 0,
            flags: (ffi::Py_TPFLAGS_DEFAULT
                | ffi::Py_TPFLAGS_HAVE_VECTORCALL
                | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION
                | ffi::Py_TPFLAGS_IMMUTABLETYPE) as u32,
            slots: slots.as_mut_ptr(),
        };
        // SAFETY: the spec describes `Hook`; CPython copies what it keeps.
        unsafe { ffi::PyType_FromSpec(&mut spec) as usize }
    });
    address as *mut ffi::PyTypeObject
}

/// A new callable object around `function`; `None` when memory ran out. The reference is never released: hooks live as
/// long as the process.
pub fn hook<'a>(function: ffi::vectorcallfunc) -> Option<Obj<'a>> {
    let ty = hook_type();
    if ty.is_null() {
        // SAFETY: clears the error that PyType_FromSpec set.
        unsafe { ffi::PyErr_Clear() };
        return None;
    }
    // SAFETY: allocates an instance of our own type and fills its one field.
    unsafe {
        let object = ffi::PyType_GenericAlloc(ty, 0);
        if object.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        (*object.cast::<Hook>()).vectorcall = function;
        Obj::new(object)
    }
}
