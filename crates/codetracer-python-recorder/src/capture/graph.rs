//! Objects: their shallow states, written at first sight in a segment and when their content differs from what was
//! written, children included, within the limits.

use std::ops::Range;

use trace_model::Value;
use trace_model::row::Row;
use trace_model::value::Unknown;

mod exceptions;
mod part;
mod same;

use super::Values;
use super::ids::Ids;
use super::known::{Difference, Entry, Known, difference_beside};
use super::limits::Limits;
use super::scalar::{ABSENT, Scalar, mark, value_bound, value_digest};
use super::shape::{Child, Look, Modules, Shape, shape_of};
use super::tracebacks::Tracebacks;
use crate::hooks::suspended::AddressMap;
use crate::hooks::thread::ThreadContext;
use crate::raw::object::{Kind, Obj};
use crate::raw::sink::RowSink;

/// How far a walk looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Beyond objects whose own state is not as recorded: what was seen once is followed by what its changes show.
    Shallow,
    /// At the nearest objects: code that is not recorded may have changed what an object is made of.
    Near,
    /// At all objects within the limits: some may be new at the address of an older one.
    Deep,
}

/// How many objects are looked at where the nearest ones are.
const NEAREST: usize = 16;

/// How many objects a queue has room for at first: as many bytes as the allocator still gives fast.
const QUEUE: usize = 64;

/// Whether objects of a kind are what many objects refer to rather than what one is made of.
fn is_no_part(kind: Kind) -> bool {
    matches!(kind, Kind::Type | Kind::Function | Kind::Module)
}

/// How often limits left out what objects refer to.
#[derive(Debug, Clone, Copy, Default)]
pub struct LeftOut {
    /// Objects that were described without it, because of the limit of the depth.
    pub by_depth: u64,
    /// Walks that did not come to all of it, because of the limit of objects.
    pub by_objects: u64,
}

/// Memory reused from walk to walk.
#[derive(Default)]
pub struct Scratch {
    visited: AddressMap<()>,
    marks: Vec<u64>,
    /// Ids of what the parts refer to.
    ids: Vec<u32>,
    message: Vec<u8>,
    tracebacks: Tracebacks,
}

/// One walk over the graph below a value, writing what is new.
pub struct Walk<'w> {
    limits: Limits,
    ids: &'w mut Ids,
    known: &'w mut Known,
    scratch: &'w mut Scratch,
    sink: &'w mut RowSink,
    modules: &'w Modules,
    left_out: &'w mut LeftOut,
    /// Whether objects were left out for which there was no room.
    is_full: bool,
    deep: bool,
    session: u32,
    segment: u64,
    step: u64,
}

impl<'w> Walk<'w> {
    /// A walk that writes into the thread's segment.
    pub fn new(values: &'w mut Values, thread: &'w mut ThreadContext) -> Self {
        Self {
            limits: values.limits,
            ids: &mut values.ids,
            known: &mut values.known,
            scratch: &mut values.walk,
            sink: &mut thread.sink,
            modules: &values.modules,
            left_out: &mut values.left_out,
            is_full: false,
            deep: values.enabled,
            session: values.session,
            segment: thread.segment,
            step: values.step,
        }
    }

    /// Whether the object was looked at in this segment after `step`.
    pub fn looked_after(&mut self, object: Obj<'_>, step: u64) -> bool {
        let entry = self.known.slot(object.address());
        entry.is(object.address(), object.type_ptr() as usize, self.segment) && entry.looked > step
    }

    /// Writes the states below `root` that are not known; answers the type id of `root`.
    pub fn describe(&mut self, root: Obj<'_>, looks: Looks) -> u32 {
        let type_id = self.ids.type_of(root, self.sink);
        if looks == Looks::Near {
            self.limits.objects = self.limits.objects.min(NEAREST);
        }
        if looks != Looks::Shallow || !self.is_as_written(root) {
            self.scratch.visited.clear();
            self.scratch.visited.insert(root.address(), ());
            let mut queue = Vec::with_capacity(QUEUE);
            queue.push((root, 0));
            self.walk(queue, looks);
        }
        type_id
    }

    /// Writes the states of objects in the queue, and below them, that are not known. They count as visited.
    fn walk(&mut self, mut queue: Vec<(Obj<'_>, u32)>, looks: Looks) {
        self.is_full = false;
        let mut at = 0;
        while let Some((obj, depth)) = queue.get(at).copied() {
            at += 1;
            let kind = obj.kind();
            if looks == Looks::Near && depth > 0 && is_no_part(kind) {
                continue;
            }
            // A root that is looked at no further than its own state is known to differ.
            if (looks != Looks::Shallow || depth > 0) && self.is_as_written(obj) {
                if looks != Looks::Shallow {
                    self.enqueue_parts(obj, depth + 1, &mut queue);
                }
                continue;
            }
            let shape;
            let written = if kind == Kind::Exception {
                let (its_shape, written) = self.exception_state(obj, true);
                shape = its_shape;
                written
            } else {
                let (limits, modules) = (&self.limits, self.modules);
                shape = shape_of(obj, kind, Look { limits, modules });
                self.state(obj, &shape)
            };
            let children = match looks {
                Looks::Shallow => shape.children.get(written).unwrap_or_default(),
                Looks::Near | Looks::Deep => &shape.children,
            };
            self.enqueue(children, depth + 1, &mut queue);
        }
        // Where only the nearest objects are looked at, that is no limit of the recording's.
        self.left_out.by_objects += u64::from(self.is_full && looks != Looks::Near);
    }

    /// Adds what is to be visited of an object's parts.
    #[inline(always)]
    fn enqueue<'a>(&mut self, children: &[Child<'a>], depth: u32, queue: &mut Vec<(Obj<'a>, u32)>) {
        if depth >= self.limits.depth {
            let limits = &self.limits;
            let has_parts = |child: &Child<'_>| match child {
                Child::Object(child) => Scalar::of(*child, limits).is_none(),
                _ => false,
            };
            self.left_out.by_depth += u64::from(children.iter().any(has_parts));
            return;
        }
        for child in children {
            if let Child::Object(child) = child {
                self.enqueue_one(*child, depth, queue);
            }
        }
    }

    #[inline(always)]
    fn enqueue_one<'a>(&mut self, child: Obj<'a>, depth: u32, queue: &mut Vec<(Obj<'a>, u32)>) {
        if queue.len() >= self.limits.objects {
            self.is_full |= Scalar::of(child, &self.limits).is_none()
                && !self.scratch.visited.contains_key(&child.address());
        } else if Scalar::of(child, &self.limits).is_none()
            && self.scratch.visited.insert(child.address(), ()).is_none()
        {
            queue.push((child, depth));
        }
    }

    /// Writes the state of `obj`, or what differs from the one that was written. Answers which parts.
    fn state(&mut self, obj: Obj<'_>, shape: &Shape<'_>) -> Range<usize> {
        let mut marks = std::mem::take(&mut self.scratch.marks);
        marks.clear();
        self.marks(shape, &mut marks);
        let written = self.news(obj, shape, &marks);
        self.scratch.marks = marks;
        written
    }

    /// A number for each part of a shape.
    #[inline(always)]
    fn marks(&self, shape: &Shape<'_>, marks: &mut Vec<u64>) {
        marks.extend(shape.children.iter().map(|child| match child {
            Child::Object(child) => mark(*child, &self.limits),
            Child::Name(name) => name.address() as u64,
            Child::Own(name) => name.as_ptr() as u64,
            Child::Absent => ABSENT,
            Child::Made(value) => value_digest(value),
        }));
    }

    fn news(&mut self, obj: Obj<'_>, shape: &Shape<'_>, marks: &[u64]) -> Range<usize> {
        let (segment, step) = (self.segment, self.step);
        let slot = self.known.slot(obj.address());
        let difference = if !slot.is(obj.address(), obj.type_ptr() as usize, segment) {
            Difference::Whole
        } else if slot.len == shape.len && slot.marks == marks {
            slot.looked = step;
            return 0..0;
        } else {
            let before = (slot.marks.as_slice(), slot.own);
            difference_beside(shape.form, before, (marks, shape.own_parts()))
        };
        let (at, removed, range) = match difference {
            Difference::Splice { at, removed, count } => (at, removed, at..at + count),
            Difference::Pairs { first, count } => (0, 0, first * 2..(first + count) * 2),
            // Only the true length differs.
            Difference::None => (0, 0, 0..0),
            Difference::Whole => (0, 0, 0..shape.children.len()),
        };
        let children = shape.children.get(range.clone()).unwrap_or_default();
        let bound: usize = children.iter().map(|child| self.bound(child)).sum();
        if !self.sink.fits(bound + 64) {
            *self.known.slot(obj.address()) = Entry::default();
            Row::Truncated.encode(self.sink);
            return 0..0;
        }
        self.remember(obj, shape.len, shape.own_parts(), marks);
        let type_id = self.ids.type_of(obj, self.sink);
        self.define(children);
        let (object, count) = (obj.address() as u64, children.len() as u32);
        if difference == Difference::Whole {
            Row::Object {
                object,
                type_id,
                form: shape.form,
                len: shape.len as u64,
                count,
            }
            .encode(self.sink);
        } else {
            Row::Change {
                object,
                type_id,
                form: shape.form,
                len: shape.len as u64,
                at: at as u32,
                removed: removed as u32,
                count,
            }
            .encode(self.sink);
        }
        self.write_items(children);
        range
    }

    /// Remembers what is written of `obj`.
    #[inline(always)]
    fn remember(&mut self, obj: Obj<'_>, len: usize, own: usize, marks: &[u64]) {
        let (segment, step) = (self.segment, self.step);
        let class = self.modules.class_state(obj);
        let way = same::way_of(obj);
        let slot = self.known.slot(obj.address());
        slot.class = class;
        slot.address = obj.address();
        slot.kind = obj.type_ptr() as usize;
        slot.way = way;
        slot.segment = segment;
        slot.looked = step;
        slot.len = len;
        slot.own = own;
        slot.marks.clear();
        slot.marks.extend_from_slice(marks);
    }

    /// At least as many bytes as a child takes.
    fn bound(&self, child: &Child<'_>) -> usize {
        match child {
            Child::Object(child) => {
                Scalar::of(*child, &self.limits).map_or(16, |scalar| scalar.bound())
            }
            Child::Name(_) | Child::Own(_) | Child::Absent => 16,
            Child::Made(value) => value_bound(value),
        }
    }

    /// Defines what the parts refer to: definitions come before the object, so that its items follow it without a break.
    #[inline(always)]
    fn define(&mut self, children: &[Child<'_>]) {
        self.scratch.ids.clear();
        for child in children {
            let id = match child {
                Child::Object(obj) if Scalar::of(*obj, &self.limits).is_none() => {
                    self.ids.type_of(*obj, self.sink)
                }
                Child::Name(name) => self.ids.name(*name, self.sink),
                Child::Own(name) => self.ids.own_name(name, self.sink),
                Child::Object(_) | Child::Made(_) | Child::Absent => continue,
            };
            self.scratch.ids.push(id);
        }
    }

    /// Writes parts whose definitions are written.
    #[inline(always)]
    fn write_items(&mut self, children: &[Child<'_>]) {
        let mut ids = self.scratch.ids.iter().copied();
        let mut next = || ids.next().unwrap_or_default();
        for child in children {
            let item = match child {
                Child::Object(obj) => match Scalar::of(*obj, &self.limits) {
                    Some(scalar) => scalar.value(),
                    None => Value::Ref {
                        object: obj.address() as u64,
                        type_id: next(),
                    },
                },
                Child::Name(_) | Child::Own(_) => Value::Name(next()),
                Child::Made(value) => {
                    Row::item(value, self.sink);
                    continue;
                }
                Child::Absent => Value::Unknown(Unknown::Unreadable),
            };
            Row::item(&item, self.sink);
        }
    }
}
