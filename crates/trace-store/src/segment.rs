//! Segments: where the recorder's callbacks put rows so that these outlive the process.
//!
//! Owns the layout of a segment file and the handle that the hot path writes through. Refuses to decide when a segment
//! is needed, full or free again (`pool`), and to understand rows.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use crate::raw::fd;
use crate::raw::map::{HEADER_BYTES, Mapping};
use crate::raw::signals::Blocked;

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

/// The header of a segment file.
struct Head([u8; HEADER_BYTES]);

impl Head {
    fn read(file: &File) -> io::Result<Option<Self>> {
        let mut head = [0; HEADER_BYTES];
        match file.read_exact_at(&mut head, 0) {
            Ok(()) => Ok(Some(Self(head))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn get(&self, index: usize) -> u64 {
        let bytes = self.0.get(index * 8..index * 8 + 8).unwrap_or_default();
        let append = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        bytes.iter().rev().fold(0, append)
    }

    fn same_use(&self, other: &Self) -> bool {
        [word::THREAD, word::SEQUENCE, word::STEP, word::TICK]
            .iter()
            .all(|index| self.get(*index) == other.get(*index))
            && self.get(word::STATE) as u32 != FREE
    }
}

fn read_rows(file: &File, committed: u64) -> io::Result<Vec<u8>> {
    let mut rows = Vec::new();
    let mut part = vec![0; 64 * 1024];
    while (rows.len() as u64) < committed {
        let wanted = part.len().min(committed as usize - rows.len());
        let room = part.get_mut(..wanted).unwrap_or_default();
        match file.read_at(room, (HEADER_BYTES + rows.len()) as u64) {
            Ok(0) => break,
            Ok(n) => rows.extend_from_slice(part.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

/// A segment that its process left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub thread: u32,
    pub sequence: u64,
    pub base: Base,
    pub rows: Vec<u8>,
}

impl Leftover {
    /// Reads a segment file; `None` when it is in no use, or is no segment.
    pub fn read(path: &Path) -> RecorderResult<Option<Self>> {
        let fail = |error| RecorderError::io_while("read a segment", path, error);
        let file = File::open(path).map_err(fail)?;
        // A writer that is still at work may begin another use between two reads.
        for _ in 0..8 {
            let Some(head) = Head::read(&file).map_err(fail)? else {
                return Ok(None);
            };
            let state = head.get(word::STATE) as u32;
            if head.get(word::MAGIC) != MAGIC || state == FREE || state > FULL {
                return Ok(None);
            }
            let thread = head.get(word::THREAD);
            let layout = thread as u32;
            ensure_env!(
                layout == LAYOUT,
                TRACE_VERSION,
                "this segment has layout {layout}, and layout {LAYOUT} can be read";
                path = path.display()
            );
            let committed = head.get(word::COMMITTED).min(LARGEST as u64);
            let rows = read_rows(&file, committed).map_err(fail)?;
            let after = Head::read(&file).map_err(fail)?;
            if after.is_none_or(|after| !after.same_use(&head)) {
                continue;
            }
            return Ok(Some(Self {
                thread: (thread >> 32) as u32,
                sequence: head.get(word::SEQUENCE),
                base: Base {
                    step: head.get(word::STEP),
                    call: head.get(word::CALL),
                    tick: head.get(word::TICK),
                    ns: head.get(word::NS),
                },
                rows,
            }));
        }
        Ok(None)
    }

    /// Reads every segment of a directory that is in use, in the order of threads and their segments.
    pub fn read_all(dir: &Path) -> RecorderResult<Vec<Self>> {
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(RecorderError::io_while("list segments", dir, error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry =
                entry.map_err(|error| RecorderError::io_while("list segments", dir, error))?;
            let path = entry.path();
            if path.extension().is_some_and(|ext| ext == "seg")
                && entry.file_type().is_ok_and(|kind| kind.is_file())
            {
                // A writer that is still at work may take a file away.
                match Self::read(&path) {
                    Ok(segment) => found.extend(segment),
                    Err(error) if error.code() == ErrorCode::NOT_FOUND => {}
                    Err(error) => return Err(error),
                }
            }
        }
        found.sort_by_key(|segment| (segment.thread, segment.sequence));
        Ok(found)
    }
}
