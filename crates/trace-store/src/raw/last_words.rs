//! The handler that writes down which signal ends the process, and hands the signal on.
//!
//! Owns the actions of signals that end a process, from [`arm`] until what it gives is dropped, and of these only the
//! ones that do so by default or come from a fault. Refuses to keep a signal from anybody: what was installed before
//! gets it unchanged, and the default action ends the process with the same status.

use std::cell::UnsafeCell;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, Ordering};

use libc::{c_int, c_void, siginfo_t};

use super::map::Mapping;
use super::system;
use crate::last_words::{MAGIC, SAID, word};

/// Signals that tell of a fault of the process; handlers of others stay as they are.
const FAULTS: [c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGABRT,
];

/// Signals whose default is not to end the process, or that cannot be handled.
const SPARED: [c_int; 9] = [
    libc::SIGKILL,
    libc::SIGSTOP,
    libc::SIGCHLD,
    libc::SIGCONT,
    libc::SIGURG,
    libc::SIGWINCH,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

const SIGNALS: usize = 65;

/// The handler was never installed for the signal.
const NEVER: u8 = 0;
/// It is installed.
const INSTALLED: u8 = 1;
/// Somebody installed theirs over it, and may call it.
const COVERED: u8 = 2;

/// The action before ours.
struct Before(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: a place is written before the handler is installed for its signal, by the one who holds `OWNER`, and only read
// while it is.
unsafe impl Sync for Before {}

static BEFORE: [Before; SIGNALS] =
    [const { Before(UnsafeCell::new(MaybeUninit::zeroed())) }; SIGNALS];
static STANDING: [AtomicU8; SIGNALS] = [const { AtomicU8::new(NEVER) }; SIGNALS];

/// Where words go; null when none are to be written.
static PAGE: AtomicPtr<Mapping> = AtomicPtr::new(std::ptr::null_mut());
/// The process whose words they are; 0 when nobody has armed. Children of a fork have their parent's number here.
static OWNER: AtomicU32 = AtomicU32::new(0);
/// The clock of ticks.
static TICKS: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
/// Handlers that may be using the page.
static USING: AtomicU32 = AtomicU32::new(0);

/// While it lives, a signal that ends the process is written down first. One at a time.
#[derive(Debug)]
pub struct Armed {
    page: *mut Mapping,
}

// SAFETY: the page is reached through atomics, and any thread may take the handlers away.
unsafe impl Send for Armed {}
// SAFETY: as above; no method takes it by reference.
unsafe impl Sync for Armed {}

/// Has words written to `file`, of which the first [`crate::last_words::BYTES`] are reserved; `None` where another
/// recording of this process has its words written. `ticks` must be a function that a signal handler may call.
pub fn arm(file: &File, ticks: fn() -> u64) -> io::Result<Option<Armed>> {
    let page = Mapping::file(file, crate::last_words::BYTES, 0)?;
    let own = std::process::id();
    // A forked child that did not disarm has its parent's handlers, and takes them over.
    let taken = OWNER.fetch_update(Ordering::AcqRel, Ordering::Acquire, |owner| {
        (owner != own).then_some(own)
    });
    if taken.is_err() {
        return Ok(None);
    }
    page.word(word::STATE).store(0, Ordering::Relaxed);
    page.word(word::MAGIC).store(MAGIC, Ordering::Release);
    let page = Box::into_raw(Box::new(page));
    TICKS.store(ticks as *mut c_void, Ordering::Relaxed);
    PAGE.store(page, Ordering::Release);
    // The first process of a container is ended by no signal of default action, but by one that is handled.
    let first = own == 1;
    for signal in 1..=system::last_signal() {
        let fault = FAULTS.contains(&signal);
        let spared = SPARED.contains(&signal) || system::ALSO_SPARED.contains(&signal);
        if !system::is_internal(signal)
            && !spared
            && !(first && (!fault || signal == libc::SIGABRT))
        {
            install(signal, fault);
        }
    }
    Ok(Some(Armed { page }))
}

/// The action of a signal now.
fn action(signal: c_int) -> Option<libc::sigaction> {
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: asks only; the structure is ours and all-zero is a valid one.
    unsafe {
        (libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr()) == 0)
            .then(|| now.assume_init())
    }
}

fn set(signal: c_int, action: &libc::sigaction) {
    // SAFETY: the action is one that the system gave, or made of `handler` below.
    unsafe { libc::sigaction(signal, &raw const *action, std::ptr::null_mut()) };
}

fn place(signal: c_int) -> Option<(&'static Before, &'static AtomicU8)> {
    let at = usize::try_from(signal).ok()?;
    Some((BEFORE.get(at)?, STANDING.get(at)?))
}

fn is_ours(action: &libc::sigaction) -> bool {
    action.sa_sigaction == handler as *const () as usize
}

fn install(signal: c_int, fault: bool) {
    let (Some(now), Some((before, standing))) = (action(signal), place(signal)) else {
        return;
    };
    if is_ours(&now) {
        standing.store(INSTALLED, Ordering::Release);
        return;
    }
    let default = now.sa_sigaction == libc::SIG_DFL;
    let covered = standing.load(Ordering::Acquire) == COVERED;
    // Over somebody who calls ours in turn, the two would call each other for ever.
    if now.sa_sigaction == libc::SIG_IGN || (!default && (!fault || covered)) {
        return;
    }
    // SAFETY: the handler is not installed, and nobody calls it: no thread reads the place.
    unsafe { (*before.0.get()).write(now) };
    let mut ours = now;
    ours.sa_sigaction = handler as *const () as usize;
    // The one before runs as it would: on the same stack, with the same signals blocked.
    ours.sa_flags = match default {
        true => libc::SA_SIGINFO | libc::SA_ONSTACK,
        false => now.sa_flags | libc::SA_SIGINFO,
    };
    standing.store(INSTALLED, Ordering::Release);
    set(signal, &ours);
}

/// Puts back what was there before, where nobody has put anything else there.
fn remove(signal: c_int) {
    let (Some(now), Some((before, standing))) = (action(signal), place(signal)) else {
        return;
    };
    if standing.load(Ordering::Acquire) != INSTALLED {
        return;
    }
    if is_ours(&now) {
        // SAFETY: it was written before the handler was installed.
        set(signal, unsafe { (*before.0.get()).assume_init_ref() });
        standing.store(NEVER, Ordering::Release);
    } else {
        standing.store(COVERED, Ordering::Release);
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        // In a forked child that writes down its own, this one is the parent's.
        if PAGE.load(Ordering::SeqCst) != self.page {
            return;
        }
        for signal in 1..=system::last_signal() {
            remove(signal);
        }
        PAGE.store(std::ptr::null_mut(), Ordering::SeqCst);
        OWNER.store(0, Ordering::Release);
        // A handler that runs in another thread now keeps its page.
        if USING.load(Ordering::SeqCst) == 0 {
            // SAFETY: the box was made by `arm`, and no handler can reach it any more.
            drop(unsafe { Box::from_raw(self.page) });
        }
    }
}

/// Writes the words down, if there are none. Gives whether they are of this call.
fn say(signal: c_int, info: &siginfo_t) -> bool {
    // SAFETY: takes nothing and always succeeds.
    if OWNER.load(Ordering::Acquire) != unsafe { libc::getpid() }.cast_unsigned() {
        return false;
    }
    USING.fetch_add(1, Ordering::SeqCst);
    let page = PAGE.load(Ordering::SeqCst);
    // SAFETY: the page is not freed while `USING` counts this call.
    let said = unsafe { page.as_ref() }.is_some_and(|page| write(page, signal, info));
    USING.fetch_sub(1, Ordering::SeqCst);
    said
}

fn write(page: &Mapping, signal: c_int, info: &siginfo_t) -> bool {
    let state = page.word(word::STATE);
    let free = state.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire);
    if free.is_err() {
        return false;
    }
    let set = |index, value| page.word(index).store(value, Ordering::Relaxed);
    let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let ticks = TICKS.load(Ordering::Relaxed);
    // SAFETY: the fields of `info` are those of a signal that somebody sent, or of a fault; the time is ours; `TICKS`
    // was stored from a function of this type, and is none before `arm`.
    let (sender, address, tick) = unsafe {
        libc::clock_gettime(system::MONOTONIC, &raw mut time);
        let by_process = system::is_by_process(info.si_code);
        let sender = if by_process {
            info.si_pid().cast_unsigned()
        } else {
            0
        };
        let by_fault = !by_process && info.si_code > 0 && FAULTS.contains(&signal);
        let address = if by_fault { info.si_addr().addr() } else { 0 };
        let tick = match ticks.is_null() {
            true => 0,
            false => std::mem::transmute::<*mut c_void, fn() -> u64>(ticks)(),
        };
        (sender, address, tick)
    };
    set(
        word::SIGNAL,
        pair(signal.cast_unsigned(), info.si_code.cast_unsigned()),
    );
    set(word::THREAD, pair(system::thread_id() as u32, sender));
    set(word::ADDRESS, address as u64);
    set(word::TICK, tick);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let rest = u64::try_from(time.tv_nsec).unwrap_or_default();
    set(word::NS, seconds * 1_000_000_000 + rest);
    state.store(SAID, Ordering::Release);
    true
}

/// The process goes on: what was said does not hold.
fn take_back() {
    USING.fetch_add(1, Ordering::SeqCst);
    // SAFETY: as in `say`.
    if let Some(page) = unsafe { PAGE.load(Ordering::SeqCst).as_ref() } {
        page.word(word::STATE).store(0, Ordering::Release);
    }
    USING.fetch_sub(1, Ordering::SeqCst);
}

type Handler = extern "C" fn(c_int);
type Informed = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

extern "C" fn handler(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the C library's location of `errno` is valid in every thread.
    let errno = unsafe { *system::errno() };
    // SAFETY: installed with SA_SIGINFO, it is given this structure.
    let ours = unsafe { info.as_ref() }.is_some_and(|info| say(signal, info));
    let Some((before, _)) = place(signal) else {
        return;
    };
    // SAFETY: it was written before the handler was installed.
    let before = unsafe { (*before.0.get()).assume_init_ref() };
    if before.sa_sigaction == libc::SIG_DFL {
        set(signal, before);
        system::send_again(signal, info);
    } else if before.sa_sigaction != libc::SIG_IGN {
        let target = before.sa_sigaction as *const c_void;
        // SAFETY: the address is that of the handler before, of the form that its flag tells.
        unsafe {
            *system::errno() = errno;
            if before.sa_flags & libc::SA_SIGINFO == 0 {
                std::mem::transmute::<*const c_void, Handler>(target)(signal);
            } else {
                std::mem::transmute::<*const c_void, Informed>(target)(signal, info, context);
            }
        }
        // Where the one before has given the signal its own action back, and sent it again, the process ends by it.
        if ours && action(signal).is_some_and(|now| is_ours(&now)) {
            take_back();
        }
        return;
    }
    // SAFETY: as above.
    unsafe { *system::errno() = errno };
}
