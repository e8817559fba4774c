//! Text of `str` objects, read from their compact storage without filling CPython's UTF-8 cache.

use pyo3::ffi;

use super::object::Obj;

/// Length in code points.
#[inline(always)]
pub fn length(s: Obj<'_>) -> usize {
    // SAFETY: callers pass `str` objects.
    unsafe { ffi::PyUnicode_GET_LENGTH(s.as_ptr()).max(0) as usize }
}

/// Code points of a `str`, in the width CPython stores them.
pub enum Units<'a> {
    /// ASCII.
    Ascii(&'a [u8]),
    /// Latin-1.
    One(&'a [u8]),
    /// UCS-2.
    Two(&'a [u16]),
    /// UCS-4.
    Four(&'a [u32]),
}

/// At least as many bytes as one of the text's characters takes in UTF-8.
#[inline(always)]
pub fn most_bytes(text: Obj<'_>) -> usize {
    match units(text) {
        Units::Ascii(_) => 1,
        Units::One(_) => 2,
        Units::Two(_) => 3,
        Units::Four(_) => 4,
    }
}

/// Whether two `str` objects hold the same text: their compact forms are the same then.
pub fn equal(one: Obj<'_>, other: Obj<'_>) -> bool {
    match (units(one), units(other)) {
        (Units::Ascii(a), Units::Ascii(b)) | (Units::One(a), Units::One(b)) => a == b,
        (Units::Two(a), Units::Two(b)) => a == b,
        (Units::Four(a), Units::Four(b)) => a == b,
        _ => false,
    }
}

/// The stored code points of a `str`.
#[inline]
pub fn units(s: Obj<'_>) -> Units<'_> {
    let len = length(s);
    // SAFETY: a ready `str` holds `len` units of its kind at its data pointer; strings are immutable.
    unsafe {
        let data = ffi::PyUnicode_DATA(s.as_ptr());
        match ffi::PyUnicode_KIND(s.as_ptr()) {
            1 if is_ascii(s, data.cast(), len) => {
                Units::Ascii(std::slice::from_raw_parts(data.cast(), len))
            }
            1 => Units::One(std::slice::from_raw_parts(data.cast(), len)),
            2 => Units::Two(std::slice::from_raw_parts(data.cast(), len)),
            _ => Units::Four(std::slice::from_raw_parts(data.cast(), len)),
        }
    }
}

/// Whether a `str` of one byte a character is known to be ASCII.
///
/// # Safety
/// `s` is such a `str`, its `len` bytes are at `data`.
#[cfg(not(Py_3_14))]
#[inline(always)]
unsafe fn is_ascii(s: Obj<'_>, _data: *const u8, _len: usize) -> bool {
    // SAFETY: a `str` begins with this head.
    unsafe { (*s.as_ptr().cast::<ffi::PyASCIIObject>()).ascii() != 0 }
}

/// Whether a `str` of one byte a character is ASCII. The bits that say so are nobody's to read from CPython 3.14 on; but the
/// bytes of an ASCII `str` follow the shorter head, unless it is of a subclass.
///
/// # Safety
/// `s` is such a `str`, its `len` bytes are at `data`.
#[cfg(Py_3_14)]
#[inline(always)]
unsafe fn is_ascii(s: Obj<'_>, data: *const u8, len: usize) -> bool {
    // SAFETY: the type of an object that is alive is compared; the bytes are there by contract.
    unsafe {
        data.addr() == s.address() + size_of::<ffi::PyASCIIObject>()
            || (ffi::PyUnicode_CheckExact(s.as_ptr()) == 0
                && std::slice::from_raw_parts(data, len).is_ascii())
    }
}

/// The first `limit` code points as UTF-8; a lone surrogate keeps its three-byte form.
pub fn prefix(s: Obj<'_>, limit: usize, out: &mut Vec<u8>) {
    fn push(out: &mut Vec<u8>, c: u32) {
        match c {
            0..=0x7f => out.push(c as u8),
            0x80..=0x7ff => {
                out.extend_from_slice(&[0xc0 | (c >> 6) as u8, 0x80 | (c & 0x3f) as u8])
            }
            0x800..=0xffff => out.extend_from_slice(&[
                0xe0 | (c >> 12) as u8,
                0x80 | (c >> 6 & 0x3f) as u8,
                0x80 | (c & 0x3f) as u8,
            ]),
            _ => out.extend_from_slice(&[
                0xf0 | (c >> 18) as u8,
                0x80 | (c >> 12 & 0x3f) as u8,
                0x80 | (c >> 6 & 0x3f) as u8,
                0x80 | (c & 0x3f) as u8,
            ]),
        }
    }
    match units(s) {
        Units::Ascii(bytes) => out.extend_from_slice(&bytes[..bytes.len().min(limit)]),
        Units::One(units) => units
            .iter()
            .take(limit)
            .for_each(|c| push(out, u32::from(*c))),
        Units::Two(units) => units
            .iter()
            .take(limit)
            .for_each(|c| push(out, u32::from(*c))),
        Units::Four(units) => units.iter().take(limit).for_each(|c| push(out, *c)),
    }
}

/// The whole text, for names and paths (lone surrogates replaced).
pub fn text(s: Obj<'_>) -> String {
    let mut bytes = Vec::new();
    prefix(s, usize::MAX, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether `s` is an exact `str`.
pub fn is_str(s: Obj<'_>) -> bool {
    // SAFETY: comparing with the address of a static type.
    s.type_ptr() == &raw mut ffi::PyUnicode_Type
}
