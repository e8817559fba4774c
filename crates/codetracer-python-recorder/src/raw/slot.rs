//! The running recorder, for code that is not a callback.

use super::dispatch::with_recorder;
use crate::hooks::Recorder;

/// Puts a recorder in place. `false` when one is there.
pub fn install(recorder: Box<Recorder>) -> bool {
    // SAFETY: entry points of the extension hold the GIL; moving a box runs nothing.
    unsafe {
        with_recorder(|slot| {
            if slot.is_some() {
                return false;
            }
            *slot = Some(recorder);
            true
        })
    }
    .unwrap_or(false)
}

/// Takes the recorder out.
pub fn take() -> Option<Box<Recorder>> {
    // SAFETY: as above.
    unsafe { with_recorder(Option::take) }.flatten()
}

/// Runs `f` on the recorder. `f` calls C functions of the interpreter at most, never Python code.
pub fn with<R>(f: impl FnOnce(&mut Recorder) -> R) -> Option<R> {
    // SAFETY: as above.
    unsafe { with_recorder(|slot| slot.as_deref_mut().map(f)) }.flatten()
}
