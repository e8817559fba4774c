//! Values as recorded: scalars inline, everything else a reference to an object whose shallow state is a row of its own.

use std::borrow::Cow;

use crate::error::DecodeError;
use crate::wire::{Cursor, Sink, put_blob};

/// A recorded value. Text and bytes borrow from the input where they can.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An `int` that fits 64 bits.
    Int(i64),
    /// A larger `int`: sign, true length in bits, and its low-order magnitude bytes (little endian, at most the limit).
    BigInt {
        /// Whether the number is below zero.
        negative: bool,
        /// True bit length of the magnitude.
        bits: u64,
        /// Low-order bytes of the magnitude; all of them unless `bits` says otherwise.
        magnitude: Cow<'a, [u8]>,
    },
    /// A `float`.
    Float(f64),
    /// A `complex`: real and imaginary part.
    Complex(f64, f64),
    /// A `str`: true length in code points, the kept prefix (UTF-8; a lone surrogate keeps its three-byte form), and a
    /// hash of prefix, suffix and length where the text was cut.
    Str {
        /// True length in code points.
        len: u64,
        /// Kept text.
        text: Cow<'a, [u8]>,
        /// Present when `text` is shorter than the string.
        cut_hash: Option<u64>,
    },
    /// A `bytes` or `bytearray` content: true length and kept prefix.
    Bytes {
        /// True length in bytes.
        len: u64,
        /// Kept prefix.
        data: Cow<'a, [u8]>,
    },
    /// `...`.
    Ellipsis,
    /// `NotImplemented`.
    NotImplemented,
    /// An object by identity (an address in segments, an object id in blocks) and type.
    Ref {
        /// Address or object id.
        object: u64,
        /// Type id.
        type_id: u32,
    },
    /// A member of an enum class: its type, its name.
    EnumMember {
        /// Type id of the enum class.
        type_id: u32,
        /// Member name.
        name: Cow<'a, [u8]>,
    },
    /// A text that a definition holds, by its id: the name of an attribute or keyword, as key in `Form::Attrs` states; the
    /// traceback of an exception, as value there.
    Name(u32),
    /// The entry or attribute is gone: only as the value of a pair in a change.
    Removed,
    /// Not recorded: a limit or a reason stands instead of the value.
    Unknown(Unknown),
}

/// Why a value is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Unknown {
    /// The depth limit.
    Depth = 0,
    /// The limit of objects per event.
    Objects = 1,
    /// The byte limit per event.
    Bytes = 2,
    /// This interpreter's structures could not be read.
    Layout = 3,
    /// The name could not be read at this point.
    Unreadable = 4,
}

impl Unknown {
    /// Every reason, by its stored number.
    pub const ALL: [Unknown; 5] = [
        Unknown::Depth,
        Unknown::Objects,
        Unknown::Bytes,
        Unknown::Layout,
        Unknown::Unreadable,
    ];

    /// Stable word for output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unknown::Depth => "depth",
            Unknown::Objects => "objects",
            Unknown::Bytes => "bytes",
            Unknown::Layout => "layout",
            Unknown::Unreadable => "unreadable",
        }
    }
}

/// What the items of an object state are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    /// Nothing inside is recorded: identity and type are all.
    Opaque = 0,
    /// Positional items (list, tuple, set, deque, range as start/stop/step, slice).
    Items = 1,
    /// Key, value, key, value (dict).
    Entries = 2,
    /// Attribute name, value (instances; functions and classes by their names).
    Attrs = 3,
    /// One item: the content of a `bytearray`, a `str` or `int` subclass, a cell.
    Content = 4,
}

impl Form {
    /// Every form, by its stored number.
    pub const ALL: [Form; 5] = [
        Form::Opaque,
        Form::Items,
        Form::Entries,
        Form::Attrs,
        Form::Content,
    ];

    /// The form stored as `n`.
    pub fn from_u8(n: u8) -> Option<Self> {
        Self::ALL.get(usize::from(n)).copied()
    }
}

pub(crate) const NONE: u8 = 0;
pub(crate) const FALSE: u8 = 1;
pub(crate) const TRUE: u8 = 2;
pub(crate) const INT: u8 = 3;
pub(crate) const BIGINT: u8 = 4;
pub(crate) const FLOAT: u8 = 5;
pub(crate) const COMPLEX: u8 = 6;
pub(crate) const STR: u8 = 7;
pub(crate) const STR_CUT: u8 = 8;
pub(crate) const BYTES: u8 = 9;
pub(crate) const ELLIPSIS: u8 = 10;
pub(crate) const NOT_IMPLEMENTED: u8 = 11;
pub(crate) const REF: u8 = 12;
pub(crate) const ENUM_MEMBER: u8 = 13;
pub(crate) const NAME: u8 = 14;
pub(crate) const UNKNOWN: u8 = 15;
pub(crate) const INT8: u8 = 16;
pub(crate) const REMOVED: u8 = 17;

impl<'a> Value<'a> {
    /// Writes the row form of this value.
    #[inline]
    pub fn encode<S: Sink>(&self, out: &mut S) {
        match self {
            Value::None => out.put_u8(NONE),
            Value::Bool(b) => out.put_u8(if *b { TRUE } else { FALSE }),
            Value::Int(i) => match i8::try_from(*i) {
                Ok(small) => out.put(&[INT8, small as u8]),
                Err(_) => {
                    out.put_u8(INT);
                    out.put_u64(*i as u64);
                }
            },
            Value::BigInt {
                negative,
                bits,
                magnitude,
            } => {
                out.put_u8(BIGINT);
                out.put_u8(u8::from(*negative));
                out.put_u64(*bits);
                put_blob(out, magnitude);
            }
            Value::Float(f) => {
                out.put_u8(FLOAT);
                out.put_u64(f.to_bits());
            }
            Value::Complex(re, im) => {
                out.put_u8(COMPLEX);
                out.put_u64(re.to_bits());
                out.put_u64(im.to_bits());
            }
            Value::Str {
                len,
                text,
                cut_hash,
            } => {
                out.put_u8(if cut_hash.is_some() { STR_CUT } else { STR });
                out.put_u64(*len);
                if let Some(hash) = cut_hash {
                    out.put_u64(*hash);
                }
                put_blob(out, text);
            }
            Value::Bytes { len, data } => {
                out.put_u8(BYTES);
                out.put_u64(*len);
                put_blob(out, data);
            }
            Value::Ellipsis => out.put_u8(ELLIPSIS),
            Value::NotImplemented => out.put_u8(NOT_IMPLEMENTED),
            Value::Ref { object, type_id } => {
                out.put_u8(REF);
                out.put_u64(*object);
                out.put_u32(*type_id);
            }
            Value::EnumMember { type_id, name } => {
                out.put_u8(ENUM_MEMBER);
                out.put_u32(*type_id);
                put_blob(out, name);
            }
            Value::Name(id) => {
                out.put_u8(NAME);
                out.put_u32(*id);
            }
            Value::Removed => out.put_u8(REMOVED),
            Value::Unknown(reason) => out.put(&[UNKNOWN, *reason as u8]),
        }
    }

    /// Reads the row form of a value.
    #[inline(always)]
    pub fn decode(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        const W: &str = "value";
        let at = cursor.offset();
        Ok(match cursor.u8(W)? {
            NONE => Value::None,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT8 => Value::Int(i64::from(cursor.u8(W)? as i8)),
            INT => Value::Int(cursor.u64(W)? as i64),
            BIGINT => Value::BigInt {
                negative: cursor.u8(W)? != 0,
                bits: cursor.u64(W)?,
                magnitude: Cow::Borrowed(cursor.blob(W)?),
            },
            FLOAT => Value::Float(f64::from_bits(cursor.u64(W)?)),
            COMPLEX => Value::Complex(
                f64::from_bits(cursor.u64(W)?),
                f64::from_bits(cursor.u64(W)?),
            ),
            STR => Value::Str {
                len: cursor.u64(W)?,
                cut_hash: None,
                text: Cow::Borrowed(cursor.blob(W)?),
            },
            STR_CUT => Value::Str {
                len: cursor.u64(W)?,
                cut_hash: Some(cursor.u64(W)?),
                text: Cow::Borrowed(cursor.blob(W)?),
            },
            BYTES => Value::Bytes {
                len: cursor.u64(W)?,
                data: Cow::Borrowed(cursor.blob(W)?),
            },
            ELLIPSIS => Value::Ellipsis,
            NOT_IMPLEMENTED => Value::NotImplemented,
            REF => Value::Ref {
                object: cursor.u64(W)?,
                type_id: cursor.u32(W)?,
            },
            ENUM_MEMBER => Value::EnumMember {
                type_id: cursor.u32(W)?,
                name: Cow::Borrowed(cursor.blob(W)?),
            },
            NAME => Value::Name(cursor.u32(W)?),
            REMOVED => Value::Removed,
            UNKNOWN => {
                let n = cursor.u8(W)?;
                match Unknown::ALL.get(usize::from(n)) {
                    Some(reason) => Value::Unknown(*reason),
                    None => return Err(DecodeError::new(W, at)),
                }
            }
            _ => return Err(DecodeError::new(W, at)),
        })
    }

    /// The same value, owning its bytes.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::None => Value::None,
            Value::Bool(b) => Value::Bool(b),
            Value::Int(i) => Value::Int(i),
            Value::BigInt {
                negative,
                bits,
                magnitude,
            } => Value::BigInt {
                negative,
                bits,
                magnitude: Cow::Owned(magnitude.into_owned()),
            },
            Value::Float(f) => Value::Float(f),
            Value::Complex(re, im) => Value::Complex(re, im),
            Value::Str {
                len,
                text,
                cut_hash,
            } => Value::Str {
                len,
                text: Cow::Owned(text.into_owned()),
                cut_hash,
            },
            Value::Bytes { len, data } => Value::Bytes {
                len,
                data: Cow::Owned(data.into_owned()),
            },
            Value::Ellipsis => Value::Ellipsis,
            Value::NotImplemented => Value::NotImplemented,
            Value::Ref { object, type_id } => Value::Ref { object, type_id },
            Value::EnumMember { type_id, name } => Value::EnumMember {
                type_id,
                name: Cow::Owned(name.into_owned()),
            },
            Value::Name(id) => Value::Name(id),
            Value::Removed => Value::Removed,
            Value::Unknown(reason) => Value::Unknown(reason),
        }
    }
}
