//! Reading recordings: finished ones, those of killed processes, and those still being written.
//!
//! Owns finding the recording that a path means, and the view of all its blocks as one sequence of events. Refuses to
//! change anything on disk, and to hold more of a recording in memory than its index and the blocks being read.

mod calls;
mod cursor;
mod ending;
mod events;
mod find;
pub(crate) mod gap;
mod objects;
pub(crate) mod rows;
mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use recorder_errors::prelude::*;
use trace_model::event::EventKind;
use trace_model::{CodeLines, Definitions, Names};

pub use calls::{Call, End};
pub use ending::{Ended, Standing};
pub use events::{Events, Selection};
pub use find::{Found, Status};
pub use state::{Frame, State};

use crate::container::chain::Chain;
use crate::container::{BlockEntry, CONTAINER};
use crate::drain::Totals;
use crate::last_words;
use crate::metadata::{Cut, Metadata};
use crate::segment::Leftovers;
use crate::staging::{LOCK, SEGMENTS, has_reason, known, read_metadata};

/// A block and where its bytes are.
#[derive(Debug)]
struct Block {
    entry: BlockEntry,
    /// The block itself, where it is in no file.
    bytes: Option<Vec<u8>>,
}

/// An open recording.
#[derive(Debug)]
pub struct Recording {
    found: Found,
    container: Chain,
    blocks: Vec<Block>,
    /// Numbers of blocks by thread, in the order of steps.
    by_thread: BTreeMap<u32, Vec<usize>>,
    definitions: Definitions,
    metadata: Metadata,
}

/// Sums over a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Events of all kinds.
    pub events: u64,
    /// Events by `EventKind` number.
    pub by_kind: [u64; EventKind::ALL.len()],
    /// `raise` events in the frame that raised.
    pub exceptions: u64,
    /// Threads with events.
    pub threads: u64,
    /// Blocks.
    pub blocks: u64,
}

impl Recording {
    /// Opens what `path` means: a recording's directory (the newest of it and the unfinished ones beside it), an
    /// unfinished recording's staging directory, or a `trace.mcap`.
    ///
    /// # Errors
    /// `ERR_TRACE_NOT_FOUND`, `ERR_NOT_A_TRACE`, `ERR_TRACE_VERSION`, `ERR_TRACE_CORRUPT`, or what the system says.
    pub fn open(path: impl AsRef<Path>) -> RecorderResult<Self> {
        let found = find::find(path.as_ref())?;
        if found.status == Status::Finished {
            return Self::open_finished(found);
        }
        let staging = found.path.clone();
        match Self::open_staging(found) {
            // It was committed since it was found.
            Err(_) if !staging.exists() => Self::open_finished(find::find(path.as_ref())?),
            other => other,
        }
    }

    fn open_finished(found: Found) -> RecorderResult<Self> {
        let path = if found.path.is_dir() {
            found.path.join(CONTAINER)
        } else {
            found.path.clone()
        };
        let mut container = Chain::single(&path)?;
        let beside = path.parent().map(read_metadata).transpose();
        let inside = container.metadata.take();
        // The file beside knows the sizes; without it the container's own is enough.
        let metadata = match (beside, inside) {
            (Ok(Some(Some(beside))), Some(inside)) if beside.trace_id == inside.trace_id => beside,
            (_, Some(inside)) => inside,
            (Ok(Some(Some(beside))), None) => beside,
            (Err(error), None) => return Err(error),
            (Ok(_), None) => Metadata::default(),
        };
        Self::assemble(found, container, Leftovers::default(), metadata)
    }

    fn open_staging(found: Found) -> RecorderResult<Self> {
        // Segments first: one whose rows move to the container meanwhile is then found in both, and not in neither.
        let leftovers = Leftovers::read(&found.path.join(SEGMENTS))?;
        let container = Chain::open(&found.path)?;
        let beside = read_metadata(&found.path).ok().flatten();
        let mut metadata = known(container.metadata.clone(), container.finished, beside);
        if !container.finished && !has_reason(&metadata) {
            metadata.set_partial(found.status.reason());
        }
        Self::assemble(found, container, leftovers, metadata)
    }

    fn assemble(
        found: Found,
        mut container: Chain,
        leftovers: Leftovers,
        mut metadata: Metadata,
    ) -> RecorderResult<Self> {
        let mut definitions = std::mem::take(&mut container.definitions);
        let mut totals = Totals::default();
        let revived = rows::revive(
            &container,
            &leftovers,
            &mut definitions,
            metadata.clock.first.ns,
            &mut totals,
        )?;
        let gap = match found.status {
            Status::Finished => None,
            _ => gap::tell(&container, &revived.blocks, &mut metadata)?,
        };
        let stored = std::mem::take(&mut container.entries)
            .into_iter()
            .map(|entry| Block { entry, bytes: None });
        let cut = revived.cut;
        let revived = revived.blocks.into_iter().chain(gap).map(|block| Block {
            entry: block.entry,
            bytes: Some(block.bytes),
        });
        let blocks: Vec<Block> = stored.chain(revived).collect();
        let mut by_thread: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (number, block) in blocks.iter().enumerate() {
            totals.add(&block.entry);
            by_thread
                .entry(block.entry.thread)
                .or_default()
                .push(number);
        }
        for numbers in by_thread.values_mut() {
            numbers.sort_by_key(|number| {
                let block = blocks.get(*number);
                block.map(|block| (block.entry.first_step, block.entry.sequence))
            });
        }
        if found.status != Status::Finished {
            let first = metadata.clock.first;
            for block in &blocks {
                totals.clock_of(first, &block.entry);
            }
            totals.describe(definitions.tasks().count() as u64, &mut metadata);
            metadata.bytes = container.len;
            if found.status == Status::Interrupted {
                let missing = totals.missing(metadata.dropped_events());
                metadata.cut = Cut::of(container.cut_bytes, cut, missing);
                let entries = blocks.iter().map(|block| &block.entry);
                last_words::settle(&mut metadata, &found.path.join(LOCK), &definitions, entries);
            }
        }
        Ok(Self {
            found,
            container,
            blocks,
            by_thread,
            definitions,
            metadata,
        })
    }

    /// Which recording this is, and whether it is finished.
    pub const fn source(&self) -> &Found {
        &self.found
    }

    /// Who, what, when. Of an unfinished recording what is known so far, `partial`, with `running` or `killed` as
    /// reason.
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What ids stand for.
    pub const fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Threads with events.
    pub fn threads(&self) -> impl Iterator<Item = u32> {
        self.by_thread.keys().copied()
    }

    /// The index: every block, in the order in which they were stored.
    pub fn index(&self) -> impl Iterator<Item = &BlockEntry> {
        self.blocks.iter().map(|block| &block.entry)
    }

    /// Sums over all blocks.
    pub fn counts(&self) -> Counts {
        let mut totals = Totals::default();
        self.blocks
            .iter()
            .for_each(|block| totals.add(&block.entry));
        Counts {
            events: totals.events(),
            by_kind: totals.counts,
            exceptions: totals.origins,
            threads: totals.threads.len() as u64,
            blocks: totals.blocks,
        }
    }

    /// Nanoseconds since the start of the recording.
    pub fn ns(&self, tick: u64) -> u64 {
        self.metadata.clock.ns(tick)
    }

    /// Where copies of the sources are, if the recording is a directory.
    pub fn files(&self) -> Option<PathBuf> {
        let files = self.found.path.join(crate::staging::FILES);
        files.is_dir().then_some(files)
    }

    /// Bytes of a block.
    fn bytes(&self, number: usize) -> RecorderResult<std::borrow::Cow<'_, [u8]>> {
        let Some(block) = self.blocks.get(number) else {
            return Err(bug!(INTERNAL, "there is no block {number}"));
        };
        match &block.bytes {
            Some(bytes) => Ok(bytes.into()),
            None => self.container.block(&block.entry).map(Into::into),
        }
    }

    /// Whether frames may stand on a stack whose beginning was dropped.
    fn has_lost_beginnings(&self) -> bool {
        self.metadata.flight.is_some()
    }

    fn entry(&self, number: usize) -> Option<&BlockEntry> {
        self.blocks.get(number).map(|block| &block.entry)
    }

    fn is_suspendable(&self, code: u32) -> bool {
        // A frame of unknown code is treated as one that may be suspended: nothing is missed then.
        self.definitions
            .code(code)
            .is_none_or(trace_model::CodeDef::is_suspendable)
    }

    fn lines(&self) -> &(impl CodeLines + use<>) {
        &self.definitions
    }
}
