//! Segments that a process left behind.
//!
//! Owns reading them while their writer may be at work, and telling those that are damaged from those in no use. Refuses
//! to understand rows.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use recorder_errors::prelude::*;

use super::{Base, LARGEST, LAYOUT, MAGIC, Published, checks, word};
use crate::container::reader::le;
use crate::raw::map::HEADER_BYTES;

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
        le(self.0.get(index * 8..index * 8 + 8).unwrap_or_default())
    }

    fn same_use(&self, other: &Self) -> bool {
        [word::THREAD, word::SEQUENCE, word::STEP, word::TICK]
            .iter()
            .all(|index| self.get(*index) == other.get(*index))
            && self.published().len >= other.published().len
    }

    fn published(&self) -> Published {
        Published::of(self.get(word::COMMITTED))
    }

    fn is_blank(&self) -> bool {
        self.0.iter().all(|byte| *byte == 0)
    }
}

/// Up to `len` bytes of a file from `from` on.
fn read_bytes(file: &File, from: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut part = vec![0; 64 * 1024];
    while (bytes.len() as u64) < len {
        let wanted = part.len().min(len as usize - bytes.len());
        let room = part.get_mut(..wanted).unwrap_or_default();
        match file.read_at(room, from + bytes.len() as u64) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(part.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// A segment that its process left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leftover {
    pub thread: u32,
    pub sequence: u64,
    pub base: Base,
    pub rows: Vec<u8>,
    /// Whether rows are missing at the end: the file ends before them, or they are damaged.
    pub is_short: bool,
}

/// What a segment file is.
enum Read {
    Leftover(Leftover),
    /// In no use.
    Unused,
    /// Nothing can be told of it.
    Unreadable,
    /// Of another version of the recorder.
    Version(u32),
}

/// The segments of a directory.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    /// Those in use, in the order of threads and their segments.
    pub segments: Vec<Leftover>,
    /// Files of which nothing can be told.
    pub unreadable: u64,
}

/// Reads a segment file. Whether rows are in a block already is not known here: a segment that was freed a moment ago
/// still has them.
fn read(path: &Path) -> io::Result<Read> {
    let file = File::open(path)?;
    // A writer that is still at work may begin another use between two reads.
    for _ in 0..8 {
        let Some(head) = Head::read(&file)? else {
            // Its process died before the space for it was reserved.
            let empty = file.metadata()?.len() == 0;
            return Ok(if empty {
                Read::Unused
            } else {
                Read::Unreadable
            });
        };
        if head.get(word::MAGIC) != MAGIC {
            return Ok(if head.is_blank() {
                Read::Unused
            } else {
                Read::Unreadable
            });
        }
        let published = head.published();
        if head.get(word::COMMITTED) == 0 {
            return Ok(Read::Unused);
        }
        let thread = head.get(word::THREAD);
        let layout = thread as u32;
        if layout != LAYOUT {
            return Ok(Read::Version(layout));
        }
        let wanted = published.len.min(LARGEST as u64);
        let rows_at = head.get(word::ROWS_AT);
        let table = rows_at.saturating_sub(HEADER_BYTES as u64);
        let rows = match table <= checks::count(LARGEST) as u64 * 4 {
            true => read_bytes(&file, rows_at, wanted)?,
            false => Vec::new(),
        };
        let table = match rows.is_empty() {
            true => Vec::new(),
            false => read_bytes(&file, HEADER_BYTES as u64, table)?,
        };
        let Some(after) = Head::read(&file)?.filter(|after| after.same_use(&head)) else {
            continue;
        };
        if ![0, checks::of_head(|index| after.get(index))].contains(&after.get(word::CHECK)) {
            return Ok(Read::Unreadable);
        }
        let (sound, is_short) = checks::sound(&rows, &table, published, after.published().len);
        let mut rows = rows;
        rows.truncate(sound);
        return Ok(Read::Leftover(Leftover {
            thread: (thread >> 32) as u32,
            sequence: head.get(word::SEQUENCE),
            base: Base {
                step: head.get(word::STEP),
                call: head.get(word::CALL),
                tick: head.get(word::TICK),
                ns: head.get(word::NS),
            },
            is_short,
            rows,
        }));
    }
    Ok(Read::Unused)
}

impl Leftover {
    /// Thread and sequence, which no two segments have in common.
    pub const fn key(&self) -> (u32, u64) {
        (self.thread, self.sequence)
    }
}

impl Leftovers {
    /// Reads every segment of a directory.
    ///
    /// # Errors
    /// What the system says, and `ERR_TRACE_VERSION` where all segments are of one other version: of fewer, the word
    /// that says so is damaged.
    pub fn read(dir: &Path) -> RecorderResult<Self> {
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(RecorderError::io_while("list segments", dir, error)),
        };
        let mut found = Self::default();
        let mut versions = Vec::new();
        for entry in entries {
            let entry =
                entry.map_err(|error| RecorderError::io_while("list segments", dir, error))?;
            let path = entry.path();
            if path.extension().is_none_or(|ext| ext != "seg")
                || !entry.file_type().is_ok_and(|kind| kind.is_file())
            {
                continue;
            }
            match read(&path) {
                Ok(Read::Leftover(segment)) => found.segments.push(segment),
                Ok(Read::Unused) => {}
                Ok(Read::Unreadable) => found.unreadable += 1,
                Ok(Read::Version(layout)) => versions.push((layout, path)),
                // A writer that is still at work may take a file away.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(RecorderError::io_while("read a segment", &path, error));
                }
            }
        }
        if let Some((layout, path)) = versions.first()
            && found.segments.is_empty()
            && versions.iter().all(|(other, _)| other == layout)
        {
            return Err(enverr!(
                TRACE_VERSION,
                "this segment has layout {}, and layout {} can be read", layout, LAYOUT;
                path = path.display()
            ));
        }
        found.unreadable += versions.len() as u64;
        found
            .segments
            .sort_by_key(|segment| (segment.thread, segment.sequence));
        Ok(found)
    }
}
