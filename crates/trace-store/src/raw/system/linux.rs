//! Linux: the calls and facts of which [`super`] has one for each system.
//!
//! Owns what is Linux alone. Refuses to decide when something is called.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use libc::{c_int, siginfo_t};

use crate::raw::fd::Target;

/// The clock of nanoseconds that no setting of the time changes.
pub const MONOTONIC: libc::clockid_t = libc::CLOCK_MONOTONIC;

/// Flag of a mapping that becomes a stack.
pub const STACK_MAPPING: c_int = libc::MAP_STACK;

/// What the size must be where an alternate stack is taken away.
pub const NO_STACK_BYTES: usize = 0;

/// Signals of this system alone whose default is not to end the process.
pub const ALSO_SPARED: [c_int; 0] = [];

/// Where the calling thread has its `errno`.
#[inline(always)]
pub fn errno() -> *mut c_int {
    // SAFETY: takes nothing and always succeeds.
    unsafe { libc::__errno_location() }
}

/// The kernel's id of this thread.
pub fn thread_id() -> u64 {
    // SAFETY: takes nothing and always succeeds.
    u64::from(unsafe { libc::gettid() }.cast_unsigned())
}

/// Whether the kernel has a thread of this process with that id.
pub fn has_thread(id: u64) -> bool {
    Path::new(&format!("/proc/self/task/{id}")).exists()
}

/// Bytes of a stack that a signal handler needs for the processor's state alone.
pub fn least_signal_stack() -> Option<usize> {
    // SAFETY: asks for a number.
    usize::try_from(unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) }).ok()
}

/// The largest number of a signal.
pub fn last_signal() -> c_int {
    libc::SIGRTMAX()
}

/// Whether the C library keeps the signal for itself.
pub fn is_internal(signal: c_int) -> bool {
    signal >= 32 && signal < libc::SIGRTMIN()
}

/// Whether a `si_code` says that a process sent the signal.
pub const fn is_by_process(code: c_int) -> bool {
    matches!(code, libc::SI_USER | libc::SI_TKILL | libc::SI_QUEUE)
}

/// Sends a signal to this thread once more, as it came; while it is blocked it waits. For signal handlers.
pub fn send_again(signal: c_int, info: *const siginfo_t) {
    // SAFETY: system calls on the own thread; `info` is read by the kernel, which checks it.
    unsafe {
        let (process, thread) = (libc::getpid(), libc::gettid());
        let number = libc::SYS_rt_tgsigqueueinfo;
        if info.is_null() || libc::syscall(number, process, thread, signal, info) != 0 {
            libc::syscall(libc::SYS_tgkill, process, thread, signal);
        }
    }
}

/// Takes a signal back that waits because this thread blocks it. `false` when none does.
pub fn take_pending(signal: c_int) -> bool {
    let mut only = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
    let now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the set and the time are ours; no information about the signal is asked for.
    unsafe {
        libc::sigemptyset(only.as_mut_ptr());
        libc::sigaddset(only.as_mut_ptr(), signal);
        libc::sigtimedwait(only.as_ptr(), std::ptr::null_mut(), &raw const now) == signal
    }
}

/// Device and inode.
pub const fn identity(stat: &libc::stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// Reserves the first `len` bytes of a file for good. May be interrupted by a signal.
pub fn reserve(file: &File, len: libc::off_t) -> io::Result<()> {
    // SAFETY: a plain call on a descriptor that `file` holds open. glibc's posix_fallocate would imitate the call by
    // writing where it is unsupported, which reserves nothing on a copy-on-write file system.
    match unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, len) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Has what was written to a file or directory survive a power failure.
pub fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Renames; see [`crate::raw::fd::rename`].
pub fn rename(from: &CStr, to: &CStr, target: Target) -> io::Result<()> {
    let flags = match target {
        Target::Exchange => libc::RENAME_EXCHANGE,
        Target::Keep => libc::RENAME_NOREPLACE,
    };
    let at = libc::AT_FDCWD;
    // SAFETY: both strings end with a zero byte and live until the call returns.
    match unsafe { libc::renameat2(at, from.as_ptr(), at, to.as_ptr(), flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A path through an open directory: it stays right when the directory is moved, and in a thread with a table of its
/// own.
pub fn path_through(number: i32, _identity: (u64, u64)) -> PathBuf {
    PathBuf::from(format!("/proc/thread-self/fd/{number}"))
}

/// Where an open directory is at the moment.
pub fn path_of(number: i32) -> io::Result<PathBuf> {
    std::fs::read_link(path_through(number, (0, 0)))
}

/// Gives the calling thread a descriptor table of its own, with nothing in it but those of `kept` that are one: the
/// program can neither close what this thread opens nor be given a number that it holds for a moment, and no pipe of the
/// program stays open here. `false` where the kernel cannot, and the table stays the process's.
pub fn own_table(kept: &[i32]) -> bool {
    let close = |first: libc::c_uint, last: libc::c_uint, flags: libc::c_uint| {
        // SAFETY: closes descriptors of this thread alone: the first call has unshared its table.
        unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) == 0 }
    };
    let mut kept: Vec<libc::c_uint> = kept
        .iter()
        .filter_map(|fd| libc::c_uint::try_from(*fd).ok())
        .collect();
    kept.sort_unstable();
    if kept.first() == Some(&0) {
        return false;
    }
    let mut flags = libc::CLOSE_RANGE_UNSHARE;
    let mut next = 0;
    for fd in kept {
        if fd > next && !close(next, fd - 1, flags) && flags != 0 {
            return false;
        }
        flags = 0;
        next = fd + 1;
    }
    if !close(next, libc::c_uint::MAX, flags) && flags != 0 {
        return false;
    }
    // The standard numbers stand for nothing here, so that nothing else is given them.
    for _ in 0..3 {
        // SAFETY: the path is a string that ends with a zero byte.
        unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
    }
    true
}
