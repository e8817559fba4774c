//! Segments: where the recorder's callbacks put rows so that these outlive the process.
//!
//! Owns the layout of a segment file and the handle that the hot path writes through; `leftover` reads the files again.
//! Refuses to decide when a segment is needed, full or free again (`pool`), and to understand rows.

mod leftover;

use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use crate::raw::fd;
use crate::raw::map::Mapping;
use crate::raw::signals::Blocked;
pub(crate) use leftover::{Leftover, Leftovers};

/// Smallest segment; the largest event fits one.
pub const SMALLEST: usize = 64 * 1024;

/// Largest segment that a reader accepts.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// First word of every segment file.
const MAGIC: u64 = u64::from_le_bytes(*b"CTSEGM\r\n");
/// Version of the header.
const LAYOUT: u32 = 1;

const FREE: u32 = 0;
const ACTIVE: u32 = 1;
const FULL: u32 = 2;

/// Numbers of the header's words.
mod word {
    pub const MAGIC: usize = 0;
    /// Layout version below, thread id above.
    pub const THREAD: usize = 1;
    pub const SEQUENCE: usize = 2;
    /// State below, process id above.
    pub const STATE: usize = 3;
    pub const STEP: usize = 4;
    pub const CALL: usize = 5;
    pub const TICK: usize = 6;
    pub const NS: usize = 7;
    /// Alone in its cache line with the capacity: it is stored after every event.
    pub const COMMITTED: usize = 8;
    pub const CAPACITY: usize = 9;
}

/// Where a thread stands when it begins a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Base {
    /// Step of the next event unless a sync row says otherwise.
    pub step: u64,
    /// Id of the next new frame unless a sync row says otherwise.
    pub call: u64,
    /// Tick units that the first event's `dt` counts from.
    pub tick: u64,
    /// Monotonic clock in nanoseconds at `tick`.
    pub ns: u64,
}

/// Mapped memory that segments are made of, one use after another.
#[derive(Debug)]
pub(crate) struct Slot {
    mapping: Mapping,
    /// The file behind it; none when the memory is anonymous.
    path: Option<PathBuf>,
}

const fn pair(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

impl Slot {
    /// Reserves and maps a file of `bytes` at `path`. Where the file system cannot reserve space the memory is
    /// anonymous, which [`Slot::is_safe`] tells.
    pub fn create(path: PathBuf, bytes: usize) -> RecorderResult<Self> {
        let masked = Blocked::all();
        let file = fault_call!("store.segment.create")
            .and_then(|()| {
                let mut options = OpenOptions::new();
                options.read(true).write(true).create_new(true).open(&path)
            })
            .map_err(|error| RecorderError::io_while("create a segment", &path, error))?;
        let reserved =
            fault_call!("store.segment.reserve").and_then(|()| fd::reserve(&file, bytes, &masked));
        let mapped = match &reserved {
            Ok(()) => fault_call!("store.segment.map").and_then(|()| Mapping::file(&file, bytes)),
            Err(error) if unsupported(error) => {
                fault_call!("store.segment.map").and_then(|()| Mapping::anonymous(bytes))
            }
            Err(_) => Err(io::ErrorKind::Other.into()),
        };
        let failed = match (reserved, mapped) {
            (Ok(()), Ok(mapping)) => return Ok(Self::ready(mapping, Some(path))),
            (Err(_), Ok(mapping)) => {
                let _ = std::fs::remove_file(&path);
                return Ok(Self::ready(mapping, None));
            }
            (Err(error), Err(_)) if !unsupported(&error) => error,
            (_, Err(error)) => error,
        };
        let _ = std::fs::remove_file(&path);
        Err(RecorderError::io_while(
            "reserve space for a segment",
            &path,
            failed,
        ))
    }

    fn ready(mapping: Mapping, path: Option<PathBuf>) -> Self {
        mapping.touch();
        let set = |index, value| mapping.word(index).store(value, Ordering::Relaxed);
        set(word::CAPACITY, mapping.capacity() as u64);
        set(word::THREAD, pair(LAYOUT, 0));
        set(word::STATE, pair(FREE, std::process::id()));
        set(word::MAGIC, MAGIC);
        Self { mapping, path }
    }

    /// Whether what is written survives the process.
    pub const fn is_safe(&self) -> bool {
        self.path.is_some()
    }

    /// Bytes mapped.
    pub const fn bytes(&self) -> usize {
        self.mapping.len()
    }

    /// Row bytes committed so far.
    pub fn rows(&self) -> &[u8] {
        self.mapping.rows(word::COMMITTED)
    }

    /// The thread it belongs to.
    pub fn thread(&self) -> u32 {
        (self.get(word::THREAD) >> 32) as u32
    }

    /// The number of the segment among those of its thread.
    pub fn sequence(&self) -> u64 {
        self.get(word::SEQUENCE)
    }

    /// Where the thread stood.
    pub fn base(&self) -> Base {
        Base {
            step: self.get(word::STEP),
            call: self.get(word::CALL),
            tick: self.get(word::TICK),
            ns: self.get(word::NS),
        }
    }

    fn get(&self, index: usize) -> u64 {
        self.mapping.word(index).load(Ordering::Relaxed)
    }

    fn set_state(&self, state: u32) {
        let word = self.mapping.word(word::STATE);
        word.store(pair(state, std::process::id()), Ordering::Release);
    }

    /// Begins a use. Whoever reads the file after a crash sees either no use or this one whole.
    pub fn begin(&self, thread: u32, sequence: u64, base: Base) {
        self.free();
        let set = |index, value| self.mapping.word(index).store(value, Ordering::Release);
        set(word::THREAD, pair(LAYOUT, thread));
        set(word::SEQUENCE, sequence);
        set(word::STEP, base.step);
        set(word::CALL, base.call);
        set(word::TICK, base.tick);
        set(word::NS, base.ns);
        self.set_state(ACTIVE);
    }

    /// Ends a use; what was in it is stored elsewhere.
    pub fn free(&self) {
        self.set_state(FREE);
        self.mapping
            .word(word::COMMITTED)
            .store(0, Ordering::Release);
    }

    /// Removes the file behind the memory.
    pub fn unlink(&self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether a file system cannot reserve space.
pub(crate) fn unsupported(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::ENODEV | libc::EINVAL)
    )
}

/// Room for one thread's rows. The thread writes rows from [`Segment::row_area`] on, one event after another, and
/// after each stores the number of bytes so far to [`Segment::committed`] with release ordering.
#[derive(Debug)]
pub struct Segment {
    pub(crate) slot: std::sync::Arc<Slot>,
}

impl Segment {
    /// First byte of the row area, valid for writing `capacity` bytes for as long as the segment lives.
    pub fn row_area(&self) -> *mut u8 {
        self.slot.mapping.row_area()
    }

    /// Bytes that the row area takes.
    pub fn capacity(&self) -> usize {
        self.slot.mapping.capacity()
    }

    /// The number of bytes of whole events in the row area.
    pub fn committed(&self) -> &AtomicU64 {
        self.slot.mapping.word(word::COMMITTED)
    }

    /// The thread it belongs to.
    pub fn thread(&self) -> u32 {
        self.slot.thread()
    }

    /// The number of the segment among those of its thread, from 0.
    pub fn sequence(&self) -> u64 {
        self.slot.sequence()
    }

    /// Where the thread stood when it began the segment.
    pub fn base(&self) -> Base {
        self.slot.base()
    }

    /// Appends encoded rows without the care for speed that callbacks take. `false` when they do not fit.
    pub fn append(&mut self, rows: &[u8]) -> bool {
        self.slot.mapping.append(word::COMMITTED, rows)
    }

    pub(crate) fn mark_full(&self) {
        self.slot.set_state(FULL);
    }
}
