//! What a flight recorder dropped, as one event of kind gap where the last dropped event was.
//!
//! Owns the block that says so. Refuses to guess how many and where: the writer counted what it dropped and noted the
//! last step of it, and no event that was kept has that.

use recorder_errors::prelude::*;
use trace_model::block::{BlockBuilder, BlockMeta, BlockReader};
use trace_model::event::EventKind;
use trace_model::{Op, Row, ThreadState};

use super::rows::Revived;
use crate::container::BlockEntry;
use crate::container::chain::Chain;
use crate::error::malformed;
use crate::metadata::{ClockPair, Metadata};

/// Reason number of the gap that a flight recorder leaves.
pub const DROPPED_AS_OLD: u8 = 1;

/// Notes in `metadata` how many events were dropped, and gives the block that tells it, where some were.
pub(crate) fn tell(
    chain: &Chain,
    revived: &[Revived],
    metadata: &mut Metadata,
) -> RecorderResult<Option<Revived>> {
    let inside = chain.metadata.as_ref().and_then(|m| m.flight.as_ref());
    let inside = inside.filter(|flight| flight.dropped.is_some());
    let Some(flight) = &mut metadata.flight else {
        return Ok(None);
    };
    if let Some(inside) = inside {
        (flight.dropped, flight.dropped_events) = (inside.dropped, inside.dropped_events);
    }
    if let Some(reason) = metadata.reason.as_ref().filter(|_| flight.is_running()) {
        flight.reason.clone_from(reason);
    }
    let stored = chain.entries.iter();
    let entries = stored.chain(revived.iter().map(|block| &block.entry));
    let Some(last) = flight.dropped else {
        return Ok(None);
    };
    let (mut end, mut kept) = (last.step.saturating_add(1), 0u64);
    for entry in entries {
        // A recording that was saved has its gap.
        if entry.first_step == last.step && entry.counts[EventKind::Gap as usize] > 0 {
            return Ok(None);
        }
        end = end.max(entry.end_step);
        kept = kept.saturating_add(entry.events());
    }
    // A process may be killed before what its writer says is dropped has gone.
    let absent = end.saturating_sub(kept);
    flight.dropped_events = flight.dropped_events.min(absent);
    let count = flight.dropped_events;
    let clock = metadata.clock.first;
    Ok((count > 0).then_some(block(chain, last.step, last.thread, count, clock)?))
}

fn block(
    chain: &Chain,
    step: u64,
    thread: u32,
    count: u64,
    start: ClockPair,
) -> RecorderResult<Revived> {
    let of_thread = chain.entries.iter().filter(|entry| entry.thread == thread);
    let next = of_thread.min_by_key(|entry| entry.sequence);
    let (mut state, sequence, clock) = match next {
        Some(entry) => {
            let bytes = chain.block(entry)?;
            let reader = BlockReader::new(&bytes)
                .map_err(|error| malformed(&chain.path, entry.offset, error))?;
            let state = reader.header().start.clone();
            (state, entry.sequence.saturating_sub(1), entry.clock)
        }
        None => {
            let state = ThreadState {
                tick: start.tick,
                ..ThreadState::new(thread)
            };
            (state, 0, (start.tick, 0))
        }
    };
    state.next_step = step;
    let mut builder = BlockBuilder::new(&state);
    let row = Row::Event {
        dt: 0,
        op: Op::Gap {
            reason: DROPPED_AS_OLD,
            count,
        },
    };
    builder
        .push(&row)
        .map_err(|error| bug!(INTERNAL, "a gap cannot be written: {}", error.what))?;
    let mut bytes = Vec::new();
    let header = builder.finish(&BlockMeta { sequence, clock }, &mut bytes);
    Ok(Revived {
        entry: BlockEntry::new(&header, step, 0),
        bytes,
    })
}
