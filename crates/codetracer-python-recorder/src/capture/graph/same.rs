//! Whether an object of a common kind is as it was written, found part by part without making its shape.
//!
//! The parts and their order are those of the object's shape. Refuses other kinds: their shape is made.

use super::Walk;
use crate::capture::known::Way;
use crate::capture::scalar::{ABSENT, mark};
use crate::capture::shape::{Child, Look, function_parts, is_place_of_member, shape_of};
use crate::raw::members::{self, FieldName};
use crate::raw::object::{Kind, Obj};
use crate::raw::structure::{self, Found, Structure};
use crate::raw::{instance, types};

/// In which way the parts of an object are found again.
pub(super) fn way_of(obj: Obj<'_>) -> Way {
    match obj.kind() {
        Kind::List => Way::List,
        Kind::Tuple => Way::Tuple,
        Kind::Dict => Way::Dict,
        Kind::Set | Kind::FrozenSet => Way::Set,
        Kind::Function => Way::Function,
        Kind::Type => Way::Class,
        Kind::Instance => match (types::is_enum_member(obj), structure::is_plain(obj)) {
            (true, true) => Way::Member,
            (false, true) => Way::Attributes,
            (true, false) => match structure::of(obj).structure {
                Structure::Builtin(Kind::Int | Kind::Str) => Way::ScalarMember,
                _ => Way::Shape,
            },
            (false, false) => match structure::of(obj) {
                Found {
                    structure: Structure::Plain,
                    hidden: false,
                } => Way::Slots,
                _ => Way::Shape,
            },
        },
        _ => Way::Shape,
    }
}

impl Walk<'_> {
    /// Whether an object is as it was written; not where that takes its shape to tell.
    #[inline]
    pub(super) fn is_as_written(&mut self, obj: Obj<'_>) -> bool {
        let Self {
            known,
            limits,
            modules,
            segment,
            step,
            ..
        } = self;
        let entry = known.slot(obj.address());
        if !entry.is(obj.address(), obj.type_ptr() as usize, *segment) {
            return false;
        }
        let scalar = usize::from(entry.way == Way::ScalarMember);
        let mut marks = entry.marks.iter().skip(scalar);
        let mut same = true;
        let mut compare = |mark: u64| same = same && marks.next() == Some(&mark);
        let len = match entry.way {
            Way::List => {
                let len = obj.size();
                if len != entry.len {
                    return false;
                }
                for i in 0..len.min(limits.items) {
                    compare(obj.list_item(i).map_or(ABSENT, |item| mark(item, limits)));
                }
                len
            }
            Way::Tuple => {
                let len = obj.size();
                if len != entry.len {
                    return false;
                }
                for i in 0..len.min(limits.items) {
                    compare(obj.tuple_item(i).map_or(ABSENT, |item| mark(item, limits)));
                }
                len
            }
            Way::Dict => {
                obj.dict_entries(limits.items, |key, value| {
                    compare(mark(key, limits));
                    compare(mark(value, limits));
                });
                obj.dict_len()
            }
            Way::Set => {
                let len = obj.set_len();
                if len != entry.len {
                    return false;
                }
                obj.set_items(limits.items, |item| compare(mark(item, limits)));
                len
            }
            Way::Attributes => instance::attributes(obj, limits.items, |name, value| {
                compare(name.address() as u64);
                compare(mark(value, limits));
            }),
            Way::Member | Way::ScalarMember => {
                let mut left_out = 0;
                let len = instance::attributes(obj, limits.items, |name, value| {
                    if is_place_of_member(name) {
                        left_out += 1;
                        return;
                    }
                    compare(name.address() as u64);
                    compare(mark(value, limits));
                });
                if scalar == 0 {
                    len - left_out
                } else {
                    entry.len
                }
            }
            Way::Slots => {
                let (mut slots, mut shown) = (0, 0);
                members::slots(obj, |name, value| {
                    slots += 1;
                    if shown < limits.items {
                        shown += 1;
                        compare(match name {
                            FieldName::Slot(name) => name.address() as u64,
                            FieldName::Text(text) => text.as_ptr() as u64,
                        });
                        compare(mark(value, limits));
                    }
                });
                slots
                    + instance::attributes(obj, limits.items - shown, |name, value| {
                        compare(name.address() as u64);
                        compare(mark(value, limits));
                    })
            }
            Way::Function => {
                let mut len = 0;
                for (name, part) in function_parts(obj) {
                    len += 1;
                    compare(name.as_ptr() as u64);
                    compare(mark(part, limits));
                }
                len + instance::attributes(obj, limits.items, |name, value| {
                    compare(name.address() as u64);
                    compare(mark(value, limits));
                })
            }
            Way::Class => {
                if entry.class == 0 || entry.class != modules.class_state(obj) {
                    return false;
                }
                entry.looked = *step;
                return true;
            }
            Way::Shape => return false,
        };
        if same && len == entry.len && marks.next().is_none() {
            entry.looked = *step;
            return true;
        }
        false
    }

    /// Adds what is to be visited of the parts of an object that is as it was written.
    pub(super) fn enqueue_parts<'a>(
        &mut self,
        obj: Obj<'a>,
        depth: u32,
        queue: &mut Vec<(Obj<'a>, u32)>,
    ) {
        if depth >= self.limits.depth {
            return;
        }
        let way = self.known.slot(obj.address()).way;
        let most = self.limits.items;
        let mut add = |part| self.enqueue_one(part, depth, queue);
        match way {
            Way::List => (0..obj.size().min(most))
                .filter_map(|i| obj.list_item(i))
                .for_each(add),
            Way::Tuple => (0..obj.size().min(most))
                .filter_map(|i| obj.tuple_item(i))
                .for_each(add),
            Way::Dict => obj.dict_entries(most, |key, value| {
                add(key);
                add(value);
            }),
            Way::Set => obj.set_items(most, add),
            Way::Attributes => {
                instance::attributes(obj, most, |_, value| add(value));
            }
            Way::Member | Way::ScalarMember => {
                instance::attributes(obj, most, |name, value| {
                    if !is_place_of_member(name) {
                        add(value);
                    }
                });
            }
            Way::Slots => {
                let mut shown = 0;
                members::slots(obj, |_, value| {
                    if shown < most {
                        shown += 1;
                        add(value);
                    }
                });
                instance::attributes(obj, most - shown, |_, value| add(value));
            }
            Way::Function => {
                function_parts(obj).for_each(|(_, part)| add(part));
                instance::attributes(obj, most, |_, value| add(value));
            }
            Way::Class | Way::Shape => {
                let (limits, modules) = (&self.limits, self.modules);
                let shape = shape_of(obj, obj.kind(), Look { limits, modules });
                for child in &shape.children {
                    if let Child::Object(child) = child {
                        self.enqueue_one(*child, depth, queue);
                    }
                }
            }
        }
    }
}
