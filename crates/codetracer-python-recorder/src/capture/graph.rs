//! Objects: their shallow states, written at first sight in a segment and when their content differs from what was
//! written, children included, within the limits.

use std::borrow::Cow;

use trace_model::Value;
use trace_model::row::Row;
use trace_model::value::{Form, Unknown};

use super::Values;
use super::describe;
use super::ids::Ids;
use super::limits::Limits;
use super::scalar::{Scalar, mix};
use crate::hooks::suspended::AddressMap;
use crate::hooks::thread::ThreadContext;
use crate::raw::instance;
use crate::raw::object::{Kind, Obj};
use crate::raw::sink::RowSink;

/// What was last written of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Entry {
    address: usize,
    kind: usize,
    fingerprint: u64,
    segment: u64,
    /// Step at which it was last looked at.
    looked: u64,
}

impl Entry {
    fn says(&self, other: &Entry) -> bool {
        (self.address, self.kind, self.fingerprint, self.segment)
            == (other.address, other.kind, other.fingerprint, other.segment)
    }
}

/// How far a walk looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Beyond objects whose own state is not as recorded: what was seen once is followed by what its changes show.
    Shallow,
    /// At all objects within the limits: some may be new at the address of an older one.
    Deep,
}

const KNOWN_ENTRIES: usize = 8192;

/// Objects described lately, by address; an entry counts only within the segment it was written to.
pub struct Known(Box<[Entry]>);

impl Default for Known {
    fn default() -> Self {
        Self(vec![Entry::default(); KNOWN_ENTRIES].into_boxed_slice())
    }
}

impl Known {
    fn slot(&mut self, address: usize) -> &mut Entry {
        let i = (address as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51;
        &mut self.0[i as usize % KNOWN_ENTRIES]
    }
}

/// Memory reused from walk to walk.
#[derive(Default)]
pub struct Scratch {
    visited: AddressMap<()>,
}

/// What an object shows: form, true length, and its children in order.
struct Shape<'a> {
    form: Form,
    len: usize,
    children: Vec<Child<'a>>,
}

#[derive(Clone, Copy)]
enum Child<'a> {
    Object(Obj<'a>),
    Name(Obj<'a>),
    Own(&'static str),
    Bytes(&'a [u8], usize),
    Absent,
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
            let shape = shape(obj, &self.limits);
            let news = self.state(obj, &shape);
            if depth + 1 >= self.limits.depth || (looks == Looks::Shallow && !news) {
                continue;
            }
            for child in &shape.children {
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

    /// Writes the state of `obj` unless it is known to be this. Answers whether it was not.
    fn state(&mut self, obj: Obj<'_>, shape: &Shape<'_>) -> bool {
        let mut fingerprint = mix(shape.len as u64, shape.form as u64);
        let mut bound = 64;
        for child in &shape.children {
            let part = match child {
                Child::Object(child) => match Scalar::of(*child, &self.limits) {
                    Some(scalar) => {
                        bound += scalar.bound();
                        mix(child.type_ptr() as u64, scalar.digest())
                    }
                    None => {
                        bound += 16;
                        child.address() as u64
                    }
                },
                Child::Name(name) => {
                    bound += 16;
                    name.address() as u64
                }
                Child::Own(_) | Child::Absent => {
                    bound += 16;
                    1
                }
                Child::Bytes(data, len) => {
                    bound += 32 + data.len();
                    Scalar::Bytes(data, *len).digest()
                }
            };
            fingerprint = mix(fingerprint, part);
        }
        if !self.is_news(obj, fingerprint, bound) {
            return false;
        }
        let type_id = self.ids.type_of(obj, self.sink);
        // Definitions come before the object, so that its items follow it without a break.
        let children: Vec<Value<'_>> = shape
            .children
            .iter()
            .map(|child| self.child(*child))
            .collect();
        self.write(obj, type_id, shape.form, shape.len, &children);
        true
    }

    /// Whether a state with this fingerprint must be written, and fits; remembers that it is.
    fn is_news(&mut self, obj: Obj<'_>, fingerprint: u64, bound: usize) -> bool {
        let entry = Entry {
            address: obj.address(),
            kind: obj.type_ptr() as usize,
            fingerprint,
            segment: self.segment,
            looked: self.step,
        };
        let slot = self.known.slot(obj.address());
        if slot.says(&entry) {
            slot.looked = self.step;
            return false;
        }
        if !self.sink.fits(bound) {
            *slot = Entry::default();
            Row::Truncated.encode(self.sink);
            return false;
        }
        *slot = entry;
        true
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
        let args = self.mark_of_arguments(exc);
        // The arguments above, the traceback below.
        let fingerprint = args << 32 | mix(0, trace_mark) >> 32;
        let slot = *self.known.slot(exc.address());
        let described = slot.address == exc.address()
            && slot.kind == exc.type_ptr() as usize
            && slot.segment == self.segment;
        let same_arguments = slot.fingerprint >> 32 == args & 0xffff_ffff;
        if described && (slot.fingerprint == fingerprint || (same_arguments && !with_traceback)) {
            return type_id;
        }
        let message = describe::message(exc, &self.limits);
        let trace = if with_traceback {
            describe::traceback(exc)
        } else {
            String::new()
        };
        if self.is_news(exc, fingerprint, message.len() + trace.len() + 128) {
            let mut items = vec![Value::Name(message_name), text(&message)];
            if !trace.is_empty() {
                items.extend([Value::Name(traceback_name), text(&trace)]);
            }
            self.write(exc, type_id, Form::Attrs, items.len() / 2, &items);
        }
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

/// The shallow content of an object, by exact type.
fn shape<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let mut children = Vec::new();
    let absent = |o: Option<Obj<'a>>| o.map_or(Child::Absent, Child::Object);
    let (form, len) = match obj.kind() {
        Kind::List => {
            let len = obj.size();
            children.extend((0..len.min(limits.items)).map(|i| absent(obj.list_item(i))));
            (Form::Items, len)
        }
        Kind::Tuple => {
            let len = obj.size();
            children.extend((0..len.min(limits.items)).map(|i| absent(obj.tuple_item(i))));
            (Form::Items, len)
        }
        Kind::Dict => {
            obj.dict_entries(limits.items, |key, value| {
                children.extend([Child::Object(key), Child::Object(value)]);
            });
            (Form::Entries, obj.dict_len())
        }
        Kind::Set | Kind::FrozenSet => {
            obj.set_items(limits.items, |item| children.push(Child::Object(item)));
            (Form::Items, obj.set_len())
        }
        Kind::Range | Kind::Slice => {
            children.extend(obj.triple().map(absent));
            (Form::Items, 3)
        }
        Kind::Instance => {
            let len = instance::attributes(obj, limits.items, |name, value| {
                children.extend([Child::Name(name), Child::Object(value)]);
            });
            (Form::Attrs, len)
        }
        Kind::ByteArray => {
            children.push(Child::Bytes(obj.bytearray(limits.bytes), obj.size()));
            (Form::Content, obj.size())
        }
        Kind::Function | Kind::Type | Kind::Module => {
            let name = match obj.kind() {
                Kind::Module => "__name__",
                _ => "__qualname__",
            };
            children.extend(
                obj.own_qualname()
                    .map(Child::Object)
                    .into_iter()
                    .flat_map(|n| [Child::Own(name), n]),
            );
            (Form::Attrs, children.len() / 2)
        }
        _ => (Form::Opaque, 0),
    };
    Shape {
        form,
        len,
        children,
    }
}
