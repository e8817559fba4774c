//! Signal masks: work that the program's signal handlers must not see, and its write limit not kill.
//!
//! Owns [`Blocked`]. Refuses to install handlers.

use std::mem::MaybeUninit;

/// While it lives, no signal is delivered to this thread. A SIGXFSZ that the work in between raised is taken back, so
/// that exceeding RLIMIT_FSIZE is an error number and nothing else.
#[derive(Debug)]
pub struct Blocked {
    before: libc::sigset_t,
    limit_pending: bool,
    /// A mask belongs to its thread.
    _thread: std::marker::PhantomData<*const ()>,
}

impl Blocked {
    /// Blocks every signal of this thread.
    pub fn all() -> Self {
        let mut every = MaybeUninit::<libc::sigset_t>::zeroed();
        let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: both sets are ours and large enough; all-zero is a valid set, should a call fail.
        let before = unsafe {
            libc::sigfillset(every.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, every.as_ptr(), before.as_mut_ptr());
            before.assume_init()
        };
        Self {
            before,
            limit_pending: limit_pending(),
            _thread: std::marker::PhantomData,
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        if !self.limit_pending && limit_pending() {
            let mut only = MaybeUninit::<libc::sigset_t>::zeroed();
            let now = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            // SAFETY: the set and the time are ours; no information about the signal is asked for.
            unsafe {
                libc::sigemptyset(only.as_mut_ptr());
                libc::sigaddset(only.as_mut_ptr(), libc::SIGXFSZ);
                libc::sigtimedwait(only.as_ptr(), std::ptr::null_mut(), &raw const now);
            }
        }
        // SAFETY: the set came from the same call.
        unsafe {
            libc::pthread_sigmask(
                libc::SIG_SETMASK,
                &raw const self.before,
                std::ptr::null_mut(),
            );
        }
    }
}

fn limit_pending() -> bool {
    let mut pending = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the set is ours, and all-zero is a valid one.
    unsafe {
        libc::sigpending(pending.as_mut_ptr());
        libc::sigismember(pending.as_ptr(), libc::SIGXFSZ) == 1
    }
}

/// The kernel's id of this thread.
pub fn thread_id() -> i32 {
    // SAFETY: takes nothing and always succeeds.
    unsafe { libc::gettid() }
}
