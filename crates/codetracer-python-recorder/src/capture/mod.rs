//! Values of names: which ones an event records, and what they were recorded as before.

mod describe;
mod elsewhere;
mod graph;
mod ids;
mod known;
mod limits;
mod scalar;
mod shape;
mod touch;
mod tracebacks;

use trace_model::Value;
use trace_model::row::Row;
use trace_model::value::Unknown;

use elsewhere::{captured, shared};
pub use graph::LeftOut;
use graph::{Looks, Walk};
use ids::Ids;
pub use limits::Limits;
use scalar::Scalar;

use crate::code::facts::{CodeFacts, Name, Source};
use crate::hooks::thread::{Seen, ThreadContext};
use crate::raw::frame::Frame;
use crate::raw::function;
use crate::raw::object::{Obj, Unreadable};

/// State of value capture that all threads share.
pub struct Values {
    enabled: bool,
    session: u32,
    limits: Limits,
    ids: Ids,
    known: known::Known,
    walk: graph::Scratch,
    modules: shape::Modules,
    /// Step of the event whose values are recorded.
    step: u64,
    /// Counts bindings of globals.
    globals: u32,
    /// How often limits left out what objects refer to.
    pub left_out: LeftOut,
}

/// Digest of a name that is not bound.
const UNBOUND: Seen = Seen { kind: 1, digest: 0 };

impl Values {
    /// Value capture for one session. Number `session` of the process. When not `enabled`, exceptions are still described.
    pub fn new(enabled: bool, limits: Limits, session: u32) -> Self {
        Self {
            enabled,
            session,
            limits,
            ids: Ids::default(),
            known: known::Known::default(),
            walk: graph::Scratch::default(),
            modules: shape::Modules::default(),
            step: 0,
            globals: 0,
            left_out: LeftOut::default(),
        }
    }

    /// The same for the recording of another session.
    pub fn anew(&self, session: u32) -> Self {
        Self::new(self.enabled, self.limits, session)
    }

    /// Code of the module `name` is recorded, so its classes are the program's.
    pub fn records_module(&mut self, name: &str) {
        self.modules.add(name);
    }

    /// Whether so many classes and names have ids that [`Values::forget_ids`] is due.
    pub fn has_many_ids(&self) -> bool {
        self.ids.are_many()
    }

    /// The first ids of a class and of a name that may be used.
    pub fn first_ids(&self) -> (u32, u32) {
        self.ids.first()
    }

    /// Forgets the ids of classes and names; no segment begun before may be written to afterwards.
    pub fn forget_ids(&mut self) {
        self.ids.forget();
    }

    /// The values that follow belong to the event of this step.
    #[inline(always)]
    pub fn at(&mut self, step: u64) -> &mut Self {
        self.step = step;
        self
    }

    /// Whether values are recorded.
    #[inline(always)]
    pub fn enabled(&self) -> bool {
        self.enabled
    }
}

/// The present value of a name in `frame`. `Err` when it cannot be read.
#[inline(always)]
fn read<'a>(frame: Frame<'a>, source: Source) -> Result<Option<Obj<'a>>, Unreadable> {
    match source {
        Source::Fast(slot) => Ok(frame.local(slot as usize)),
        Source::Cell(slot) => Ok(frame.captured(slot as usize)),
        Source::Namespace(i) => in_dict(frame, frame.namespace(), i),
        Source::Global(i) => in_dict(frame, frame.globals(), i),
        Source::Key(key) => match (frame.globals(), function::kept(key)) {
            (Some(dict), Some(key)) if dict.is_dict() => dict.dict_get(key),
            _ => Err(Unreadable),
        },
    }
}

fn in_dict<'a>(
    frame: Frame<'a>,
    dict: Option<Obj<'a>>,
    key: u32,
) -> Result<Option<Obj<'a>>, Unreadable> {
    let key = frame
        .code()
        .and_then(|code| code.names())
        .and_then(|names| names.tuple_item(key as usize));
    match (dict, key) {
        (Some(dict), Some(key)) if dict.is_dict() => dict.dict_get(key),
        _ => Err(Unreadable),
    }
}

/// Whether values that appear may be structures that were never seen, at addresses of older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appears {
    /// Whether something could have made such a structure.
    pub made: bool,
    /// What was looked at after this step is none.
    pub since: u64,
}

impl Appears {
    /// Values of which nothing is known.
    pub const FROM_ANYWHERE: Self = Self {
        made: true,
        since: u64::MAX,
    };

    /// Values that a line gives, which began at step `since`.
    #[inline(always)]
    pub fn on_line(facts: &CodeFacts, line: u32, since: u64) -> Self {
        let made = facts.touches.of_line(line).is_some_and(|l| l.makers > 0);
        Self { made, since }
    }

    #[inline(always)]
    fn looks(self, walk: &mut Walk<'_>, value: Obj<'_>) -> Looks {
        if self.made && !walk.looked_after(value, self.since) {
            Looks::Deep
        } else {
            Looks::Shallow
        }
    }
}

/// Records the arguments of a frame that has just begun.
#[inline(always)]
pub fn arguments(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
    appears: Appears,
) {
    thread.sink.begin_values();
    if let Some(top) = thread.stack.last_mut() {
        top.globals = values.globals;
    }
    names(values, thread, frame, &facts.arguments, appears);
    captured(values, thread, frame, facts, appears);
}

/// Records what the work of `line`, which began at step `since`, changed in the frame and in the objects it touched.
#[inline(always)]
pub fn line_work(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
    line: u32,
    since: u64,
) {
    let list = facts.names_of_line(line);
    let touches = facts.touches.of_line(line);
    if list.is_empty()
        && touches.is_none()
        && facts.captured.is_empty()
        && facts.shared.is_empty()
        && facts.opens_globals.is_empty()
        && !values.ids.any_stores_what_is_read()
    {
        return;
    }
    thread.sink.begin_values();
    shared(values, thread, frame, facts, line);
    let appears = Appears {
        made: touches.is_some_and(|l| l.makers > 0),
        since,
    };
    names(values, thread, frame, list, appears);
    captured(values, thread, frame, facts, appears);
    touch::touched(values, thread, frame, facts, line);
}

/// Records what the line that the frame leaves on changed.
#[inline(always)]
pub fn last_line_work(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    facts: &CodeFacts,
) -> Appears {
    let Some((line, since)) = thread.stack.last().map(|top| (top.line, top.since)) else {
        return Appears::FROM_ANYWHERE;
    };
    thread.sink.begin_values();
    shared(values, thread, frame, facts, line);
    let appears = Appears::on_line(facts, line, since);
    names(values, thread, frame, facts.names_of_line(line), appears);
    captured(values, thread, frame, facts, appears);
    touch::touched(values, thread, frame, facts, line);
    appears
}

/// Counts a name of the globals that was bound or unbound by the frame itself.
#[inline(always)]
fn count(values: &mut Values, thread: &mut ThreadContext, source: Source) {
    if matches!(source, Source::Global(_) | Source::Namespace(_)) {
        values.globals = values.globals.wrapping_add(1);
        if let Some(top) = thread.stack.last_mut() {
            top.globals = values.globals;
        }
    }
}

/// Records the value returned or yielded.
#[inline(always)]
pub fn result(values: &mut Values, thread: &mut ThreadContext, value: Obj<'_>, appears: Appears) {
    match Scalar::of(value, &values.limits) {
        Some(scalar) if thread.sink.fits(scalar.bound()) => {
            Row::Result(scalar.value()).encode(&mut thread.sink);
        }
        Some(_) => Row::Truncated.encode(&mut thread.sink),
        None => {
            let mut walk = Walk::new(values, thread);
            let looks = appears.looks(&mut walk, value);
            let type_id = walk.describe(value, looks);
            let object = value.address() as u64;
            Row::Result(Value::Ref { object, type_id }).encode(&mut thread.sink);
        }
    }
}

#[inline(always)]
fn names(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    list: &[Name],
    appears: Appears,
) {
    let Some(base) = thread.stack.last().map(|top| top.seen as usize) else {
        return;
    };
    for name in list {
        if name.slot == u16::MAX {
            continue;
        }
        let seen_at = base + usize::from(name.slot);
        bind(values, thread, frame, *name, seen_at, appears);
    }
}

#[inline(always)]
fn bind(
    values: &mut Values,
    thread: &mut ThreadContext,
    frame: Frame<'_>,
    name: Name,
    seen_at: usize,
    appears: Appears,
) {
    let slot = name.slot;
    let value = match read(frame, name.source) {
        Ok(Some(value)) => value,
        Ok(None) => {
            if let Some(before) = replace(thread, seen_at, UNBOUND) {
                count(values, thread, name.source);
                // A name that was never bound is not news.
                if before != Seen::default() {
                    Row::Unbind { slot }.encode(&mut thread.sink);
                }
            }
            return;
        }
        Err(Unreadable) => {
            let value = Value::Unknown(Unknown::Unreadable);
            Row::Bind { slot, value }.encode(&mut thread.sink);
            return;
        }
    };
    match Scalar::of(value, &values.limits) {
        Some(scalar) => {
            let seen = Seen {
                kind: value.type_ptr() as usize,
                digest: scalar.digest(),
            };
            if replace(thread, seen_at, seen).is_none() {
                return;
            }
            count(values, thread, name.source);
            if thread.sink.fits(scalar.bound()) {
                Row::Bind {
                    slot,
                    value: scalar.value(),
                }
                .encode(&mut thread.sink);
            } else {
                forget(thread, seen_at);
                Row::Truncated.encode(&mut thread.sink);
            }
        }
        None => {
            let mut walk = Walk::new(values, thread);
            let looks = appears.looks(&mut walk, value);
            let type_id = walk.describe(value, looks);
            if replace(thread, seen_at, Seen::object(value)).is_none() {
                return;
            }
            count(values, thread, name.source);
            if thread.sink.fits(32) {
                let object = value.address() as u64;
                Row::Bind {
                    slot,
                    value: Value::Ref { object, type_id },
                }
                .encode(&mut thread.sink);
            } else {
                forget(thread, seen_at);
                Row::Truncated.encode(&mut thread.sink);
            }
        }
    }
}

/// Remembers `seen`; the former content when it differs, `None` when nothing changed.
#[inline(always)]
fn replace(thread: &mut ThreadContext, at: usize, seen: Seen) -> Option<Seen> {
    let slot = thread.seen.get_mut(at)?;
    let before = std::mem::replace(slot, seen);
    (before != seen).then_some(before)
}

#[cold]
fn forget(thread: &mut ThreadContext, at: usize) {
    if let Some(slot) = thread.seen.get_mut(at) {
        *slot = Seen::default();
    }
}

/// What an event may have to say of its exception that was not said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Nothing: no code ran since it was described.
    None,
    /// Anything but that its traceback grew, which it does by the event itself.
    State,
    /// Anything.
    Whole,
}

/// Records the exception of the last event.
pub fn exception(values: &mut Values, thread: &mut ThreadContext, exc: Obj<'_>, news: News) {
    thread.sink.begin_values();
    let type_id = Walk::new(values, thread).exception(exc, news);
    Row::Exception(Value::Ref {
        object: exc.address() as u64,
        type_id,
    })
    .encode(&mut thread.sink);
}
