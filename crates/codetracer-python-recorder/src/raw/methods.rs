//! Functions of the module `posix` after which, or after whose return, it is too late: they do their work as before, and
//! the recorder is told right before or right after.
//!
//! A function object written in C says which function calls it; that is where ours stands. Everything that a program can
//! ask of it, its hash included, comes from the definition and stays. Specialised instructions would call past it: they
//! hold for the exact flags of a definition only, and one flag more, which means nothing here, keeps them away.
//!
//! Sources: `Objects/methodobject.c`, `Python/specialize.c`, `Modules/clinic/posixmodule.c.h` of CPython 3.12 and 3.13.

use std::ffi::{CStr, c_int};
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::{Python, ffi};
use recorder_errors::RecorderError;

use super::errno::ErrnoGuard;
use super::object::{Kind, Obj};
use super::{following, process, threads, unicode};
use crate::boundary::{Entry, wrap_quietly};
use crate::session;

pub(super) type Object = *mut ffi::PyObject;
pub(super) type Count = libc::size_t;
pub(super) type Fast = unsafe extern "C" fn(Object, *const Object, ffi::Py_ssize_t) -> Object;

/// Where the functions of `posix` are that stand behind ours.
static EXIT: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static EXECV: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static EXECVE: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static FORK: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static FORKPTY: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// No path that the system takes is longer.
const LONGEST_PATH: usize = libc::PATH_MAX as usize;

/// Puts ours in place, once per process. A function that is not what it is known to be stays as it is.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (fast, none) = (ffi::METH_FASTCALL, ffi::METH_NOARGS);
        let posix = c"posix";
        // SAFETY: the GIL is held.
        unsafe {
            replace(posix, c"_exit", fast | KEYWORDS, exit_now, &EXIT);
            replace(posix, c"execv", fast, execv, &EXECV);
            replace(posix, c"execve", fast | KEYWORDS, execve, &EXECVE);
            replace(posix, c"fork", none, fork, &FORK);
            replace(posix, c"forkpty", none, forkpty, &FORKPTY);
        }
    });
}

pub(super) const KEYWORDS: c_int = ffi::METH_KEYWORDS;

/// Has `ours` called in place of what the function `name` of a module calls, if its definition has these flags, and keeps
/// that in `theirs`.
///
/// # Safety
/// The GIL must be held.
pub(super) unsafe fn replace(
    module: &CStr,
    name: &CStr,
    flags: c_int,
    ours: ffi::vectorcallfunc,
    theirs: &AtomicPtr<()>,
) {
    // SAFETY: forwarded to the caller; what is found is alive, as is its definition.
    unsafe {
        let Some(function) = function(module, name, flags) else {
            return;
        };
        let Some(known) = (*function).vectorcall else {
            return;
        };
        theirs.store(known as *mut (), Ordering::Relaxed);
        (*(*function).m_ml).ml_flags = flags | ffi::METH_COEXIST;
        (*function).vectorcall = Some(ours);
    }
}

/// As [`replace`], in the definition of a function: for one that no program has yet, because each import of its module makes
/// another object of it.
///
/// # Safety
/// The GIL must be held, and the flags be those of a [`Fast`] function.
pub(super) unsafe fn redefine(
    module: &CStr,
    name: &CStr,
    flags: c_int,
    ours: Fast,
    theirs: &AtomicPtr<()>,
) {
    // SAFETY: forwarded to the caller; what is found is alive, as is its definition.
    unsafe {
        if let Some(function) = function(module, name, flags) {
            let place = (&raw mut (*(*function).m_ml).ml_meth).cast::<*mut ()>();
            theirs.store(place.read(), Ordering::Relaxed);
            place.write(ours as *mut ());
        }
    }
}

/// A function of a loaded module that is written in C, if its definition has these flags. The definition is a static of the
/// module, which is never unloaded.
///
/// # Safety
/// The GIL must be held.
unsafe fn function(
    module: &CStr,
    name: &CStr,
    flags: c_int,
) -> Option<*mut ffi::PyCFunctionObject> {
    let found =
        threads::loaded_module(module).and_then(|found| threads::module_item(found, name))?;
    if found.type_ptr() != &raw mut ffi::PyCFunction_Type {
        return None;
    }
    let function = found.as_ptr().cast::<ffi::PyCFunctionObject>();
    // SAFETY: the type was checked before the object is read as one.
    unsafe {
        let definition = (*function).m_ml;
        let known = (*definition).ml_flags == flags;
        (known && CStr::from_ptr((*definition).ml_name) == name).then_some(function)
    }
}

/// A call of one of ours, with the arguments of a vectorcall.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub function: Object,
    pub args: *const Object,
    pub count: Count,
    pub names: Object,
}

impl Call {
    /// How many arguments have no name.
    pub fn positional(&self) -> usize {
        // SAFETY: looks at the number only.
        unsafe { ffi::PyVectorcall_NARGS(self.count) as usize }
    }

    /// How many arguments there are.
    pub fn whole(&self) -> usize {
        if self.names.is_null() {
            return self.positional();
        }
        // SAFETY: a tuple, where there are names.
        self.positional() + unsafe { ffi::PyTuple_Size(self.names) as usize }
    }

    /// Makes the call, of what stands behind ours.
    ///
    /// # Safety
    /// As of a vectorcall; `theirs` must have been filled by [`replace`], as it is where ours is called.
    pub unsafe fn make(self, theirs: &AtomicPtr<()>) -> Object {
        // SAFETY: the place holds what the function object called before, which takes the same arguments.
        unsafe {
            let known: ffi::vectorcallfunc = std::mem::transmute(theirs.load(Ordering::Relaxed));
            known(self.function, self.args, self.count, self.names)
        }
    }
}

/// A function that the interpreter calls in place of one of its own. What it does is as unsafe as a vectorcall.
macro_rules! ours {
    ($name:ident, $call:ident => $does:expr) => {
        unsafe extern "C" fn $name(
            function: $crate::raw::methods::Object,
            args: *const $crate::raw::methods::Object,
            count: $crate::raw::methods::Count,
            names: $crate::raw::methods::Object,
        ) -> $crate::raw::methods::Object {
            let $call = $crate::raw::methods::Call {
                function,
                args,
                count,
                names,
            };
            // SAFETY: as the interpreter calls it, with as many arguments as it says.
            unsafe { $does }
        }
    };
}
pub(super) use ours;

/// Has the recorder look at the call that is about to be made, where it may be recorded here.
fn tell(
    entry: Entry,
    look: impl FnOnce(Python<'_>),
    panicked: impl FnOnce(Python<'_>, RecorderError),
) {
    if !process::in_main_interpreter() {
        return;
    }
    let _errno = ErrnoGuard::keep();
    // SAFETY: the interpreter calls functions with the GIL held.
    let py = unsafe { Python::assume_attached() };
    wrap_quietly(entry, || look(py), |panic| panicked(py, panic));
}

ours!(exit_now, call => {
    if call.whole() == 1
        && let Some(status) = Obj::new(*call.args)
        && let Some(status) = status
            .integer()
            .filter(|_| status.int_digits().1.len() <= 2)
        && let Ok(status) = i32::try_from(status)
    {
        tell(
            Entry::ImmediateExit,
            |py| session::exits_now(py, status),
            |py, panic| session::exit_failed(py, status, panic),
        );
    }
    call.make(&EXIT)
});

ours!(execv, call => {
    if call.whole() == 2 && call.names.is_null() {
        before_exec(Obj::new(*call.args));
    }
    call.make(&EXECV)
});

ours!(execve, call => {
    if call.positional() >= 1 {
        before_exec(Obj::new(*call.args));
    }
    following::with_mapping(&EXECVE, call)
});

/// Where the program that is to take the process over can be run: what was recorded is saved. `os.execvp` tries one
/// directory after the other, so most calls fail.
fn before_exec(path: Option<Obj<'_>>) {
    let Some(path) = path else { return };
    let path = if unicode::is_str(path) {
        unicode::text(path).into_bytes()
    } else if path.kind() == Kind::Bytes {
        path.bytes(LONGEST_PATH).to_vec()
    } else {
        return;
    };
    if process::can_run(&path) {
        tell(
            Entry::Replaced,
            |_| session::is_replaced(),
            |_, panic| session::replacing_failed(panic),
        );
    }
}

ours!(fork, call => returning(|| call.make(&FORK)));
ours!(forkpty, call => returning(|| call.make(&FORKPTY)));

/// Calls what forks, and tells the recorder in the parent that it has returned.
fn returning(fork: impl FnOnce() -> Object) -> Object {
    let parent = process::id();
    let made = fork();
    if process::id() == parent {
        tell(
            Entry::ForkReturned,
            |_| session::fork_returned(),
            |_, panic| session::failed_outside(panic),
        );
    }
    made
}
