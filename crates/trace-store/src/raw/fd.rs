//! System calls on descriptors and paths that the standard library does not offer.
//!
//! Owns nothing but the calls. Refuses to choose paths.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::system;

/// Where descriptors of the recorder begin, so that programs that close or count theirs do not meet them.
const HIGH: i32 = 512;

fn check(result: i32) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

/// Moves a descriptor to 512 or above, or as high as the limit allows.
pub fn raise(file: File) -> io::Result<File> {
    // Where no other number is free, the one that it has will do.
    Ok(duplicate(file.as_raw_fd()).unwrap_or(file))
}

/// A duplicate of a descriptor at 512 or above, or as high as the limit allows; it is closed on exec.
pub fn duplicate(number: i32) -> io::Result<File> {
    let mut refused = io::Error::from_raw_os_error(libc::EMFILE);
    for lowest in (3..=HIGH.min(limit() - 1)).rev() {
        // SAFETY: a plain call on a number; the result, if it is one, is a new descriptor that nobody else owns.
        let fd = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, lowest) };
        if fd >= 0 {
            // SAFETY: `fd` was made above and is owned here alone.
            return Ok(unsafe { File::from_raw_fd(fd) });
        }
        refused = io::Error::last_os_error();
        if refused.raw_os_error() == Some(libc::EBADF) {
            break;
        }
    }
    Err(refused)
}

/// The first number that no new descriptor can have.
fn limit() -> i32 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure is ours.
    match check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }) {
        Ok(()) => i32::try_from(limit.rlim_cur).unwrap_or(i32::MAX),
        Err(_) => i32::MAX,
    }
}

/// Has `number`, which must be free, stand for what `file` stands for, and stay open when this returns.
pub fn place_at(file: &File, number: i32) -> io::Result<()> {
    // SAFETY: a plain call on a descriptor that `file` holds open.
    let fd = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_DUPFD_CLOEXEC, number) };
    match fd {
        fd if fd == number => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        fd => {
            // SAFETY: `fd` was made above and is owned here alone.
            drop(unsafe { File::from_raw_fd(fd) });
            Err(io::Error::from_raw_os_error(libc::EBUSY))
        }
    }
}

/// Which file a descriptor number stands for now: device and inode.
pub fn identity(fd: i32) -> io::Result<(u64, u64)> {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the buffer is ours and of the right size; any number is allowed as descriptor.
    check(unsafe { libc::fstat(fd, stat.as_mut_ptr()) })?;
    // SAFETY: the call succeeded and filled it.
    Ok(system::identity(unsafe { stat.assume_init_ref() }))
}

/// Reserves the first `len` bytes of a file for good. No signal may reach this thread meanwhile.
pub fn reserve(file: &File, len: usize, _masked: &super::signals::Blocked) -> io::Result<()> {
    let len = libc::off_t::try_from(len).map_err(|_| io::Error::from_raw_os_error(libc::EFBIG))?;
    loop {
        match system::reserve(file, len) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Takes the exclusive lock of a file without waiting. `false` when another holds it, or shares it.
pub fn try_lock(file: &File) -> io::Result<bool> {
    lock(file, libc::LOCK_EX)
}

/// Shares the lock of a file without waiting. `false` when another holds it for itself.
pub fn try_share(file: &File) -> io::Result<bool> {
    lock(file, libc::LOCK_SH)
}

fn lock(file: &File, operation: i32) -> io::Result<bool> {
    // SAFETY: a plain call on a descriptor that `file` holds open.
    match check(unsafe { libc::flock(file.as_raw_fd(), operation | libc::LOCK_NB) }) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// How [`rename`] treats an existing target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Swaps the two.
    Exchange,
    /// Refuses.
    Keep,
}

/// Renames with one of the guarantees that a plain rename does not have.
pub fn rename(from: &Path, to: &Path, target: Target) -> io::Result<()> {
    system::rename(&c_path(from)?, &c_path(to)?, target)
}
