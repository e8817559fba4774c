//! Rows: what the recorder writes into a segment and what a block holds column by column.
//!
//! An event row is followed by its value rows; structure rows (sync, time, task, frames opened before, frames lost)
//! stand before the event they affect. Definitions stand before their first use.

use crate::definitions::Definition;
use crate::error::DecodeError;
use crate::value::{Form, Value};
use crate::wire::{Cursor, Sink, put_blob};

/// What happened, relative to the thread's stack of open frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op<'a> {
    /// The top frame reached the line `delta` lines from its current one.
    Line {
        /// Difference to the frame's current line.
        delta: i32,
    },
    /// A new frame of `code` became the top; its current line is the code's first line.
    Call {
        /// Code id.
        code: u32,
    },
    /// The top frame returned.
    Return,
    /// The top frame was suspended.
    Yield,
    /// The suspended frame of `call` became the top again, at `line`.
    Resume {
        /// Code id.
        code: u32,
        /// Line at which the frame goes on.
        line: u32,
        /// Call id given at its start.
        call: u64,
    },
    /// As `Resume`, by an exception thrown in.
    Throw {
        /// Code id.
        code: u32,
        /// Line at which the frame goes on.
        line: u32,
        /// Call id given at its start.
        call: u64,
    },
    /// The top frame ended by an exception that leaves it at `line`.
    Unwind {
        /// Line of the instruction that let the exception go: after a `with` or `finally`, not the last line reached.
        line: u32,
    },
    /// An exception passes through the top frame.
    Raise {
        /// Whether it was raised in this very frame.
        origin: bool,
    },
    /// An `except` clause or a suppressing `with` of the top frame ended an exception, at `line`.
    Handled {
        /// Line of the clause.
        line: u32,
    },
    /// The program wrote to one of its streams.
    Output {
        /// 1 stdout, 2 stderr, 0 stdin (read).
        stream: u8,
        /// The bytes.
        data: &'a [u8],
    },
    /// Events are missing here.
    Gap {
        /// Reason number.
        reason: u8,
        /// How many, as far as known.
        count: u64,
    },
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub enum Row<'a> {
    /// An event; takes one step. `dt` is in tick units since the thread's previous event.
    Event {
        /// Tick units since the previous event of the thread.
        dt: u16,
        /// What happened.
        op: Op<'a>,
    },
    /// The next event has step `step`; the next new frame gets call id `call`. Written whenever another thread recorded
    /// in between.
    Sync {
        /// Step of the next event.
        step: u64,
        /// Id of the next new frame.
        call: u64,
    },
    /// The thread's tick base becomes `tick`; written where a `dt` does not fit.
    Time {
        /// Absolute tick units.
        tick: u64,
    },
    /// A frame that was running before recording began joins the top of the stack.
    Opened {
        /// Code id.
        code: u32,
        /// Its current line.
        line: u32,
    },
    /// The top `count` frames ended without an event.
    Lost {
        /// How many.
        count: u32,
    },
    /// The events that follow belong to this task; 0 is none.
    Task {
        /// Task id.
        task: u32,
    },
    /// Shallow state of an object; `count` `Item` rows follow.
    Object {
        /// Address (segment) or object id (block).
        object: u64,
        /// Type id.
        type_id: u32,
        /// What the items are.
        form: Form,
        /// True length (items, entries, attributes).
        len: u64,
        /// `Item` rows that follow.
        count: u32,
    },
    /// One item of the last `Object`.
    Item(Value<'a>),
    /// The name `slot` of the frame's code now has this value.
    Bind {
        /// Index into the code's names.
        slot: u16,
        /// Value now.
        value: Value<'a>,
    },
    /// The name `slot` is not bound any more.
    Unbind {
        /// Index into the code's names.
        slot: u16,
    },
    /// The value returned or yielded.
    Result(Value<'a>),
    /// The exception of a raise, handled, throw or unwind.
    Exception(Value<'a>),
    /// The byte limit cut the rest of this event's values.
    Truncated,
    /// A definition.
    Define(Definition),
}

pub(crate) mod tag {
    pub const LINE: u8 = 0x01;
    pub const LINE_FAR: u8 = 0x02;
    pub const CALL: u8 = 0x03;
    pub const RETURN: u8 = 0x04;
    pub const YIELD: u8 = 0x05;
    pub const RESUME: u8 = 0x06;
    pub const THROW: u8 = 0x07;
    pub const UNWIND: u8 = 0x08;
    pub const RAISE: u8 = 0x09;
    pub const HANDLED: u8 = 0x0a;
    pub const OUTPUT: u8 = 0x0b;
    pub const GAP: u8 = 0x0c;
    pub const SYNC: u8 = 0x20;
    pub const TIME: u8 = 0x21;
    pub const OPENED: u8 = 0x22;
    pub const LOST: u8 = 0x23;
    pub const TASK: u8 = 0x24;
    pub const OBJECT: u8 = 0x40;
    pub const ITEM: u8 = 0x41;
    pub const BIND: u8 = 0x42;
    pub const UNBIND: u8 = 0x43;
    pub const RESULT: u8 = 0x44;
    pub const EXCEPTION: u8 = 0x45;
    pub const TRUNCATED: u8 = 0x46;
    pub const DEFINE: u8 = 0x80;
}

#[inline(always)]
fn word<S: Sink>(out: &mut S, tag: u8, aux: u8, low: u16) {
    out.put_u32(u32::from(tag) | u32::from(aux) << 8 | u32::from(low) << 16);
}

impl Op<'_> {
    /// Writes the event row.
    #[inline(always)]
    pub fn encode<S: Sink>(&self, out: &mut S, dt: u16) {
        match *self {
            Op::Line { delta } => match i8::try_from(delta) {
                Ok(near) => word(out, tag::LINE, near as u8, dt),
                Err(_) => {
                    word(out, tag::LINE_FAR, 0, dt);
                    out.put_u32(delta as u32);
                }
            },
            Op::Call { code } => {
                word(out, tag::CALL, 0, dt);
                out.put_u32(code);
            }
            Op::Return => word(out, tag::RETURN, 0, dt),
            Op::Yield => word(out, tag::YIELD, 0, dt),
            Op::Resume { code, line, call } => {
                word(out, tag::RESUME, 0, dt);
                out.put_u32(code);
                out.put_u32(line);
                out.put_u64(call);
            }
            Op::Throw { code, line, call } => {
                word(out, tag::THROW, 0, dt);
                out.put_u32(code);
                out.put_u32(line);
                out.put_u64(call);
            }
            Op::Unwind { line } => {
                word(out, tag::UNWIND, 0, dt);
                out.put_u32(line);
            }
            Op::Raise { origin } => word(out, tag::RAISE, u8::from(origin), dt),
            Op::Handled { line } => {
                word(out, tag::HANDLED, 0, dt);
                out.put_u32(line);
            }
            Op::Output { stream, data } => {
                word(out, tag::OUTPUT, stream, dt);
                put_blob(out, data);
            }
            Op::Gap { reason, count } => {
                word(out, tag::GAP, reason, dt);
                out.put_u64(count);
            }
        }
    }
}

impl Row<'_> {
    /// Writes the segment form of this row.
    #[inline]
    pub fn encode<S: Sink>(&self, out: &mut S) {
        match self {
            Row::Event { dt, op } => op.encode(out, *dt),
            Row::Sync { step, call } => {
                word(out, tag::SYNC, 0, 0);
                out.put_u64(*step);
                out.put_u64(*call);
            }
            Row::Time { tick } => {
                word(out, tag::TIME, 0, 0);
                out.put_u64(*tick);
            }
            Row::Opened { code, line } => {
                word(out, tag::OPENED, 0, 0);
                out.put_u32(*code);
                out.put_u32(*line);
            }
            Row::Lost { count } => {
                word(out, tag::LOST, 0, 0);
                out.put_u32(*count);
            }
            Row::Task { task } => {
                word(out, tag::TASK, 0, 0);
                out.put_u32(*task);
            }
            Row::Object {
                object,
                type_id,
                form,
                len,
                count,
            } => {
                word(out, tag::OBJECT, *form as u8, 0);
                out.put_u64(*object);
                out.put_u32(*type_id);
                out.put_u64(*len);
                out.put_u32(*count);
            }
            Row::Item(value) => {
                out.put_u8(tag::ITEM);
                value.encode(out);
            }
            Row::Bind { slot, value } => {
                word(out, tag::BIND, 0, *slot);
                value.encode(out);
            }
            Row::Unbind { slot } => word(out, tag::UNBIND, 0, *slot),
            Row::Result(value) => {
                out.put_u8(tag::RESULT);
                value.encode(out);
            }
            Row::Exception(value) => {
                out.put_u8(tag::EXCEPTION);
                value.encode(out);
            }
            Row::Truncated => out.put_u8(tag::TRUNCATED),
            Row::Define(definition) => {
                out.put_u8(tag::DEFINE);
                let mut body = Vec::new();
                definition.encode(&mut body);
                put_blob(out, &body);
            }
        }
    }

    /// Whether this row is an event, and so takes a step.
    pub const fn is_event(&self) -> bool {
        matches!(self, Row::Event { .. })
    }
}

/// Reads rows in their segment form, one after another.
#[derive(Debug, Clone)]
pub struct RowReader<'a> {
    cursor: Cursor<'a>,
}

impl<'a> RowReader<'a> {
    /// A reader at the first row of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes),
        }
    }

    /// Offset of the next row.
    pub const fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// The next row, or `None` at the end.
    #[inline(always)]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Row<'a>>, DecodeError> {
        const W: &str = "row";
        if self.cursor.is_empty() {
            return Ok(None);
        }
        let c = &mut self.cursor;
        let at = c.offset();
        let tag = c.u8(W)?;
        let short = matches!(
            tag,
            tag::ITEM | tag::RESULT | tag::EXCEPTION | tag::TRUNCATED | tag::DEFINE
        );
        let (aux, low) = if short { (0, 0) } else { (c.u8(W)?, c.u16(W)?) };
        let event = |op| Row::Event { dt: low, op };
        Ok(Some(match tag {
            tag::LINE => event(Op::Line {
                delta: i32::from(aux as i8),
            }),
            tag::LINE_FAR => event(Op::Line {
                delta: c.u32(W)? as i32,
            }),
            tag::CALL => event(Op::Call { code: c.u32(W)? }),
            tag::RETURN => event(Op::Return),
            tag::YIELD => event(Op::Yield),
            tag::RESUME => event(Op::Resume {
                code: c.u32(W)?,
                line: c.u32(W)?,
                call: c.u64(W)?,
            }),
            tag::THROW => event(Op::Throw {
                code: c.u32(W)?,
                line: c.u32(W)?,
                call: c.u64(W)?,
            }),
            tag::UNWIND => event(Op::Unwind { line: c.u32(W)? }),
            tag::RAISE => event(Op::Raise {
                origin: aux & 1 != 0,
            }),
            tag::HANDLED => event(Op::Handled { line: c.u32(W)? }),
            tag::OUTPUT => event(Op::Output {
                stream: aux,
                data: c.blob(W)?,
            }),
            tag::GAP => event(Op::Gap {
                reason: aux,
                count: c.u64(W)?,
            }),
            tag::SYNC => Row::Sync {
                step: c.u64(W)?,
                call: c.u64(W)?,
            },
            tag::TIME => Row::Time { tick: c.u64(W)? },
            tag::OPENED => Row::Opened {
                code: c.u32(W)?,
                line: c.u32(W)?,
            },
            tag::LOST => Row::Lost { count: c.u32(W)? },
            tag::TASK => Row::Task { task: c.u32(W)? },
            tag::OBJECT => Row::Object {
                form: Form::from_u8(aux).ok_or(DecodeError::new(W, at))?,
                object: c.u64(W)?,
                type_id: c.u32(W)?,
                len: c.u64(W)?,
                count: c.u32(W)?,
            },
            tag::ITEM => Row::Item(Value::decode(c)?),
            tag::BIND => Row::Bind {
                slot: low,
                value: Value::decode(c)?,
            },
            tag::UNBIND => Row::Unbind { slot: low },
            tag::RESULT => Row::Result(Value::decode(c)?),
            tag::EXCEPTION => Row::Exception(Value::decode(c)?),
            tag::TRUNCATED => Row::Truncated,
            tag::DEFINE => Row::Define(Definition::decode(c.blob(W)?)?),
            _ => return Err(DecodeError::new(W, at)),
        }))
    }
}
