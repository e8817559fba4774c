//! Reading the value rows of a block.

use std::borrow::Cow;

use super::column;
use super::op;
use super::reader::{BlockReader, Stored};
use crate::error::DecodeError;
use crate::row::Row;
use crate::value::{self, Unknown, Value};
use crate::wire::unzigzag;

const W: &str = "value in a block";

impl<'a> BlockReader<'a> {
    /// The value row of a fused op byte: 16 times the kind, plus the tag.
    #[inline(always)]
    pub(super) fn value_row(&mut self, fused: u8) -> Result<Row<'a>, DecodeError> {
        let (kind, tag) = (fused / 16, fused % 16);
        if kind == op::BIND {
            let slot = self.slot()?;
            let value = self.value(kind, Some(slot), tag)?;
            return Ok(Row::Bind { slot, value });
        }
        let value = self.value(kind, None, tag)?;
        self.row_of(kind, value)
    }

    /// The row of `kind` with `value`; a bind reads its slot.
    pub(super) fn row_of(&mut self, kind: u8, value: Value<'a>) -> Result<Row<'a>, DecodeError> {
        Ok(match kind {
            op::BIND => Row::Bind {
                slot: self.slot()?,
                value,
            },
            op::ITEM => Row::Item(value),
            op::RESULT => Row::Result(value),
            _ => Row::Exception(value),
        })
    }

    #[inline(always)]
    fn value(&mut self, kind: u8, slot: Option<u16>, tag: u8) -> Result<Value<'a>, DecodeError> {
        Ok(match tag {
            value::NONE => Value::None,
            value::FALSE => Value::Bool(false),
            value::TRUE => Value::Bool(true),
            value::INT => {
                let last = match kind {
                    op::ITEM => self.guess.item(),
                    _ => Some(self.guess.integer(slot)),
                };
                let Some(last) = last else {
                    return Ok(Value::Int(self.signed(column::ITEM_INTS)?));
                };
                let delta = unzigzag(self.columns[column::INTS].varint(W)?);
                *last = last.wrapping_add(delta);
                Value::Int(*last)
            }
            value::BIGINT => Value::BigInt {
                negative: self.byte(column::LENGTHS)? != 0,
                bits: self.varint(column::LENGTHS)?,
                magnitude: Cow::Borrowed(self.blob()?),
            },
            value::FLOAT => Value::Float(self.float()?),
            value::COMPLEX => Value::Complex(self.float()?, self.float()?),
            value::STR => self.new_string(false)?.value(),
            value::STR_CUT => self.new_string(true)?.value(),
            value::BYTES => {
                let more = self.signed(column::LENGTHS)? as u64;
                let data = self.blob()?;
                Value::Bytes {
                    len: more.wrapping_add(data.len() as u64),
                    data: Cow::Borrowed(data),
                }
            }
            value::ELLIPSIS => Value::Ellipsis,
            value::NOT_IMPLEMENTED => Value::NotImplemented,
            value::REF => {
                let (object, type_id) = self.object()?;
                Value::Ref { object, type_id }
            }
            value::ENUM_MEMBER => {
                let type_id = self.small(column::TYPES)?;
                let name = match self.varint(column::STRINGS)?.checked_sub(1) {
                    Some(number) => self.string_again(number)?,
                    None => self.new_string(false)?,
                };
                Value::EnumMember {
                    type_id,
                    name: Cow::Borrowed(name.text),
                }
            }
            value::NAME => {
                let id = self.small(column::NAMES)?;
                self.guess.attribute(id);
                Value::Name(id)
            }
            _ => {
                let reason = Unknown::ALL.get(usize::from(self.byte(column::LENGTHS)?));
                Value::Unknown(*reason.ok_or(self.error(W))?)
            }
        })
    }

    pub(super) fn object(&mut self) -> Result<(u64, u32), DecodeError> {
        let delta = self.signed(column::OBJECTS)? as u64;
        self.guess.object = self.guess.object.wrapping_add(delta);
        Ok((self.guess.object, self.small(column::TYPES)?))
    }

    fn float(&mut self) -> Result<f64, DecodeError> {
        let count = self.floats.len() / 8;
        let mut bits = 0;
        for plane in 0..8 {
            let byte = (self.next_float < count)
                .then(|| self.floats.get(plane * count + self.next_float))
                .flatten();
            bits |= u64::from(*byte.ok_or(self.error(W))?) << (plane * 8);
        }
        self.next_float += 1;
        Ok(f64::from_bits(bits))
    }

    pub(super) fn blob(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = usize::try_from(self.varint(column::LENGTHS)?);
        let len = len.map_err(|_| self.error(W))?;
        self.columns[column::TEXT].take(len, W)
    }

    /// A string seen before, by number.
    pub(super) fn string_again(&self, number: u64) -> Result<Stored<'a>, DecodeError> {
        let stored = usize::try_from(number).ok();
        let stored = stored.and_then(|number| self.strings.get(number));
        stored.copied().ok_or(self.error("string number"))
    }

    fn new_string(&mut self, cut: bool) -> Result<Stored<'a>, DecodeError> {
        let more = self.signed(column::LENGTHS)? as u64;
        let cut_hash = match cut {
            true => Some(self.columns[column::LENGTHS].u64(W)?),
            false => None,
        };
        let text = self.blob()?;
        let stored = Stored {
            text,
            len: more.wrapping_add(text.len() as u64),
            cut_hash,
        };
        self.strings.push(stored);
        Ok(stored)
    }
}
