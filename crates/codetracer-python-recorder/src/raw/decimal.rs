//! `decimal.Decimal`: the number of libmpdec that it holds.
//!
//! Sources: `Modules/_decimal/_decimal.c` (`PyDecObject`), `Modules/_decimal/libmpdec/mpdecimal.h` (`mpd_t`, 64-bit words)
//! of CPython 3.12 and 3.13. The size of the type, checked by `structure`, tells 64-bit words from 32-bit ones.

use super::object::Obj;

/// Decimal digits per word.
pub const WORD_DIGITS: usize = 19;

/// What a `Decimal` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A number.
    Finite,
    /// Infinity.
    Infinite,
    /// Not a number.
    Quiet,
    /// Not a number, signalling.
    Signalling,
}

/// The parts of a `Decimal`.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// What it is.
    pub form: Form,
    /// Whether it has a minus sign.
    pub negative: bool,
    /// Power of ten of the last digit.
    pub exponent: i64,
    /// Number of digits.
    pub digits: usize,
    /// The coefficient in words of 19 digits, the lowest first.
    pub words: &'a [u64],
}

impl<'a> Obj<'a> {
    /// The parts of a `Decimal`.
    pub fn decimal(self) -> Parts<'a> {
        let flags: u8 = self.read(24);
        let form = match flags & 14 {
            0 => Form::Finite,
            2 => Form::Infinite,
            4 => Form::Quiet,
            _ => Form::Signalling,
        };
        let words = self.read::<isize>(48).max(0) as usize;
        let data: *const u8 = self.read(64);
        let words = if data.is_null() || form == Form::Infinite {
            &[][..]
        } else {
            // SAFETY: `data` points at `len` initialised words, which never change.
            unsafe { std::slice::from_raw_parts(data.cast(), words) }
        };
        Parts {
            form,
            negative: flags & 1 != 0,
            exponent: self.read::<isize>(32) as i64,
            digits: self.read::<isize>(40).max(0) as usize,
            words,
        }
    }
}
