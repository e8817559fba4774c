//! Exceptions: their states, with a message and a traceback that are made here.

use std::ops::Range;

use trace_model::row::Row;
use trace_model::value::{Form, Value};

use super::Looks;
use super::Walk;
use crate::capture::scalar::{Scalar, mix};
use crate::capture::shape::{Shape, exception, is_hidden};
use crate::capture::{News, describe, tracebacks};
use crate::raw::object::Obj;

/// The name of a traceback's attribute, and the id of its text; without one it is the text that was made last.
type Trace = (u32, Option<u32>);

impl Walk<'_> {
    /// Writes the state of an exception and of what it refers to; answers its type id.
    pub fn exception(&mut self, exc: Obj<'_>, news: News) -> u32 {
        let type_id = self.ids.type_of(exc, self.sink);
        if news == News::None {
            let (segment, step) = (self.segment, self.step);
            let slot = self.known.slot(exc.address());
            if slot.is(exc.address(), exc.type_ptr() as usize, segment) {
                slot.looked = step;
                return type_id;
            }
        }
        let (shape, written) = self.exception_state(exc, news == News::Whole);
        let children = shape.children.get(written).unwrap_or_default();
        if !children.is_empty() {
            self.scratch.visited.clear();
            self.scratch.visited.insert(exc.address(), ());
            let mut queue = Vec::new();
            self.enqueue(children, 1, &mut queue);
            self.walk(queue, Looks::Shallow);
        }
        type_id
    }

    /// Writes the state of an exception unless it is as written. The message is made from its arguments. Answers which
    /// parts were written, besides those made here.
    pub(super) fn exception_state<'a>(
        &mut self,
        exc: Obj<'a>,
        growth_counts: bool,
    ) -> (Shape<'a>, Range<usize>) {
        let mut shape = if self.deep {
            exception(exc, &self.limits)
        } else {
            Shape::attrs(Vec::new())
        };
        let trace = exc.exception_traceback();
        let trace_mark = trace.map_or(0, tracebacks::mark);
        let mut marks = std::mem::take(&mut self.scratch.marks);
        marks.clear();
        marks.extend([trace_mark, self.mark_of_arguments(exc)]);
        self.marks(&shape, &mut marks);
        let slot = self.known.slot(exc.address());
        let known = slot.is(exc.address(), exc.type_ptr() as usize, self.segment)
            && slot.marks.get(1..) == marks.get(1..);
        let before = slot.marks.first().copied().unwrap_or(0);
        let had_traceback = before != 0;
        // Another exception may stand at the address of one that is gone.
        let grew = || trace.is_some_and(|trace| tracebacks::grew(trace, before));
        // A change says how many parts there are, so none may be missing.
        let is_whole = || shape.children.len() == shape.len * 2 && !(self.deep && is_hidden(exc));
        let written = if known && (slot.marks == marks || !growth_counts && grew()) {
            slot.looked = self.step;
            0..0
        } else if known && had_traceback && trace.is_some() && is_whole() {
            slot.looked = self.step;
            slot.marks.clone_from(&marks);
            self.write_traceback(exc, shape.len);
            0..0
        } else {
            self.write_exception(exc, &mut shape, &marks)
        };
        self.scratch.marks = marks;
        (shape, written)
    }

    /// Writes the state of an exception whole.
    fn write_exception<'a>(
        &mut self,
        exc: Obj<'a>,
        shape: &mut Shape<'a>,
        marks: &[u64],
    ) -> Range<usize> {
        if self.deep {
            shape.says_what_is_hidden(exc);
        }
        let message = &mut self.scratch.message;
        message.clear();
        describe::message(exc, &self.limits, message);
        let children = shape.children.iter();
        let parts: usize = children.map(|child| self.bound(child)).sum();
        let trace = self.traceback(exc);
        let texts = self.scratch.message.len() + self.traceback_bound(trace);
        if !self.sink.fits(parts + texts + 192) {
            Row::Truncated.encode(self.sink);
            return 0..0;
        }
        let type_id = self.ids.type_of(exc, self.sink);
        let name = self.ids.own_name("__message__", self.sink);
        let made = 1 + usize::from(trace.is_some());
        self.remember(exc, usize::MAX, 0, marks);
        self.define(&shape.children);
        Row::Object {
            object: exc.address() as u64,
            type_id,
            form: Form::Attrs,
            len: (shape.len + made) as u64,
            count: (made * 2 + shape.children.len()) as u32,
        }
        .encode(self.sink);
        Row::item(&Value::Name(name), self.sink);
        Row::item(&describe::text(&self.scratch.message), self.sink);
        self.write_traceback_items(trace);
        self.write_items(&shape.children);
        0..shape.children.len()
    }

    /// Writes that an exception, known but for this, has another traceback; it has `parts` parts beside what is made here.
    fn write_traceback(&mut self, exc: Obj<'_>, parts: usize) {
        let trace = self.traceback(exc);
        if !self.sink.fits(self.traceback_bound(trace) + 192) {
            Row::Truncated.encode(self.sink);
            return;
        }
        let type_id = self.ids.type_of(exc, self.sink);
        Row::Change {
            object: exc.address() as u64,
            type_id,
            form: Form::Attrs,
            len: (parts + 2) as u64,
            at: 0,
            removed: 0,
            count: 2,
        }
        .encode(self.sink);
        self.write_traceback_items(trace);
    }

    fn traceback(&mut self, exc: Obj<'_>) -> Option<Trace> {
        let first = exc.exception_traceback()?;
        let name = self.ids.own_name("__traceback__", self.sink);
        let tracebacks = &mut self.scratch.tracebacks;
        let id = tracebacks.id(first, self.session, self.ids, self.sink);
        Some((name, id))
    }

    /// How many bytes the text takes of a traceback that is no definition.
    fn traceback_bound(&self, trace: Option<Trace>) -> usize {
        match trace {
            Some((_, None)) => self.scratch.tracebacks.text().len(),
            _ => 0,
        }
    }

    fn write_traceback_items(&mut self, trace: Option<Trace>) {
        if let Some((name, id)) = trace {
            let text = || describe::text(self.scratch.tracebacks.text());
            Row::item(&Value::Name(name), self.sink);
            Row::item(&id.map_or_else(text, Value::Name), self.sink);
        }
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
}
