//! The rows that describe objects in a block, whole or in part: writing and reading, side by side.

use super::builder::BlockBuilder;
use super::column;
use super::guess::form_number;
use super::op;
use super::reader::BlockReader;
use crate::error::DecodeError;
use crate::row::{Row, is_change};
use crate::value::Form;
use crate::wire::zigzag;

/// Index, removed and new items of a change of one thing: an item replaced or added, a pair, a content.
const fn one(form: Form, len: u64, at: u32, is_more: bool) -> Option<(u32, u32, u32)> {
    match (form, is_more) {
        (Form::Opaque, _) => None,
        (Form::Items, false) => Some((at, 1, 1)),
        (Form::Items, true) if len <= u32::MAX as u64 => Some((len as u32, 0, 1)),
        (Form::Items, true) => None,
        (Form::Entries | Form::Attrs, _) => Some((0, 0, 2)),
        (Form::Content, _) => Some((0, 0, 1)),
    }
}

impl BlockBuilder {
    /// Adds the head of a whole state.
    pub(super) fn object_row(&mut self, object: (u64, u32), form: Form, len: u64, count: u32) {
        self.op(op::OBJECT + form_number(form));
        self.object(object.0, object.1);
        self.varint(column::COUNTS, len);
        let expected = column::expected_count(form, len);
        self.varint(column::COUNTS, zigzag(i64::from(count) - expected));
        self.guess.describe(object.0, object.1, len, false);
    }

    /// Adds the head of a change; `splice` is its index, its removed and its new items.
    pub(super) fn change_row(
        &mut self,
        (object, type_id): (u64, u32),
        form: Form,
        len: u64,
        splice: (u32, u32, u32),
    ) {
        let known = self.guess.described(object);
        let before = known.map_or(0, |(_, len)| len);
        let delta = object.wrapping_sub(self.guess.changed_object);
        self.guess.changed_object = object;
        self.varint(column::OBJECTS, zigzag(delta as i64));
        let grown = len.wrapping_sub(before);
        let is_usual = known.is_some_and(|(known, _)| known == type_id)
            && grown < 2
            && one(form, before, splice.0, grown == 1) == Some(splice);
        if is_usual {
            let first = if grown == 1 {
                op::CHANGE_MORE
            } else {
                op::CHANGE_ONE
            };
            self.op(first + form_number(form));
            if form == Form::Items && grown == 0 {
                self.varint(column::COUNTS, u64::from(splice.0));
            }
        } else {
            self.op(op::CHANGE + form_number(form));
            self.varint(column::TYPES, u64::from(type_id));
            self.varint(column::COUNTS, zigzag(grown as i64));
            if form == Form::Items {
                let back = len.wrapping_sub(u64::from(splice.0));
                self.varint(column::COUNTS, zigzag(back as i64));
                self.varint(column::COUNTS, u64::from(splice.1));
            }
            self.varint(column::COUNTS, u64::from(splice.2));
        }
        self.guess.describe(object, type_id, len, true);
    }
}

impl<'a> BlockReader<'a> {
    pub(super) fn object_row(&mut self, form: u8) -> Result<Row<'a>, DecodeError> {
        let form = Form::from_u8(form).ok_or(self.error("form of an object"))?;
        let (object, type_id) = self.object()?;
        let len = self.varint(column::COUNTS)?;
        let more = self.signed(column::COUNTS)?;
        let count = more.checked_add(column::expected_count(form, len));
        let count = count.and_then(|count| u32::try_from(count).ok());
        self.guess.describe(object, type_id, len, false);
        Ok(Row::Object {
            object,
            type_id,
            form,
            len,
            count: count.ok_or(self.error("count of items"))?,
        })
    }

    pub(super) fn change_row(&mut self, op: u8) -> Result<Row<'a>, DecodeError> {
        const W: &str = "change of an object";
        let first = match op {
            op::CHANGE_FIRST..=op::CHANGE_ONE => op::CHANGE,
            op if op <= op::CHANGE_MORE => op::CHANGE_ONE,
            _ => op::CHANGE_MORE,
        };
        let form = Form::from_u8(op - first).ok_or(self.error(W))?;
        let delta = self.signed(column::OBJECTS)? as u64;
        let object = self.guess.changed_object.wrapping_add(delta);
        self.guess.changed_object = object;
        let (type_id, len, splice);
        if first == op::CHANGE {
            type_id = self.small(column::TYPES)?;
            let before = self.guess.described(object).map_or(0, |(_, len)| len);
            len = before.wrapping_add(self.signed(column::COUNTS)? as u64);
            let (mut at, mut removed) = (0, 0);
            if form == Form::Items {
                let back = self.signed(column::COUNTS)? as u64;
                at = u32::try_from(len.wrapping_sub(back)).map_err(|_| self.error(W))?;
                removed = self.small(column::COUNTS)?;
            }
            splice = Some((at, removed, self.small(column::COUNTS)?));
        } else {
            let known = self.guess.described(object);
            let before;
            (type_id, before) = known.ok_or(self.error(W))?;
            let is_more = first == op::CHANGE_MORE;
            len = before.wrapping_add(u64::from(is_more));
            let at = match form {
                Form::Items if !is_more => self.small(column::COUNTS)?,
                _ => 0,
            };
            splice = one(form, before, at, is_more);
        }
        let (at, removed, count) = splice
            .filter(|(at, removed, count)| is_change(form, *at, *removed, *count))
            .ok_or(self.error(W))?;
        self.guess.describe(object, type_id, len, true);
        Ok(Row::Change {
            object,
            type_id,
            form,
            len,
            at,
            removed,
            count,
        })
    }
}
