//! What C structures of unknown layout refer to, found by their type's own traversal, which the collector uses at any
//! time and which runs no Python code.

use std::ffi::{c_int, c_void};

use pyo3::ffi;

use super::object::{Kind, Obj};
use super::structure::{self, Structure};

/// Most references of one object that are looked at.
const MOST: usize = 4096;

extern "C" fn visit(referent: *mut ffi::PyObject, found: *mut c_void) -> c_int {
    // SAFETY: `found` is the vector that `referents` passes through the traversal.
    let found = unsafe { &mut *found.cast::<Vec<*mut ffi::PyObject>>() };
    if found.len() >= MOST {
        return 1;
    }
    found.push(referent);
    0
}

/// The objects that `obj` refers to directly.
fn referents(obj: Obj<'_>) -> Vec<Obj<'_>> {
    let mut found: Vec<*mut ffi::PyObject> = Vec::new();
    // SAFETY: an object that the collector tracks may be traversed; the visitor only collects.
    unsafe {
        if ffi::PyObject_GC_IsTracked(obj.as_ptr()) != 0
            && let Some(traverse) = (*obj.type_ptr()).tp_traverse
        {
            traverse(obj.as_ptr(), visit, (&raw mut found).cast());
        }
        // SAFETY: kept alive by `obj`, which lives as long as the result.
        found.into_iter().filter_map(|at| Obj::new(at)).collect()
    }
}

/// Calls `array` with every array below a block manager of pandas, at most `limit`, and `list` with its axes.
pub fn arrays<'a>(
    manager: Obj<'a>,
    limit: usize,
    mut array: impl FnMut(Obj<'a>),
    mut list: impl FnMut(Obj<'a>),
) {
    let mut left = limit;
    for part in referents(manager) {
        match part.kind() {
            Kind::List => list(part),
            Kind::Tuple => {
                for block in (0..part.size().min(limit)).filter_map(|i| part.tuple_item(i)) {
                    for held in referents(block)
                        .into_iter()
                        .filter(|one| holds_values(*one))
                    {
                        if left > 0 {
                            left -= 1;
                            array(held);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a part of a block is its values: an array of numpy or of a class made in Python.
fn holds_values(part: Obj<'_>) -> bool {
    structure::of(part).structure == Structure::NumpyArray
        || (part.kind() == Kind::Instance && !structure::is_made_in_c(part.type_ptr()))
}

/// The object that an element of an array of objects refers to.
pub fn stored<'a>(_array: Obj<'a>, element: &[u8]) -> Option<Obj<'a>> {
    let address = usize::from_ne_bytes(element.try_into().ok()?);
    // SAFETY: the array owns a reference to each of its elements, which are objects or null.
    unsafe { Obj::new(address as *mut ffi::PyObject) }
}
