//! The process: its id, forks, and its very last moments.

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

extern "C" fn at_end() {
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
        // SAFETY: the interpreter is finalised and stdio flushed; nothing else is to run.
        unsafe { libc::_exit(status) };
    }
}

/// Runs [`crate::session::at_process_end`] after the interpreter has flushed its streams and is gone.
pub fn call_at_end() -> bool {
    static ONCE: Once = Once::new();
    ENDING.store(id(), Ordering::Relaxed);
    let mut registered = true;
    ONCE.call_once(|| {
        // SAFETY: called with the GIL held, before finalisation.
        registered = unsafe { ffi::Py_AtExit(Some(at_end)) } == 0;
    });
    registered
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
