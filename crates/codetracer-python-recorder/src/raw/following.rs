//! The environment of processes that the program starts, while they are to be followed: one variable more, which the
//! program's own `os.environ` does not have.
//!
//! A process that inherits the environment finds the variable in that of C; where a call names the environment of the new
//! process, the variable is added to what is handed on, never to the program's own object.
//!
//! Sources: `Modules/clinic/posixmodule.c.h`, `Modules/clinic/_posixsubprocess.c.h` of CPython 3.12 and 3.13.

use std::ffi::{CStr, CString};
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use super::instance;
use super::methods::{Call, Count, Fast, KEYWORDS, Object, ours, redefine, replace};
use super::object::{Kind, Obj};
use super::{process, threads};

/// The variable; `_start` takes it away where it finds it.
const VARIABLE: &CStr = c"CODETRACER_PYTHON_RECORDER_LAUNCH";

static SPAWN: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static SPAWNP: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static FORK_EXEC: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// Has processes started from now on find `value` in the variable; `None` for no variable.
pub fn hand_on(value: Option<&CStr>) {
    // SAFETY: strings that end with a zero byte, which the C library copies; the GIL, which Python's own changes of the
    // environment hold too, is held.
    unsafe {
        match value {
            Some(value) => libc::setenv(VARIABLE.as_ptr(), value.as_ptr(), 1),
            None => libc::unsetenv(VARIABLE.as_ptr()),
        };
    }
}

/// What processes started now find.
fn handed_on() -> Option<CString> {
    if !process::in_main_interpreter() {
        return None;
    }
    // SAFETY: the result, where there is one, is a string that nothing changes while the GIL is held.
    unsafe {
        let value = libc::getenv(VARIABLE.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value).to_owned())
    }
}

/// Puts ours in place of the functions that start a process with an environment of its own, once per process.
/// `_posixsubprocess` must be loaded.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let fast = ffi::METH_FASTCALL;
        let posix = c"posix";
        // SAFETY: the GIL is held.
        unsafe {
            replace(posix, c"posix_spawn", fast | KEYWORDS, spawn, &SPAWN);
            replace(posix, c"posix_spawnp", fast | KEYWORDS, spawnp, &SPAWNP);
            redefine(
                c"_posixsubprocess",
                c"fork_exec",
                fast,
                fork_exec,
                &FORK_EXEC,
            );
        }
    });
}

/// Position of the mapping among the arguments of `execve`, `posix_spawn` and `posix_spawnp`.
const MAPPING: usize = 2;
/// Position of the list among the arguments of `fork_exec`.
const LIST: usize = 5;

ours!(spawn, call => with_mapping(&SPAWN, call));
ours!(spawnp, call => with_mapping(&SPAWNP, call));

unsafe extern "C" fn fork_exec(
    function: Object,
    args: *const Object,
    count: ffi::Py_ssize_t,
) -> Object {
    let call = Call {
        function,
        args,
        count: count as Count,
        names: null_mut(),
    };
    // SAFETY: as the interpreter calls it; the place holds what it called before, which takes the same arguments.
    unsafe {
        let known: Fast = std::mem::transmute(FORK_EXEC.load(Ordering::Relaxed));
        with_own(call, (LIST, with_entry), |call| {
            known(
                call.function,
                call.args,
                call.positional() as ffi::Py_ssize_t,
            )
        })
    }
}

/// Makes a call whose third argument is the new process's environment as a mapping.
///
/// # Safety
/// As of a vectorcall; `theirs` holds what makes it.
pub(super) unsafe fn with_mapping(theirs: &AtomicPtr<()>, call: Call) -> Object {
    // SAFETY: forwarded to the caller.
    unsafe { with_own(call, (MAPPING, with_item), |call| call.make(theirs)) }
}

/// Makes a copy with the variable of what an argument says.
type Add = unsafe fn(Obj<'_>, &CStr) -> Option<Object>;

/// Makes a call with the variable in the environment that stands at a position among its positional arguments.
unsafe fn with_own(
    call: Call,
    (at, add): (usize, Add),
    make: impl FnOnce(Call) -> Object,
) -> Object {
    // SAFETY: as many arguments as are counted, alive for the call; the object made is released after the call. There is
    // no room before our own arguments, and the count says so.
    unsafe {
        let value = handed_on().filter(|_| at < call.positional());
        let given = value.and_then(|value| Some((Obj::new(call.args.add(at).read())?, value)));
        let Some(made) = given.and_then(|(given, value)| add(given, &value)) else {
            return make(call);
        };
        let mut own = std::slice::from_raw_parts(call.args, call.whole()).to_vec();
        if let Some(place) = own.get_mut(at) {
            *place = made;
        }
        let done = make(Call {
            args: own.as_ptr(),
            count: call.positional(),
            ..call
        });
        ffi::Py_DECREF(made);
        done
    }
}

/// A copy of a mapping with the variable, unless it has it: of an exact dict, or of `os.environ`, whose own dict is read.
unsafe fn with_item(given: Obj<'_>, value: &CStr) -> Option<Object> {
    let environ = threads::loaded_module(c"os").and_then(|os| threads::module_item(os, c"environ"));
    let is_environ = environ.is_some_and(|environ| environ.address() == given.address());
    let dict = if is_environ {
        instance::attribute(given, "_data")?
    } else {
        given
    };
    if dict.kind() != Kind::Dict {
        return None;
    }
    // SAFETY: an exact dict; its keys are hashed already, and ours are exact bytes and str; owned references are
    // released here, and errors, of which only a lack of memory is possible, are cleared.
    unsafe {
        let name = ffi::PyBytes_FromString(VARIABLE.as_ptr());
        let text = ffi::PyUnicode_FromString(VARIABLE.as_ptr());
        let value = ffi::PyBytes_FromString(value.as_ptr());
        let mut made = std::ptr::null_mut();
        if !name.is_null() && !text.is_null() && !value.is_null() {
            let has = |key| ffi::PyDict_Contains(dict.as_ptr(), key) != 0;
            if !has(name) && !has(text) {
                made = ffi::PyDict_Copy(dict.as_ptr());
                if !made.is_null() && ffi::PyDict_SetItem(made, name, value) != 0 {
                    ffi::Py_DECREF(made);
                    made = std::ptr::null_mut();
                }
            }
        }
        ffi::Py_XDECREF(name);
        ffi::Py_XDECREF(text);
        ffi::Py_XDECREF(value);
        if made.is_null() {
            ffi::PyErr_Clear();
        }
        (!made.is_null()).then_some(made)
    }
}

/// A copy of a list of `NAME=value` with the variable, unless it has it.
unsafe fn with_entry(given: Obj<'_>, value: &CStr) -> Option<Object> {
    if given.kind() != Kind::List {
        return None;
    }
    let mut entry = VARIABLE.to_bytes().to_vec();
    entry.push(b'=');
    let has = (0..given.size())
        .filter_map(|i| given.list_item(i))
        .any(|item| item.kind() == Kind::Bytes && item.bytes(entry.len()) == entry);
    if has {
        return None;
    }
    entry.extend_from_slice(value.to_bytes());
    // SAFETY: an exact list is copied; the entry is released here, and a lack of memory is cleared.
    unsafe {
        let copy = ffi::PyList_GetSlice(given.as_ptr(), 0, ffi::Py_ssize_t::MAX);
        let entry = ffi::PyBytes_FromStringAndSize(entry.as_ptr().cast(), entry.len() as isize);
        let added = !copy.is_null() && !entry.is_null() && ffi::PyList_Append(copy, entry) == 0;
        ffi::Py_XDECREF(entry);
        if !added {
            ffi::Py_XDECREF(copy);
            ffi::PyErr_Clear();
        }
        added.then_some(copy)
    }
}
