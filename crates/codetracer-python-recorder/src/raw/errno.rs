//! Keeps the program's `errno` across work that makes system calls.

/// Restores `errno` when dropped.
pub struct ErrnoGuard(i32);

impl ErrnoGuard {
    /// Remembers the current `errno`.
    pub fn keep() -> Self {
        // SAFETY: the C library's per-thread errno is always readable.
        Self(unsafe { *libc::__errno_location() })
    }
}

impl Drop for ErrnoGuard {
    fn drop(&mut self) {
        // SAFETY: the C library's per-thread errno is always writable.
        unsafe { *libc::__errno_location() = self.0 };
    }
}
