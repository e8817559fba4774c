//! The allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};

use crate::heap::count;

/// The system's allocator, with a count.
pub(crate) struct Counting;

/// The size of a block, as a count.
fn size(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

// SAFETY: every call is forwarded to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(size(layout.size()));
        // SAFETY: forwarded to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(size(layout.size()));
        // SAFETY: forwarded to the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, wanted: usize) -> *mut u8 {
        count(size(wanted) - size(layout.size()));
        // SAFETY: forwarded to the caller.
        unsafe { System.realloc(block, layout, wanted) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-size(layout.size()));
        // SAFETY: forwarded to the caller.
        unsafe { System.dealloc(block, layout) }
    }
}
