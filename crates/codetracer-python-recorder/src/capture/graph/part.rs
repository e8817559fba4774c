//! One part of an object that was stored: compared, and written, alone.
//!
//! Owns what can be told without looking at the other parts. Refuses everything else: the whole object is looked at then.

use trace_model::row::Row;
use trace_model::value::Form;

use super::{Looks, Walk};
use crate::capture::scalar::{Scalar, mark};
use crate::capture::shape::Child;
use crate::raw::object::{Kind, Obj};
use crate::raw::{dict, instance, structure};

/// A part of an object as it is now.
struct Part<'a> {
    form: Form,
    /// True length of the object.
    len: usize,
    /// Which item or pair it is.
    index: usize,
    /// What stands before the value, with its mark.
    key: Option<(Child<'a>, u64)>,
    value: Obj<'a>,
    /// Whether it is one that was not there.
    added: bool,
}

impl Walk<'_> {
    /// Records the attribute of this name, an interned `str`, where that tells all that a store of it did.
    #[inline]
    pub fn attribute_stored(&mut self, object: Obj<'_>, name: Obj<'_>) -> bool {
        if object.kind() != Kind::Instance
            || !structure::is_plain(object)
            || !instance::stores_plainly(object)
        {
            return false;
        }
        let (mut at, mut found) = (0, None);
        let len = instance::attributes(object, self.limits.items, |key, value| {
            if key.address() == name.address() {
                found = Some((at, key, value));
            }
            at += 1;
        });
        let Some((index, key, value)) = found else {
            return false;
        };
        let part = Part {
            form: Form::Attrs,
            len,
            index,
            key: Some((Child::Name(key), key.address() as u64)),
            value,
            added: false,
        };
        self.part(object, part)
    }

    /// Records the item under this key, where that tells all that a store of it did.
    #[inline]
    pub fn item_stored(&mut self, object: Obj<'_>, key: Obj<'_>) -> bool {
        match object.kind() {
            Kind::Dict => {
                let Some((index, key, value)) = dict::place(object, key) else {
                    return false;
                };
                let part = Part {
                    form: Form::Entries,
                    len: object.dict_len(),
                    index,
                    key: Some((Child::Object(key), mark(key, &self.limits))),
                    value,
                    added: false,
                };
                self.part(object, part)
            }
            Kind::List => {
                dict::index(object, key).is_some_and(|index| self.list_item(object, index, false))
            }
            _ => false,
        }
    }

    /// Records the last item of a list that grew by one.
    #[inline]
    pub fn appended(&mut self, list: Obj<'_>) -> bool {
        match list.size().checked_sub(1) {
            Some(last) if list.kind() == Kind::List => self.list_item(list, last, true),
            _ => false,
        }
    }

    fn list_item(&mut self, list: Obj<'_>, index: usize, added: bool) -> bool {
        let Some(value) = list.list_item(index) else {
            return false;
        };
        let part = Part {
            form: Form::Items,
            len: list.size(),
            index,
            key: None,
            value,
            added,
        };
        self.part(list, part)
    }

    fn part(&mut self, object: Obj<'_>, part: Part<'_>) -> bool {
        let value_mark = mark(part.value, &self.limits);
        let width = 1 + usize::from(part.key.is_some());
        let at = part.index * width;
        let entry = self.known.slot(object.address());
        if !entry.is(object.address(), object.type_ptr() as usize, self.segment)
            || entry.own != entry.marks.len()
        {
            return false;
        }
        let is_new = part.len == entry.len + 1
            && part.index == entry.len
            && entry.marks.len() == at
            && part.index < self.limits.items;
        if is_new {
            // All that was there is taken as it was.
        } else if !part.added && part.len == entry.len && at + width <= entry.marks.len() {
            if part
                .key
                .as_ref()
                .is_some_and(|(_, mark)| entry.marks.get(at) != Some(mark))
            {
                return false;
            }
            if entry.marks.get(at + width - 1) == Some(&value_mark) {
                return true;
            }
        } else {
            return false;
        }
        let value = Child::Object(part.value);
        let key_bound = part.key.as_ref().map_or(0, |(key, _)| self.bound(key));
        if !self.sink.fits(key_bound + self.bound(&value) + 64) {
            return false;
        }
        let entry = self.known.slot(object.address());
        entry.len = part.len;
        if is_new {
            entry.marks.extend(part.key.as_ref().map(|(_, mark)| *mark));
            entry.marks.push(value_mark);
            entry.own = entry.marks.len();
        } else if let Some(mark) = entry.marks.get_mut(at + width - 1) {
            *mark = value_mark;
        }
        let type_id = self.ids.type_of(object, self.sink);
        let mut children = [Child::Absent, value];
        let key = part.key.is_some();
        if let Some((key, _)) = part.key {
            children[0] = key;
        }
        let children = &children[usize::from(!key)..];
        self.define(children);
        let (at, removed) = match part.form {
            Form::Items => (part.index as u32, u32::from(!is_new)),
            _ => (0, 0),
        };
        Row::Change {
            object: object.address() as u64,
            type_id,
            form: part.form,
            len: part.len as u64,
            at,
            removed,
            count: width as u32,
        }
        .encode(self.sink);
        self.write_items(children);
        self.below(object, part.value);
        true
    }

    /// Writes what is not known below a part.
    #[inline]
    fn below(&mut self, object: Obj<'_>, part: Obj<'_>) {
        if self.limits.depth > 1
            && Scalar::of(part, &self.limits).is_none()
            && !self.is_as_written(part)
        {
            self.scratch.visited.clear();
            self.scratch.visited.insert(object.address(), ());
            self.scratch.visited.insert(part.address(), ());
            self.walk(vec![(part, 1)], Looks::Shallow);
        }
    }
}
