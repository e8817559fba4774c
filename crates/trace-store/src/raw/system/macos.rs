//! macOS: the calls and facts of which [`super`] has one for each system.
//!
//! Owns what is macOS alone, as its manual pages and public headers describe it. Refuses to decide when something is
//! called.

use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use libc::{c_int, siginfo_t};

use crate::raw::fd::Target;

/// The clock of nanoseconds that no setting of the time changes. `CLOCK_MONOTONIC` counts microseconds here.
pub const MONOTONIC: libc::clockid_t = libc::CLOCK_UPTIME_RAW;

/// Flag of a mapping that becomes a stack.
pub const STACK_MAPPING: c_int = 0;

/// What the size must be where an alternate stack is taken away: smaller ones are refused even then.
pub const NO_STACK_BYTES: usize = libc::MINSIGSTKSZ;

/// Signals of this system alone whose default is not to end the process.
pub const ALSO_SPARED: [c_int; 2] = [libc::SIGIO, libc::SIGINFO];

/// `si_code` of a signal from `kill` and from `sigqueue`, in `sys/signal.h`.
const SI_USER: c_int = 0x10001;
const SI_QUEUE: c_int = 0x10002;

/// What is asked of `proc_pidinfo` about a thread by its id, in `sys/proc_info.h`.
const PROC_PIDTHREADID64INFO: c_int = 15;

/// Bytes in a block of `st_blocks`.
const BLOCK: libc::off_t = 512;

fn check(result: c_int) -> io::Result<()> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Where the calling thread has its `errno`.
#[inline(always)]
pub fn errno() -> *mut c_int {
    // SAFETY: takes nothing and always succeeds.
    unsafe { libc::__error() }
}

/// The kernel's id of this thread.
pub fn thread_id() -> u64 {
    let mut id = 0;
    // SAFETY: null stands for the calling thread; the number is ours.
    unsafe { libc::pthread_threadid_np(0, &raw mut id) };
    id
}

/// Whether the kernel has a thread of this process with that id.
pub fn has_thread(id: u64) -> bool {
    let mut told = MaybeUninit::<libc::proc_threadinfo>::zeroed();
    let bytes = size_of::<libc::proc_threadinfo>() as c_int;
    // SAFETY: the structure is ours, and as long as is said.
    let got = unsafe {
        let to = told.as_mut_ptr().cast();
        libc::proc_pidinfo(libc::getpid(), PROC_PIDTHREADID64INFO, id, to, bytes)
    };
    got == bytes
}

/// Bytes of a stack that a signal handler needs for the processor's state alone.
pub fn least_signal_stack() -> Option<usize> {
    Some(libc::MINSIGSTKSZ)
}

/// The largest number of a signal.
pub fn last_signal() -> c_int {
    libc::SIGUSR2
}

/// Whether the C library keeps the signal for itself.
pub fn is_internal(_signal: c_int) -> bool {
    false
}

/// Whether a `si_code` says that a process sent the signal.
pub const fn is_by_process(code: c_int) -> bool {
    matches!(code, SI_USER | SI_QUEUE)
}

/// Sends a signal to this thread once more; while it is blocked it waits. What came with it cannot be sent. For signal
/// handlers.
pub fn send_again(signal: c_int, _info: *const siginfo_t) {
    // SAFETY: a signal to the own thread is always allowed.
    unsafe { libc::pthread_kill(libc::pthread_self(), signal) };
}

/// Takes a signal back that waits because this thread blocks it. `false` when none does.
///
/// There is no call that takes a signal without waiting for one; ignoring it drops those that wait. One that another
/// thread gets in between is dropped too.
pub fn take_pending(signal: c_int) -> bool {
    let mut pending = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the set and the actions are ours, and all-zero is a valid one; what is put back is what was there.
    unsafe {
        libc::sigpending(pending.as_mut_ptr());
        if libc::sigismember(pending.as_ptr(), signal) != 1 {
            return false;
        }
        let mut ignored = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
        ignored.sa_sigaction = libc::SIG_IGN;
        if libc::sigaction(signal, &raw const ignored, before.as_mut_ptr()) != 0 {
            return false;
        }
        libc::sigaction(signal, before.as_ptr(), std::ptr::null_mut());
    }
    true
}

/// Device and inode, as [`MetadataExt`] gives them.
pub const fn identity(stat: &libc::stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino)
}

/// Reserves the first `len` bytes of a file for good. May be interrupted by a signal.
pub fn reserve(file: &File, len: libc::off_t) -> io::Result<()> {
    let fd = file.as_raw_fd();
    let mut stat = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: plain calls on a descriptor that `file` holds open, with structures of ours; `stat` is read after the call
    // that filled it.
    unsafe {
        check(libc::fstat(fd, stat.as_mut_ptr()))?;
        let stat = stat.assume_init();
        let missing = len - stat.st_blocks * BLOCK;
        if missing > 0 {
            // Counted from the end of what the file has, and all or nothing.
            let mut wanted = libc::fstore_t {
                fst_flags: libc::F_ALLOCATEALL,
                fst_posmode: libc::F_PEOFPOSMODE,
                fst_offset: 0,
                fst_length: missing,
                fst_bytesalloc: 0,
            };
            check(libc::fcntl(fd, libc::F_PREALLOCATE, &raw mut wanted))?;
        }
        if stat.st_size < len {
            check(libc::ftruncate(fd, len))?;
        }
    }
    Ok(())
}

/// Has what was written to a file or directory survive a power failure. Where the file system has no way to empty the
/// disk's own cache, the disk has it at least.
pub fn sync(file: &File) -> io::Result<()> {
    let fd = file.as_raw_fd();
    loop {
        // SAFETY: plain calls on a descriptor that `file` holds open.
        let mut synced = check(unsafe { libc::fcntl(fd, libc::F_FULLFSYNC) });
        if let Err(error) = &synced
            && let Some(libc::ENOTSUP | libc::EOPNOTSUPP | libc::ENOTTY | libc::EINVAL) =
                error.raw_os_error()
        {
            // SAFETY: as above.
            synced = check(unsafe { libc::fsync(fd) });
        }
        match synced {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Renames; see [`crate::raw::fd::rename`].
pub fn rename(from: &CStr, to: &CStr, target: Target) -> io::Result<()> {
    let flags = match target {
        Target::Exchange => libc::RENAME_SWAP,
        Target::Keep => libc::RENAME_EXCL,
    };
    let at = libc::AT_FDCWD;
    // SAFETY: both strings end with a zero byte and live until the call returns.
    check(unsafe { libc::renameatx_np(at, from.as_ptr(), at, to.as_ptr(), flags) })
}

/// A path to an open directory that stays right when the directory is moved, where the volume finds files by device and
/// inode; elsewhere the path that it has now.
pub fn path_through(number: i32, identity: (u64, u64)) -> PathBuf {
    let (device, inode) = identity;
    let lasting = PathBuf::from(format!("/.vol/{}/{inode}", device as u32));
    let found = std::fs::metadata(&lasting);
    if found.is_ok_and(|found| (found.dev(), found.ino()) == identity) {
        return lasting;
    }
    path_of(number).unwrap_or(lasting)
}

/// Where an open directory is at the moment.
pub fn path_of(number: i32) -> io::Result<PathBuf> {
    let mut path = [0_u8; libc::PATH_MAX as usize];
    // SAFETY: the buffer is of the size that the call is documented to fill at most.
    check(unsafe { libc::fcntl(number, libc::F_GETPATH, path.as_mut_ptr()) })?;
    let path = CStr::from_bytes_until_nul(&path)
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}

/// Threads share the table of descriptors; always `false`.
pub fn own_table(_kept: &[i32]) -> bool {
    false
}
