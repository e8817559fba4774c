//! The file that the container is written to.
//!
//! Owns its descriptor, its position, and the bytes not written yet. Refuses to write to another file than the one it
//! created: the program may have closed our descriptor and opened its own under the number, so then it is opened again.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use recorder_errors::prelude::*;
use recorder_errors::{fault_bytes, fault_call};

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
    /// Its descriptor, or -1, for whoever handed the file away.
    descriptor: Arc<AtomicI32>,
    waiting: Vec<u8>,
}

impl TraceFile {
    /// Creates `path`, which must not exist.
    pub fn create(path: &Path) -> RecorderResult<Self> {
        let fail = |error| RecorderError::io_while("create the trace", path, error);
        let file = fault_call!("store.trace.create")
            .and_then(|()| File::options().write(true).create_new(true).open(path));
        let file = file.and_then(fd::raise).map_err(fail)?;
        let identity = fd::identity(file.as_raw_fd()).map_err(fail)?;
        Ok(Self {
            descriptor: Arc::new(AtomicI32::new(file.as_raw_fd())),
            file: Some(file),
            path: path.to_owned(),
            identity,
            stored: Arc::default(),
            waiting: Vec::new(),
        })
    }

    /// The file: by the descriptor if it still is the one that was opened, else opened again.
    fn checked(&mut self) -> RecorderResult<&File> {
        let held = self
            .file
            .as_ref()
            .map(|file| fd::identity(file.as_raw_fd()));
        if !matches!(held, Some(Ok(now)) if now == self.identity) {
            self.let_go();
            let again = File::options().write(true).open(&self.path);
            let again = again.and_then(fd::raise).ok();
            self.file = again.filter(|file| {
                fd::identity(file.as_raw_fd()).is_ok_and(|now| now == self.identity)
            });
            let number = self.file.as_ref().map_or(-1, AsRawFd::as_raw_fd);
            self.descriptor.store(number, Ordering::Relaxed);
        }
        self.file.as_ref().ok_or_else(|| {
            target!(
                FD_TAKEN,
                "the program closed and removed the file that the recording is written to";
                path = self.path.display()
            )
        })
    }

    /// Forgets a descriptor whose number belongs to the program now: closing it would take the program's file away.
    fn let_go(&mut self) {
        if let Some(file) = self.file.take() {
            let _ = file.into_raw_fd();
        }
    }

    /// A view of the descriptor, for a thread that is to keep nothing else open.
    pub fn descriptor(&self) -> Arc<AtomicI32> {
        Arc::clone(&self.descriptor)
    }

    /// A view of the number of bytes in the file.
    pub fn stored(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.stored)
    }

    /// Makes what was flushed survive a power failure.
    pub fn sync(&mut self) -> RecorderResult<()> {
        let file = self.checked()?;
        let synced = fault_call!("store.trace.sync").and_then(|()| file.sync_all());
        synced.map_err(|error| RecorderError::io_while("save the trace", &self.path, error))
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
        let stored = self.stored.load(Ordering::Relaxed);
        #[allow(unused_mut)]
        let mut waiting = std::mem::take(&mut self.waiting);
        fault_bytes!("store.trace.bytes", &mut waiting);
        let file = self.checked().map_err(io::Error::other)?;
        let written =
            fault_call!("store.trace.write").and_then(|()| file.write_all_at(&waiting, stored));
        if let Err(error) = written {
            // A torn record would be cut off by every reader; a full disk is thankful for the room.
            let _ = file.set_len(stored);
            self.waiting = waiting;
            self.waiting.clear();
            return Err(error);
        }
        self.waiting = waiting;
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
        let held = self
            .file
            .as_ref()
            .map(|file| fd::identity(file.as_raw_fd()));
        if !matches!(held, Some(Ok(now)) if now == self.identity) {
            self.let_go();
        }
    }
}
