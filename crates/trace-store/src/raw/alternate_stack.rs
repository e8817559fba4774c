//! A stack for signal handlers of the calling thread, so that one runs where the thread's own stack is full.
//!
//! Owns the memory until the thread ends. Refuses a thread that has such a stack already.

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;

use super::system;

/// Bytes beyond what the kernel needs for the processor's state.
const ROOM: usize = 32 * 1024;

/// The stack that this thread was given.
struct Stack {
    start: *mut c_void,
    bytes: usize,
    guard: usize,
}

thread_local! {
    static OWN: Cell<Option<Stack>> = const { Cell::new(None) };
}

fn current() -> libc::stack_t {
    let mut now = MaybeUninit::<libc::stack_t>::zeroed();
    // SAFETY: asks only; the structure is ours and all-zero is a valid one.
    unsafe {
        libc::sigaltstack(std::ptr::null(), now.as_mut_ptr());
        now.assume_init()
    }
}

/// Gives the calling thread a stack for signal handlers, unless it has one.
pub fn provide() {
    if current().ss_flags & libc::SS_DISABLE == 0 {
        return;
    }
    let Some(stack) = Stack::new() else { return };
    let described = libc::stack_t {
        ss_sp: stack.base(),
        ss_flags: 0,
        ss_size: stack.bytes - stack.guard,
    };
    // SAFETY: the memory is ours, and is only unmapped when it is this thread's stack no more.
    if unsafe { libc::sigaltstack(&raw const described, std::ptr::null_mut()) } == 0 {
        // A thread that is ending has nowhere to keep it; its memory stays mapped.
        let _ = OWN.try_with(|own| own.set(Some(stack)));
    } else {
        stack.unmap();
    }
}

impl Stack {
    fn new() -> Option<Self> {
        // SAFETY: the first call asks for a number. The new mapping is at an address that the kernel picks, and
        // its lowest page is taken out of use before anybody has it.
        unsafe {
            let guard = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).ok()?;
            let least = system::least_signal_stack()?;
            let bytes = guard + (least + ROOM).next_multiple_of(guard);
            let (protection, flags) = (
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | system::STACK_MAPPING,
            );
            let start = libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0);
            if start == libc::MAP_FAILED {
                return None;
            }
            libc::mprotect(start, guard, libc::PROT_NONE);
            Some(Self {
                start,
                bytes,
                guard,
            })
        }
    }

    fn base(&self) -> *mut c_void {
        self.start.wrapping_byte_add(self.guard)
    }

    fn unmap(&self) {
        // SAFETY: exactly the range that `mmap` gave; it is nobody's stack.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}

/// The thread ends. Where somebody put another stack in its place, this one may come back, and stays.
impl Drop for Stack {
    fn drop(&mut self) {
        if current().ss_sp != self.base() {
            return;
        }
        let none = libc::stack_t {
            ss_sp: std::ptr::null_mut(),
            ss_flags: libc::SS_DISABLE,
            ss_size: system::NO_STACK_BYTES,
        };
        // SAFETY: the thread goes on without such a stack.
        if unsafe { libc::sigaltstack(&raw const none, std::ptr::null_mut()) } == 0 {
            self.unmap();
        }
    }
}
