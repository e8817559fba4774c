//! Threads of the recorder's own that run a callable of Python, unrecorded, at any time up to the last exit handler.
//!
//! `threading` starts none once the interpreter has begun to end, and would run the program's trace and profile hooks.

use std::io;
use std::os::raw::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyAny;

use super::threads::{Current, ThreadKey};

// These may end the thread by unwinding, when the interpreter is gone and it wants the GIL back.
unsafe extern "C-unwind" {
    fn PyGILState_Ensure() -> c_int;
    fn PyGILState_Release(state: c_int);
    fn PyObject_CallNoArgs(callable: *mut pyo3::ffi::PyObject) -> *mut pyo3::ffi::PyObject;
    fn PyErr_WriteUnraisable(object: *mut pyo3::ffi::PyObject);
    fn Py_DecRef(object: *mut pyo3::ffi::PyObject);
}

static APART: Mutex<Vec<ThreadKey>> = Mutex::new(Vec::new());

fn apart() -> MutexGuard<'static, Vec<ThreadKey>> {
    APART.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a thread is one of the recorder's own.
#[cold]
pub fn is_apart(key: ThreadKey) -> bool {
    apart().contains(&key)
}

/// Keeps a thread where it is when it is being ended, so that nothing unwinds through Rust's own frames below.
struct Stay;

impl Drop for Stay {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// Calls `callable` in a thread of its own and does not wait for it.
pub fn run(callable: Py<PyAny>) -> io::Result<()> {
    std::thread::Builder::new()
        .name("recorder-hooks".to_owned())
        .spawn(move || {
            let callable = callable.into_ptr();
            let stay = Stay;
            // SAFETY: the GIL is held between the first and the last call; the reference to `callable` is ours and
            // given back here. `stay` is the only value with a destructor, and it never lets an unwind pass.
            unsafe {
                let state = PyGILState_Ensure();
                let key = Current::get().key();
                apart().push(key);
                let done = PyObject_CallNoArgs(callable);
                if done.is_null() {
                    PyErr_WriteUnraisable(callable);
                } else {
                    Py_DecRef(done);
                }
                Py_DecRef(callable);
                // Destructors of what the thread kept run here.
                PyGILState_Release(state);
                apart().retain(|other| *other != key);
            }
            std::mem::forget(stay);
        })
        .map(drop)
}
