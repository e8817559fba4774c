//! Reading a block. Any input gives rows or an error: every access is checked, and nothing is allocated but the open
//! frames and the places of strings, each of which took bytes of the input.

use std::borrow::Cow;

use super::column::{self, COLUMNS};
use super::guess::Guess;
use super::header::BlockHeader;
use super::op;
use crate::error::DecodeError;
use crate::row::{Op, Row};
use crate::value::Value;
use crate::wire::{Cursor, unzigzag};

const W: &str = "block";

/// A string read from the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    pub text: &'a [u8],
    pub len: u64,
    pub cut_hash: Option<u64>,
}

impl<'a> Stored<'a> {
    pub fn value(self) -> Value<'a> {
        Value::Str {
            len: self.len,
            text: Cow::Borrowed(self.text),
            cut_hash: self.cut_hash,
        }
    }
}

/// Reads the rows of a block, one after another.
#[derive(Debug, Clone)]
pub struct BlockReader<'a> {
    header: BlockHeader,
    pub(super) guess: Guess,
    pub(super) columns: [Cursor<'a>; COLUMNS],
    pub(super) floats: &'a [u8],
    pub(super) next_float: usize,
    pub(super) strings: Vec<Stored<'a>>,
    /// Where in the block the columns begin, for errors.
    base: usize,
}

impl<'a> BlockReader<'a> {
    /// Reads the header of `block` and gets ready for its rows.
    pub fn new(block: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(block);
        let header = BlockHeader::read(&mut cursor)?;
        let mut lengths = [0usize; COLUMNS];
        for length in &mut lengths {
            let at = cursor.offset();
            let stored = usize::try_from(cursor.varint(W)?);
            *length = stored.map_err(|_| DecodeError::new("column length", at))?;
        }
        let base = cursor.offset();
        let mut columns: [Cursor<'a>; COLUMNS] = std::array::from_fn(|_| Cursor::new(&[]));
        let mut floats: &[u8] = &[];
        for (number, (to, length)) in columns.iter_mut().zip(lengths).enumerate() {
            let bytes = cursor.take(length, "column")?;
            if number == column::FLOATS {
                floats = bytes;
            } else {
                *to = Cursor::new(bytes);
            }
        }
        if !cursor.is_empty() {
            return Err(DecodeError::new("bytes after a block", cursor.offset()));
        }
        if header.rows != lengths[column::OPS] as u64 || !floats.len().is_multiple_of(8) {
            return Err(DecodeError::new("column length", base));
        }
        Ok(Self {
            guess: Guess::new(&header.start),
            header,
            columns,
            floats,
            next_float: 0,
            strings: Vec::new(),
            base,
        })
    }

    /// The block's header.
    pub const fn header(&self) -> &BlockHeader {
        &self.header
    }

    /// The next row, or `None` after the last one. An error is final.
    #[inline(always)]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Row<'a>>, DecodeError> {
        if self.columns[column::OPS].is_empty() {
            return self.end();
        }
        let op = self.columns[column::OPS].u8(W)?;
        Ok(Some(match op {
            op::NEAR.. => {
                let dt = self.byte_or_number(column::TIMES)?;
                self.guess.event(dt);
                let delta = i32::from(op - op::NEAR) - op::NEAR_BIAS;
                let op = Op::Line { delta };
                Row::Event { dt, op }
            }
            op::VALUE.. => self.value_row(op - op::VALUE)?,
            op::STR_AGAIN..=op::STR_AGAIN_LAST => {
                let number = self.varint(column::STRINGS)?;
                let text = self.string_again(number)?.value();
                self.row_of(op - op::STR_AGAIN, text)?
            }
            op::OBJECT..=op::OBJECT_LAST => self.object_row(op - op::OBJECT)?,
            op::CHANGE_FIRST..=op::CHANGE_LAST => self.change_row(op)?,
            op::REMOVED => Row::Item(Value::Removed),
            op::UNBIND => Row::Unbind { slot: self.slot()? },
            op::TRUNCATED => Row::Truncated,
            op::SYNC | op::TIME | op::OPENED | op::LOST | op::TASK => self.structure(op)?,
            _ => self.other_event(op)?,
        }))
    }

    fn end(&self) -> Result<Option<Row<'a>>, DecodeError> {
        let unread = self.columns.iter().any(|column| !column.is_empty());
        if unread || self.next_float * 8 != self.floats.len() {
            return Err(self.error("rest of a column"));
        }
        let (header, guess) = (&self.header, &self.guess);
        let ends = (header.end_step, header.end_call, header.end_tick);
        if ends != (guess.step, guess.call, guess.tick) || header.min_depth != guess.min_depth {
            return Err(self.error("end of a block"));
        }
        Ok(None)
    }

    pub(super) fn error(&self, what: &'static str) -> DecodeError {
        DecodeError::new(what, self.base + self.columns[column::OPS].offset())
    }

    #[inline]
    pub(super) fn varint(&mut self, column: usize) -> Result<u64, DecodeError> {
        self.columns[column].varint(W)
    }

    #[inline]
    pub(super) fn signed(&mut self, column: usize) -> Result<i64, DecodeError> {
        Ok(unzigzag(self.varint(column)?))
    }

    #[inline]
    pub(super) fn small(&mut self, column: usize) -> Result<u32, DecodeError> {
        let n = self.varint(column)?;
        u32::try_from(n).map_err(|_| self.error("number in a block"))
    }

    #[inline]
    pub(super) fn byte(&mut self, column: usize) -> Result<u8, DecodeError> {
        self.columns[column].u8(W)
    }

    #[inline]
    fn byte_or_number(&mut self, column: usize) -> Result<u16, DecodeError> {
        match self.byte(column)? {
            255 => {
                let n = self.varint(column::NUMBERS)?;
                u16::try_from(n).map_err(|_| self.error("number in a block"))
            }
            n => Ok(u16::from(n)),
        }
    }

    pub(super) fn slot(&mut self) -> Result<u16, DecodeError> {
        self.byte_or_number(column::SLOTS)
    }

    fn other_event(&mut self, op: u8) -> Result<Row<'a>, DecodeError> {
        if matches!(
            op,
            op::RESUME | op::THROW | op::RESUME_KNOWN | op::THROW_KNOWN
        ) {
            return self.resume(op);
        }
        let dt = self.byte_or_number(column::TIMES)?;
        self.guess.event(dt);
        let op = match op {
            op::LINE_FAR => {
                let delta = i32::try_from(self.signed(column::NUMBERS)?);
                Op::Line {
                    delta: delta.map_err(|_| self.error("line"))?,
                }
            }
            op::CALL => {
                let code = self.small(column::CODES)?;
                self.guess.enter(code);
                Op::Call { code }
            }
            op::RETURN => {
                self.guess.leave(1);
                Op::Return
            }
            op::UNWIND => {
                self.guess.leave(1);
                Op::Unwind {
                    line: self.small(column::NUMBERS)?,
                }
            }
            op::YIELD => {
                self.guess.suspend();
                Op::Yield
            }
            op::RAISE => Op::Raise { origin: false },
            op::RAISE_ORIGIN => Op::Raise { origin: true },
            op::HANDLED => Op::Handled {
                line: self.small(column::NUMBERS)?,
            },
            op::OUTPUT => Op::Output {
                stream: self.byte(column::NUMBERS)?,
                data: self.blob()?,
            },
            op::GAP => Op::Gap {
                reason: self.byte(column::NUMBERS)?,
                count: self.varint(column::NUMBERS)?,
            },
            _ => return Err(self.error("op byte")),
        };
        Ok(Row::Event { dt, op })
    }

    fn resume(&mut self, op: u8) -> Result<Row<'a>, DecodeError> {
        let dt = self.byte_or_number(column::TIMES)?;
        self.guess.event(dt);
        let (call, code, line);
        if matches!(op, op::RESUME_KNOWN | op::THROW_KNOWN) {
            let place = self.byte(column::RESUMES)?;
            let delta = self.signed(column::RESUMES)?;
            let known = self.guess.remembered(place);
            let (its_call, its_code, last) = known.ok_or(self.error("suspended frame"))?;
            let its_line = i64::from(last).checked_add(delta);
            let its_line = its_line.and_then(|line| u32::try_from(line).ok());
            (call, code) = (its_call, its_code);
            line = its_line.ok_or(self.error("line"))?;
            self.guess.resume(place, line);
        } else {
            code = self.small(column::CODES)?;
            line = self.small(column::NUMBERS)?;
            let back = self.signed(column::NUMBERS)? as u64;
            call = self.guess.call.wrapping_sub(back);
            self.guess.push(call, code);
        }
        let op = match op {
            op::RESUME | op::RESUME_KNOWN => Op::Resume { code, line, call },
            _ => Op::Throw { code, line, call },
        };
        Ok(Row::Event { dt, op })
    }

    fn structure(&mut self, op: u8) -> Result<Row<'a>, DecodeError> {
        Ok(match op {
            op::SYNC => {
                let step = self.signed(column::NUMBERS)? as u64;
                let call = self.signed(column::NUMBERS)? as u64;
                self.guess.step = self.guess.step.wrapping_add(step);
                self.guess.call = self.guess.call.wrapping_add(call);
                Row::Sync {
                    step: self.guess.step,
                    call: self.guess.call,
                }
            }
            op::TIME => {
                let ticks = self.signed(column::NUMBERS)? as u64;
                self.guess.tick = self.guess.tick.wrapping_add(ticks);
                Row::Time {
                    tick: self.guess.tick,
                }
            }
            op::OPENED => {
                let (code, line) = (self.small(column::CODES)?, self.small(column::NUMBERS)?);
                self.guess.enter(code);
                Row::Opened { code, line }
            }
            op::LOST => {
                let count = self.small(column::NUMBERS)?;
                self.guess.leave(count);
                Row::Lost { count }
            }
            _ => Row::Task {
                task: self.small(column::NUMBERS)?,
            },
        })
    }
}
