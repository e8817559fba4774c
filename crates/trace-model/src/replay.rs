//! The meaning of a sequence of rows: one thread's stack of open frames, its steps, calls, ticks and task.
//!
//! Owns [`ThreadState`], which every row changes, and [`Replay`], which turns rows into [`Event`]s. Refuses to read
//! bytes (`row`, `block`) and to resolve names (`names`); all it asks about code is its first line.

use std::collections::HashMap;

use crate::error::DecodeError;
use crate::event::{Binding, Described, Event, EventKind, ObjectChange, ObjectState};
use crate::names::CodeLines;
use crate::row::{Op, Row, is_change};
use crate::value::{Form, Value};

/// A frame that has begun and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFrame {
    /// Call id.
    pub call: u64,
    /// Code id.
    pub code: u32,
    /// Current line.
    pub line: u32,
    /// Whether the frame was running before recording began.
    pub opened_before: bool,
    /// Whether `line` has run: false between a call and the frame's first line.
    pub started: bool,
}

/// Where a thread stands between two rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadState {
    /// Thread id.
    pub thread: u32,
    /// Open frames, outermost first.
    pub stack: Vec<OpenFrame>,
    /// Step of the next event.
    pub next_step: u64,
    /// Call id of the next new frame.
    pub next_call: u64,
    /// Absolute tick units of the latest event.
    pub tick: u64,
    /// Task that the next events belong to, 0 for none.
    pub task: u32,
}

/// An event without its values: what [`ThreadState::advance`] says about an event row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What happened.
    pub kind: EventKind,
    /// Its step.
    pub step: u64,
    /// The frame it happened in, as it stands after the event (before it ended, for an ending one); `None` for an
    /// output or a gap outside any frame.
    pub frame: Option<OpenFrame>,
    /// Call id of the frame below.
    pub parent: Option<u64>,
    /// Open frames below `frame`.
    pub depth: u32,
    /// Line of the event.
    pub line: u32,
    /// The line whose work the event's bindings describe.
    pub after: Option<u32>,
}

const fn malformed(what: &'static str) -> DecodeError {
    DecodeError::new(what, 0)
}

impl ThreadState {
    /// The state before the first row of `thread`.
    pub fn new(thread: u32) -> Self {
        Self {
            thread,
            ..Self::default()
        }
    }

    /// Interprets one row. Event rows give what happened; the others change the state and give `None`.
    ///
    /// After an error the state is as it was before the row. The error's `offset` is 0: only callers count rows.
    #[inline]
    pub fn advance<L: CodeLines + ?Sized>(
        &mut self,
        row: &Row<'_>,
        lines: &L,
    ) -> Result<Option<Moment>, DecodeError> {
        match row {
            Row::Event { dt, op } => {
                let tick = self.tick.checked_add(u64::from(*dt));
                let tick = tick.ok_or(malformed("time"))?;
                let next = self.next_step.checked_add(1).ok_or(malformed("step"))?;
                let moment = self.event(op, lines)?;
                self.tick = tick;
                self.next_step = next;
                return Ok(Some(moment));
            }
            Row::Sync { step, call } => {
                self.next_step = *step;
                self.next_call = *call;
            }
            Row::Time { tick } => self.tick = *tick,
            Row::Opened { code, line } => {
                let call = self.take_call()?;
                self.stack.push(OpenFrame {
                    call,
                    code: *code,
                    line: *line,
                    opened_before: true,
                    started: true,
                });
            }
            Row::Lost { count } => {
                let kept = self.stack.len().checked_sub(*count as usize);
                self.stack
                    .truncate(kept.ok_or(malformed("count of lost frames"))?);
            }
            Row::Task { task } => self.task = *task,
            Row::Object { .. }
            | Row::Change { .. }
            | Row::Item(_)
            | Row::Bind { .. }
            | Row::Unbind { .. }
            | Row::Result(_)
            | Row::Exception(_)
            | Row::Truncated
            | Row::Define(_) => {}
        }
        Ok(None)
    }

    fn take_call(&mut self) -> Result<u64, DecodeError> {
        let call = self.next_call;
        self.next_call = call.checked_add(1).ok_or(malformed("call id"))?;
        Ok(call)
    }

    #[inline]
    fn event<L: CodeLines + ?Sized>(
        &mut self,
        op: &Op<'_>,
        lines: &L,
    ) -> Result<Moment, DecodeError> {
        match *op {
            Op::Line { delta } => {
                let top = self.stack.last_mut();
                let top = top.ok_or(malformed("line without an open frame"))?;
                let line = top.line.checked_add_signed(delta);
                let line = line.ok_or(malformed("line number"))?;
                let after = top.started.then_some(top.line);
                top.line = line;
                top.started = true;
                Ok(self.at_top(EventKind::Line, line, after))
            }
            Op::Call { code } => {
                let first = lines.first_line(code);
                let line = first.ok_or(malformed("call of an undefined code"))?;
                let call = self.take_call()?;
                self.stack.push(OpenFrame {
                    call,
                    code,
                    line,
                    opened_before: false,
                    started: false,
                });
                Ok(self.at_top(EventKind::Call, line, None))
            }
            Op::Return => self.leave(EventKind::Return),
            Op::Yield => self.leave(EventKind::Yield),
            Op::Unwind { line } => {
                let moment = self.leave(EventKind::Unwind)?;
                Ok(Moment { line, ..moment })
            }
            Op::Resume { code, line, call } => Ok(self.enter(EventKind::Resume, code, line, call)),
            Op::Throw { code, line, call } => Ok(self.enter(EventKind::Throw, code, line, call)),
            Op::Raise { .. } => {
                let top = self.stack.last();
                let line = top.ok_or(malformed("raise without an open frame"))?.line;
                Ok(self.at_top(EventKind::Raise, line, None))
            }
            Op::Handled { line } => {
                if self.stack.is_empty() {
                    return Err(malformed("handled without an open frame"));
                }
                Ok(self.at_top(EventKind::Handled, line, None))
            }
            Op::Output { .. } => Ok(self.at_top_line(EventKind::Output)),
            Op::Gap { .. } => Ok(self.at_top_line(EventKind::Gap)),
        }
    }

    /// A frame that was suspended since before recording began stands on the stack already: its `Opened` row came first.
    fn enter(&mut self, kind: EventKind, code: u32, line: u32, call: u64) -> Moment {
        if let Some(top) = self.stack.last_mut()
            && top.call == call
            && top.opened_before
        {
            top.line = line;
            return self.at_top(kind, line, None);
        }
        self.stack.push(OpenFrame {
            call,
            code,
            line,
            opened_before: false,
            started: true,
        });
        self.at_top(kind, line, None)
    }

    #[inline]
    fn leave(&mut self, kind: EventKind) -> Result<Moment, DecodeError> {
        let top = self.stack.last();
        let top = *top.ok_or(malformed("end of a frame without an open frame"))?;
        let moment = self.at_top(kind, top.line, top.started.then_some(top.line));
        self.stack.pop();
        Ok(moment)
    }

    fn at_top_line(&self, kind: EventKind) -> Moment {
        let line = self.stack.last().map_or(0, |top| top.line);
        self.at_top(kind, line, None)
    }

    #[inline]
    fn at_top(&self, kind: EventKind, line: u32, after: Option<u32>) -> Moment {
        let (frame, parent, below) = match self.stack.as_slice() {
            [] => (None, None, 0),
            [only] => (Some(*only), None, 0),
            [below @ .., parent, top] => (Some(*top), Some(parent.call), below.len() + 1),
        };
        Moment {
            kind,
            step: self.next_step,
            frame,
            parent,
            depth: u32::try_from(below).unwrap_or(u32::MAX),
            line,
            after,
        }
    }
}

/// Turns one thread's rows into events. An event is complete when the row after its value rows arrives.
#[derive(Debug, Clone)]
pub struct Replay {
    state: ThreadState,
    pending: Option<Event>,
    /// Items that the last object still takes.
    items_left: u32,
    rows: usize,
    /// Objects that were given whole, with the steps of the first events that did.
    given: HashMap<u64, u64>,
}

impl Replay {
    /// A replay that goes on from `state`.
    pub fn new(state: ThreadState) -> Self {
        Self {
            state,
            pending: None,
            items_left: 0,
            rows: 0,
            given: HashMap::new(),
        }
    }

    /// Where the thread stands after the rows so far.
    pub const fn state(&self) -> &ThreadState {
        &self.state
    }

    /// Ends the replay and gives where the thread stands; an event still pending is dropped, so [`Replay::finish`] first.
    pub fn into_state(self) -> ThreadState {
        self.state
    }

    /// Takes the next row; gives the event before it when this row ends that one.
    ///
    /// The error's `offset` is the number of rows taken before.
    pub fn apply<L: CodeLines + ?Sized>(
        &mut self,
        row: &Row<'_>,
        lines: &L,
    ) -> Result<Option<Event>, DecodeError> {
        let at = self.rows;
        let located = |error: DecodeError| DecodeError::new(error.what, at);
        self.rows += 1;
        match row {
            Row::Event { op, .. } => {
                let moment = self.state.advance(row, lines).map_err(located)?;
                let event = moment.map(|moment| self.begin(&moment, op));
                self.items_left = 0;
                Ok(std::mem::replace(&mut self.pending, event))
            }
            Row::Define(_) => Ok(None),
            Row::Sync { .. }
            | Row::Time { .. }
            | Row::Opened { .. }
            | Row::Lost { .. }
            | Row::Task { .. } => {
                self.state.advance(row, lines).map_err(located)?;
                Ok(self.finish())
            }
            Row::Object { .. }
            | Row::Change { .. }
            | Row::Item(_)
            | Row::Bind { .. }
            | Row::Unbind { .. }
            | Row::Result(_)
            | Row::Exception(_)
            | Row::Truncated => self.value(row).map(|()| None).map_err(located),
        }
    }

    /// The last event, when the rows end here.
    pub fn finish(&mut self) -> Option<Event> {
        self.items_left = 0;
        self.pending.take()
    }

    fn begin(&self, moment: &Moment, op: &Op<'_>) -> Event {
        let mut event = Event {
            kind: moment.kind,
            step: moment.step,
            tick: self.state.tick,
            thread: self.state.thread,
            task: self.state.task,
            call: moment.frame.map_or(Event::NO_CALL, |frame| frame.call),
            parent: moment.parent,
            code: moment.frame.map_or(Event::NO_CODE, |frame| frame.code),
            depth: moment.depth,
            line: moment.line,
            after: moment.after,
            origin: false,
            bindings: Vec::new(),
            result: None,
            exception: None,
            objects: Vec::new(),
            again: Vec::new(),
            truncated: false,
            output: None,
            gap: None,
        };
        match *op {
            Op::Raise { origin } => event.origin = origin,
            Op::Output { stream, data } => event.output = Some((stream, data.to_vec())),
            Op::Gap { reason, count } => event.gap = Some((reason, count)),
            _ => {}
        }
        event
    }

    fn value(&mut self, row: &Row<'_>) -> Result<(), DecodeError> {
        let event = self.pending.as_mut();
        let event = event.ok_or(malformed("value row without an event"))?;
        let left = std::mem::take(&mut self.items_left);
        match row {
            Row::Item(value) => {
                let object = event.objects.last_mut();
                let object = object.ok_or(malformed("item without an object"))?;
                let left = left.checked_sub(1);
                self.items_left = left.ok_or(malformed("item beyond its object's count"))?;
                if *value == Value::Removed && !takes_removal(object) {
                    return Err(malformed("removal outside a change"));
                }
                object.items_mut().push(value.clone().into_owned());
            }
            Row::Object {
                object,
                type_id,
                form,
                len,
                count,
            } => {
                self.items_left = *count;
                if *self.given.entry(*object).or_insert(event.step) < event.step {
                    event.again.push(*object);
                }
                event.objects.push(Described::State(ObjectState {
                    object: *object,
                    type_id: *type_id,
                    form: *form,
                    len: *len,
                    items: Vec::new(),
                }));
            }
            Row::Change {
                object,
                type_id,
                form,
                len,
                at,
                removed,
                count,
            } => {
                if !is_change(*form, *at, *removed, *count) {
                    return Err(malformed("change of an object"));
                }
                self.items_left = *count;
                event.objects.push(Described::Change(ObjectChange {
                    object: *object,
                    type_id: *type_id,
                    form: *form,
                    len: *len,
                    at: *at,
                    removed: *removed,
                    count: *count,
                    items: Vec::new(),
                }));
            }
            Row::Bind { slot, value } => event.bindings.push(Binding {
                slot: *slot,
                value: Some(standing(value)?),
            }),
            Row::Unbind { slot } => event.bindings.push(Binding {
                slot: *slot,
                value: None,
            }),
            Row::Result(value) => event.result = Some(standing(value)?),
            Row::Exception(value) => event.exception = Some(standing(value)?),
            Row::Truncated => event.truncated = true,
            _ => {}
        }
        Ok(())
    }
}

/// A value that stands for itself.
fn standing(value: &Value<'_>) -> Result<Value<'static>, DecodeError> {
    match value {
        Value::Removed => Err(malformed("removal outside a change")),
        value => Ok(value.clone().into_owned()),
    }
}

/// Whether the next item is the value of a pair that changed.
fn takes_removal(object: &Described) -> bool {
    let Described::Change(change) = object else {
        return false;
    };
    matches!(change.form, Form::Entries | Form::Attrs) && change.items.len() % 2 == 1
}

#[cfg(test)]
mod tests;
