//! Draining: full segments become stored blocks.
//!
//! Owns the order of what is stored for a segment and the totals of the recording. Refuses to run threads (`writer`),
//! to hand out segments (`pool`), and to call anything of Python.

mod cuts;
pub(crate) mod encode;
mod kept;
pub(crate) mod objects;
mod output;
mod ring;
pub(crate) mod seen;
pub(crate) mod sources;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recorder_errors::prelude::*;
use trace_model::event::EventKind;
use trace_model::{Definition, Definitions, Row, RowReader, SCHEMA_VERSION};

use crate::container::index::KINDS;
use crate::container::writer::ContainerWriter;
use crate::container::{BlockEntry, CONTAINER};
use crate::flight::Window;
use crate::metadata::{ClockPair, Metadata};
use crate::pool::Pool;
use crate::segment::{Base, Slot};
use crate::staging::home::Home;
use crate::staging::{FILES, PATHS, Staging};
use encode::{Encoder, Store};
use output::Output;
use ring::Ring;
use seen::Seen;
use sources::Sources;

/// Rows of one thread with their place in the recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub thread: u32,
    pub sequence: u64,
    pub base: Base,
    pub rows: &'a [u8],
}

/// The first ids that may be given again, or be in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FirstIds {
    /// Of a class.
    pub class: u32,
    /// Of an attribute name.
    pub name: u32,
    /// Of a path that a new code object has.
    pub path: u32,
}

/// What will not be in rows again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Ids of threads.
    pub threads: Vec<u32>,
    /// Ids of code objects.
    pub codes: Vec<u32>,
    /// Smaller ids than these are not given again, and those of classes and names not used.
    pub ids: Option<FirstIds>,
}

impl Gone {
    /// Whether it is nothing.
    pub const fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.codes.is_empty() && self.ids.is_none()
    }
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
        if entry.events() > 0 {
            self.threads.insert(entry.thread);
            let first = self.first_tick.unwrap_or(u64::MAX).min(entry.first_tick);
            self.first_tick = Some(first);
            self.last_tick = self.last_tick.max(entry.end_tick);
            self.end_step = self.end_step.max(entry.end_step);
        }
    }

    /// Events that are missing between those that are there, beside those that a flight recorder `dropped`: every event
    /// took one step, and the gap that tells of them stands at the step of the last.
    pub fn missing(&self, dropped: u64) -> u64 {
        let absent = self.end_step.saturating_sub(self.events());
        absent.saturating_sub(dropped.saturating_sub(1))
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
    pub fn describe(&self, tasks: u64, metadata: &mut Metadata) {
        metadata.schema_version = SCHEMA_VERSION;
        metadata.events = self.events();
        metadata.calls = self.counts[EventKind::Call as usize];
        metadata.lines = self.counts[EventKind::Line as usize];
        metadata.exceptions = self.origins;
        metadata.threads = self.threads.len() as u64;
        metadata.tasks = tasks;
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
    output: Output,
    encoder: Encoder<Seen>,
    sources: Sources,
    pub totals: Totals,
    pool: Arc<Pool>,
    home: Option<Arc<Home>>,
    /// Row bytes of segments in use whose definitions were taken ahead of their turn, by thread and sequence.
    ahead: HashMap<(u32, u64), usize>,
}

impl Drain {
    pub fn create(
        staging: &Staging,
        pool: Arc<Pool>,
        metadata: &Metadata,
        copy_sources: bool,
        flight: Option<(Window, u64)>,
    ) -> RecorderResult<Self> {
        let paths = flight.is_none().then(|| staging.at(PATHS));
        let output = match flight {
            Some((window, limit)) => {
                let ring = Ring::create(staging.path.clone(), window, limit, metadata)?;
                Output::Ring(Box::new(ring))
            }
            None => {
                let container = ContainerWriter::create(&staging.at(CONTAINER), metadata)?;
                Output::Whole(Box::new(container))
            }
        };
        Ok(Self {
            output,
            encoder: Encoder::new(metadata.clock.first.ns, Seen::new(paths)),
            sources: Sources::new(copy_sources.then(|| staging.at(FILES))),
            totals: Totals::default(),
            pool,
            home: staging.home.clone(),
            ahead: HashMap::new(),
        })
    }

    /// The descriptors that draining keeps open from one segment to the next; negative ones are gone.
    pub fn descriptors(&self) -> Vec<i32> {
        let home = self.home.as_ref().map(|home| home.number());
        home.into_iter().chain([self.output.descriptor()]).collect()
    }

    /// The thread that calls, with descriptors of its own, goes on.
    pub fn moved(&self) {
        self.output.moved();
    }

    /// Of a flight recorder: ends the current part. Gives the files of those that are complete, and what is known.
    pub fn seal(&mut self) -> RecorderResult<Option<(Vec<PathBuf>, Metadata)>> {
        match &mut self.output {
            Output::Ring(ring) => {
                let parts = ring.seal(self.encoder.threads())?;
                Ok(Some((parts, ring.metadata().clone())))
            }
            Output::Whole(_) => Ok(None),
        }
    }

    /// Stores a segment. When it returns without an error, everything in it is in the container.
    pub fn segment(&mut self, slot: &Slot) -> RecorderResult<()> {
        if let Some(home) = &self.home {
            home.ensure()?;
        }
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
        self.output.prepare(self.encoder.threads())?;
        let mut intake = Intake {
            output: &mut self.output,
            sources: &mut self.sources,
            pool: &self.pool,
            ahead: &mut self.ahead,
            known,
        };
        let encoded = self.encoder.encode(&batch, &mut intake)?;
        if let Some(paths) = &mut self.encoder.definitions().paths {
            paths.relieve()?;
        }
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
                let block = self.encoder.block();
                let entry = self.output.block(block, entry, encoded.last_step)?;
                self.totals.add(&entry);
                Ok(())
            }
            // The segment goes back, and with it the only other copy of its definitions.
            None => self.output.store_definitions(),
        }
    }

    pub fn store_definitions(&mut self) -> RecorderResult<()> {
        self.output.store_definitions()
    }

    /// Forgets threads and code objects that are gone; none of their rows may come after.
    pub fn forget(&mut self, gone: &Gone) {
        for thread in &gone.threads {
            self.encoder.forget_thread(*thread);
            if let Output::Ring(ring) = &mut self.output {
                ring.forget_thread(*thread);
            }
        }
        if let (Output::Ring(ring), Some(first)) = (&mut self.output, &gone.ids) {
            ring.kept.forget_before(first);
        }
        let open = self.encoder.open_codes();
        for code in gone.codes.iter().filter(|code| !open.contains(code)) {
            self.encoder.definitions().forget_code(*code);
            if let Output::Ring(ring) = &mut self.output {
                ring.kept.forget_code(*code);
            }
        }
    }

    /// Fills in what the recording holds.
    pub fn describe(&mut self, metadata: &mut Metadata) {
        let is_whole = matches!(self.output, Output::Whole(_));
        if is_whole {
            let tasks = u64::from(self.encoder.definitions().tasks);
            self.totals.describe(tasks, metadata);
        }
        metadata.sources = std::mem::take(&mut self.sources.copied);
        for (name, n) in self.sources.counters() {
            metadata.count(name, n);
        }
        for (name, n) in self.encoder.cuts().counters() {
            metadata.count(name, n);
        }
        let recorded = metadata.counters.get(RECORDED).copied().unwrap_or(0);
        let dropped = recorded.saturating_sub(metadata.events);
        if let Some(reason) = metadata.reason.clone().filter(|_| is_whole && dropped > 0) {
            metadata.count(&format!("{DROPPED}{reason}"), dropped);
        }
    }

    /// Ends the list of paths and the container, of which it gives the bytes; `None` for a flight recorder, whose
    /// recording is made of its parts. Both survive a power failure if they are to be `durable`.
    pub fn finish(self, metadata: &Metadata, durable: bool) -> RecorderResult<Option<u64>> {
        if let Some(paths) = self.encoder.into_definitions().paths {
            paths.finish(durable)?;
        }
        self.output.finish(metadata, durable)
    }

    pub fn stored(&self) -> u64 {
        self.output.position()
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
    output: &'a mut Output,
    sources: &'a mut Sources,
    pool: &'a Pool,
    ahead: &'a mut HashMap<(u32, u64), usize>,
    /// Definitions before this offset of the current segment are stored already.
    known: usize,
}

impl Store for Intake<'_> {
    fn task(&mut self, id: u32) {
        if let Output::Ring(ring) = &mut *self.output {
            ring.kept.task(id);
        }
    }

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
        self.output.define(definition);
        Ok(())
    }
}
