//! State that the GIL protects.

use std::cell::{Cell, UnsafeCell};

/// A value that is only touched with the GIL held, never while Python code can run, and never twice at once.
pub struct GilCell<T> {
    value: UnsafeCell<Option<Box<T>>>,
    busy: Cell<bool>,
}

// SAFETY: every access goes through `enter`, whose callers hold the GIL (see its contract), so threads take turns.
unsafe impl<T> Sync for GilCell<T> {}

struct Leave<'a>(&'a Cell<bool>);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl<T> GilCell<T> {
    /// An empty cell.
    pub const fn empty() -> Self {
        Self {
            value: UnsafeCell::new(None),
            busy: Cell::new(false),
        }
    }

    /// Runs `f` on the slot, or returns `None` when it is in use further up the stack.
    ///
    /// # Safety
    /// The GIL must be held, and `f` must not release it.
    #[inline(always)]
    pub unsafe fn enter<R>(&self, f: impl FnOnce(&mut Option<Box<T>>) -> R) -> Option<R> {
        if self.busy.replace(true) {
            return None;
        }
        let _leave = Leave(&self.busy);
        // SAFETY: `busy` was false, so no other reference exists; the GIL keeps other threads out.
        Some(f(unsafe { &mut *self.value.get() }))
    }
}
