//! Rows from blocks, and blocks from segments that nobody drained.
//!
//! Owns the limits of both. Refuses to interpret rows.

use std::collections::{HashMap, HashSet};

use recorder_errors::prelude::*;
use trace_model::block::BlockReader;
use trace_model::{Definition, Definitions, Row, RowReader, ThreadState};

use crate::container::BlockEntry;
use crate::container::chain::Chain;
use crate::drain::encode::{Encoder, Store};
use crate::drain::{Batch, Totals};
use crate::error::{corrupt, malformed};
use crate::segment::{LARGEST, Leftover, Leftovers};

/// First object id of blocks made from left segments: beyond any id that the process gave.
const REVIVED_OBJECTS: u64 = 1 << 40;

/// The rows of a block in their segment form, which is where a reader can stop and go on.
pub(crate) fn expand(
    container: &Chain,
    at: u64,
    block: &[u8],
) -> RecorderResult<(ThreadState, Vec<u8>)> {
    let fail = |error| malformed(&container.path, at, error);
    let mut reader = BlockReader::new(block).map_err(fail)?;
    let start = reader.header().start.clone();
    let mut rows = Vec::new();
    while let Some(row) = reader.next().map_err(fail)? {
        row.encode(&mut rows);
        if rows.len() > LARGEST {
            // Rows of a block come from one segment; only a hostile one is larger.
            return Err(corrupt(&container.path, at, "a block is too large"));
        }
    }
    Ok((start, rows))
}

/// A block made from a segment.
#[derive(Debug)]
pub(crate) struct Revived {
    pub entry: BlockEntry,
    pub bytes: Vec<u8>,
}

/// What became of the segments left.
#[derive(Debug, Default)]
pub(crate) struct Revival {
    pub blocks: Vec<Revived>,
    /// Definitions of the segments, in their order.
    pub news: Vec<Definition>,
    /// Segments whose rows were in no block yet, those of which nothing can be told included.
    pub segments: u64,
    /// Of these, segments of which a part was left out, or all.
    pub cut: u64,
}

/// Where the thread stands after a block.
fn state_after(
    container: &Chain,
    entry: &BlockEntry,
    definitions: &Definitions,
) -> RecorderResult<ThreadState> {
    let bytes = container.block(entry)?;
    let fail = |error| malformed(&container.path, entry.offset, error);
    let mut reader = BlockReader::new(&bytes).map_err(fail)?;
    let mut state = reader.header().start.clone();
    while let Some(row) = reader.next().map_err(fail)? {
        state.advance(&row, definitions).map_err(fail)?;
    }
    Ok(state)
}

/// Keeps definitions that the caller stores itself, or only reads.
struct Nowhere;

impl Store for Nowhere {
    fn define(&mut self, _: &Definition, _: usize) -> RecorderResult<bool> {
        Ok(false)
    }

    fn missing(&mut self) -> RecorderResult<Vec<Definition>> {
        Ok(Vec::new())
    }
}

fn definitions_in(leftovers: &[Leftover]) -> Vec<Definition> {
    let mut found = Vec::new();
    for segment in leftovers {
        let mut reader = RowReader::new(&segment.rows);
        while let Ok(Some(row)) = reader.next() {
            if let Row::Define(definition) = row {
                found.push(definition);
            }
        }
    }
    found
}

/// Makes blocks of the segments whose rows are in no block yet, and adds their definitions to `definitions`. Rows that
/// make no sense end their segment, and what is missing of a thread ends the thread: what follows has lost its context.
pub(crate) fn revive(
    container: &Chain,
    leftovers: &Leftovers,
    definitions: &mut Definitions,
    start_ns: u64,
    totals: &mut Totals,
) -> RecorderResult<Revival> {
    // A segment whose number alone is that of a block is another one, with a damaged header.
    let stored: HashSet<(u32, u64, u64)> = container
        .entries
        .iter()
        .map(|entry| (entry.thread, entry.sequence, entry.first_tick))
        .collect();
    let waiting: Vec<&Leftover> = leftovers
        .segments
        .iter()
        .filter(|segment| !stored.contains(&(segment.thread, segment.sequence, segment.base.tick)))
        .collect();
    let mut revival = Revival {
        segments: leftovers.unreadable,
        cut: leftovers.unreadable,
        ..Revival::default()
    };
    if waiting.is_empty() {
        return Ok(revival);
    }
    revival.news = definitions_in(&leftovers.segments);
    for definition in &revival.news {
        definitions.add(definition.clone());
    }
    let mut last: HashMap<u32, &BlockEntry> = HashMap::new();
    for entry in &container.entries {
        let known = last.entry(entry.thread).or_insert(entry);
        if entry.sequence > known.sequence {
            *known = entry;
        }
    }
    // The sequence of each thread's next segment.
    let mut next: HashMap<u32, u64> = last
        .iter()
        .map(|(thread, entry)| (*thread, entry.sequence.saturating_add(1)))
        .collect();
    // Of two that say that they are the same one, one is damaged, and nothing tells which.
    let mut claims: HashMap<(u32, u64), u32> = HashMap::new();
    let mut threads = HashMap::new();
    for segment in &waiting {
        *claims.entry(segment.key()).or_default() += 1;
        if let Some(entry) = last.get(&segment.thread)
            && !threads.contains_key(&segment.thread)
        {
            let state = state_after(container, entry, definitions)?;
            threads.insert(segment.thread, state);
        }
    }
    let known = std::mem::take(definitions);
    let mut encoder = Encoder::resume(start_ns, known, threads, REVIVED_OBJECTS);
    for segment in waiting {
        revival.segments += 1;
        let due = next.entry(segment.thread).or_default();
        if *due != segment.sequence || claims.get(&segment.key()) != Some(&1) {
            revival.cut += 1;
            continue;
        }
        totals.clock(segment.base);
        let batch = Batch {
            thread: segment.thread,
            sequence: segment.sequence,
            base: segment.base,
            rows: &segment.rows,
        };
        let encoded = encoder.encode(&batch, &mut Nowhere)?;
        if encoded.cut.is_some() || segment.is_short {
            revival.cut += 1;
        } else {
            *due = segment.sequence.saturating_add(1);
        }
        if let Some(entry) = encoded.entry {
            revival.blocks.push(Revived {
                entry,
                bytes: encoder.block().to_vec(),
            });
        }
    }
    *definitions = encoder.into_definitions();
    Ok(revival)
}
