//! The allocator of the extension: the system's, with a reserve for when the system has no more memory.
//!
//! Rust ends the process when an allocation fails, and a program that lives with `MemoryError` must not be ended by
//! being recorded. What is taken from the reserve is never given back: recording ends soon after.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use recorder_errors::fault_absent;

use super::process;

/// Bytes set aside.
const RESERVE: usize = 2 << 20;

static START: AtomicUsize = AtomicUsize::new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static RAN_OUT: AtomicBool = AtomicBool::new(false);

/// The allocator.
pub struct WithReserve;

#[global_allocator]
static ALLOCATOR: WithReserve = WithReserve;

/// Sets the reserve aside; once per process.
pub fn set_aside() {
    if START.load(Ordering::Acquire) != 0 {
        return;
    }
    // SAFETY: an anonymous private mapping at a place of the kernel's choice.
    let start = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            RESERVE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if start != libc::MAP_FAILED {
        START.store(start as usize, Ordering::Release);
    }
}

/// Whether the system had no memory for the recorder.
pub fn ran_out() -> bool {
    RAN_OUT.load(Ordering::Relaxed) || fault_absent!("memory")
}

fn is_reserve(at: *mut u8) -> bool {
    let start = START.load(Ordering::Acquire);
    start != 0 && (start..start + RESERVE).contains(&(at as usize))
}

#[cold]
fn from_reserve(layout: Layout) -> *mut u8 {
    RAN_OUT.store(true, Ordering::Relaxed);
    process::call_attention();
    let start = START.load(Ordering::Acquire);
    if start == 0 {
        return std::ptr::null_mut();
    }
    // Whatever the alignment, the block fits in what is counted.
    let size = layout.size() + layout.align();
    let from = TAKEN.fetch_add(size, Ordering::Relaxed);
    if from + size > RESERVE {
        return std::ptr::null_mut();
    }
    (start + from).next_multiple_of(layout.align()) as *mut u8
}

// SAFETY: blocks are the system's, or disjoint parts of a mapping that is never unmapped, of the size and alignment asked
// for; what is of the mapping is never handed to the system's allocator.
unsafe impl GlobalAlloc for WithReserve {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: forwarded to the caller.
        let block = unsafe { System.alloc(layout) };
        if block.is_null() {
            return from_reserve(layout);
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: forwarded to the caller. The reserve is zero until it is taken.
        let block = unsafe { System.alloc_zeroed(layout) };
        if block.is_null() {
            return from_reserve(layout);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !is_reserve(block) {
            // SAFETY: the block is the system's.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_reserve(block) {
            // SAFETY: the block is the system's.
            let moved = unsafe { System.realloc(block, layout, size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: the size is the caller's, and fits with this alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: both blocks hold the smaller of the two sizes, and differ; on failure the old one stays.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
