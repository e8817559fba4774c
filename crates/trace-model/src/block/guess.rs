//! What writer and reader of a block both remember of the rows so far, in order to store differences.

use crate::replay::ThreadState;
use crate::value::Form;

const INTEGERS: usize = 256;
const OBJECTS: usize = 256;
const SUSPENDED: usize = 16;

/// A frame that was suspended or resumed not long ago.
#[derive(Debug, Clone, Copy)]
struct Suspended {
    call: u64,
    code: u32,
    line: u32,
}

/// What was said last of an object.
#[derive(Debug, Clone, Copy)]
struct Described {
    object: u64,
    type_id: u32,
    len: u64,
}

/// Memory of the rows so far. Never fails: a sequence that makes no sense makes bad guesses, equal on both sides.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    /// Call and code of the open frames.
    stack: Vec<(u64, u32)>,
    top_code: u32,
    /// Smallest stack depth so far.
    pub min_depth: u64,
    /// Step of the next event.
    pub step: u64,
    /// Id of the next new frame.
    pub call: u64,
    /// Tick of the latest event.
    pub tick: u64,
    /// Object of the latest reference or state.
    pub object: u64,
    /// Object of the latest change.
    pub changed_object: u64,
    integers: [i64; INTEGERS],
    suspended: [Suspended; SUSPENDED],
    replace: usize,
    described: [Described; OBJECTS],
    /// The object whose change takes the items that come.
    changing: Option<u64>,
    /// The attribute name that came last among them.
    attribute: u32,
    changed: [i64; INTEGERS],
}

impl Guess {
    pub fn new(state: &ThreadState) -> Self {
        let mut guess = Self {
            stack: Vec::with_capacity(state.stack.len() + 64),
            top_code: 0,
            min_depth: 0,
            step: 0,
            call: 0,
            tick: 0,
            object: 0,
            changed_object: 0,
            integers: [0; INTEGERS],
            suspended: [NOTHING; SUSPENDED],
            replace: 0,
            described: [UNDESCRIBED; OBJECTS],
            changing: None,
            attribute: 0,
            changed: [0; INTEGERS],
        };
        guess.reset(state);
        guess
    }

    pub fn reset(&mut self, state: &ThreadState) {
        self.stack.clear();
        let frames = state.stack.iter();
        self.stack
            .extend(frames.map(|frame| (frame.call, frame.code)));
        self.top_changed();
        self.min_depth = self.stack.len() as u64;
        self.step = state.next_step;
        self.call = state.next_call;
        self.tick = state.tick;
        self.object = 0;
        self.changed_object = 0;
        self.integers = [0; INTEGERS];
        self.suspended = [NOTHING; SUSPENDED];
        self.replace = 0;
        self.described = [UNDESCRIBED; OBJECTS];
        self.changing = None;
        self.changed = [0; INTEGERS];
    }

    #[inline]
    fn top_changed(&mut self) {
        self.top_code = self.stack.last().map_or(0, |(_, code)| *code);
    }

    /// An event of `dt` is next. The values after it belong to the frame that is the top now or joins by it, also where
    /// it leaves by it.
    #[inline]
    pub fn event(&mut self, dt: u16) {
        self.top_changed();
        self.step = self.step.wrapping_add(1);
        self.tick = self.tick.wrapping_add(u64::from(dt));
        self.changing = None;
    }

    /// The object has this type and length now; items that come are its own, of a change or of a whole state.
    #[inline]
    pub fn describe(&mut self, object: u64, type_id: u32, len: u64, is_change: bool) {
        self.described[object as usize % OBJECTS] = Described {
            object,
            type_id,
            len,
        };
        self.changing = is_change.then_some(object);
        self.attribute = 0;
    }

    /// Type and length of an object, if they are remembered.
    #[inline]
    pub fn described(&self, object: u64) -> Option<(u32, u64)> {
        let known = &self.described[object as usize % OBJECTS];
        (known.object == object).then_some((known.type_id, known.len))
    }

    /// The items that come tell what became of this attribute.
    #[inline]
    pub fn attribute(&mut self, name: u32) {
        self.attribute = name;
    }

    /// The integer seen last where the object that is changing has one like the next; `None` outside a change.
    #[inline]
    pub fn item(&mut self) -> Option<&mut i64> {
        let hash = (self.changing? as u32).wrapping_mul(41);
        let hash = hash.wrapping_add(self.attribute) as u8;
        Some(&mut self.changed[usize::from(hash)])
    }

    /// A frame of `code` that takes a call id joined the stack.
    #[inline]
    pub fn enter(&mut self, code: u32) {
        self.push(self.call, code);
        self.call = self.call.wrapping_add(1);
    }

    /// The frame of `call` joined the stack.
    #[inline]
    pub fn push(&mut self, call: u64, code: u32) {
        self.stack.push((call, code));
        self.top_code = code;
    }

    /// The top `count` frames left for good.
    #[inline]
    pub fn leave(&mut self, count: u32) {
        let kept = self.stack.len().saturating_sub(count as usize);
        self.stack.truncate(kept);
        self.min_depth = self.min_depth.min(kept as u64);
    }

    /// The top frame was suspended: remembered.
    pub fn suspend(&mut self) {
        if let Some((call, code)) = self.stack.last().copied()
            && self.place(call, code).is_none()
        {
            if let Some(place) = self.suspended.get_mut(self.replace) {
                *place = Suspended {
                    call,
                    code,
                    line: 0,
                };
            }
            self.replace = (self.replace + 1) % SUSPENDED;
        }
        self.leave(1);
    }

    /// Where the frame is remembered.
    pub fn place(&self, call: u64, code: u32) -> Option<u8> {
        let mut places = self.suspended.iter();
        let place = places.position(|known| known.call == call && known.code == code);
        place.and_then(|place| u8::try_from(place).ok())
    }

    /// Call, code and last line of a place.
    pub fn remembered(&self, place: u8) -> Option<(u64, u32, u32)> {
        let known = self.suspended.get(usize::from(place));
        known.map(|known| (known.call, known.code, known.line))
    }

    /// The frame at `place` went on at `line`.
    pub fn resume(&mut self, place: u8, line: u32) {
        if let Some(known) = self.suspended.get_mut(usize::from(place)) {
            known.line = line;
            let (call, code) = (known.call, known.code);
            self.push(call, code);
        }
    }

    /// The integer seen last where `slot` of the top frame's code is bound (or, for `None`, its result).
    #[inline]
    pub fn integer(&mut self, slot: Option<u16>) -> &mut i64 {
        let slot = slot.map_or(0xff, u32::from);
        let hash = self.top_code.wrapping_mul(41).wrapping_add(slot) as u8;
        &mut self.integers[usize::from(hash)]
    }
}

const NOTHING: Suspended = Suspended {
    call: u64::MAX,
    code: u32::MAX,
    line: 0,
};

const UNDESCRIBED: Described = Described {
    object: u64::MAX,
    type_id: 0,
    len: 0,
};

/// Number of a form, as the op byte has it.
pub(super) const fn form_number(form: Form) -> u8 {
    form as u8
}
