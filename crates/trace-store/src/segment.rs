//! Segments: where the recorder's callbacks put rows so that these outlive the process.
//!
//! Owns the layout of a segment file and the handle that the hot path writes through; `checks` tells sound rows from
//! damaged ones, `leftover` reads the files again.
//! Refuses to decide when a segment is needed, full or free again (`pool`), and to understand rows.

mod checks;
mod leftover;

use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use crate::raw::fd;
use crate::raw::map::{HEADER_BYTES, Mapping};
use crate::raw::signals::Blocked;
pub use checks::{PART, Published, Running, WORD};
pub(crate) use leftover::{Leftover, Leftovers};

/// Smallest segment; the largest event fits one.
pub const SMALLEST: usize = 64 * 1024;

/// Largest segment that a reader accepts.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// First word of every segment file.
const MAGIC: u64 = u64::from_le_bytes(*b"CTSEGM\r\n");
/// Version of the header.
const LAYOUT: u32 = 3;

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
    /// A [`Published`]. Alone in its cache line with the capacity: it is stored after every event.
    pub const COMMITTED: usize = 8;
    pub const CAPACITY: usize = 9;
    /// Where in the file the rows begin.
    pub const ROWS_AT: usize = 10;
    /// Check word of the other words of a use, or 0.
    pub const CHECK: usize = 11;
    /// The last word that has a meaning.
    pub const LAST: usize = CHECK;
    /// What [`CHECK`] is of.
    pub const CHECKED: [usize; 8] = [THREAD, SEQUENCE, STEP, CALL, TICK, NS, CAPACITY, ROWS_AT];
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
            Ok(()) => fault_call!("store.segment.map")
                .and_then(|()| Mapping::file(&file, bytes, checks::count(bytes))),
            Err(error) if unsupported(error) => fault_call!("store.segment.map")
                .and_then(|()| Mapping::anonymous(bytes, checks::count(bytes))),
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
        // The first word alone is a segment in no use; the others without it are a damaged one.
        let set = |index, value| mapping.word(index).store(value, Ordering::Release);
        set(word::MAGIC, MAGIC);
        set(word::CAPACITY, mapping.capacity() as u64);
        set(word::ROWS_AT, mapping.rows_at() as u64);
        set(word::THREAD, pair(LAYOUT, 0));
        set(word::STATE, pair(FREE, std::process::id()));
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
        self.mapping
            .rows(word::COMMITTED, |word| Published::of(word).len)
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

    /// The file as it would be if the process were killed now: its head, the table, and the rows so far.
    pub fn image(&self) -> Vec<u8> {
        let published = self.get_acquired(word::COMMITTED);
        let rows = self.rows();
        let len = usize::try_from(Published::of(published).len).unwrap_or(usize::MAX);
        let rows = rows.get(..len).unwrap_or(rows);
        let mut image = Vec::with_capacity(self.mapping.rows_at() + rows.len());
        for index in 0..HEADER_BYTES / 8 {
            let word = match index {
                word::COMMITTED => published,
                _ if index <= word::LAST => self.get(index),
                _ => 0,
            };
            image.extend_from_slice(&word.to_le_bytes());
        }
        let whole = rows.len() / checks::PART;
        for index in 0..self.mapping.checks() {
            // Rows may have come, and been noted, since they were looked at.
            let noted = self.mapping.check(index).filter(|_| index < whole);
            let noted = noted.map_or(0, |check| check.load(Ordering::Relaxed));
            image.extend_from_slice(&noted.to_le_bytes());
        }
        image.extend_from_slice(rows);
        image
    }

    fn get(&self, index: usize) -> u64 {
        self.mapping.word(index).load(Ordering::Relaxed)
    }

    fn get_acquired(&self, index: usize) -> u64 {
        self.mapping.word(index).load(Ordering::Acquire)
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
        set(word::CHECK, checks::of_head(|index| self.get(index)));
        for index in 0..self.mapping.checks() {
            match self.mapping.check(index) {
                Some(check) if check.load(Ordering::Relaxed) != 0 => {
                    check.store(0, Ordering::Relaxed);
                }
                _ => break,
            }
        }
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

/// Errors of a file system that cannot reserve space.
const UNSUPPORTED: [i32; 5] = [
    libc::EOPNOTSUPP,
    libc::ENOTSUP,
    libc::ENOSYS,
    libc::ENODEV,
    libc::EINVAL,
];

/// Whether a file system cannot reserve space.
pub(crate) fn unsupported(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    number.is_some_and(|number| UNSUPPORTED.contains(&number))
}

/// Room for one thread's rows. The thread writes rows from [`Segment::row_area`] on, one event after another, and
/// after each stores how many bytes there are so far to [`Segment::committed`] with release ordering.
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

    /// Where a [`Published`] word is stored after every event.
    pub fn committed(&self) -> &AtomicU64 {
        self.slot.mapping.word(word::COMMITTED)
    }

    /// Whether nothing was published.
    pub fn is_empty(&self) -> bool {
        self.slot.rows().is_empty()
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

    /// Notes check words of rows that are whole parts of [`PART`](checks::PART) bytes, of which the first `noted` bytes have
    /// theirs. Gives how many bytes have them now. Only the thread that writes rows calls it.
    pub fn note_checks(&self, noted: usize) -> usize {
        let rows = self.slot.rows();
        let mut noted = noted;
        while let Some(part) = rows.get(noted..noted + checks::PART) {
            if let Some(check) = self.slot.mapping.check(noted / checks::PART) {
                check.store(checks::of(part), Ordering::Release);
            }
            noted += checks::PART;
        }
        noted
    }

    /// Appends encoded rows without the care for speed that callbacks take. `false` when they do not fit.
    pub fn append(&mut self, rows: &[u8]) -> bool {
        let before = self.slot.rows().len();
        if !self.slot.mapping.put(before, rows) {
            return false;
        }
        let published = Published::whole(&[self.slot.rows(), rows].concat());
        self.committed().store(published.word(), Ordering::Release);
        self.note_checks(before - before % checks::PART);
        true
    }

    pub(crate) fn mark_full(&self) {
        self.slot.set_state(FULL);
    }
}
