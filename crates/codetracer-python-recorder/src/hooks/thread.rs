//! One thread's side of the recording: its segment, its clock base, its stack of open frames.

use trace_model::{Op, Row};

use super::order::Order;
use crate::raw::object::Obj;
use crate::raw::sink::RowSink;
use crate::raw::threads::ThreadKey;

/// A frame the recording has open on this thread.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// Address of the interpreter frame.
    pub frame: usize,
    /// Code id.
    pub code: u32,
    /// Line of its last event.
    pub line: u32,
    /// Line of the last watched instruction, where INSTRUCTION tells the lines; 0 when it has just started or gone on.
    pub passed: u32,
    /// Call id.
    pub call: u64,
    /// Step of its last event.
    pub since: u64,
    /// `Values::globals` when its shared names were last compared.
    pub globals: u32,
    /// Start of its remembered values in `ThreadContext::seen`.
    pub seen: u32,
    /// Whether it was suspended before, and so stands in the table of suspended frames.
    pub resumed: bool,
    /// Task to go back to when it leaves; [`SAME_TASK`] when it runs in its caller's.
    pub outer_task: u32,
}

/// The frame runs in its caller's task.
pub const SAME_TASK: u32 = u32::MAX;

/// What a name was last recorded as, to leave out values that did not change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Address of the type, or a small number for unbound.
    pub kind: usize,
    /// Value of a scalar, or address and content mixed.
    pub digest: u64,
}

impl Seen {
    /// An object that is no scalar.
    #[inline(always)]
    pub fn object(object: Obj<'_>) -> Self {
        Self {
            kind: object.type_ptr() as usize,
            digest: object.address() as u64,
        }
    }
}

/// The key of a context whose thread is gone.
pub const NOBODY: ThreadKey = ThreadKey { state: 0, id: 0 };

/// State of one thread.
pub struct ThreadContext {
    /// Whose state it is.
    pub key: ThreadKey,
    /// Thread id of the recording.
    pub id: u32,
    /// Own index among the contexts.
    pub index: usize,
    /// Where rows go.
    pub sink: RowSink,
    /// Tick of the last event.
    pub tick: u64,
    /// Open frames, innermost last.
    pub stack: Vec<Open>,
    /// Remembered values of the open frames.
    pub seen: Vec<Seen>,
    /// Serial number of the segment; object states are known within one segment.
    pub segment: u64,
    /// Current task id of the recording, 0 for none.
    pub task: u32,
    /// A bare `except:` was entered in this frame; its `handled` follows its line event.
    pub pending_handled: Option<Pending>,
    /// Frame into which an exception was last thrown.
    pub thrown_into: usize,
    /// Events that were left out since the last one that was not.
    pub dropped: u64,
}

/// A handled exception whose event is written after the line event of its clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Address of the frame.
    pub frame: usize,
    /// Address of the exception, which the frame keeps alive until the clause ends.
    pub exception: usize,
}

impl ThreadContext {
    /// A context without a segment.
    pub fn new(key: ThreadKey, id: u32, index: usize) -> Self {
        Self {
            key,
            id,
            index,
            sink: RowSink::empty(),
            tick: 0,
            stack: Vec::with_capacity(64),
            seen: Vec::with_capacity(256),
            segment: 0,
            task: 0,
            pending_handled: None,
            thrown_into: 0,
            dropped: 0,
        }
    }

    /// Makes this thread the one that writes next.
    #[inline(always)]
    pub fn take_turn(&mut self, order: &mut Order) {
        if order.last != self.index {
            Row::Sync {
                step: order.step,
                call: order.call,
            }
            .encode(&mut self.sink);
            order.last = self.index;
        }
    }

    /// Writes an event row; the caller has made sure of room and publishes when its values are written.
    #[inline(always)]
    pub fn event(&mut self, order: &mut Order, op: Op<'_>) {
        self.take_turn(order);
        let now = order.clock.ticks();
        // Counters of two cores may differ by a few ticks; time never goes back within a thread.
        let elapsed = now.saturating_sub(self.tick);
        let dt = match u16::try_from(elapsed) {
            Ok(dt) => dt,
            Err(_) => {
                Row::Time { tick: now }.encode(&mut self.sink);
                0
            }
        };
        self.tick = self.tick.max(now);
        op.encode(&mut self.sink, dt);
        order.step += 1;
    }

    /// Opens a frame; `slots` values are remembered for it.
    #[inline(always)]
    pub fn push(&mut self, open: Open, slots: usize) {
        let at = self.seen.len();
        self.seen.resize(at + slots, Seen::default());
        self.stack.push(Open {
            seen: at as u32,
            ..open
        });
    }

    /// Takes over what the names of the innermost frame were recorded as before it was suspended.
    #[inline(always)]
    pub fn remember(&mut self, seen: &[Seen]) {
        let at = self.stack.last().map_or(0, |top| top.seen as usize);
        if let Some(place) = self.seen.get_mut(at..at + seen.len()) {
            place.copy_from_slice(seen);
        }
    }

    /// Closes the innermost frame.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Open> {
        let open = self.stack.pop()?;
        self.seen.truncate(open.seen as usize);
        Some(open)
    }
}
