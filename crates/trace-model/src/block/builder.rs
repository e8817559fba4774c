//! Writing a block: one push per row, no allocation but the growth of columns that the next block reuses.

use super::column::{self, COLUMNS};
use super::guess::Guess;
use super::header::BlockHeader;
use super::op;
use crate::SCHEMA_VERSION;
use crate::error::DecodeError;
use crate::event::EventKind;
use crate::replay::ThreadState;
use crate::row::{Op, Row, is_change};
use crate::value::Value;
use crate::wire::{put_varint, zigzag};

/// What only the owner of the block knows about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockMeta {
    /// Number of the segment the rows came from, counted per thread.
    pub sequence: u64,
    /// A moment near the block as tick units and as nanoseconds since the recording's start.
    pub clock: (u64, u64),
}

/// How many strings the writer looks among for an equal one.
pub(super) const STRING_PLACES: usize = 2048;

/// A string stored in the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub at: u32,
    pub bytes: u32,
    pub len: u64,
    pub cut_hash: Option<u64>,
}

/// Builds blocks, one after another; [`BlockBuilder::reset`] begins the next.
#[derive(Debug, Clone)]
pub struct BlockBuilder {
    start: ThreadState,
    pub(super) guess: Guess,
    pub(super) columns: [Vec<u8>; COLUMNS],
    pub(super) floats: Vec<u64>,
    pub(super) strings: Vec<Stored>,
    /// String number plus one by hash, 0 for none.
    pub(super) places: Vec<u32>,
    counts: [u64; EventKind::ALL.len()],
}

impl BlockBuilder {
    /// A builder for a block that begins where `start` says.
    pub fn new(start: &ThreadState) -> Self {
        Self {
            start: start.clone(),
            guess: Guess::new(start),
            columns: Default::default(),
            floats: Vec::new(),
            strings: Vec::new(),
            places: vec![0; STRING_PLACES],
            counts: Default::default(),
        }
    }

    /// Forgets the rows so far and begins a block where `start` says.
    pub fn reset(&mut self, start: &ThreadState) {
        self.start.clone_from(start);
        self.guess.reset(start);
        self.columns.iter_mut().for_each(Vec::clear);
        self.floats.clear();
        if !self.strings.is_empty() {
            self.strings.clear();
            self.places.fill(0);
        }
        self.counts = Default::default();
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.columns[column::OPS].len()
    }

    /// Events so far.
    pub fn events(&self) -> usize {
        self.columns[column::TIMES].len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Bytes of the rows so far, before compression.
    pub fn size(&self) -> usize {
        let columns = self.columns.iter().map(Vec::len).sum::<usize>();
        columns + self.floats.len() * 8
    }

    /// Adds a row. Definitions are refused: they are not part of blocks.
    #[inline]
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), DecodeError> {
        match row {
            Row::Event { dt, op } => self.event(*dt, op),
            Row::Bind { value, .. } | Row::Result(value) | Row::Exception(value)
                if *value == Value::Removed =>
            {
                return Err(DecodeError::new("removal outside a change", 0));
            }
            Row::Bind { slot, value } => {
                self.slot(*slot);
                self.value(op::BIND, Some(*slot), value);
            }
            Row::Item(value) => self.value(op::ITEM, None, value),
            Row::Result(value) => self.value(op::RESULT, None, value),
            Row::Exception(value) => self.value(op::EXCEPTION, None, value),
            Row::Object {
                object,
                type_id,
                form,
                len,
                count,
            } => self.object_row((*object, *type_id), *form, *len, *count),
            Row::Change {
                object,
                type_id,
                form,
                len,
                at,
                removed,
                count,
            } => {
                if !is_change(*form, *at, *removed, *count) {
                    return Err(DecodeError::new("change of an object", 0));
                }
                let splice = (*at, *removed, *count);
                self.change_row((*object, *type_id), *form, *len, splice);
            }
            Row::Unbind { slot } => {
                self.op(op::UNBIND);
                self.slot(*slot);
            }
            Row::Truncated => self.op(op::TRUNCATED),
            Row::Define(_) => return Err(DecodeError::new("definition inside a block", 0)),
            Row::Sync { .. }
            | Row::Time { .. }
            | Row::Opened { .. }
            | Row::Lost { .. }
            | Row::Task { .. } => self.structure(row),
        }
        Ok(())
    }

    /// Appends the block to `out`. The builder keeps its rows until [`BlockBuilder::reset`].
    pub fn finish(&self, meta: &BlockMeta, out: &mut Vec<u8>) -> BlockHeader {
        let header = BlockHeader {
            schema_version: SCHEMA_VERSION,
            sequence: meta.sequence,
            start: self.start.clone(),
            end_step: self.guess.step,
            end_call: self.guess.call,
            end_tick: self.guess.tick,
            counts: self.counts,
            min_depth: self.guess.min_depth,
            clock: meta.clock,
            rows: self.rows() as u64,
        };
        out.reserve(self.size() + 256 + self.start.stack.len() * 8);
        header.write(out);
        for (number, bytes) in self.columns.iter().enumerate() {
            let floats = if number == column::FLOATS {
                self.floats.len() * 8
            } else {
                0
            };
            put_varint(out, (bytes.len() + floats) as u64);
        }
        for (number, bytes) in self.columns.iter().enumerate() {
            out.extend_from_slice(bytes);
            if number == column::FLOATS {
                for plane in 0..8 {
                    out.extend(self.floats.iter().map(|bits| (bits >> (plane * 8)) as u8));
                }
            }
        }
        header
    }

    #[inline(always)]
    pub(super) fn op(&mut self, op: u8) {
        self.columns[column::OPS].push(op);
    }

    #[inline(always)]
    pub(super) fn varint(&mut self, column: usize, n: u64) {
        put_varint(&mut self.columns[column], n);
    }

    #[inline(always)]
    fn byte_or_number(&mut self, column: usize, n: u16) {
        if n < 255 {
            self.columns[column].push(n as u8);
        } else {
            self.columns[column].push(255);
            self.varint(column::NUMBERS, u64::from(n));
        }
    }

    #[inline(always)]
    fn slot(&mut self, slot: u16) {
        self.byte_or_number(column::SLOTS, slot);
    }

    #[inline(always)]
    fn count(&mut self, kind: EventKind) {
        self.counts[kind as usize] += 1;
    }

    #[inline]
    fn event(&mut self, dt: u16, op: &Op<'_>) {
        self.byte_or_number(column::TIMES, dt);
        self.guess.event(dt);
        match *op {
            Op::Line { delta } => {
                self.count(EventKind::Line);
                let biased = delta.wrapping_add(op::NEAR_BIAS);
                if (0..op::NEAR_BIAS * 2).contains(&biased) {
                    self.op(op::NEAR + biased as u8);
                } else {
                    self.op(op::LINE_FAR);
                    self.varint(column::NUMBERS, zigzag(i64::from(delta)));
                }
            }
            Op::Call { code } => {
                self.count(EventKind::Call);
                self.op(op::CALL);
                self.varint(column::CODES, u64::from(code));
                self.guess.enter(code);
            }
            Op::Return => {
                self.count(EventKind::Return);
                self.op(op::RETURN);
                self.guess.leave(1);
            }
            Op::Unwind { line } => {
                self.count(EventKind::Unwind);
                self.op(op::UNWIND);
                self.varint(column::NUMBERS, u64::from(line));
                self.guess.leave(1);
            }
            Op::Yield => {
                self.count(EventKind::Yield);
                self.op(op::YIELD);
                self.guess.suspend();
            }
            Op::Resume { code, line, call } => {
                self.count(EventKind::Resume);
                self.resume(op::RESUME_KNOWN, op::RESUME, code, line, call);
            }
            Op::Throw { code, line, call } => {
                self.count(EventKind::Throw);
                self.resume(op::THROW_KNOWN, op::THROW, code, line, call);
            }
            Op::Raise { origin } => {
                self.count(EventKind::Raise);
                self.op(if origin { op::RAISE_ORIGIN } else { op::RAISE });
            }
            Op::Handled { line } => {
                self.count(EventKind::Handled);
                self.op(op::HANDLED);
                self.varint(column::NUMBERS, u64::from(line));
            }
            Op::Output { stream, data } => {
                self.count(EventKind::Output);
                self.op(op::OUTPUT);
                self.columns[column::NUMBERS].push(stream);
                self.blob(data);
            }
            Op::Gap { reason, count } => {
                self.count(EventKind::Gap);
                self.op(op::GAP);
                self.columns[column::NUMBERS].push(reason);
                self.varint(column::NUMBERS, count);
            }
        }
    }

    fn resume(&mut self, known: u8, unknown: u8, code: u32, line: u32, call: u64) {
        let place = self.guess.place(call, code);
        let memory = place.and_then(|place| Some((place, self.guess.remembered(place)?.2)));
        if let Some((place, last)) = memory {
            self.op(known);
            self.columns[column::RESUMES].push(place);
            let delta = i64::from(line) - i64::from(last);
            self.varint(column::RESUMES, zigzag(delta));
            self.guess.resume(place, line);
        } else {
            self.op(unknown);
            self.varint(column::CODES, u64::from(code));
            self.varint(column::NUMBERS, u64::from(line));
            let back = self.guess.call.wrapping_sub(call);
            self.varint(column::NUMBERS, zigzag(back as i64));
            self.guess.push(call, code);
        }
    }

    fn structure(&mut self, row: &Row<'_>) {
        match *row {
            Row::Sync { step, call } => {
                self.op(op::SYNC);
                let (steps, calls) = (
                    step.wrapping_sub(self.guess.step),
                    call.wrapping_sub(self.guess.call),
                );
                self.varint(column::NUMBERS, zigzag(steps as i64));
                self.varint(column::NUMBERS, zigzag(calls as i64));
                self.guess.step = step;
                self.guess.call = call;
            }
            Row::Time { tick } => {
                self.op(op::TIME);
                let ticks = tick.wrapping_sub(self.guess.tick);
                self.varint(column::NUMBERS, zigzag(ticks as i64));
                self.guess.tick = tick;
            }
            Row::Opened { code, line } => {
                self.op(op::OPENED);
                self.varint(column::CODES, u64::from(code));
                self.varint(column::NUMBERS, u64::from(line));
                self.guess.enter(code);
            }
            Row::Lost { count } => {
                self.op(op::LOST);
                self.varint(column::NUMBERS, u64::from(count));
                self.guess.leave(count);
            }
            Row::Task { task } => {
                self.op(op::TASK);
                self.varint(column::NUMBERS, u64::from(task));
            }
            _ => {}
        }
    }
}
