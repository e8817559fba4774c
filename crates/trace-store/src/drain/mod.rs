//! Draining: full segments become stored blocks.
//!
//! Owns the order of what is stored for a segment and the totals of the recording. Refuses to run threads (`writer`),
//! to hand out segments (`pool`), and to call anything of Python.

mod cuts;
pub(crate) mod encode;
pub(crate) mod objects;
pub(crate) mod sources;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use recorder_errors::prelude::*;
use trace_model::event::EventKind;
use trace_model::{Definition, Definitions, Row, RowReader, SCHEMA_VERSION};

use crate::container::index::KINDS;
use crate::container::writer::ContainerWriter;
use crate::container::{BlockEntry, CONTAINER};
use crate::metadata::{ClockPair, Cut, Metadata};
use crate::pool::Pool;
use crate::segment::{Base, Slot};
use crate::staging::{FILES, Staging};
use encode::{Encoder, Store};
use sources::Sources;

/// Rows of one thread with their place in the recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub thread: u32,
    pub sequence: u64,
    pub base: Base,
    pub rows: &'a [u8],
}

/// Sums over all blocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub counts: [u64; KINDS],
    pub origins: u64,
    pub blocks: u64,
    pub threads: HashSet<u32>,
    pub first_tick: Option<u64>,
    pub last_tick: u64,
    /// Step after the last event.
    pub end_step: u64,
    /// The last moment known on both clocks.
    pub last: ClockPair,
}

impl Totals {
    pub fn add(&mut self, entry: &BlockEntry) {
        for (sum, n) in self.counts.iter_mut().zip(entry.counts) {
            *sum = sum.saturating_add(n);
        }
        self.origins = self.origins.saturating_add(entry.origins);
        self.blocks += 1;
        self.threads.insert(entry.thread);
        let first = self.first_tick.unwrap_or(u64::MAX).min(entry.first_tick);
        self.first_tick = Some(first);
        self.last_tick = self.last_tick.max(entry.end_tick);
        if entry.events() > 0 {
            self.end_step = self.end_step.max(entry.end_step);
        }
    }

    /// Events that are missing between those that are there: every event took one step.
    pub fn missing(&self) -> u64 {
        self.end_step.saturating_sub(self.events())
    }

    /// What is left out of a recording, if anything is.
    pub fn cut(&self, bytes: u64, segments: u64) -> Option<Cut> {
        let cut = Cut {
            bytes,
            segments,
            events: self.missing(),
        };
        (cut != Cut::default()).then_some(cut)
    }

    pub fn clock(&mut self, base: Base) {
        if base.tick >= self.last.tick {
            self.last = ClockPair {
                tick: base.tick,
                ns: base.ns,
            };
        }
    }

    /// Takes the clock pair of a block in; it counts from the start, which is `first`.
    pub fn clock_of(&mut self, first: ClockPair, entry: &BlockEntry) {
        let (tick, since) = entry.clock;
        self.clock(Base {
            tick,
            ns: first.ns.saturating_add(since),
            ..Base::default()
        });
    }

    pub fn events(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Fills in what the blocks say.
    pub fn describe(&self, definitions: &Definitions, metadata: &mut Metadata) {
        metadata.schema_version = SCHEMA_VERSION;
        metadata.events = self.events();
        metadata.calls = self.counts[EventKind::Call as usize];
        metadata.lines = self.counts[EventKind::Line as usize];
        metadata.exceptions = self.origins;
        metadata.threads = self.threads.len() as u64;
        metadata.tasks = definitions.tasks().count() as u64;
        metadata.processes = metadata.processes.max(1);
        if metadata.clock.last.tick <= metadata.clock.first.tick {
            metadata.clock.last = self.last;
        }
        let first = self.first_tick.unwrap_or(metadata.clock.first.tick);
        metadata.duration_ns = metadata
            .clock
            .ns(self.last_tick)
            .saturating_sub(metadata.clock.ns(first));
        metadata.count("blocks", self.blocks);
    }
}

/// The counter of events that hooks recorded.
const RECORDED: &str = "events_recorded";

/// Begins the counter of events that were recorded and are not in the recording; why it is partial follows.
const DROPPED: &str = "dropped_events.";

/// Everything that the draining side owns.
#[derive(Debug)]
pub(crate) struct Drain {
    container: ContainerWriter,
    encoder: Encoder,
    sources: Sources,
    pub totals: Totals,
    pool: Arc<Pool>,
    /// Row bytes of segments in use whose definitions were taken ahead of their turn, by thread and sequence.
    ahead: HashMap<(u32, u64), usize>,
}

impl Drain {
    pub fn create(
        staging: &Staging,
        pool: Arc<Pool>,
        metadata: &Metadata,
        copy_sources: bool,
    ) -> RecorderResult<Self> {
        Ok(Self {
            container: ContainerWriter::create(&staging.at(CONTAINER), metadata)?,
            encoder: Encoder::new(metadata.clock.first.ns),
            sources: Sources::new(copy_sources.then(|| staging.at(FILES))),
            totals: Totals::default(),
            pool,
            ahead: HashMap::new(),
        })
    }

    /// The one descriptor that draining keeps open from one segment to the next; -1 when it is gone.
    pub fn descriptor(&self) -> i32 {
        self.container.descriptor()
    }

    /// Stores a segment. When it returns without an error, everything in it is in the container.
    pub fn segment(&mut self, slot: &Slot) -> RecorderResult<()> {
        let batch = Batch {
            thread: slot.thread(),
            sequence: slot.sequence(),
            base: slot.base(),
            rows: slot.rows(),
        };
        let known = self
            .ahead
            .remove(&(batch.thread, batch.sequence))
            .unwrap_or(0);
        self.totals.clock(batch.base);
        let mut intake = Intake {
            container: &mut self.container,
            sources: &mut self.sources,
            pool: &self.pool,
            ahead: &mut self.ahead,
            known,
        };
        let encoded = self.encoder.encode(&batch, &mut intake)?;
        if let Some(cut) = encoded.cut {
            return Err(bug!(
                INTERNAL,
                "the recorder wrote rows that make no sense: {}", cut.what;
                thread = batch.thread,
                sequence = batch.sequence,
                offset = cut.offset
            ));
        }
        match encoded.entry {
            Some(entry) => {
                let entry = self.container.block(self.encoder.block(), entry)?;
                self.totals.add(&entry);
                Ok(())
            }
            // The segment goes back, and with it the only other copy of its definitions.
            None => self.container.store_definitions(),
        }
    }

    pub fn store_definitions(&mut self) -> RecorderResult<()> {
        self.container.store_definitions()
    }

    /// Fills in what the recording holds. `trace_paths.json` follows from the result.
    pub fn describe(&mut self, metadata: &mut Metadata) -> Vec<String> {
        self.totals.describe(self.encoder.definitions(), metadata);
        metadata.sources = std::mem::take(&mut self.sources.copied);
        for (name, n) in self.sources.counters() {
            metadata.count(name, n);
        }
        for (name, n) in self.encoder.cuts().counters() {
            metadata.count(name, n);
        }
        let recorded = metadata.counters.get(RECORDED).copied().unwrap_or(0);
        let dropped = recorded.saturating_sub(metadata.events);
        if let Some(reason) = metadata.reason.clone().filter(|_| dropped > 0) {
            metadata.count(&format!("{DROPPED}{reason}"), dropped);
        }
        paths(self.encoder.definitions())
    }

    /// Ends the container.
    pub fn finish(self, metadata: &Metadata) -> RecorderResult<u64> {
        self.container.finish(metadata)
    }

    pub fn stored(&self) -> u64 {
        self.container.position()
    }
}

/// Paths by their id.
pub(crate) fn paths(definitions: &Definitions) -> Vec<String> {
    let by_id: BTreeMap<u32, &str> = definitions
        .paths()
        .map(|path| (path.id, path.path.as_str()))
        .collect();
    let mut list = Vec::new();
    for (id, path) in by_id {
        // Ids follow each other; a damaged one does not make the list long.
        let at = id as usize;
        if at < list.len() + 4096 {
            list.resize(at, String::new());
            list.push(path.to_owned());
        }
    }
    list
}

/// Where the encoder's definitions go, and where it finds those that it misses.
struct Intake<'a> {
    container: &'a mut ContainerWriter,
    sources: &'a mut Sources,
    pool: &'a Pool,
    ahead: &'a mut HashMap<(u32, u64), usize>,
    /// Definitions before this offset of the current segment are stored already.
    known: usize,
}

impl Store for Intake<'_> {
    fn define(&mut self, definition: &Definition, offset: usize) -> RecorderResult<bool> {
        if offset < self.known {
            return Ok(false);
        }
        self.take(definition)?;
        Ok(true)
    }

    /// Another thread defined it in a segment whose turn has not come.
    fn missing(&mut self) -> RecorderResult<Vec<Definition>> {
        let mut found = Vec::new();
        for slot in self.pool.in_use() {
            let key = (slot.thread(), slot.sequence());
            let rows = slot.rows();
            let from = self.ahead.get(&key).copied().unwrap_or(0).min(rows.len());
            let mut reader = RowReader::new(rows.get(from..).unwrap_or_default());
            while let Ok(Some(row)) = reader.next() {
                if let Row::Define(definition) = row {
                    self.take(&definition)?;
                    found.push(definition);
                }
            }
            self.ahead.insert(key, from + reader.offset());
        }
        Ok(found)
    }
}

impl Intake<'_> {
    fn take(&mut self, definition: &Definition) -> RecorderResult<()> {
        if let Definition::Path { path, real, .. } = definition {
            self.sources.copy(path, Path::new(real))?;
        }
        self.container.define(definition);
        Ok(())
    }
}
