//! One recording while it runs: its threads, counters, decisions, and what becomes of a failure.

use std::any::Any;
use std::collections::HashMap;

use recorder_errors::{RecorderError, RecorderResult};
use trace_model::{Definition, Row, ThreadDef};
use trace_store::{Base, Segment, Writer};

use super::Answer;
use super::order::Order;
use super::stack;
use super::suspended::Suspended;
use super::tasks::Tasks;
use super::thread::{Open, SAME_TASK, ThreadContext};
use crate::boundary::{Entry, panic_error};
use crate::capture::Values;
use crate::code::decide::{Decider, Module};
use crate::code::facts::CodeFacts;
use crate::raw::clock::{Clock, monotonic_ns};
use crate::raw::errno::ErrnoGuard;
use crate::raw::extra;
use crate::raw::frame::{Code, Frame};
use crate::raw::monitoring::{Monitoring, event};
use crate::raw::object::Obj;
use crate::raw::threads::{self, Current, ThreadKey};
use crate::raw::{process, unicode};

/// How `__main__` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MainEnd {
    /// Its frame was never seen.
    #[default]
    Unseen,
    /// It runs in this frame.
    Running(usize),
    /// It ended with this exit status.
    Ended(i32),
}

/// Numbers that the metadata reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// Forks seen.
    pub forks: u64,
    /// Code objects that are recorded.
    pub codes_traced: u64,
    /// Code objects that were skipped.
    pub codes_skipped: u64,
    /// Callbacks that panicked.
    pub panics: u64,
}

/// An exception on its way from a frame to the one below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwinding {
    /// Its address.
    pub exception: usize,
    /// Step at which it left; anything recorded since means that it has ended.
    pub step: u64,
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
    /// How `__main__` ended.
    pub main: MainEnd,
    /// Numbers for the metadata.
    pub counters: Counters,
    active: bool,
    lines: bool,
    cached: (ThreadKey, usize),
    index: HashMap<ThreadKey, usize>,
    next_thread: u32,
    next_code: u32,
    next_segment: u64,
    paths: HashMap<String, u32>,
    decider: Decider,
    monitoring: Monitoring,
    writer: Option<Writer>,
    failure: Option<RecorderError>,
    failed: bool,
    process: u32,
}

/// What a new recorder is made of.
pub struct Parts {
    /// Session number.
    pub session: u32,
    /// Whether lines are recorded.
    pub lines: bool,
    /// Whether values are recorded.
    pub values: bool,
    /// Decides what is traced.
    pub decider: Decider,
    /// The tool id.
    pub monitoring: Monitoring,
    /// Where segments go.
    pub writer: Writer,
}

impl Recorder {
    /// A recorder that has not installed any hook yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            session: parts.session,
            threads: Vec::new(),
            order: Order::new(Clock::new()),
            values: Values::new(parts.values),
            suspended: Suspended::default(),
            tasks: Tasks::default(),
            unwinding: Unwinding::default(),
            main: MainEnd::Unseen,
            counters: Counters::default(),
            active: true,
            lines: parts.lines,
            cached: (ThreadKey { state: 0, id: 0 }, 0),
            index: HashMap::new(),
            next_thread: 0,
            next_code: 0,
            next_segment: 0,
            paths: HashMap::new(),
            decider: parts.decider,
            monitoring: parts.monitoring,
            writer: Some(parts.writer),
            failure: None,
            failed: false,
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

    /// The context of the current thread, with room for one event; `None` when recording has just ended.
    #[inline(always)]
    pub fn enter(&mut self, current: Current) -> Option<usize> {
        let key = current.key();
        if self.cached.0 == key
            && !process::forked()
            && self.threads.get(self.cached.1).is_some_and(|t| t.sink.has_room())
        {
            return Some(self.cached.1);
        }
        self.enter_slowly(current, key)
    }

    #[cold]
    fn enter_slowly(&mut self, current: Current, key: ThreadKey) -> Option<usize> {
        let _errno = ErrnoGuard::new();
        if process::forked() && process::id() != self.process {
            process::fork_is_settled();
            self.leave_forked_child();
            return None;
        }
        let at = match self.index.get(&key) {
            Some(at) => *at,
            None => self.add_thread(current, key)?,
        };
        if !self.threads[at].sink.has_room() && !self.rotate(at) {
            return None;
        }
        self.cached = (key, at);
        Some(at)
    }

    fn add_thread(&mut self, current: Current, key: ThreadKey) -> Option<usize> {
        if self.index.len() >= 8 {
            self.retire_ended_threads();
        }
        let id = self.next_thread;
        self.next_thread += 1;
        // A retired context leaves its place to the next thread.
        let at = self.threads.iter().position(|t| !t.sink.is_attached()).unwrap_or(self.threads.len());
        let context = ThreadContext::new(key, id, at);
        match self.threads.get_mut(at) {
            Some(place) => *place = context,
            None => self.threads.push(context),
        }
        if !self.rotate(at) {
            return None;
        }
        self.index.insert(key, at);
        let (ident, native) = current.numbers();
        let name = threads::thread_name(ident).unwrap_or_else(|| threads::default_name(native).to_owned());
        let definition = Definition::Thread(ThreadDef { id, ident, native, name });
        let thread = &mut self.threads[at];
        Row::Define(definition.into()).encode(&mut thread.sink);
        thread.sink.commit();
        Some(at)
    }

    /// Hands over the segments of threads that are gone.
    fn retire_ended_threads(&mut self) {
        let mut alive = Vec::new();
        threads::live_threads(|key| alive.push(key));
        let gone: Vec<ThreadKey> = self.index.keys().filter(|key| !alive.contains(key)).copied().collect();
        for key in gone {
            if let Some(at) = self.index.remove(&key)
                && let Some(segment) = self.threads[at].sink.detach()
            {
                self.hand_over(segment);
            }
        }
        if self.order.last != usize::MAX {
            self.order.last = usize::MAX;
        }
        self.cached = (ThreadKey { state: 0, id: 0 }, 0);
    }

    fn hand_over(&mut self, segment: Segment) -> bool {
        let Some(writer) = &self.writer else { return false };
        writer.hand_over(segment);
        match writer.failure() {
            None => true,
            Some(error) => {
                self.fail(error);
                false
            }
        }
    }

    /// Gives the thread a fresh segment. `false` when recording has ended by a failure.
    #[cold]
    pub fn rotate(&mut self, at: usize) -> bool {
        let _errno = ErrnoGuard::new();
        if let Some(segment) = self.threads[at].sink.detach()
            && !self.hand_over(segment)
        {
            return false;
        }
        let Some(writer) = &self.writer else { return false };
        let tick = self.order.clock.ticks();
        let base = Base { step: self.order.step, call: self.order.call, tick, ns: monotonic_ns() };
        match writer.segment(self.threads[at].id, base) {
            Ok(segment) => {
                self.next_segment += 1;
                let thread = &mut self.threads[at];
                thread.sink.attach(segment);
                thread.segment = self.next_segment;
                thread.tick = tick;
                Row::Time { tick }.encode(&mut thread.sink);
                Row::Sync { step: self.order.step, call: self.order.call }.encode(&mut thread.sink);
                self.order.last = at;
                // What was remembered of values refers to objects described in the former segment.
                thread.seen.iter_mut().for_each(|seen| {
                    if seen.kind != 1 {
                        seen.kind = 2;
                    }
                });
                true
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    /// Decides about a code object at its first event of the session. `None`: skipped.
    #[cold]
    pub fn decide<'a>(&mut self, current: Current, code: Code<'a>, frame: Frame<'a>) -> Option<&'a CodeFacts> {
        let _errno = ErrnoGuard::new();
        let filename = code.filename().map(unicode::text).unwrap_or_default();
        let session = self.session;
        let traced = self.decider.traced(
            &filename,
            || module_of(frame),
            || stack::is_traced(frame.caller().0, session),
        );
        if !traced {
            self.counters.codes_skipped += 1;
            extra::store_skip(code, self.session);
            self.tasks.watch(&filename, code);
            return None;
        }
        let at = self.enter(current)?;
        let path = self.path(at, &filename);
        let id = self.next_code;
        self.next_code += 1;
        self.counters.codes_traced += 1;
        let module = frame
            .globals()
            .and_then(|globals| threads::dict_text(globals, c"__name__"))
            .unwrap_or_default();
        if self.main == MainEnd::Unseen && module == "__main__" && code.qualname().is_some_and(|q| unicode::text(q) == "<module>") {
            self.main = MainEnd::Running(frame.address());
        }
        let (facts, definition) = CodeFacts::new(code, self.session, id, path, module);
        self.define(at, definition);
        let facts = extra::store(code, facts)?;
        self.arm(code, facts);
        Some(facts)
    }

    fn path(&mut self, at: usize, filename: &str) -> u32 {
        if let Some(id) = self.paths.get(filename) {
            return *id;
        }
        let id = self.paths.len() as u32;
        let (_, real) = self.decider.origin(filename);
        self.paths.insert(filename.to_owned(), id);
        self.define(at, Definition::Path { id, path: filename.to_owned(), real });
        id
    }

    /// Writes a definition into the thread's segment; it is published with the event that follows.
    pub fn define(&mut self, at: usize, definition: Definition) {
        Row::Define(definition.into()).encode(&mut self.threads[at].sink);
        if !self.threads[at].sink.has_room() {
            self.threads[at].sink.commit();
            self.rotate(at);
        }
    }

    /// Sets the local events that a traced code object needs.
    pub fn arm(&self, code: Code<'_>, facts: &CodeFacts) {
        let mut mask = 0;
        if self.lines {
            mask |= event::LINE;
            if facts.analysis.loops_on_a_line {
                mask |= event::JUMP;
            }
        }
        if facts.watches_matches.get() {
            mask |= event::BRANCH;
        }
        if mask != 0 {
            extra::mark_armed(code, facts);
            self.monitoring.set_local_events(code, mask);
        }
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
        let Self { tasks, threads, order, .. } = self;
        tasks.enter(&mut threads[at], order)
    }

    /// After a frame left: the thread goes back to the task it ran before the frame.
    #[inline(always)]
    pub fn leave_task(&mut self, at: usize, open: Option<Open>) {
        if let Some(task) = open.map(|open| open.outer_task).filter(|task| *task != SAME_TASK) {
            let Self { tasks, threads, order, .. } = self;
            tasks.switch(&mut threads[at], order, task);
        }
    }

    /// Notes the end of `__main__`.
    #[inline(always)]
    pub fn main_returned(&mut self, frame: Frame<'_>) {
        if self.main == MainEnd::Running(frame.address()) {
            self.main = MainEnd::Ended(0);
        }
    }

    /// Notes the end of `__main__` by an exception.
    #[inline(always)]
    pub fn main_unwound(&mut self, frame: Frame<'_>, exc: Obj<'_>) {
        if self.main == MainEnd::Running(frame.address()) {
            self.main = MainEnd::Ended(exit_status_of(exc));
        }
    }

    /// A callback panicked: recording ends.
    #[cold]
    pub fn panicked(&mut self, entry: Entry, payload: &(dyn Any + Send)) {
        self.counters.panics += 1;
        self.fail(panic_error(entry, payload));
    }

    /// Recording ends by a failure; the program goes on untouched.
    #[cold]
    pub fn fail(&mut self, error: RecorderError) {
        if !std::mem::replace(&mut self.failed, true) {
            crate::session::failed_while_running(&error);
            self.failure = Some(error);
        }
        self.detach();
    }

    /// Removes the hooks. Nothing is recorded afterwards.
    pub fn detach(&mut self) {
        if !std::mem::replace(&mut self.active, false) {
            return;
        }
        if self.monitoring.is_ours() {
            self.monitoring.clear_local_events();
            self.monitoring.set_events(0);
            for number in super::attach::HOOKED {
                self.monitoring.register(number, None);
            }
            self.monitoring.release();
        }
    }

    /// In a forked child: this process records nothing; the parent's recording is not touched.
    pub fn leave_forked_child(&mut self) {
        self.detach();
        if let Some(writer) = self.writer.take() {
            writer.abandon_in_child();
        }
        for thread in &mut self.threads {
            drop(thread.sink.detach());
        }
    }

    /// Joins the drainer, right before a fork.
    pub fn before_fork(&mut self) {
        self.counters.forks += 1;
        if let Some(writer) = &self.writer {
            writer.pause();
        }
    }

    /// Ends recording: the writer, and the segments still in use.
    pub fn take_apart(mut self: Box<Self>) -> Ended {
        let taken_away = self.active && !self.monitoring.is_ours();
        self.detach();
        let segments = self.threads.iter_mut().filter_map(|thread| thread.sink.detach()).collect();
        Ended {
            segments,
            writer: self.writer.take(),
            failure: self.failure.take(),
            failed: self.failed,
            taken_away,
            main: self.main,
            counters: self.counters,
            events: self.order.step,
        }
    }

    /// The failure that ended recording, to whoever asks first.
    pub fn take_failure(&mut self) -> Option<RecorderError> {
        self.failure.take()
    }

    /// Whether a failure ended recording.
    pub fn has_failed(&self) -> bool {
        self.failed
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

/// What is left when recording has ended.
pub struct Ended {
    /// Segments that were in use.
    pub segments: Vec<Segment>,
    /// The writer, unless a forked child gave it up.
    pub writer: Option<Writer>,
    /// The failure that ended recording early.
    pub failure: Option<RecorderError>,
    /// Whether a failure ended recording early, reported already or not.
    pub failed: bool,
    /// Whether the program had freed our tool id.
    pub taken_away: bool,
    /// How `__main__` ended.
    pub main: MainEnd,
    /// Numbers for the metadata.
    pub counters: Counters,
    /// Events recorded.
    pub events: u64,
}

/// The exit status that an exception leaving `__main__` gives the interpreter.
fn exit_status_of(exc: Obj<'_>) -> i32 {
    if exc.is_system_exit() {
        return match exc.system_exit_code() {
            None => 0,
            Some(code) => match crate::capture::small_integer(code) {
                Some(status) => status as i32 & 0xff,
                None if crate::raw::object::Kind::None == code.kind() => 0,
                None => 1,
            },
        };
    }
    if exc.is_keyboard_interrupt() { 130 } else { 1 }
}

/// What a frame's globals say of its module.
fn module_of(frame: Frame<'_>) -> Module {
    let Some(globals) = frame.globals() else { return Module::default() };
    let name = threads::dict_text(globals, c"__name__");
    let package = threads::dict_text(globals, c"__package__");
    let loaded = name
        .as_deref()
        .and_then(|name| std::ffi::CString::new(name).ok())
        .and_then(|name| threads::loaded_module(&name));
    let file = loaded.and_then(|module| threads::module_text(module, c"__file__"));
    Module { name, package, file, imported: loaded.is_some() }
}
