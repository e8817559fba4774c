//! Values that stand inline in a row: numbers, text, bytes and the singletons, by exact type.

use std::borrow::Cow;

use trace_model::Value;

use super::limits::Limits;
use crate::raw::object::{Kind, Obj};
use crate::raw::unicode::{self, Units};

/// A scalar, read but not yet copied.
#[derive(Clone, Copy)]
pub enum Scalar<'a> {
    /// No content beyond the kind.
    Plain(Kind, bool),
    /// Fits 64 bits.
    Int(i64),
    /// Sign, digits and how many bytes to keep.
    Big(bool, &'a [u32], usize),
    /// A float.
    Float(f64),
    /// A complex.
    Complex(f64, f64),
    /// Text and how many code points to keep.
    Str(Obj<'a>, usize),
    /// Bytes and true length.
    Bytes(&'a [u8], usize),
}

impl<'a> Scalar<'a> {
    /// The scalar that `obj` is, if it is one.
    #[inline(always)]
    pub fn of(obj: Obj<'a>, limits: &Limits) -> Option<Self> {
        Self::as_kind(obj, obj.kind(), limits)
    }

    /// The scalar that `obj` holds, whose structure is that of `kind`.
    #[inline(always)]
    pub fn as_kind(obj: Obj<'a>, kind: Kind, limits: &Limits) -> Option<Self> {
        Some(match kind {
            Kind::Int => {
                if let Some(small) = obj.one_digit_int() {
                    return Some(Scalar::Int(small));
                }
                let (negative, digits) = obj.int_digits();
                match *digits {
                    [] => Scalar::Int(0),
                    [low] => Scalar::Int(signed(negative, u64::from(low))),
                    [low, high] => {
                        Scalar::Int(signed(negative, u64::from(low) | u64::from(high) << 30))
                    }
                    [a, b, c] if c < 8 => Scalar::Int(signed(
                        negative,
                        u64::from(a) | u64::from(b) << 30 | u64::from(c) << 60,
                    )),
                    _ => Scalar::Big(negative, digits, limits.bytes),
                }
            }
            Kind::Str => Scalar::Str(obj, limits.text),
            Kind::None => Scalar::Plain(Kind::None, false),
            Kind::Bool => Scalar::Plain(Kind::Bool, obj.is_true()),
            Kind::Float => Scalar::Float(obj.float()),
            Kind::Complex => {
                let (re, im) = obj.complex();
                Scalar::Complex(re, im)
            }
            Kind::Bytes => Scalar::Bytes(obj.bytes(limits.bytes), obj.size()),
            kind @ (Kind::Ellipsis | Kind::NotImplemented) => Scalar::Plain(kind, false),
            _ => return None,
        })
    }

    /// At least as many bytes as a row with this value takes.
    #[inline(always)]
    pub fn bound(&self) -> usize {
        match self {
            Scalar::Str(text, limit) => {
                40 + unicode::length(*text).min(*limit) * unicode::most_bytes(*text)
            }
            Scalar::Bytes(data, _) => 32 + data.len(),
            Scalar::Big(_, digits, limit) => 32 + (digits.len() * 4).min(*limit),
            Scalar::Complex(..) => 20,
            Scalar::Plain(..) | Scalar::Int(_) | Scalar::Float(_) => 12,
        }
    }

    /// A number that is equal for equal content; different content may share it in rare cases only for text and digits
    /// beyond those that are kept.
    #[inline(always)]
    pub fn digest(&self) -> u64 {
        match self {
            Scalar::Plain(_, b) => u64::from(*b),
            Scalar::Int(i) => *i as u64,
            Scalar::Float(f) => f.to_bits(),
            Scalar::Complex(re, im) => mix(re.to_bits(), im.to_bits()),
            Scalar::Big(negative, digits, limit) => {
                let (low, high) = both_ends(digits, limit.div_ceil(3));
                let seed = (digits.len() as u64) << 1 | u64::from(*negative);
                let ends = low.iter().chain(high);
                ends.fold(seed, |h, d| mix(h, u64::from(*d)))
            }
            Scalar::Bytes(data, len) => bytes_digest(*len as u64, data),
            Scalar::Str(text, limit) => text_digest(*text, *limit),
        }
    }

    /// The value as a row has it.
    #[inline(always)]
    pub fn value(&self) -> Value<'a> {
        match *self {
            Scalar::Plain(Kind::Bool, b) => Value::Bool(b),
            Scalar::Plain(Kind::Ellipsis, _) => Value::Ellipsis,
            Scalar::Plain(Kind::NotImplemented, _) => Value::NotImplemented,
            Scalar::Plain(..) => Value::None,
            Scalar::Int(i) => Value::Int(i),
            Scalar::Float(f) => Value::Float(f),
            Scalar::Complex(re, im) => Value::Complex(re, im),
            Scalar::Big(negative, digits, limit) => {
                let top = digits.last().copied().unwrap_or(0);
                let bits = (digits.len() as u64 - 1) * 30 + u64::from(32 - top.leading_zeros());
                let magnitude = Cow::Owned(magnitude(digits, bits, limit));
                Value::BigInt {
                    negative,
                    bits,
                    magnitude,
                }
            }
            Scalar::Bytes(data, len) => Value::Bytes {
                len: len as u64,
                data: Cow::Borrowed(data),
            },
            Scalar::Str(text, limit) => {
                let len = unicode::length(text);
                let kept = match unicode::units(text) {
                    Units::Ascii(bytes) => Cow::Borrowed(&bytes[..bytes.len().min(limit)]),
                    _ => {
                        let mut out = Vec::with_capacity(len.min(limit) * 3);
                        unicode::prefix(text, limit, &mut out);
                        Cow::Owned(out)
                    }
                };
                let cut_hash = (len > limit).then(|| text_digest(text, limit));
                Value::Str {
                    len: len as u64,
                    text: kept,
                    cut_hash,
                }
            }
        }
    }
}

fn signed(negative: bool, magnitude: u64) -> i64 {
    if negative {
        (magnitude as i64).wrapping_neg()
    } else {
        magnitude as i64
    }
}

fn magnitude(digits: &[u32], bits: u64, limit: usize) -> Vec<u8> {
    let wanted = (bits.div_ceil(8) as usize).min(limit);
    let mut out = Vec::with_capacity(wanted + 8);
    let (mut carry, mut have) = (0u64, 0);
    for digit in digits {
        carry |= u64::from(*digit) << have;
        have += 30;
        while have >= 8 {
            out.push(carry as u8);
            carry >>= 8;
            have -= 8;
        }
        if out.len() >= wanted {
            break;
        }
    }
    if out.len() < wanted {
        out.push(carry as u8);
    }
    out.truncate(wanted);
    out
}

#[inline(always)]
pub(super) fn mix(a: u64, b: u64) -> u64 {
    (a.rotate_left(23) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline(always)]
fn bytes_digest(seed: u64, data: &[u8]) -> u64 {
    let hash = mix(seed, data.len() as u64);
    let (words, rest) = data.as_chunks::<8>();
    let hash = words
        .iter()
        .fold(hash, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let rest = match (data.last_chunk::<8>(), rest) {
        (_, []) => return hash,
        // The end of it with what stands before.
        (Some(last), _) => u64::from_le_bytes(*last),
        (None, _) => short(rest),
    };
    mix(hash, rest)
}

/// At most seven bytes as one number.
#[inline(always)]
fn short(data: &[u8]) -> u64 {
    let part = |at: usize| {
        data.get(at..)
            .and_then(<[u8]>::first_chunk::<4>)
            .map(|b| u32::from_le_bytes(*b))
    };
    match part(0) {
        // Two halves that may overlap.
        Some(low) => {
            let high = part(data.len() - 4).unwrap_or(0);
            u64::from(low) | u64::from(high) << 32
        }
        None => data.iter().fold(1, |all, byte| all << 8 | u64::from(*byte)),
    }
}

/// A number that is equal for equal values that the recorder made.
pub(super) fn value_digest(value: &Value<'_>) -> u64 {
    match value {
        Value::Bool(b) => u64::from(*b),
        Value::Int(i) => *i as u64,
        Value::Float(f) => f.to_bits(),
        Value::Complex(re, im) => mix(re.to_bits(), im.to_bits()),
        Value::Str { len, text, .. } => bytes_digest(*len, text),
        Value::Bytes { len, data } => bytes_digest(*len, data),
        Value::BigInt {
            negative,
            bits,
            magnitude,
        } => bytes_digest(*bits << 1 | u64::from(*negative), magnitude),
        Value::Unknown(reason) => *reason as u64,
        _ => 1,
    }
}

/// At least as many bytes as an item with this value takes.
pub(super) fn value_bound(value: &Value<'_>) -> usize {
    32 + match value {
        Value::Str { text, .. } => text.len(),
        Value::Bytes { data, .. } => data.len(),
        Value::BigInt { magnitude, .. } => magnitude.len(),
        _ => 0,
    }
}

/// The first and the last items, at most `limit` of each and none in both.
fn both_ends<T>(items: &[T], limit: usize) -> (&[T], &[T]) {
    let (head, rest) = items.split_at(items.len().min(limit));
    (head, &rest[rest.len().saturating_sub(limit)..])
}

/// Characters at either end of a text that tell it apart, at least.
const TELLING: usize = 64;

/// Hash of the kept prefix, as much of the end, and the length: never of a whole long text.
fn text_digest(text: Obj<'_>, limit: usize) -> u64 {
    fn ends<T: Copy>(units: &[T], limit: usize, hash: u64, word: impl Fn(T) -> u64) -> u64 {
        let (head, tail) = both_ends(units, limit);
        head.iter()
            .chain(tail)
            .fold(hash, |h, unit| mix(h, word(*unit)))
    }
    let limit = limit.max(TELLING);
    let seed = unicode::length(text) as u64;
    match unicode::units(text) {
        Units::Ascii(bytes) | Units::One(bytes) => {
            if bytes.len() <= limit {
                return bytes_digest(seed, bytes);
            }
            let (head, tail) = both_ends(bytes, limit);
            bytes_digest(bytes_digest(seed, head), tail)
        }
        Units::Two(units) => ends(units, limit, seed, u64::from),
        Units::Four(units) => ends(units, limit, seed, u64::from),
    }
}

/// Mark of a part that cannot be read.
pub(super) const ABSENT: u64 = 1;
/// How many items of a tuple within a tuple within a tuple tell it apart.
const TUPLE: (usize, u32) = (8, 3);

/// A number that differs for parts that differ: scalars by value, tuples by content, everything else by identity and
/// type.
#[inline(always)]
pub(super) fn mark(obj: Obj<'_>, limits: &Limits) -> u64 {
    let kind = obj.kind();
    match Scalar::as_kind(obj, kind, limits) {
        Some(scalar) => mix(obj.type_ptr() as u64, scalar.digest()),
        None if kind == Kind::Tuple => tuple_mark(obj, limits, TUPLE.1),
        None => identity(obj),
    }
}

/// An address, and what was there: another object may take it.
#[inline(always)]
fn identity(obj: Obj<'_>) -> u64 {
    obj.address() as u64 ^ (obj.type_ptr() as u64).rotate_left(32)
}

fn tuple_mark(tuple: Obj<'_>, limits: &Limits, depth: u32) -> u64 {
    (0..tuple.size().min(TUPLE.0)).fold(tuple.address() as u64, |hash, i| {
        let part = tuple.tuple_item(i).map_or(ABSENT, |item| {
            let kind = item.kind();
            match Scalar::as_kind(item, kind, limits) {
                Some(scalar) => mix(item.type_ptr() as u64, scalar.digest()),
                None if depth > 1 && kind == Kind::Tuple => tuple_mark(item, limits, depth - 1),
                None => identity(item),
            }
        });
        mix(hash, part)
    })
}
