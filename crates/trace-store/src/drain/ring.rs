//! A flight recorder's containers: the newest part of the recording, in parts of which the oldest is let go.
//!
//! Owns the parts, and when a new one begins. Each begins with every definition that may be needed, and with where each
//! thread stands of which no block is left, so that it can be read when those before it are gone, and so can segments
//! that were never drained. Refuses to let a block go before a newer part stands in its place.
//!
//! The newest part is `trace.mcap`, so that whoever looks for a recording finds one at any moment: a new part is made
//! in `ring/`, and changes places with it in one step.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use recorder_errors::prelude::*;
use trace_model::block::{BlockBuilder, BlockMeta};
use trace_model::{Definition, ThreadState};

use super::kept::Kept;
use crate::container::chain::{RING, part_file};
use crate::container::writer::ContainerWriter;
use crate::container::{BlockEntry, CONTAINER};
use crate::flight::Window;
use crate::metadata::{Dropped, Metadata};
use crate::raw::fd::{Target, rename};

/// Parts that the window has, of which one is being written.
const PARTS: u64 = 8;

/// A part that is complete.
#[derive(Debug)]
struct Part {
    number: u64,
    bytes: u64,
    /// The last event in it.
    last: Option<Dropped>,
    events: u64,
    /// When its last block was stored.
    ended: Instant,
}

/// The last block of a thread.
#[derive(Debug)]
struct Place {
    part: u64,
    meta: BlockMeta,
}

/// The parts.
#[derive(Debug)]
pub(crate) struct Ring {
    staging: PathBuf,
    window: Window,
    /// Bytes that all parts together may take.
    limit: u64,
    current: ContainerWriter,
    /// Bytes with which it began.
    head: u64,
    number: u64,
    begun: Instant,
    /// The last event in the current part.
    last: Option<Dropped>,
    blocks: u64,
    /// Events in the current part.
    events: u64,
    parts: VecDeque<Part>,
    pub kept: Kept,
    threads: HashMap<u32, Place>,
    /// As known at the start, with what was dropped since.
    metadata: Metadata,
}

impl Ring {
    /// Begins the first part. `limit` is what all parts may take, where the window is one of bytes.
    pub fn create(
        staging: PathBuf,
        window: Window,
        limit: u64,
        metadata: &Metadata,
    ) -> RecorderResult<Self> {
        let ring = staging.join(RING);
        fs::create_dir(&ring)
            .map_err(|error| RecorderError::io_while("create the ring", &ring, error))?;
        Ok(Self {
            current: ContainerWriter::create(&staging.join(CONTAINER), metadata)?,
            staging,
            window,
            limit,
            head: 0,
            number: 1,
            begun: Instant::now(),
            last: None,
            blocks: 0,
            events: 0,
            parts: VecDeque::new(),
            kept: Kept::default(),
            threads: HashMap::new(),
            metadata: metadata.clone(),
        })
    }

    pub const fn current(&self) -> &ContainerWriter {
        &self.current
    }

    /// Bytes in the current part.
    pub fn position(&self) -> u64 {
        self.current.position()
    }

    /// Makes room before a block: begins another part where the current one has its share. Threads stand at `states`.
    pub fn prepare(&mut self, states: &HashMap<u32, ThreadState>) -> RecorderResult<()> {
        let share = match self.window {
            // Definitions that fill a part again and again would leave no room for events.
            Window::Bytes(_) => self.position() >= (3 * self.head).max(self.limit / PARTS),
            Window::Time(time) => self.begun.elapsed() >= part_time(time),
        };
        if share && self.blocks > 0 {
            self.rotate(states)?;
        }
        Ok(())
    }

    /// Takes a definition.
    pub fn define(&mut self, definition: &Definition) {
        let bytes = self.kept.learn(definition);
        self.current.define_encoded(bytes);
    }

    /// Stores definitions that no block needed yet.
    pub fn store_definitions(&mut self) -> RecorderResult<()> {
        self.current.store_definitions()
    }

    /// Stores a block, whose last event is at `last`.
    pub fn block(
        &mut self,
        block: &[u8],
        entry: BlockEntry,
        last: Option<u64>,
    ) -> RecorderResult<BlockEntry> {
        if let Some(step) = last
            && self.last.is_none_or(|known| known.step < step)
        {
            self.last = Some(Dropped {
                step,
                thread: entry.thread,
            });
        }
        self.blocks += 1;
        self.events += entry.events();
        let meta = BlockMeta {
            sequence: entry.sequence,
            clock: entry.clock,
        };
        let part = self.number;
        self.threads.insert(entry.thread, Place { part, meta });
        self.current.block(block, entry)
    }

    /// Ends the current part and begins another, without those that are too old.
    fn rotate(&mut self, states: &HashMap<u32, ThreadState>) -> RecorderResult<()> {
        let gone = self.too_old();
        if let (Some(flight), Some(last)) = (&mut self.metadata.flight, gone.last) {
            let newest = flight.dropped.filter(|dropped| dropped.step > last.step);
            flight.dropped = newest.or(Some(last));
            flight.dropped_events += gone.events;
        }
        let (older, newest) = (self.part(self.number), self.staging.join(CONTAINER));
        let mut next = ContainerWriter::create_for(&older, &newest, &self.metadata)?;
        let oldest = self
            .parts
            .get(gone.parts)
            .map_or(self.number, |part| part.number);
        let left: Vec<&ThreadState> = self
            .threads
            .iter()
            .filter_map(|(thread, place)| states.get(thread).filter(|_| place.part < oldest))
            .collect();
        // Their tasks stay with them, for the next part and as long as that one is there.
        left.iter().for_each(|state| self.kept.task(state.task));
        self.kept.begin(self.number + 1, oldest);
        left.iter().for_each(|state| self.kept.task(state.task));
        for definition in self.kept.definitions() {
            next.define_encoded(definition);
        }
        next.store_definitions()?;
        for state in left {
            if let Some(place) = self.threads.get_mut(&state.thread) {
                place.part = self.number + 1;
                let mut block = Vec::new();
                let header = BlockBuilder::new(state).finish(&place.meta, &mut block);
                next.block(&block, BlockEntry::new(&header, state.next_step, 0))?;
            }
        }
        self.head = next.position();
        exchange(&older, &newest)
            .map_err(|error| RecorderError::io_while("begin a part", &newest, error))?;
        let before = std::mem::replace(&mut self.current, next);
        self.parts.push_back(Part {
            number: self.number,
            bytes: before.position(),
            last: self.last.take(),
            events: std::mem::take(&mut self.events),
            ended: Instant::now(),
        });
        drop(before);
        self.number += 1;
        self.begun = Instant::now();
        self.blocks = 0;
        for _ in 0..gone.parts {
            if let Some(part) = self.parts.pop_front() {
                // What cannot be removed now goes with the directory.
                let _ = fs::remove_file(self.part(part.number));
            }
        }
        Ok(())
    }

    /// Ends the current part, so that the parts before it are complete and never change. Gives their files; what they
    /// need of the parts that are gone stands in the newest.
    pub fn seal(&mut self, states: &HashMap<u32, ThreadState>) -> RecorderResult<Vec<PathBuf>> {
        match self.blocks {
            0 => self.store_definitions()?,
            _ => self.rotate(states)?,
        }
        Ok(self
            .parts
            .iter()
            .map(|part| self.part(part.number))
            .collect())
    }

    /// Lets go what is too old in the end.
    pub fn finish(&mut self) -> RecorderResult<()> {
        match self.window {
            Window::Bytes(_) => Ok(()),
            Window::Time(_) => self.rotate(&HashMap::new()),
        }
    }

    /// What is known of the recording, for one that is saved from it now.
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Forgets a thread that is gone.
    pub fn forget_thread(&mut self, thread: u32) {
        self.threads.remove(&thread);
        self.kept.forget_thread(thread);
    }

    fn part(&self, number: u64) -> PathBuf {
        self.staging.join(RING).join(part_file(number))
    }

    /// How many of the oldest parts go when the current one is complete.
    fn too_old(&self) -> Gone {
        let mut gone = Gone::default();
        let mut bytes: u64 = self.parts.iter().map(|part| part.bytes).sum();
        bytes += self.position();
        for part in &self.parts {
            let goes = match self.window {
                Window::Bytes(_) => bytes > self.limit - self.limit / PARTS,
                Window::Time(time) => part.ended.elapsed() > time,
            };
            if !goes {
                break;
            }
            bytes -= part.bytes;
            gone.parts += 1;
            gone.events += part.events;
            gone.last = [gone.last, part.last]
                .into_iter()
                .flatten()
                .max_by_key(|last| last.step);
        }
        gone
    }
}

#[derive(Debug, Default)]
struct Gone {
    parts: usize,
    events: u64,
    /// The last event in them.
    last: Option<Dropped>,
}

fn part_time(time: Duration) -> Duration {
    time / u32::try_from(PARTS).unwrap_or(1)
}

/// Swaps two files in one step; where the file system cannot, in three.
fn exchange(older: &std::path::Path, newest: &std::path::Path) -> std::io::Result<()> {
    match rename(older, newest, Target::Exchange) {
        Err(error) if crate::staging::commit::unsupported(&error) => {
            let aside = older.with_extension("new");
            fs::rename(older, &aside)?;
            fs::rename(newest, older)?;
            fs::rename(&aside, newest)
        }
        other => other,
    }
}
