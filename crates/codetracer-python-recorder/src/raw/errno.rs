//! Keeps the program's `errno` across work that makes system calls.

#[cfg(not(target_os = "macos"))]
use libc::__errno_location as location;
#[cfg(target_os = "macos")]
use libc::__error as location;

/// Restores `errno` when dropped.
pub struct ErrnoGuard(i32);

impl ErrnoGuard {
    /// Remembers the current `errno`.
    pub fn keep() -> Self {
        // SAFETY: the C library's per-thread errno is always readable.
        Self(unsafe { *location() })
    }
}

impl Drop for ErrnoGuard {
    fn drop(&mut self) {
        // SAFETY: the C library's per-thread errno is always writable.
        unsafe { *location() = self.0 };
    }
}
