//! Events as a reader sees them: absolute, with their frame, thread, task and values.

pub use crate::object::{Described, ObjectChange, ObjectState};
use crate::value::Value;

/// The kinds of event, with the words that output uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// A frame began.
    Call = 0,
    /// A line is about to run.
    Line = 1,
    /// A frame returned.
    Return = 2,
    /// A frame was suspended.
    Yield = 3,
    /// A suspended frame went on.
    Resume = 4,
    /// An exception was thrown into a suspended frame.
    Throw = 5,
    /// A frame ended by an exception.
    Unwind = 6,
    /// An exception passes through a frame.
    Raise = 7,
    /// An exception ended in a frame.
    Handled = 8,
    /// The program wrote.
    Output = 9,
    /// Events are missing.
    Gap = 10,
}

impl EventKind {
    /// Every kind, by its stored number.
    pub const ALL: [EventKind; 11] = [
        EventKind::Call,
        EventKind::Line,
        EventKind::Return,
        EventKind::Yield,
        EventKind::Resume,
        EventKind::Throw,
        EventKind::Unwind,
        EventKind::Raise,
        EventKind::Handled,
        EventKind::Output,
        EventKind::Gap,
    ];

    /// The word used in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            EventKind::Call => "call",
            EventKind::Line => "line",
            EventKind::Return => "return",
            EventKind::Yield => "yield",
            EventKind::Resume => "resume",
            EventKind::Throw => "throw",
            EventKind::Unwind => "unwind",
            EventKind::Raise => "raise",
            EventKind::Handled => "handled",
            EventKind::Output => "output",
            EventKind::Gap => "gap",
        }
    }
}

/// A name and its value now; `None` means unbound.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// Index into the names of the frame's code.
    pub slot: u16,
    /// Value now.
    pub value: Option<Value<'static>>,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Position in the one order of all threads, from 0.
    pub step: u64,
    /// Absolute tick units.
    pub tick: u64,
    /// Thread id.
    pub thread: u32,
    /// Task id, 0 for none.
    pub task: u32,
    /// Call id of the frame; [`Event::NO_CALL`] when there is none.
    pub call: u64,
    /// Call id of the frame below it on the thread's stack, if any.
    pub parent: Option<u64>,
    /// Code id of the frame; [`Event::NO_CODE`] when there is none.
    pub code: u32,
    /// Open frames below this one on the thread's stack.
    pub depth: u32,
    /// Line of the event.
    pub line: u32,
    /// The line whose work the bindings describe.
    pub after: Option<u32>,
    /// `raise` only: whether this frame raised it.
    pub origin: bool,
    /// Names that changed in the frame since its previous event.
    pub bindings: Vec<Binding>,
    /// Value returned or yielded.
    pub result: Option<Value<'static>>,
    /// Exception of a raise, handled, throw or unwind.
    pub exception: Option<Value<'static>>,
    /// Objects described at this event, whole or in part, in order: each applies to what those before it left.
    pub objects: Vec<Described>,
    /// Those of them that an earlier event of the same block gave whole and this one gives whole again.
    pub again: Vec<u64>,
    /// Whether the byte limit cut this event's values.
    pub truncated: bool,
    /// Stream and bytes of an output event.
    pub output: Option<(u8, Vec<u8>)>,
    /// Reason and count of a gap.
    pub gap: Option<(u8, u64)>,
}

impl Event {
    /// The call id of an event outside any frame.
    pub const NO_CALL: u64 = u64::MAX;
    /// The code id of an event outside any frame.
    pub const NO_CODE: u32 = u32::MAX;
}
