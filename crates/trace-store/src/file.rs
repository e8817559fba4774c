//! The file that the container is written to.
//!
//! Owns its descriptor, its position, and the bytes not written yet. Refuses to write to another file than the one it
//! created: closed by the program, it is opened again; where the program has its own under the number, writing fails.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use recorder_errors::prelude::*;
use recorder_errors::{fault_bytes, fault_call};

use crate::held::{Held, Standing};
use crate::raw::system;

/// An append-only file. What is written becomes visible with [`Write::flush`], in one piece.
#[derive(Debug)]
pub(crate) struct TraceFile {
    /// None between two threads that write, each with descriptors of its own.
    file: Option<Held>,
    identity: (u64, u64),
    elsewhere: Arc<AtomicBool>,
    path: PathBuf,
    /// Bytes in the file, for whoever handed the file away.
    stored: Arc<AtomicU64>,
    /// Its descriptor, or -1, for whoever handed the file away.
    descriptor: Arc<AtomicI32>,
    waiting: Vec<u8>,
}

impl TraceFile {
    /// Creates `path`, which must not exist and is moved to `place` before anything else is opened there.
    pub fn create_for(path: &Path, place: &Path) -> RecorderResult<Self> {
        let fail = |error| RecorderError::io_while("create the trace", path, error);
        let file = fault_call!("store.trace.create")
            .and_then(|()| File::options().write(true).create_new(true).open(path));
        let file = file.and_then(Held::new).map_err(fail)?;
        Ok(Self {
            descriptor: Arc::new(AtomicI32::new(file.number())),
            identity: file.identity(),
            elsewhere: Arc::default(),
            file: Some(file),
            path: place.to_owned(),
            stored: Arc::default(),
            waiting: Vec::new(),
        })
    }

    /// The file: by the descriptor if it still is the one that was opened, else opened again.
    fn checked(&mut self) -> RecorderResult<&File> {
        if self.elsewhere.swap(false, Ordering::Relaxed) {
            self.file = None;
        }
        let standing = self.file.as_ref().map(Held::standing);
        match (standing, &self.file) {
            (Some(Standing::Ours), _) => {}
            (Some(Standing::Taken), Some(file)) => return Err(taken("the recording", file)),
            _ => {
                let again = File::options().write(true).open(&self.path);
                if let Ok(again) = again.and_then(Held::new)
                    && again.identity() == self.identity
                {
                    self.descriptor.store(again.number(), Ordering::Relaxed);
                    // The new one may have the old one's number.
                    if let Some(closed) = self.file.replace(again) {
                        closed.forget();
                    }
                }
            }
        }
        self.file.as_ref().and_then(Held::file).ok_or_else(|| {
            target!(
                FD_TAKEN,
                "the program closed and removed the file that the recording is written to";
                path = self.path.display()
            )
        })
    }

    /// A view of the descriptor, for a thread that is to keep nothing else open.
    pub fn descriptor(&self) -> Arc<AtomicI32> {
        Arc::clone(&self.descriptor)
    }

    /// Whether the next use opens the file again; set where another thread with descriptors of its own goes on.
    pub fn elsewhere(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.elsewhere)
    }

    /// A view of the number of bytes in the file.
    pub fn stored(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.stored)
    }

    /// Makes what was flushed survive a power failure.
    pub fn sync(&mut self) -> RecorderResult<()> {
        let file = self.checked()?;
        let synced = fault_call!("store.trace.sync").and_then(|()| system::sync(file));
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

/// The error of a descriptor under whose number the program has opened a file of its own.
pub(crate) fn taken(purpose: &str, held: &Held) -> RecorderError {
    target!(
        FD_TAKEN,
        "the program opened a file of its own under the descriptor that the recorder used for {purpose}";
        descriptor = held.number()
    )
}
