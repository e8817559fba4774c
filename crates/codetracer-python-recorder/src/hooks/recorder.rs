//! One recording while it runs: its threads, counters, decisions, and what becomes of a failure.

use std::any::Any;
use std::collections::HashMap;

use recorder_core::metrics;
use recorder_errors::{ErrorCode, RecorderError, RecorderResult};
use trace_store::{Dumper, Writer};

use super::Answer;
use super::continued::Waiting;
use super::ending::MainEnd;
use super::order::Order;
use super::suspended::Suspended;
use super::tasks::Tasks;
use super::thread::{Open, SAME_TASK, ThreadContext};
use super::unwinding::Unwinding;
use crate::boundary::{Entry, panic_error};
use crate::capture::{Limits, Values};
use crate::code::decide::Decider;
use crate::code::facts::LinesBy;
use crate::raw::clock::Clock;
use crate::raw::frame::{Code, Frame};
use crate::raw::monitoring::Monitoring;
use crate::raw::object::Obj;
use crate::raw::threads::{Current, ThreadKey};
use crate::raw::{extra, process};

/// Numbers that the metadata reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// Forks seen.
    pub forks: u64,
    /// Code objects that are recorded.
    pub codes_traced: u64,
    /// Code objects that were skipped.
    pub codes_skipped: u64,
    /// Events that were left out.
    pub dropped: u64,
}

/// A recording that runs.
pub struct Recorder {
    /// Number of this session in the process, from 1.
    pub session: u32,
    /// All threads seen so far.
    pub threads: Vec<ThreadContext>,
    /// Counters of all threads.
    pub order: Order,
    /// Value capture.
    pub values: Values,
    /// Suspended frames.
    pub suspended: Suspended,
    /// Asyncio tasks.
    pub tasks: Tasks,
    /// The exception that last left a frame.
    pub unwinding: Unwinding,
    /// The exception that was described last, while no code ran since that could change it.
    pub steady: Unwinding,
    /// How `__main__` ended.
    pub main: MainEnd,
    /// Numbers for the metadata.
    pub counters: Counters,
    pub(super) active: bool,
    pub(super) lines: bool,
    pub(super) lines_by: LinesBy,
    /// Whether events are left out where a segment is not there at once.
    pub(super) drops: bool,
    pub(super) cached: (ThreadKey, usize),
    pub(super) index: HashMap<ThreadKey, usize>,
    pub(super) next_thread: u32,
    pub(super) next_code: u32,
    pub(super) next_segment: u64,
    pub(super) paths: HashMap<String, u32>,
    pub(super) next_path: u32,
    /// Paths with smaller ids are not remembered.
    pub(super) first_path: u32,
    /// Threads that are gone, which the writer has not heard of.
    pub(super) ended_threads: Vec<u32>,
    /// How many contexts there may be before those of ended threads are looked for.
    pub(super) look_for_ended: usize,
    pub(super) decider: Decider,
    pub(super) monitoring: Monitoring,
    pub(super) writer: Option<Writer>,
    pub(super) failure: Option<RecorderError>,
    /// Why recording ended early.
    pub(super) reason: Option<ErrorCode>,
    pub(super) process: u32,
    /// What was recorded before belongs to another recording; this one begins with the next event.
    pub(super) waiting: Option<Waiting>,
}

/// What a new recorder is made of.
pub struct Parts {
    /// Session number.
    pub session: u32,
    /// Whether lines are recorded.
    pub lines: bool,
    /// Which event tells the lines.
    pub lines_by: LinesBy,
    /// Whether values are recorded.
    pub values: bool,
    /// How much of a value is recorded.
    pub limits: Limits,
    /// Whether events are left out where a segment is not there at once.
    pub drops: bool,
    /// Decides what is traced.
    pub decider: Decider,
    /// The tool id.
    pub monitoring: Monitoring,
    /// Where segments go; none where the recording begins with its first event.
    pub writer: Option<Writer>,
}

impl Recorder {
    /// A recorder that has not installed any hook yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            session: parts.session,
            threads: Vec::new(),
            order: Order::new(Clock::best()),
            values: Values::new(parts.values, parts.limits, parts.session),
            suspended: Suspended::default(),
            tasks: Tasks::default(),
            unwinding: Unwinding::default(),
            steady: Unwinding::default(),
            main: MainEnd::Unseen,
            counters: Counters::default(),
            active: true,
            lines: parts.lines,
            lines_by: parts.lines_by,
            drops: parts.drops,
            cached: (ThreadKey { state: 0, id: 0 }, 0),
            index: HashMap::new(),
            next_thread: 0,
            next_code: 0,
            next_segment: 0,
            paths: HashMap::new(),
            next_path: 0,
            first_path: 0,
            ended_threads: Vec::new(),
            look_for_ended: 0,
            decider: parts.decider,
            monitoring: parts.monitoring,
            waiting: Waiting::of(&parts.writer, parts.session),
            writer: parts.writer,
            failure: None,
            reason: None,
            process: std::process::id(),
        }
    }

    /// Whether events are recorded now.
    #[inline(always)]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// The tool id and its functions.
    #[inline(always)]
    pub fn monitoring(&self) -> &Monitoring {
        &self.monitoring
    }

    /// The context of the current thread, with room for one event; `None` when recording has just ended, or for
    /// a thread of the recorder's own.
    #[inline(always)]
    pub fn enter(&mut self, current: Current) -> Option<usize> {
        let key = current.key();
        if self.cached.0 == key
            && !process::has_attention()
            && self
                .threads
                .get(self.cached.1)
                .is_some_and(|t| t.sink.has_room())
        {
            return Some(self.cached.1);
        }
        self.enter_slowly(current, key)
    }

    /// The answer for skipped code.
    #[inline(always)]
    pub fn skip(&self, _code: Code<'_>) -> Answer {
        Answer::Disable
    }

    /// The answer for a return of skipped code: watched code keeps its event.
    #[inline(always)]
    pub fn skipped_return(&mut self, current: Current, code: Code<'_>, value: Obj<'_>) -> Answer {
        if !self.tasks.is_watched(code) {
            return Answer::Disable;
        }
        if self.is_waiting() {
            return Answer::Continue;
        }
        if let Some(at) = self.enter(current) {
            let Self { tasks, threads, .. } = self;
            tasks.created(&mut threads[at], value);
        }
        Answer::Continue
    }

    /// Finds out which asyncio task the thread runs, for a frame that was not called by a traced one of the same task.
    /// Answers the task to go back to when the frame leaves, or `SAME_TASK`.
    #[inline(always)]
    pub fn look_up_task(&mut self, at: usize) -> u32 {
        if !self.tasks.may_exist() {
            return SAME_TASK;
        }
        let Self {
            tasks,
            threads,
            order,
            ..
        } = self;
        tasks.enter(&mut threads[at], order)
    }

    /// After a frame left for good.
    #[inline(always)]
    pub fn end_in_task(&mut self, at: usize, open: Option<Open>, frame: Frame<'_>) {
        if open.is_some_and(|open| open.outer_task != SAME_TASK) {
            self.tasks.left(frame.address());
        }
        self.leave_task(at, open);
    }

    /// After a frame left: the thread goes back to the task it ran before the frame.
    #[inline(always)]
    pub fn leave_task(&mut self, at: usize, open: Option<Open>) {
        if let Some(task) = open
            .map(|open| open.outer_task)
            .filter(|task| *task != SAME_TASK)
        {
            let Self {
                tasks,
                threads,
                order,
                ..
            } = self;
            tasks.switch(&mut threads[at], order, task);
        }
    }

    /// A callback panicked: recording ends.
    #[cold]
    pub fn panicked(&mut self, entry: Entry, payload: &(dyn Any + Send)) {
        self.fail(panic_error(entry, payload));
    }

    /// Recording ends by a failure; the program goes on untouched.
    #[cold]
    pub fn fail(&mut self, error: RecorderError) {
        if self.reason.is_none() {
            self.reason = Some(error.code());
            metrics::detached(error.code());
            crate::session::failed_while_running(&error);
            self.failure = Some(error);
        }
        self.detach();
    }

    /// Removes the hooks. Nothing is recorded afterwards.
    pub fn detach(&mut self) {
        self.remove_hooks(true);
    }

    /// Removes the hooks as the interpreter ends. The callbacks stay registered, without an event that calls them:
    /// taking them away would call the program's audit hooks.
    pub fn detach_at_exit(&mut self) {
        self.remove_hooks(false);
    }

    fn remove_hooks(&mut self, callbacks: bool) {
        if !std::mem::replace(&mut self.active, false) {
            return;
        }
        extra::tell_gone(0);
        // Line events set for a code object outlive the tool id, and would reach its next owner.
        if self.monitoring.is_ours() || self.monitoring.reclaim() {
            self.monitoring.clear_local_events();
            self.monitoring.set_events(0);
            if callbacks {
                for number in super::attach::HOOKED {
                    self.monitoring.register(number, None);
                }
            }
            self.monitoring.release();
        }
    }

    /// What saves a flight recorder while it runs.
    pub fn dumper(&self) -> Option<Dumper> {
        self.writer.as_ref().map(Writer::dumper)
    }

    /// Has the signal looked for that saves a flight recorder.
    pub fn listen(&self) {
        if let Some(writer) = &self.writer {
            writer.listen();
        }
    }

    /// The failure that ended recording, to whoever asks first.
    pub fn take_failure(&mut self) -> Option<RecorderError> {
        self.failure.take()
    }

    /// Whether a failure ended recording.
    pub fn has_failed(&self) -> bool {
        self.reason.is_some()
    }

    /// Adds what the hooks need before the first event: the tool's callbacks and events, and every frame that runs now.
    pub fn attach(&mut self, restart: bool) -> RecorderResult<()> {
        super::attach::attach(self, restart)
    }

    /// Whether lines are recorded.
    pub fn records_lines(&self) -> bool {
        self.lines
    }
}
