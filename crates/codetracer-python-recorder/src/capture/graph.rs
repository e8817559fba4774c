//! Objects: their shallow states, written at first sight in a segment and when their content differs from what was
//! written, children included, within the limits.

use std::borrow::Cow;
use std::ops::Range;

use trace_model::Value;
use trace_model::row::Row;
use trace_model::value::{Form, Unknown};

use super::Values;
use super::describe;
use super::ids::Ids;
use super::known::{Difference, Entry, Known, difference};
use super::limits::Limits;
use super::scalar::{Scalar, mix};
use super::shape::{Child, Shape, shape};
use crate::hooks::suspended::AddressMap;
use crate::hooks::thread::ThreadContext;
use crate::raw::instance;
use crate::raw::object::{Kind, Obj};
use crate::raw::sink::RowSink;

/// How far a walk looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Beyond objects whose own state is not as recorded: what was seen once is followed by what its changes show.
    Shallow,
    /// At all objects within the limits: some may be new at the address of an older one.
    Deep,
}

/// Memory reused from walk to walk.
#[derive(Default)]
pub struct Scratch {
    visited: AddressMap<()>,
    marks: Vec<u64>,
}

/// One walk over the graph below a value, writing what is new.
pub struct Walk<'w> {
    limits: Limits,
    ids: &'w mut Ids,
    known: &'w mut Known,
    scratch: &'w mut Scratch,
    sink: &'w mut RowSink,
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
            segment: thread.segment,
            step: values.step,
        }
    }

    /// Whether the object was looked at in this segment after `step`.
    pub fn looked_after(&mut self, object: Obj<'_>, step: u64) -> bool {
        let entry = self.known.slot(object.address());
        entry.address == object.address()
            && entry.kind == object.type_ptr() as usize
            && entry.segment == self.segment
            && entry.looked > step
    }

    /// Writes the states below `root` that are not known; answers the type id of `root`.
    pub fn describe(&mut self, root: Obj<'_>, looks: Looks) -> u32 {
        let type_id = self.ids.type_of(root, self.sink);
        if looks == Looks::Shallow && self.is_as_written(root) {
            return type_id;
        }
        let mut queue: Vec<(Obj<'_>, u32)> = vec![(root, 0)];
        self.scratch.visited.clear();
        self.scratch.visited.insert(root.address(), ());
        let mut at = 0;
        while let Some((obj, depth)) = queue.get(at).copied() {
            at += 1;
            if obj.kind() == Kind::Exception {
                self.exception(obj, false);
                continue;
            }
            if looks == Looks::Shallow && depth > 0 && self.is_as_written(obj) {
                continue;
            }
            let shape = shape(obj, &self.limits);
            let written = self.state(obj, &shape);
            if depth + 1 >= self.limits.depth {
                continue;
            }
            let children = match looks {
                Looks::Shallow => shape.children.get(written).unwrap_or_default(),
                Looks::Deep => &shape.children,
            };
            for child in children {
                if let Child::Object(child) = child
                    && queue.len() < self.limits.objects
                    && Scalar::of(*child, &self.limits).is_none()
                    && self.scratch.visited.insert(child.address(), ()).is_none()
                {
                    queue.push((*child, depth + 1));
                }
            }
        }
        type_id
    }

    /// Whether an object of a common kind is as it was written, found without making its shape.
    #[inline]
    fn is_as_written(&mut self, obj: Obj<'_>) -> bool {
        let Self {
            known,
            limits,
            segment,
            step,
            ..
        } = self;
        let entry = known.slot(obj.address());
        if entry.address != obj.address()
            || entry.kind != obj.type_ptr() as usize
            || entry.segment != *segment
        {
            return false;
        }
        let mut marks = entry.marks.iter();
        let mut same = true;
        let mut compare = |mark: u64| same = same && marks.next() == Some(&mark);
        let len = match obj.kind() {
            kind @ (Kind::List | Kind::Tuple) => {
                let len = obj.size();
                if len != entry.len {
                    return false;
                }
                for i in 0..len.min(limits.items) {
                    let item = match kind {
                        Kind::List => obj.list_item(i),
                        _ => obj.tuple_item(i),
                    };
                    compare(item.map_or(ABSENT, |item| mark(item, limits)));
                }
                len
            }
            Kind::Dict => {
                obj.dict_entries(limits.items, |key, value| {
                    compare(mark(key, limits));
                    compare(mark(value, limits));
                });
                obj.dict_len()
            }
            Kind::Instance => instance::attributes(obj, limits.items, |name, value| {
                compare(name.address() as u64);
                compare(mark(value, limits));
            }),
            _ => return false,
        };
        if same && len == entry.len && marks.next().is_none() {
            entry.looked = *step;
            return true;
        }
        false
    }

    /// Writes the state of `obj`, or what differs from the one that was written. Answers which parts.
    fn state(&mut self, obj: Obj<'_>, shape: &Shape<'_>) -> Range<usize> {
        let mut marks = std::mem::take(&mut self.scratch.marks);
        marks.clear();
        marks.extend(shape.children.iter().map(|child| match child {
            Child::Object(child) => mark(*child, &self.limits),
            Child::Name(name) => name.address() as u64,
            Child::Own(name) => name.as_ptr() as u64,
            Child::Absent => ABSENT,
            Child::Bytes(data, len) => Scalar::Bytes(data, *len).digest(),
        }));
        let written = self.news(obj, shape, &marks);
        self.scratch.marks = marks;
        written
    }

    fn news(&mut self, obj: Obj<'_>, shape: &Shape<'_>, marks: &[u64]) -> Range<usize> {
        let (segment, step) = (self.segment, self.step);
        let slot = self.known.slot(obj.address());
        let known = slot.address == obj.address()
            && slot.kind == obj.type_ptr() as usize
            && slot.segment == segment;
        let difference = if !known {
            Difference::Whole
        } else if slot.len == shape.len && slot.marks == marks {
            slot.looked = step;
            return 0..0;
        } else {
            difference(shape.form, &slot.marks, marks)
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
        let slot = self.known.slot(obj.address());
        slot.address = obj.address();
        slot.kind = obj.type_ptr() as usize;
        slot.segment = segment;
        slot.looked = step;
        slot.len = shape.len;
        slot.marks.clear();
        slot.marks.extend_from_slice(marks);
        let type_id = self.ids.type_of(obj, self.sink);
        // Definitions come before the object, so that its items follow it without a break.
        let items: Vec<Value<'_>> = children.iter().map(|child| self.child(*child)).collect();
        if difference == Difference::Whole {
            self.write(obj, type_id, shape.form, shape.len, &items);
        } else {
            Row::Change {
                object: obj.address() as u64,
                type_id,
                form: shape.form,
                len: shape.len as u64,
                at: at as u32,
                removed: removed as u32,
                count: items.len() as u32,
            }
            .encode(self.sink);
            self.write_items(&items);
        }
        range
    }

    /// At least as many bytes as a child takes.
    fn bound(&self, child: &Child<'_>) -> usize {
        match child {
            Child::Object(child) => {
                Scalar::of(*child, &self.limits).map_or(16, |scalar| scalar.bound())
            }
            Child::Name(_) | Child::Own(_) | Child::Absent => 16,
            Child::Bytes(data, _) => 32 + data.len(),
        }
    }

    fn write(&mut self, obj: Obj<'_>, type_id: u32, form: Form, len: usize, items: &[Value<'_>]) {
        let object = obj.address() as u64;
        let count = items.len() as u32;
        Row::Object {
            object,
            type_id,
            form,
            len: len as u64,
            count,
        }
        .encode(self.sink);
        self.write_items(items);
    }

    fn write_items(&mut self, items: &[Value<'_>]) {
        for item in items {
            Row::Item(item.clone()).encode(self.sink);
        }
    }

    /// Writes the state of an exception: its message, and its traceback when asked for; answers its type id.
    pub fn exception(&mut self, exc: Obj<'_>, with_traceback: bool) -> u32 {
        let type_id = self.ids.type_of(exc, self.sink);
        let message_name = self.ids.own_name("message", self.sink);
        let traceback_name = self.ids.own_name("traceback", self.sink);
        let trace_mark = match (with_traceback, exc.exception_traceback()) {
            (true, Some(trace)) => trace.address() as u64,
            _ => 0,
        };
        let marks = [self.mark_of_arguments(exc), trace_mark];
        let slot = self.known.slot(exc.address());
        let described = slot.address == exc.address()
            && slot.kind == exc.type_ptr() as usize
            && slot.segment == self.segment
            && slot.marks.first() == marks.first();
        if described && (slot.marks == marks || !with_traceback) {
            return type_id;
        }
        let message = describe::message(exc, &self.limits);
        let trace = if with_traceback {
            describe::traceback(exc)
        } else {
            String::new()
        };
        if !self.sink.fits(message.len() + trace.len() + 192) {
            Row::Truncated.encode(self.sink);
            return type_id;
        }
        let (segment, step) = (self.segment, self.step);
        let slot = self.known.slot(exc.address());
        slot.address = exc.address();
        slot.kind = exc.type_ptr() as usize;
        slot.segment = segment;
        slot.looked = step;
        slot.len = 0;
        slot.marks.clear();
        slot.marks.extend(marks);
        let mut items = vec![Value::Name(message_name), text(&message)];
        if !trace.is_empty() {
            items.extend([Value::Name(traceback_name), text(&trace)]);
        }
        self.write(exc, type_id, Form::Attrs, items.len() / 2, &items);
        type_id
    }

    /// A number that differs where the arguments of an exception do.
    fn mark_of_arguments(&self, exc: Obj<'_>) -> u64 {
        let Some(args) = exc.exception_args() else {
            return 0;
        };
        (0..args.size().min(self.limits.items)).fold(args.size() as u64, |mark, i| {
            let part = args.tuple_item(i).map_or(0, |arg| {
                Scalar::of(arg, &self.limits).map_or(arg.address() as u64, |s| s.digest())
            });
            mix(mark, part)
        }) >> 16
    }

    fn child<'a>(&mut self, child: Child<'a>) -> Value<'a> {
        match child {
            Child::Object(obj) => match Scalar::of(obj, &self.limits) {
                Some(scalar) => scalar.value(),
                None => Value::Ref {
                    object: obj.address() as u64,
                    type_id: self.ids.type_of(obj, self.sink),
                },
            },
            Child::Name(name) => Value::Name(self.ids.name(name, self.sink)),
            Child::Own(name) => Value::Name(self.ids.own_name(name, self.sink)),
            Child::Bytes(data, len) => Value::Bytes {
                len: len as u64,
                data: Cow::Borrowed(data),
            },
            Child::Absent => Value::Unknown(Unknown::Unreadable),
        }
    }
}

fn text(s: &str) -> Value<'_> {
    Value::Str {
        len: s.chars().count() as u64,
        text: Cow::Borrowed(s.as_bytes()),
        cut_hash: None,
    }
}

/// Mark of a part that cannot be read.
const ABSENT: u64 = 1;
/// How many items of a tuple within a tuple within a tuple tell it apart.
const TUPLE: (usize, u32) = (8, 3);

/// A number that differs for parts that differ: scalars by value, tuples by content, everything else by identity.
#[inline(always)]
fn mark(obj: Obj<'_>, limits: &Limits) -> u64 {
    match Scalar::of(obj, limits) {
        Some(scalar) => mix(obj.type_ptr() as u64, scalar.digest()),
        None if obj.kind() == Kind::Tuple => tuple_mark(obj, limits, TUPLE.1),
        None => obj.address() as u64,
    }
}

fn tuple_mark(tuple: Obj<'_>, limits: &Limits, depth: u32) -> u64 {
    (0..tuple.size().min(TUPLE.0)).fold(tuple.address() as u64, |hash, i| {
        let part = tuple
            .tuple_item(i)
            .map_or(ABSENT, |item| match Scalar::of(item, limits) {
                Some(scalar) => mix(item.type_ptr() as u64, scalar.digest()),
                None if depth > 1 && item.kind() == Kind::Tuple => {
                    tuple_mark(item, limits, depth - 1)
                }
                None => item.address() as u64,
            });
        mix(hash, part)
    })
}
