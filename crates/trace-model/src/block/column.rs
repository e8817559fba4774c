//! The columns of a block, in the order in which they are stored.

/// One byte per row, see `op`.
pub const OPS: usize = 0;
/// One byte per event: its `dt`, or 255 and the `dt` in `NUMBERS`.
pub const TIMES: usize = 1;
/// Varints that are rare: far lines, handled lines, structure rows, gaps, escapes.
pub const NUMBERS: usize = 2;
/// Varints: code ids of calls, opened frames and unremembered resumes.
pub const CODES: usize = 3;
/// Known resumes and throws: a byte for the place, a zigzag varint for the line.
pub const RESUMES: usize = 4;
/// One byte per bind and unbind: the slot, or 255 and the slot in `NUMBERS`.
pub const SLOTS: usize = 5;
/// Zigzag varints: differences of integers bound or returned.
pub const INTS: usize = 6;
/// Zigzag varints: integers that are items.
pub const ITEM_INTS: usize = 7;
/// Eight planes: the least significant bytes of all floats, then the next, ...
pub const FLOATS: usize = 8;
/// Varints: numbers of strings seen before.
pub const STRINGS: usize = 9;
/// Varints: lengths of strings, bytes, big integers, output; fixed eight bytes: hashes of cut strings.
pub const LENGTHS: usize = 10;
/// Content of strings, bytes, big integers, output.
pub const TEXT: usize = 11;
/// Zigzag varints: differences of object ids.
pub const OBJECTS: usize = 12;
/// Varints: type ids.
pub const TYPES: usize = 13;
/// Varints: lengths of objects, and zigzag varints: how their item counts differ from the expected.
pub const COUNTS: usize = 14;
/// Varints: ids of attribute names.
pub const NAMES: usize = 15;

/// How many columns there are.
pub const COLUMNS: usize = 16;

/// Items that an object of `form` and `len` has where no limit cut: what a stored count is a difference to.
pub const fn expected_count(form: crate::value::Form, len: u64) -> i64 {
    use crate::value::Form;
    let per_entry = match form {
        Form::Opaque => return 0,
        Form::Content => return 1,
        Form::Items => 1,
        Form::Entries | Form::Attrs => 2,
    };
    let len = if len > 64 { 64 } else { len };
    len as i64 * per_entry
}
