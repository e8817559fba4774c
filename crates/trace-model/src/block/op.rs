//! The op byte: one per row, an event or structure row, a value row fused with the tag of its value, or a near line.

/// A line too far for [`NEAR`].
pub const LINE_FAR: u8 = 0x00;
/// A call.
pub const CALL: u8 = 0x01;
/// A return.
pub const RETURN: u8 = 0x02;
/// A yield.
pub const YIELD: u8 = 0x03;
/// A resume of a frame that is not remembered as suspended.
pub const RESUME: u8 = 0x04;
/// A throw into a frame that is not remembered as suspended.
pub const THROW: u8 = 0x05;
/// An unwind.
pub const UNWIND: u8 = 0x06;
/// A raise passing through.
pub const RAISE: u8 = 0x07;
/// A raise in its frame of origin.
pub const RAISE_ORIGIN: u8 = 0x08;
/// A handled exception.
pub const HANDLED: u8 = 0x09;
/// Output.
pub const OUTPUT: u8 = 0x0a;
/// A gap.
pub const GAP: u8 = 0x0b;
/// `Row::Sync`.
pub const SYNC: u8 = 0x0c;
/// `Row::Time`.
pub const TIME: u8 = 0x0d;
/// `Row::Opened`.
pub const OPENED: u8 = 0x0e;
/// `Row::Lost`.
pub const LOST: u8 = 0x0f;
/// `Row::Task`.
pub const TASK: u8 = 0x10;
/// `Row::Object`, plus the number of its form (0 to 4).
pub const OBJECT: u8 = 0x11;
/// The last of them.
pub const OBJECT_LAST: u8 = 0x15;
/// `Row::Unbind`.
pub const UNBIND: u8 = 0x16;
/// `Row::Truncated`.
pub const TRUNCATED: u8 = 0x17;
/// A resume of a frame remembered as suspended.
pub const RESUME_KNOWN: u8 = 0x18;
/// A throw into a frame remembered as suspended.
pub const THROW_KNOWN: u8 = 0x19;
/// `Row::Item` of a removed entry.
pub const REMOVED: u8 = 0x1a;
/// A string seen before in the block, plus the kind of value row.
pub const STR_AGAIN: u8 = 0x20;
/// The last of them.
pub const STR_AGAIN_LAST: u8 = 0x23;
/// `Row::Change`, plus the number of its form (1 to 4).
pub const CHANGE: u8 = 0x24;
/// A change of one item or pair that keeps the remembered length, plus the number of its form.
pub const CHANGE_ONE: u8 = 0x28;
/// A change that adds one item or pair at the end, plus the number of its form.
pub const CHANGE_MORE: u8 = 0x2c;
/// The first and the last of them all.
pub const CHANGE_FIRST: u8 = 0x25;
/// See [`CHANGE_FIRST`].
pub const CHANGE_LAST: u8 = 0x30;
/// A value row: plus 16 times its kind, plus the value's tag.
pub const VALUE: u8 = 0x40;
/// A line, plus the delta plus [`NEAR_BIAS`].
pub const NEAR: u8 = 0x80;
/// Deltas from `-NEAR_BIAS` to `NEAR_BIAS - 1` are near.
pub const NEAR_BIAS: i32 = 64;

/// `Row::Bind`.
pub const BIND: u8 = 0;
/// `Row::Item`.
pub const ITEM: u8 = 1;
/// `Row::Result`.
pub const RESULT: u8 = 2;
/// `Row::Exception`.
pub const EXCEPTION: u8 = 3;
