//! The file that the container is written to.
//!
//! Owns its descriptor, its position, and the bytes not written yet. Refuses to write when the descriptor number
//! stands for another file than the one opened: the program may have closed ours and opened its own.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use recorder_errors::prelude::*;

use crate::raw::fd;

/// An append-only file. What is written becomes visible with [`Write::flush`], in one piece.
#[derive(Debug)]
pub(crate) struct TraceFile {
    /// None only while the value is dropped.
    file: Option<File>,
    path: PathBuf,
    identity: (u64, u64),
    /// Bytes in the file, for whoever handed the file away.
    stored: Arc<AtomicU64>,
    waiting: Vec<u8>,
}

impl TraceFile {
    /// Creates `path`, which must not exist.
    pub fn create(path: &Path) -> RecorderResult<Self> {
        let fail = |error| RecorderError::io_while("create the trace", path, error);
        let file = File::options().write(true).create_new(true).open(path);
        let file = file.and_then(fd::raise).map_err(fail)?;
        let identity = fd::identity(file.as_raw_fd()).map_err(fail)?;
        Ok(Self {
            file: Some(file),
            path: path.to_owned(),
            identity,
            stored: Arc::default(),
            waiting: Vec::new(),
        })
    }

    /// The file, if the descriptor still is the one that was opened.
    fn checked(&self) -> RecorderResult<&File> {
        if let Some(file) = &self.file
            && fd::identity(file.as_raw_fd()).is_ok_and(|now| now == self.identity)
        {
            return Ok(file);
        }
        Err(target!(
            FD_TAKEN,
            "the program closed the file that the recording is written to";
            path = self.path.display()
        ))
    }

    /// A view of the number of bytes in the file.
    pub fn stored(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.stored)
    }

    /// Makes what was flushed survive a power failure.
    pub fn sync(&self) -> RecorderResult<()> {
        self.checked()?
            .sync_all()
            .map_err(|error| RecorderError::io_while("save the trace", &self.path, error))
    }
}

impl Write for TraceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let file = self.checked().map_err(io::Error::other)?;
        let stored = self.stored.load(Ordering::Relaxed);
        if let Err(error) = file.write_all_at(&self.waiting, stored) {
            // A torn record would be cut off by every reader; a full disk is thankful for the room.
            let _ = file.set_len(stored);
            self.waiting.clear();
            return Err(error);
        }
        let end = stored + self.waiting.len() as u64;
        self.stored.store(end, Ordering::Relaxed);
        self.waiting.clear();
        Ok(())
    }
}

impl Seek for TraceFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = self.stored.load(Ordering::Relaxed) + self.waiting.len() as u64;
        match to {
            SeekFrom::Current(0) | SeekFrom::End(0) => Ok(end),
            SeekFrom::Start(at) if at == end => Ok(end),
            _ => Err(io::Error::from(io::ErrorKind::Unsupported)),
        }
    }
}

impl Drop for TraceFile {
    fn drop(&mut self) {
        if self.checked().is_err()
            && let Some(file) = self.file.take()
        {
            // The number belongs to the program now; closing it would take the program's file away.
            let _ = file.into_raw_fd();
        }
    }
}
