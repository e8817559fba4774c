//! Asyncio tasks: which one a thread runs, its name, and which task created it.
//!
//! The table of current tasks is scanned by identity, so that no `__hash__` of an event loop runs; names come through
//! the C methods of `_asyncio.Task`.

use trace_model::{Definition, Row, TaskDef};

use super::order::Order;
use super::suspended::AddressMap;
use super::thread::{SAME_TASK, ThreadContext};
use crate::raw::asyncio;
use crate::raw::frame::Code;
use crate::raw::object::Obj;

/// Entries kept at most; a program with more tasks gives some of them a new id when they go on.
const CAPACITY: usize = 1 << 16;

/// No frame of a coroutine begins further behind the coroutine's address; it is a part of that object.
const HEADER_BYTES: usize = 256;

#[derive(Debug, Clone, Copy)]
struct Known {
    id: u32,
    coroutine: usize,
    /// Whether it was returned by a watched function. One that runs while it is made is known before.
    made: bool,
    /// Whether its coroutine has left, so that another task may be at its address.
    ended: bool,
}

/// The tasks of a recording.
#[derive(Default)]
pub struct Tasks {
    known: AddressMap<Known>,
    next: u32,
    watched: Vec<usize>,
}

impl Tasks {
    /// Whether asyncio is loaded at all.
    #[inline(always)]
    pub fn may_exist(&self) -> bool {
        asyncio::is_loaded()
    }

    /// Watches the functions that create tasks; `filename` and `code` were just skipped.
    pub fn watch(&mut self, filename: &str, code: Code<'_>) {
        if filename.ends_with("asyncio/base_events.py")
            && code.is_named("BaseEventLoop.create_task")
        {
            self.watched.push(code.obj().address());
        }
    }

    /// Whether returns of this skipped code are watched.
    #[inline(always)]
    pub fn is_watched(&self, code: Code<'_>) -> bool {
        self.watched.contains(&code.obj().address())
    }

    /// The task that `thread` runs now, asked of the interpreter. Answers the task it ran before if that is another.
    pub fn enter(&mut self, thread: &mut ThreadContext, order: &mut Order) -> u32 {
        let task = asyncio::current_task().map_or(0, |task| self.id_of(thread, task));
        let before = thread.task;
        self.switch(thread, order, task);
        if before == task { SAME_TASK } else { before }
    }

    /// The events that follow belong to `task`.
    pub fn switch(&mut self, thread: &mut ThreadContext, order: &mut Order, task: u32) {
        if thread.task != task {
            thread.take_turn(order);
            thread.task = task;
            Row::Task { task }.encode(&mut thread.sink);
        }
    }

    fn id_of(&mut self, thread: &mut ThreadContext, task: Obj<'_>) -> u32 {
        let coroutine = asyncio::coroutine_of(task);
        if let Some(known) = self.known.get(&task.address())
            && known.coroutine == coroutine
            && !known.ended
        {
            return known.id;
        }
        // What runs for the first time inside a task was started by it.
        let parent = Some(thread.task).filter(|task| *task != 0);
        self.define(thread, task, coroutine, parent, false)
    }

    fn define(
        &mut self,
        thread: &mut ThreadContext,
        task: Obj<'_>,
        coroutine: usize,
        parent: Option<u32>,
        made: bool,
    ) -> u32 {
        if self.known.len() >= CAPACITY {
            self.known.clear();
        }
        self.next += 1;
        let id = self.next;
        let known = Known {
            id,
            coroutine,
            made,
            ended: false,
        };
        self.known.insert(task.address(), known);
        let name = asyncio::name_of(task).unwrap_or_default();
        Row::Define(Definition::Task(TaskDef { id, parent, name })).encode(&mut thread.sink);
        id
    }

    /// `frame`, the outermost one of the current task that is recorded, left for good.
    pub fn left(&mut self, frame: usize) {
        if let Some(task) = asyncio::current_task()
            && let Some(known) = self.known.get_mut(&task.address())
            && frame.wrapping_sub(known.coroutine) < HEADER_BYTES
        {
            known.ended = true;
        }
    }

    /// A watched function returned a new task: its parent is the task that runs. It may have run already, and ended.
    pub fn created(&mut self, thread: &mut ThreadContext, task: Obj<'_>) {
        if !asyncio::is_task(task) {
            return;
        }
        let coroutine = asyncio::coroutine_of(task);
        let seen = self.known.get_mut(&task.address()).filter(|known| {
            // A task that ended while it was made has no coroutine any more.
            !known.made && (known.coroutine == coroutine) != known.ended
        });
        if let Some(known) = seen {
            known.made = true;
            return;
        }
        let parent = asyncio::current_task().map_or(0, |parent| self.id_of(thread, parent));
        self.define(thread, task, coroutine, Some(parent), true);
        thread.sink.commit();
    }
}
