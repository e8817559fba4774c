//! The value rows of a block: where a value's parts go, and which strings were seen before.

use super::builder::{BlockBuilder, STRING_PLACES, Stored};
use super::column;
use super::op;
use crate::value::{self, Value};
use crate::wire::{put_varint, zigzag};

impl BlockBuilder {
    /// Adds a value row of `kind`; `slot` is the name that a bind changes.
    #[inline]
    pub(super) fn value(&mut self, kind: u8, slot: Option<u16>, value: &Value<'_>) {
        let base = op::VALUE + kind * 16;
        match value {
            Value::Int(n) => {
                self.op(base + value::INT);
                let last = match kind {
                    op::ITEM => self.guess.item(),
                    _ => Some(self.guess.integer(slot)),
                };
                match last {
                    Some(last) => {
                        let delta = n.wrapping_sub(*last);
                        *last = *n;
                        self.varint(column::INTS, zigzag(delta));
                    }
                    None => self.varint(column::ITEM_INTS, zigzag(*n)),
                }
            }
            Value::None => self.op(base + value::NONE),
            Value::Bool(b) => self.op(base + if *b { value::TRUE } else { value::FALSE }),
            Value::Float(f) => {
                self.op(base + value::FLOAT);
                self.floats.push(f.to_bits());
            }
            Value::Complex(re, im) => {
                self.op(base + value::COMPLEX);
                self.floats.push(re.to_bits());
                self.floats.push(im.to_bits());
            }
            Value::Str {
                len,
                text,
                cut_hash,
            } => match self.string(text, *len, *cut_hash) {
                Some(again) => {
                    self.op(op::STR_AGAIN + kind);
                    self.varint(column::STRINGS, u64::from(again));
                }
                None => {
                    let tag = match cut_hash {
                        Some(_) => value::STR_CUT,
                        None => value::STR,
                    };
                    self.op(base + tag);
                    self.new_string(text, *len, *cut_hash);
                }
            },
            Value::Ref { object, type_id } => {
                self.op(base + value::REF);
                self.object(*object, *type_id);
            }
            Value::Name(id) => {
                self.op(base + value::NAME);
                self.guess.attribute(*id);
                self.varint(column::NAMES, u64::from(*id));
            }
            Value::BigInt {
                negative,
                bits,
                magnitude,
            } => {
                self.op(base + value::BIGINT);
                let lengths = &mut self.columns[column::LENGTHS];
                lengths.push(u8::from(*negative));
                put_varint(lengths, *bits);
                self.blob(magnitude);
            }
            Value::Bytes { len, data } => {
                self.op(base + value::BYTES);
                let more = len.wrapping_sub(data.len() as u64);
                self.varint(column::LENGTHS, zigzag(more as i64));
                self.blob(data);
            }
            Value::EnumMember { type_id, name } => {
                self.op(base + value::ENUM_MEMBER);
                self.varint(column::TYPES, u64::from(*type_id));
                match self.string(name, name.len() as u64, None) {
                    Some(again) => self.varint(column::STRINGS, u64::from(again) + 1),
                    None => {
                        self.varint(column::STRINGS, 0);
                        self.new_string(name, name.len() as u64, None);
                    }
                }
            }
            Value::Ellipsis => self.op(base + value::ELLIPSIS),
            Value::NotImplemented => self.op(base + value::NOT_IMPLEMENTED),
            Value::Removed => self.op(op::REMOVED),
            Value::Unknown(reason) => {
                self.op(base + value::UNKNOWN);
                self.columns[column::LENGTHS].push(*reason as u8);
            }
        }
    }

    #[inline]
    pub(super) fn object(&mut self, object: u64, type_id: u32) {
        let delta = object.wrapping_sub(self.guess.object);
        self.guess.object = object;
        self.varint(column::OBJECTS, zigzag(delta as i64));
        self.varint(column::TYPES, u64::from(type_id));
    }

    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.varint(column::LENGTHS, bytes.len() as u64);
        self.columns[column::TEXT].extend_from_slice(bytes);
    }

    /// The number of an equal string stored before, if it is still remembered. Remembers a new one.
    fn string(&mut self, text: &[u8], len: u64, cut_hash: Option<u64>) -> Option<u32> {
        let place = self.places.get_mut(hash(text) % STRING_PLACES)?;
        if let Some(number) = place.checked_sub(1)
            && let Some(stored) = self.strings.get(number as usize)
            && (stored.bytes as usize, stored.len, stored.cut_hash) == (text.len(), len, cut_hash)
        {
            let at = stored.at as usize;
            let same = self.columns[column::TEXT].get(at..at + text.len());
            if same == Some(text) {
                return Some(number);
            }
        }
        self.strings.push(Stored {
            at: self.columns[column::TEXT].len() as u32,
            bytes: text.len() as u32,
            len,
            cut_hash,
        });
        *place = self.strings.len() as u32;
        None
    }

    fn new_string(&mut self, text: &[u8], len: u64, cut_hash: Option<u64>) {
        let more = len.wrapping_sub(text.len() as u64);
        self.varint(column::LENGTHS, zigzag(more as i64));
        if let Some(hash) = cut_hash {
            self.columns[column::LENGTHS].extend_from_slice(&hash.to_le_bytes());
        }
        self.blob(text);
    }
}

/// A hash of a few words of the text: equality is checked anyway.
#[inline]
fn hash(text: &[u8]) -> usize {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let word = |at: usize| {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(text.iter().skip(at)) {
            *to = *from;
        }
        u64::from_le_bytes(bytes)
    };
    let n = text.len();
    let mut h = (n as u64).wrapping_mul(K);
    for at in [0, (n / 2).saturating_sub(4), n.saturating_sub(8)] {
        h = (h ^ word(at)).wrapping_mul(K).rotate_left(29);
    }
    (h.wrapping_mul(K) >> 40) as usize
}
