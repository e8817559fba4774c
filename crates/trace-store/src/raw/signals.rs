//! Signals: work that the program's signal handlers must not see, and its write limit not kill; interrupts kept back.
//!
//! Owns [`Blocked`] and [`Interrupts`]. Refuses to leave a handler behind.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, Ordering};

use super::system::take_pending;

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
            take_pending(libc::SIGXFSZ);
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

static INTERRUPTED: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(_: libc::c_int) {
    INTERRUPTED.fetch_add(1, Ordering::Relaxed);
}

/// While it lives, SIGINT is counted and reaches no handler of the program. In the end the program gets one, if there was
/// any. One at a time.
pub struct Interrupts {
    /// None where the program ignores SIGINT.
    before: Option<libc::sigaction>,
}

impl Interrupts {
    /// Keeps SIGINT back.
    pub fn keep_back() -> Self {
        INTERRUPTED.store(0, Ordering::Relaxed);
        let mut before = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: the structures are ours and all-zero is valid for them; the handler changes an atomic and nothing else.
        let before = unsafe {
            if libc::sigaction(libc::SIGINT, std::ptr::null(), before.as_mut_ptr()) != 0 {
                return Self { before: None };
            }
            let before = before.assume_init();
            if before.sa_sigaction == libc::SIG_IGN {
                return Self { before: None };
            }
            let mut ours = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            ours.sa_sigaction = count as *const () as libc::sighandler_t;
            ours.sa_flags = libc::SA_RESTART;
            libc::sigaction(libc::SIGINT, &raw const ours, std::ptr::null_mut());
            before
        };
        Self {
            before: Some(before),
        }
    }

    /// How many there were, those that wait because this thread blocks them included.
    pub fn seen(&self) -> u32 {
        if self.before.is_some() && take_pending(libc::SIGINT) {
            INTERRUPTED.fetch_add(1, Ordering::Relaxed);
        }
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: the action is the one that was there before; a signal to the own process is always allowed.
            unsafe {
                libc::sigaction(libc::SIGINT, &raw const *before, std::ptr::null_mut());
                if INTERRUPTED.swap(0, Ordering::Relaxed) > 0 {
                    libc::kill(libc::getpid(), libc::SIGINT);
                }
            }
        }
    }
}

static DUMPS_WANTED: AtomicU32 = AtomicU32::new(0);

extern "C" fn want_dump(_: libc::c_int) {
    DUMPS_WANTED.fetch_add(1, Ordering::Relaxed);
}

/// While it lives, a signal is noted and does nothing else. The thread that made it does not receive the signal, nor do
/// those that it starts; a thread that called [`DumpSignal::receive`] does.
#[derive(Debug)]
pub struct DumpSignal {
    signal: libc::c_int,
    before: libc::sigaction,
    /// Whether the thread that made it received the signal before.
    received: bool,
}

impl DumpSignal {
    /// Takes a signal that nobody handles. `None` where somebody does.
    pub fn take(signal: i32) -> Option<Self> {
        let mut before = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: the structures are ours and all-zero is valid for them; the handler changes an atomic and nothing else.
        unsafe {
            if libc::sigaction(signal, std::ptr::null(), before.as_mut_ptr()) != 0 {
                return None;
            }
            let before = before.assume_init();
            if before.sa_sigaction != libc::SIG_DFL && before.sa_sigaction != libc::SIG_IGN {
                return None;
            }
            let received = mask(libc::SIG_BLOCK, signal);
            DUMPS_WANTED.store(0, Ordering::Relaxed);
            let mut ours = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            ours.sa_sigaction = want_dump as *const () as libc::sighandler_t;
            ours.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const ours, std::ptr::null_mut());
            Some(Self {
                signal,
                before,
                received,
            })
        }
    }

    /// This thread receives the signal from now on.
    pub fn receive(signal: i32) {
        mask(libc::SIG_UNBLOCK, signal);
    }

    /// Whether it came since this was asked last.
    pub fn came() -> bool {
        DUMPS_WANTED.swap(0, Ordering::Relaxed) > 0
    }
}

/// A handler that the program installed meanwhile stays.
impl Drop for DumpSignal {
    fn drop(&mut self) {
        let mut now = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: the structures are ours; the action that is put back is the one that was there before.
        unsafe {
            if libc::sigaction(self.signal, std::ptr::null(), now.as_mut_ptr()) == 0
                && now.assume_init().sa_sigaction == want_dump as *const () as libc::sighandler_t
            {
                libc::sigaction(self.signal, &raw const self.before, std::ptr::null_mut());
            }
        }
        if self.received {
            mask(libc::SIG_UNBLOCK, self.signal);
        }
    }
}

/// Changes whether this thread receives a signal; whether it did before.
fn mask(how: libc::c_int, signal: libc::c_int) -> bool {
    let mut only = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: both sets are ours, and all-zero is a valid one, should a call fail.
    unsafe {
        libc::sigemptyset(only.as_mut_ptr());
        libc::sigaddset(only.as_mut_ptr(), signal);
        libc::pthread_sigmask(how, only.as_ptr(), before.as_mut_ptr());
        libc::sigismember(before.as_ptr(), signal) == 0
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
