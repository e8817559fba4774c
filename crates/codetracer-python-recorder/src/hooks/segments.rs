//! Threads of a recording: a context and a segment for each, handed over when full or when the thread is gone.

use std::collections::HashSet;

use recorder_errors::enverr;
use trace_model::{Definition, Row, ThreadDef};
use trace_store::{Base, FirstIds, Gone, Segment};

use super::recorder::Recorder;
use super::thread::{NOBODY, ThreadContext};
use crate::raw::clock::monotonic_ns;
use crate::raw::errno::ErrnoGuard;
use crate::raw::threads::{self, Current, ThreadKey};
use crate::raw::{allocator, apart, extra, process};
use crate::session;

/// Code objects that are gone and still remembered by the writer.
const MANY_GONE: usize = 4096;

/// Contexts that are never too many: the segments of those that ended fit the room for segments that wait to be used again.
const FEW: usize = 5;

impl Recorder {
    /// The context of a thread that is not the last one seen, or whose segment is full.
    #[cold]
    pub(super) fn enter_slowly(&mut self, current: Current, key: ThreadKey) -> Option<usize> {
        let _errno = ErrnoGuard::keep();
        if process::forked() && process::id() != self.process {
            // Without Python's hooks: from the next event on.
            session::after_fork_in_child(self);
            return None;
        }
        if self.is_waiting() && (apart::is_apart(key) || !self.begin(current)) {
            return None;
        }
        if allocator::ran_out() {
            self.fail(enverr!(
                OUT_OF_MEMORY,
                "there is no memory left for recording"
            ));
            return None;
        }
        let at = match self.index.get(&key) {
            Some(at) => *at,
            None if apart::is_apart(key) => return None,
            None => self.add_thread(current, key)?,
        };
        if !self.has_room_or_drops(at) {
            return None;
        }
        self.cached = (key, at);
        Some(at)
    }

    /// Makes sure that the thread has room for one event. `false` when recording has ended by a failure.
    pub(super) fn has_room(&mut self, at: usize) -> bool {
        let sink = &mut self.threads[at].sink;
        sink.has_room() || sink.goes_on() || self.rotate(at)
    }

    /// As [`Recorder::has_room`]; where events may be left out, this one is when room is not there at once.
    fn has_room_or_drops(&mut self, at: usize) -> bool {
        if !self.drops {
            return self.has_room(at);
        }
        let sink = &mut self.threads[at].sink;
        if sink.has_room() || sink.goes_on() {
            return true;
        }
        let held = self.threads[at].sink.is_attached();
        if held && !self.clear_room(at) {
            return false;
        }
        let Some(writer) = &self.writer else {
            return false;
        };
        let base = self.base();
        match writer.segment_at_once(self.threads[at].id, base) {
            Ok(Some(segment)) => {
                self.fill(at, segment, base);
                true
            }
            Ok(None) => {
                self.drop_event(at);
                false
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    fn add_thread(&mut self, current: Current, key: ThreadKey) -> Option<usize> {
        if self.index.len() >= self.look_for_ended.max(FEW) {
            self.retire_ended_threads();
            self.look_for_ended = 2 * self.index.len();
        }
        let id = self.next_thread;
        self.next_thread += 1;
        // The context of a thread that is gone leaves its place to the next one.
        let at = self
            .threads
            .iter()
            .position(|thread| thread.key == NOBODY)
            .unwrap_or(self.threads.len());
        let context = ThreadContext::new(key, id, at);
        match self.threads.get_mut(at) {
            Some(place) => *place = context,
            None => self.threads.push(context),
        }
        if !self.rotate(at) {
            return None;
        }
        self.index.insert(key, at);
        // A handler that tells which signal ends the process has to run where the stack is full.
        trace_store::provide_signal_stack();
        let (ident, native) = current.numbers();
        let name =
            threads::thread_name(ident).unwrap_or_else(|| threads::default_name(native).to_owned());
        let definition = Definition::Thread(ThreadDef {
            id,
            ident,
            native,
            name,
        });
        let thread = &mut self.threads[at];
        Row::Define(definition).encode(&mut thread.sink);
        thread.sink.commit();
        Some(at)
    }

    /// Hands over the segments of threads that are gone.
    fn retire_ended_threads(&mut self) {
        let mut alive = HashSet::new();
        threads::live_threads(|key| {
            alive.insert(key);
        });
        let gone: Vec<ThreadKey> = self
            .index
            .keys()
            .filter(|key| !alive.contains(key))
            .copied()
            .collect();
        for key in gone {
            if let Some(at) = self.index.remove(&key) {
                self.threads[at].key = NOBODY;
                self.ended_threads.push(self.threads[at].id);
                self.give_up_segment(at);
            }
        }
        self.order.last = usize::MAX;
        self.cached = (NOBODY, 0);
        self.tell_gone(Vec::new(), None);
    }

    /// Tells the writer what it may forget. Segments with rows of it have been handed over.
    fn tell_gone(&mut self, codes: Vec<u32>, ids: Option<FirstIds>) {
        let threads = std::mem::take(&mut self.ended_threads);
        if let Some(writer) = &self.writer {
            writer.forget(Gone {
                threads,
                codes,
                ids,
            });
        }
    }

    /// Hands over every segment, so that nothing of what they refer to has to be remembered: code objects that are
    /// gone, classes and names that were given ids.
    fn turn_over(&mut self) -> bool {
        for at in 0..self.threads.len() {
            if !self.give_up_segment(at) {
                return false;
            }
        }
        self.order.last = usize::MAX;
        self.cached = (NOBODY, 0);
        if self.values.has_many_ids() {
            self.values.forget_ids();
        }
        let (class, name) = self.values.first_ids();
        let ids = FirstIds {
            class,
            name,
            path: self.first_path,
        };
        self.tell_gone(extra::take_gone(), Some(ids));
        true
    }

    fn give_up_segment(&mut self, at: usize) -> bool {
        match self.threads[at].sink.detach() {
            Some(segment) => self.hand_over(segment),
            None => true,
        }
    }

    /// Hands over the segments of the threads that have been idle longest, so that there is room for others.
    fn relieve(&mut self, except: usize) {
        const AT_ONCE: usize = 16;
        let mut idle: Vec<(u64, usize)> = self
            .threads
            .iter()
            .filter(|thread| thread.index != except && thread.sink.is_attached())
            .map(|thread| (thread.tick, thread.index))
            .collect();
        idle.sort_unstable();
        for (_, at) in idle.into_iter().take(AT_ONCE) {
            self.give_up_segment(at);
        }
        self.cached = (NOBODY, 0);
    }

    fn hand_over(&mut self, segment: Segment) -> bool {
        let Some(writer) = &self.writer else {
            return false;
        };
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
        let _errno = ErrnoGuard::keep();
        if !self.clear_room(at) {
            return false;
        }
        let Some(writer) = &self.writer else {
            return false;
        };
        let base = self.base();
        match writer.segment(self.threads[at].id, base) {
            Ok(segment) => {
                self.fill(at, segment, base);
                true
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    /// Hands over the thread's segment, and others where room is short. `false` when recording has ended by a failure.
    fn clear_room(&mut self, at: usize) -> bool {
        if !self.give_up_segment(at) {
            return false;
        }
        if (extra::count_gone() >= MANY_GONE || self.values.has_many_ids()) && !self.turn_over() {
            return false;
        }
        if self.writer.as_ref().is_some_and(|writer| writer.is_tight()) {
            self.relieve(at);
        }
        true
    }

    /// Where the next segment begins.
    fn base(&self) -> Base {
        Base {
            step: self.order.step,
            call: self.order.call,
            tick: self.order.clock.ticks(),
            ns: monotonic_ns(),
        }
    }

    fn fill(&mut self, at: usize, segment: Segment, base: Base) {
        self.next_segment += 1;
        let thread = &mut self.threads[at];
        thread.sink.attach(segment);
        thread.segment = self.next_segment;
        thread.tick = base.tick;
        Row::Time { tick: base.tick }.encode(&mut thread.sink);
        Row::Sync {
            step: base.step,
            call: base.call,
        }
        .encode(&mut thread.sink);
        self.order.last = at;
        if self.threads[at].dropped > 0 {
            self.tell_dropped(at);
        }
    }
}
