//! The containers of a recording as one: `trace.mcap`, and while a flight recorder writes, the older parts in `ring/`.
//!
//! Owns the order of the parts, and offsets that count through all of them. Refuses to read a ring beside a container
//! that is finished: that one has everything.

use std::collections::HashSet;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use recorder_errors::prelude::*;
use trace_model::Definitions;
use trace_model::wire::{Cursor, put_blob};
use twox_hash::XxHash3_64;

use super::reader::Container;
use super::{BlockEntry, CONTAINER};
use crate::error::malformed;
use crate::metadata::Metadata;

/// Directory of the older parts, by their numbers.
pub(crate) const RING: &str = "ring";

/// Everything that was stored of a recording.
#[derive(Debug)]
pub(crate) struct Chain {
    parts: Vec<Container>,
    /// `trace.mcap`.
    pub path: PathBuf,
    /// Bytes of all parts.
    pub len: u64,
    /// Bytes that cannot be read: at the ends of parts, and parts of which nothing can be.
    pub cut_bytes: u64,
    /// The blocks; offsets count from the beginning of the first part.
    pub entries: Vec<BlockEntry>,
    pub definitions: Definitions,
    /// The last metadata message of the newest part.
    pub metadata: Option<Metadata>,
    /// Whether it is one container, finished by its writer.
    pub finished: bool,
}

/// The file of a part.
pub(crate) fn part_file(number: u64) -> String {
    format!("{number:08}.mcap")
}

/// Parts of the ring in `dir`, oldest first.
pub(crate) fn ring_parts(dir: &Path) -> RecorderResult<Vec<(u64, PathBuf)>> {
    let ring = dir.join(RING);
    let entries = match std::fs::read_dir(&ring) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(RecorderError::io_while("list the parts", &ring, error)),
    };
    let mut found: Vec<(u64, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_suffix(".mcap")?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort();
    Ok(found)
}

impl Chain {
    /// Opens what stands in the directory of a recording, finished or not.
    pub fn open(dir: &Path) -> RecorderResult<Self> {
        Self::beside(dir, Container::open(&dir.join(CONTAINER), true)?)
    }

    /// As [`Chain::open`], as far as it is sound; see [`Container::salvage`].
    pub fn salvage(dir: &Path) -> RecorderResult<Self> {
        Self::beside(dir, Container::salvage(&dir.join(CONTAINER))?)
    }

    /// The parts in `dir` with the newest, which is opened first: one that becomes older meanwhile is found again by
    /// its identity, and is not missed.
    fn beside(dir: &Path, newest: Container) -> RecorderResult<Self> {
        if newest.finished {
            return Self::of(vec![newest]);
        }
        let (mut parts, mut unreadable) = (Vec::new(), 0);
        for (_, path) in ring_parts(dir)? {
            match Container::open(&path, true) {
                Ok(part) if part.identity()? == newest.identity()? => {}
                Ok(part) => parts.push(part),
                // The writer lets the oldest part go.
                Err(error) if error.code() == ErrorCode::TRACE_NOT_FOUND => {}
                // Damaged, or as new as to have no head yet.
                Err(error)
                    if [ErrorCode::TRACE_CORRUPT, ErrorCode::NOT_A_TRACE]
                        .contains(&error.code()) =>
                {
                    unreadable += std::fs::metadata(&path).map_or(0, |data| data.len());
                }
                Err(error) => return Err(error),
            }
        }
        parts.push(newest);
        let mut chain = Self::of(parts)?;
        chain.cut_bytes += unreadable;
        Ok(chain)
    }

    /// A finished container by itself.
    pub fn single(path: &Path) -> RecorderResult<Self> {
        Self::of(vec![Container::open(path, false)?])
    }

    fn of(mut parts: Vec<Container>) -> RecorderResult<Self> {
        let mut chain = Self {
            path: PathBuf::new(),
            len: 0,
            cut_bytes: 0,
            entries: Vec::new(),
            definitions: Definitions::new(),
            metadata: None,
            finished: parts.len() == 1,
            parts: Vec::new(),
        };
        let alone = parts.len() == 1;
        for part in &mut parts {
            let base = chain.len;
            for mut entry in std::mem::take(&mut part.entries) {
                entry.offset = entry.offset.saturating_add(base);
                chain.entries.push(entry);
            }
            let definitions = std::mem::take(&mut part.definitions);
            if alone {
                chain.definitions = definitions;
            } else {
                chain.definitions.merge(definitions);
            }
            chain.metadata = part.metadata.take().or(chain.metadata.take());
            chain.finished &= part.finished;
            chain.len += part.len;
            chain.cut_bytes += part.cut_bytes();
            chain.path.clone_from(&part.path);
        }
        chain.parts = parts;
        Ok(chain)
    }

    /// The part that an offset falls into, and where that part begins.
    fn part(&self, offset: u64) -> RecorderResult<(&Container, u64)> {
        let mut base = 0;
        for part in &self.parts {
            if offset < base + part.len || self.parts.len() == 1 {
                return Ok((part, base));
            }
            base += part.len;
        }
        Err(crate::error::corrupt(
            &self.path,
            offset,
            "a block is not where the index says",
        ))
    }

    /// The block of an entry.
    pub fn block(&self, entry: &BlockEntry) -> RecorderResult<Vec<u8>> {
        let (part, base) = self.part(entry.offset)?;
        if base == 0 {
            return part.block(entry);
        }
        let mut inside = entry.clone();
        inside.offset -= base;
        part.block(&inside)
    }

    /// The batches of definitions, in their order, without those that an earlier part had.
    pub fn definition_batches(&self) -> impl Iterator<Item = RecorderResult<Vec<u8>>> {
        let alone = self.parts.len() == 1;
        let mut seen = HashSet::new();
        let batches = self
            .parts
            .iter()
            .flat_map(|part| part.definition_batches().map(move |batch| (part, batch)));
        batches.map(move |(part, batch)| {
            let batch = batch?;
            if alone {
                return Ok(batch);
            }
            let mut news = Vec::new();
            let mut cursor = Cursor::new(&batch);
            while !cursor.is_empty() {
                let body = cursor.blob("definitions");
                let body = body.map_err(|error| malformed(&part.path, 0, error))?;
                let mut hasher = XxHash3_64::new();
                hasher.write(body);
                if seen.insert(hasher.finish()) {
                    put_blob(&mut news, body);
                }
            }
            Ok(news)
        })
    }
}
