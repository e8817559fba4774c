//! Memory for segments: a mapped file or anonymous pages, with a header of atomic words, a table of atomic check words,
//! and a byte area after it.
//!
//! Owns the mapping and its end. Refuses to interpret the header.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Bytes before the table.
pub const HEADER_BYTES: usize = 128;

/// Words in the header.
pub const HEADER_WORDS: usize = HEADER_BYTES / 8;

/// Readable and writable memory of at least [`HEADER_BYTES`], unmapped at the end.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    len: usize,
    /// Check words in the table.
    checks: usize,
}

// SAFETY: the mapping belongs to the value alone and no method gives out a reference to bytes that another thread may
// be writing, except `rows`, whose contract is its caller's.
unsafe impl Send for Mapping {}
// SAFETY: as above; the header is reached through atomics only.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `len` bytes of `file`, shared, with a table of `checks` words. The file must have the bytes
    /// reserved, or a write could raise SIGBUS.
    pub fn file(file: &File, len: usize, checks: usize) -> io::Result<Self> {
        Self::new(file.as_raw_fd(), libc::MAP_SHARED, len, checks)
    }

    /// Memory without a file, for file systems that cannot reserve space.
    pub fn anonymous(len: usize, checks: usize) -> io::Result<Self> {
        Self::new(-1, libc::MAP_SHARED | libc::MAP_ANONYMOUS, len, checks)
    }

    fn new(fd: i32, flags: i32, len: usize, checks: usize) -> io::Result<Self> {
        if len < HEADER_BYTES + checks * size_of::<u32>() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address that the kernel picks touches no memory that exists already.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast::<u8>());
        let start = start.ok_or(io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self { start, len, checks })
    }

    /// Bytes mapped.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// One word of the header; numbers beyond it wrap around.
    pub fn word(&self, index: usize) -> &AtomicU64 {
        let at = (index % HEADER_WORDS) * 8;
        // SAFETY: `at + 8 <= HEADER_BYTES <= len`, the mapping is page aligned so the word is 8-aligned, and header
        // words are only ever reached as atomics, for as long as `self` lives.
        unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(at).cast::<u64>()) }
    }

    /// One word of the table, if it has it.
    pub fn check(&self, index: usize) -> Option<&AtomicU32> {
        let at = HEADER_BYTES + index * size_of::<u32>();
        // SAFETY: inside the mapping by the check in `new`, 4-aligned because the header is, and table words are only
        // ever reached as atomics, for as long as `self` lives.
        (index < self.checks)
            .then(|| unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(at).cast::<u32>()) })
    }

    /// Check words in the table.
    pub const fn checks(&self) -> usize {
        self.checks
    }

    /// Where the row area begins.
    pub const fn rows_at(&self) -> usize {
        HEADER_BYTES + self.checks * size_of::<u32>()
    }

    /// First byte after the table.
    pub fn row_area(&self) -> *mut u8 {
        self.start.as_ptr().wrapping_add(self.rows_at())
    }

    /// Bytes after the table.
    pub const fn capacity(&self) -> usize {
        self.len - self.rows_at()
    }

    /// The bytes of the row area that the word `committed` counts, which `count` reads from it.
    ///
    /// The one writer of the area publishes the count with release ordering after the bytes, never changes bytes below
    /// it, and the count is set back only by the thread that also calls this.
    pub fn rows(&self, committed: usize, count: impl Fn(u64) -> u64) -> &[u8] {
        let count = count(self.word(committed).load(Ordering::Acquire));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        // SAFETY: the range lies inside the mapping, which lives as long as `self`; its bytes were written before the
        // count that was loaded with acquire ordering, and stay as they are by the contract above.
        unsafe { std::slice::from_raw_parts(self.row_area(), count.min(self.capacity())) }
    }

    /// Copies `bytes` to the row area from `at` on, behind those that are published. `false`, and nothing copied, when
    /// they do not fit. Only the one writer of the area calls it.
    pub fn put(&self, at: usize, bytes: &[u8]) -> bool {
        let end = at.checked_add(bytes.len());
        if end.is_none_or(|end| end > self.capacity()) {
            return false;
        }
        // SAFETY: the range lies inside the row area, nobody else writes there, readers keep below the count, and
        // `bytes` cannot overlap it: no slice of the area reaches beyond the count.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.row_area().add(at), bytes.len());
        }
        true
    }

    /// Writes to every page of the row area, so that the first writer meets no page fault. Only for an area that
    /// nobody uses yet.
    pub fn touch(&self) {
        for at in (self.rows_at()..self.len).step_by(4096) {
            // SAFETY: inside the mapping; nobody reads or writes the area yet.
            unsafe { self.start.as_ptr().add(at).write_volatile(0) };
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `mmap` gave, and no reference into it outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}
