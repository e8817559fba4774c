//! The head of a block: where its thread stood before it, where it stands after, and what is in between.

use crate::SCHEMA_VERSION;
use crate::error::DecodeError;
use crate::event::EventKind;
use crate::replay::{OpenFrame, ThreadState};
use crate::wire::{Cursor, put_varint, unzigzag, zigzag};

const W: &str = "block header";
const OPENED_BEFORE: u8 = 1;
const STARTED: u8 = 2;

/// What a block says about itself before its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockHeader {
    /// Version of the layout, [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Number of the segment the rows came from, counted per thread.
    pub sequence: u64,
    /// The thread before the first row.
    pub start: ThreadState,
    /// Step after the last event.
    pub end_step: u64,
    /// Call id of the next new frame after the last row.
    pub end_call: u64,
    /// Tick of the last event.
    pub end_tick: u64,
    /// Events by `EventKind` number.
    pub counts: [u64; EventKind::ALL.len()],
    /// Smallest number of open frames at any time from the start to the end of the block.
    pub min_depth: u64,
    /// A moment near the block as tick units and as nanoseconds since the recording's start.
    pub clock: (u64, u64),
    /// Rows.
    pub rows: u64,
}

impl BlockHeader {
    /// Events in the block.
    pub fn events(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Events of one kind in the block.
    pub fn count(&self, kind: EventKind) -> u64 {
        self.counts[kind as usize]
    }

    /// Reads the header at the start of `block`, not looking at the rows.
    pub fn decode(block: &[u8]) -> Result<Self, DecodeError> {
        Self::read(&mut Cursor::new(block))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = &self.start;
        for n in [
            u64::from(self.schema_version),
            u64::from(start.thread),
            self.sequence,
            start.next_step,
            start.next_call,
            start.tick,
            u64::from(start.task),
            start.stack.len() as u64,
        ] {
            put_varint(out, n);
        }
        let mut before = 0u64;
        for frame in &start.stack {
            put_varint(out, zigzag(frame.call.wrapping_sub(before) as i64));
            before = frame.call;
            put_varint(out, u64::from(frame.code));
            put_varint(out, u64::from(frame.line));
            let opened = if frame.opened_before {
                OPENED_BEFORE
            } else {
                0
            };
            out.push(opened | if frame.started { STARTED } else { 0 });
        }
        for n in [self.end_step, self.end_call, self.end_tick] {
            put_varint(out, n);
        }
        for n in self.counts {
            put_varint(out, n);
        }
        for n in [self.min_depth, self.clock.0, self.clock.1, self.rows] {
            put_varint(out, n);
        }
    }

    pub(super) fn read(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let schema_version = small(c)?;
        if schema_version != SCHEMA_VERSION {
            return Err(DecodeError::new("block of another schema version", 0));
        }
        let mut start = ThreadState::new(small(c)?);
        let sequence = c.varint(W)?;
        start.next_step = c.varint(W)?;
        start.next_call = c.varint(W)?;
        start.tick = c.varint(W)?;
        start.task = small(c)?;
        let mut before = 0u64;
        for _ in 0..c.varint(W)? {
            let call = before.wrapping_add(unzigzag(c.varint(W)?) as u64);
            before = call;
            let (code, line) = (small(c)?, small(c)?);
            let at = c.offset();
            let flags = c.u8(W)?;
            if flags & !(OPENED_BEFORE | STARTED) != 0 {
                return Err(DecodeError::new(W, at));
            }
            start.stack.push(OpenFrame {
                call,
                code,
                line,
                opened_before: flags & OPENED_BEFORE != 0,
                started: flags & STARTED != 0,
            });
        }
        let (end_step, end_call, end_tick) = (c.varint(W)?, c.varint(W)?, c.varint(W)?);
        let mut counts = [0; EventKind::ALL.len()];
        for count in &mut counts {
            *count = c.varint(W)?;
        }
        Ok(Self {
            schema_version,
            sequence,
            start,
            end_step,
            end_call,
            end_tick,
            counts,
            min_depth: c.varint(W)?,
            clock: (c.varint(W)?, c.varint(W)?),
            rows: c.varint(W)?,
        })
    }
}

/// A varint that fits 32 bits.
fn small(c: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let at = c.offset();
    u32::try_from(c.varint(W)?).map_err(|_| DecodeError::new(W, at))
}
