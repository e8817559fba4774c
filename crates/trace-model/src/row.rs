//! Rows: what the recorder writes into a segment and what a block holds column by column.
//!
//! An event row is followed by its value rows; structure rows (sync, time, task, frames opened before, frames lost)
//! stand before the event they affect. Definitions stand before their first use.

mod read;
mod write;

use crate::definitions::Definition;
use crate::value::{Form, Value};

pub use read::RowReader;

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
    /// A change of a part of an object, on its latest state over all threads in the order of steps; `count` `Item` rows
    /// follow. See [`crate::event::ObjectState::change`] for what it does.
    Change {
        /// Address (segment) or object id (block).
        object: u64,
        /// Type id.
        type_id: u32,
        /// What the items are. An opaque object has no changes.
        form: Form,
        /// True length afterwards.
        len: u64,
        /// `Form::Items`: index of the first item replaced; else 0.
        at: u32,
        /// `Form::Items`: how many are replaced; else 0.
        removed: u32,
        /// `Item` rows that follow: new items, pairs of key and value, or the one content.
        count: u32,
    },
    /// One item of the last `Object` or `Change`.
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

impl Row<'_> {
    /// Whether this row is an event, and so takes a step.
    pub const fn is_event(&self) -> bool {
        matches!(self, Row::Event { .. })
    }
}

/// Whether a change of this form can have these numbers: a splice of items, whole pairs, or one content.
pub(crate) const fn is_change(form: Form, at: u32, removed: u32, count: u32) -> bool {
    match form {
        Form::Opaque => false,
        Form::Items => true,
        Form::Entries | Form::Attrs => at == 0 && removed == 0 && count.is_multiple_of(2),
        Form::Content => at == 0 && removed == 0 && count == 1,
    }
}

/// The first byte of a row in a segment.
mod tag {
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
    pub const CHANGE: u8 = 0x47;
    pub const DEFINE: u8 = 0x80;
}
