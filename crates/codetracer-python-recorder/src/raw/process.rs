//! The process: its id, forks, and its very last moments.

use std::os::unix::ffi::OsStrExt;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use pyo3::ffi;

use crate::boundary::{Entry, wrap_quietly};

/// The process id.
pub fn id() -> u32 {
    std::process::id()
}

static FORKED: AtomicBool = AtomicBool::new(false);
static ATTENTION: AtomicBool = AtomicBool::new(false);

unsafe extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
    call_attention();
}

/// Something happened that the next event has to look at.
pub fn call_attention() {
    ATTENTION.store(true, Ordering::Relaxed);
}

/// Whether something happened that an event has to look at.
#[inline(always)]
pub fn has_attention() -> bool {
    ATTENTION.load(Ordering::Relaxed)
}

/// Notices forks that C code makes without Python's hooks.
pub fn watch_forks() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler stores one atomic; this library is never unloaded.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// Whether this process came out of a fork since it was last asked.
pub fn forked() -> bool {
    FORKED.load(Ordering::Relaxed)
}

/// Forgets the fork, once the child has left the recording.
pub fn fork_is_settled() {
    FORKED.store(false, Ordering::Relaxed);
    ATTENTION.store(false, Ordering::Relaxed);
}

static AT_END: AtomicI32 = AtomicI32::new(-1);
/// The process that has something to say and do at its end; its forked children have not.
static ENDING: AtomicU32 = AtomicU32::new(0);
/// The forked child that has a recording to save at its end.
static CHILD: AtomicU32 = AtomicU32::new(0);

extern "C" fn at_end() {
    end();
}

/// What is said and done at the very end of the process, which is now.
pub fn end() {
    if CHILD.load(Ordering::Relaxed) == id() {
        wrap_quietly(
            Entry::ProcessEnd,
            crate::session::child_ends,
            crate::session::child_end_failed,
        );
        return;
    }
    if ENDING.load(Ordering::Relaxed) != id() {
        return;
    }
    wrap_quietly(
        Entry::ProcessEnd,
        crate::session::at_process_end,
        crate::session::process_end_failed,
    );
    let status = AT_END.load(Ordering::Relaxed);
    if status >= 0 {
        // SAFETY: the interpreter is finalised and stdio flushed, or the program asked for this; nothing else is to run.
        unsafe { libc::_exit(status) };
    }
}

/// Has [`end`] run after the interpreter has flushed its streams and is gone.
pub fn be_told_of_end() -> bool {
    static ONCE: Once = Once::new();
    let mut registered = true;
    ONCE.call_once(|| {
        // SAFETY: called with the GIL held, before finalisation.
        registered = unsafe { ffi::Py_AtExit(Some(at_end)) } == 0;
    });
    registered
}

/// Runs [`crate::session::at_process_end`] at the very end of this process.
pub fn call_at_end() -> bool {
    ENDING.store(id(), Ordering::Relaxed);
    be_told_of_end()
}

/// Saves the recording of this process, a forked child, at its very end.
pub fn end_as_child() {
    CHILD.store(id(), Ordering::Relaxed);
}

/// Makes the process end with this status.
pub fn end_with(status: u8) {
    AT_END.store(i32::from(status), Ordering::Relaxed);
}

/// Whether this is the main interpreter.
pub fn in_main_interpreter() -> bool {
    // SAFETY: the GIL is held.
    unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() }
}

/// Whether the file at `path` is a regular one that this process may execute.
pub fn can_run(path: &[u8]) -> bool {
    let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path));
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
    let Ok(path) = std::ffi::CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: the path is a string that ends with a zero byte.
    is_file && unsafe { libc::access(path.as_ptr(), libc::X_OK) } == 0
}
