//! Descriptors of the recorder in a process whose program may close any, and open its own files under their numbers.
//!
//! Owns [`Held`]: high up, and known by device and inode. Refuses to give out, or to close, what is not the file that it
//! was made for.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd};

use crate::raw::fd;

/// What a descriptor stands for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The file that it was made for.
    Ours,
    /// Nothing: the program closed it.
    Closed,
    /// Another file: the program closed it, and opened that one under its number.
    Taken,
}

/// A descriptor that is checked before each use.
#[derive(Debug)]
pub struct Held {
    /// None only while the value is dropped.
    file: Option<File>,
    identity: (u64, u64),
}

impl Held {
    /// Moves `file` to a descriptor that programs do not meet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(file: File) -> io::Result<Self> {
        Self::of(fd::raise(file)?)
    }

    /// A duplicate of a descriptor of the program, as high.
    ///
    /// # Errors
    /// What the system says, for example that it is closed.
    pub fn duplicate(number: i32) -> io::Result<Self> {
        Self::of(fd::duplicate(number)?)
    }

    fn of(file: File) -> io::Result<Self> {
        let identity = fd::identity(file.as_raw_fd())?;
        Ok(Self {
            file: Some(file),
            identity,
        })
    }

    /// Lets go of a descriptor that the program has closed, and closes nothing.
    pub fn forget(mut self) {
        if let Some(file) = self.file.take() {
            let _ = file.into_raw_fd();
        }
    }

    /// What the descriptor stands for now.
    pub fn standing(&self) -> Standing {
        let now = self
            .file
            .as_ref()
            .map(|file| fd::identity(file.as_raw_fd()));
        match now {
            Some(Ok(now)) if now == self.identity => Standing::Ours,
            Some(Ok(_)) => Standing::Taken,
            _ => Standing::Closed,
        }
    }

    /// The file, if the descriptor still stands for it.
    pub fn file(&self) -> Option<&File> {
        let file = self.file.as_ref();
        file.filter(|_| self.standing() == Standing::Ours)
    }

    /// The number.
    pub fn number(&self) -> i32 {
        self.file.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Whether the descriptor `number` of the program stands for this file.
    pub fn is_same(&self, number: i32) -> bool {
        is_file(number, self.identity)
    }

    /// Device and inode of the file.
    pub const fn identity(&self) -> (u64, u64) {
        self.identity
    }
}

/// Whether a descriptor stands for the file with this device and inode.
pub fn is_file(number: i32, identity: (u64, u64)) -> bool {
    fd::identity(number).is_ok_and(|now| now == identity)
}

/// Device and inode of what a descriptor of the program stands for; none when it is closed.
pub fn identity_of(number: i32) -> Option<(u64, u64)> {
    fd::identity(number).ok()
}

/// Closing a number that belongs to the program now would take its file away.
impl Drop for Held {
    fn drop(&mut self) {
        if self.standing() != Standing::Ours
            && let Some(file) = self.file.take()
        {
            let _ = file.into_raw_fd();
        }
    }
}
