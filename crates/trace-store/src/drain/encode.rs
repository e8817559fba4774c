//! From rows with addresses to blocks with object ids.
//!
//! Owns where each thread stands between its segments, and the definitions seen so far. Refuses to store blocks and
//! definitions; a [`Store`] does.

use std::collections::{HashMap, HashSet};

use recorder_errors::prelude::*;
use trace_model::block::{BlockBuilder, BlockMeta};
use trace_model::{DecodeError, Definition, Op, Row, RowReader, ThreadState, Value};

use super::Batch;
use super::cuts::Cuts;
use super::objects::ObjectIds;
use super::seen::Known;
use crate::container::BlockEntry;

/// Steps of a thread only grow; an index whose blocks end before they begin could not be read.
const BACKWARDS: &str = "step that goes back";

/// Where definitions go.
pub(crate) trait Store {
    /// Rows of the batch belong to a task.
    fn task(&mut self, _: u32) {}

    /// Takes a definition found at `offset` of the batch. `false` when it was taken earlier.
    fn define(&mut self, definition: &Definition, offset: usize) -> RecorderResult<bool>;
    /// Definitions that stand elsewhere and were not taken yet, asked for when one is missing.
    fn missing(&mut self) -> RecorderResult<Vec<Definition>>;
}

/// What became of a batch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Encoded {
    /// The entry of the block; none when there were no rows but definitions.
    pub entry: Option<BlockEntry>,
    /// Step of the last event.
    pub last_step: Option<u64>,
    /// Where rows stopped making sense; what stands before is in the block.
    pub cut: Option<DecodeError>,
}

/// Turns batches into blocks, one after another.
#[derive(Debug)]
pub(crate) struct Encoder<D> {
    definitions: D,
    threads: HashMap<u32, ThreadState>,
    objects: ObjectIds,
    builder: BlockBuilder,
    block: Vec<u8>,
    start_ns: u64,
    cuts: Cuts,
}

impl<D: Known> Encoder<D> {
    /// An encoder for a recording that started at `start_ns` of the monotonic clock.
    pub fn new(start_ns: u64, definitions: D) -> Self {
        Self::resume(start_ns, definitions, HashMap::new(), 1)
    }

    /// An encoder that goes on after blocks that exist.
    pub fn resume(
        start_ns: u64,
        definitions: D,
        threads: HashMap<u32, ThreadState>,
        first_object: u64,
    ) -> Self {
        Self {
            definitions,
            threads,
            objects: ObjectIds::new(first_object),
            builder: BlockBuilder::new(&ThreadState::default()),
            block: Vec::new(),
            start_ns,
            cuts: Cuts::default(),
        }
    }

    /// What the limits cut so far.
    pub const fn cuts(&self) -> &Cuts {
        &self.cuts
    }

    /// What is known of definitions.
    pub const fn definitions(&mut self) -> &mut D {
        &mut self.definitions
    }

    /// The same, at the end.
    pub fn into_definitions(self) -> D {
        self.definitions
    }

    /// Forgets where a thread stands that is gone.
    pub fn forget_thread(&mut self, thread: u32) {
        self.threads.remove(&thread);
    }

    /// Where threads stand that are not gone.
    pub const fn threads(&self) -> &HashMap<u32, ThreadState> {
        &self.threads
    }

    /// Code objects with an open frame in some thread.
    pub fn open_codes(&self) -> HashSet<u32> {
        let stacks = self.threads.values().flat_map(|state| &state.stack);
        stacks.map(|frame| frame.code).collect()
    }

    /// The block of the last batch.
    pub fn block(&self) -> &[u8] {
        &self.block
    }

    /// Encodes a batch.
    pub fn encode<S: Store>(
        &mut self,
        batch: &Batch<'_>,
        store: &mut S,
    ) -> RecorderResult<Encoded> {
        let mut state = self
            .threads
            .remove(&batch.thread)
            .unwrap_or_else(|| ThreadState::new(batch.thread));
        if batch.base.step < state.next_step {
            // Kept for the segment that the thread really goes on with.
            self.threads.insert(batch.thread, state);
            return Ok(Encoded {
                entry: None,
                last_step: None,
                cut: Some(DecodeError::new(BACKWARDS, 0)),
            });
        }
        state.next_step = batch.base.step;
        state.next_call = batch.base.call;
        state.tick = batch.base.tick;
        self.builder.reset(&state);
        store.task(state.task);
        let mut progress = Progress::default();
        let result = self.rows(batch, store, &mut state, &mut progress);
        let next_step = state.next_step;
        self.threads.insert(batch.thread, state);
        let cut = result?;
        self.block.clear();
        if self.builder.is_empty() {
            return Ok(Encoded {
                entry: None,
                last_step: None,
                cut,
            });
        }
        let meta = BlockMeta {
            sequence: batch.sequence,
            clock: (batch.base.tick, batch.base.ns.saturating_sub(self.start_ns)),
        };
        let header = self.builder.finish(&meta, &mut self.block);
        let first = progress.first_step.unwrap_or(next_step);
        Ok(Encoded {
            entry: Some(BlockEntry::new(&header, first, progress.origins)),
            last_step: progress.last_step,
            cut,
        })
    }

    fn rows<S: Store>(
        &mut self,
        batch: &Batch<'_>,
        store: &mut S,
        state: &mut ThreadState,
        progress: &mut Progress,
    ) -> RecorderResult<Option<DecodeError>> {
        let mut reader = RowReader::new(batch.rows);
        loop {
            let offset = reader.offset();
            let at = |error: DecodeError| Some(DecodeError::new(error.what, offset));
            let mut row = match reader.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(None),
                Err(error) => return Ok(at(error)),
            };
            match &mut row {
                Row::Event { op, .. } => {
                    if let Op::Call { code } | Op::Resume { code, .. } | Op::Throw { code, .. } = op
                    {
                        self.need(*code, store)?;
                    }
                    if let Op::Raise { origin: true } = op {
                        progress.origins += 1;
                    }
                }
                Row::Opened { code, .. } => self.need(*code, store)?,
                Row::Object {
                    object, type_id, ..
                }
                | Row::Change {
                    object, type_id, ..
                } => *object = self.objects.id(*object, *type_id),
                Row::Item(value)
                | Row::Bind { value, .. }
                | Row::Result(value)
                | Row::Exception(value) => {
                    if let Value::Ref { object, type_id } = value {
                        *object = self.objects.id(*object, *type_id);
                    }
                }
                Row::Define(definition) => {
                    if store.define(definition, offset)? {
                        self.definitions.take(definition);
                    }
                    continue;
                }
                Row::Sync { step, .. } if *step < state.next_step => {
                    return Ok(at(DecodeError::new(BACKWARDS, offset)));
                }
                Row::Task { task } => store.task(*task),
                Row::Sync { .. }
                | Row::Time { .. }
                | Row::Lost { .. }
                | Row::Unbind { .. }
                | Row::Truncated => {}
            }
            self.cuts.see(&row);
            match state.advance(&row, &self.definitions) {
                Ok(Some(moment)) => {
                    progress.first_step.get_or_insert(moment.step);
                    progress.last_step = Some(moment.step);
                }
                Ok(None) => {}
                Err(error) => return Ok(at(error)),
            }
            if let Err(error) = self.builder.push(&row) {
                return Ok(at(error));
            }
        }
    }

    #[inline]
    fn need<S: Store>(&mut self, code: u32, store: &mut S) -> RecorderResult<()> {
        if self.definitions.first_line(code).is_none() {
            for definition in store.missing()? {
                self.definitions.take(&definition);
            }
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Progress {
    first_step: Option<u64>,
    last_step: Option<u64>,
    origins: u64,
}
