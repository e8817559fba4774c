//! A recording that goes on in another one: in the child of a fork, and where a program was to replace itself and did not.
//!
//! Owns the state between the two: hooks stay in place, and nothing is created before there is something to record. The
//! first event of code that is recorded begins the new recording, which states the frames that are open.

use std::sync::Arc;

use recorder_errors::RecorderError;
use trace_store::{Home, Segment, Writer};

use super::ending::Ended;
use super::order::Order;
use super::recorder::{Counters, Recorder};
use super::suspended::Suspended;
use super::tasks::Tasks;
use super::thread::{NOBODY, ThreadContext};
use super::unwinding::Unwinding;
use crate::raw::extra::{self, Extra, lookup};
use crate::raw::frame::Code;
use crate::raw::process;
use crate::raw::threads::{self, Current};
use crate::session;

/// How a recording comes after another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// In the child of a fork.
    Fork,
    /// In a process that was started.
    Start,
    /// In the same process, where another program was to take it over.
    Return,
}

/// A recording that has not begun.
#[derive(Debug)]
pub struct Waiting {
    /// The session in whose numbers code objects are known.
    before: u32,
    /// Where the new recording goes, where that is known already.
    home: Option<Arc<Home>>,
    /// What came before.
    after: After,
}

impl Waiting {
    /// Of a recorder that has no writer from the start.
    pub(super) fn of(writer: &Option<Writer>, session: u32) -> Option<Self> {
        writer.is_none().then_some(Self {
            before: session,
            home: None,
            after: After::Start,
        })
    }
}

impl Recorder {
    /// Joins the drainer, right before a fork, and has the family begin.
    pub fn before_fork(&mut self) {
        self.counters.forks += 1;
        if let Some(writer) = &self.writer {
            writer.hold_drainer();
            // The child finds another way, or says what is wrong.
            let _ = writer.family();
        }
    }

    /// The call that forked has returned in the parent.
    pub fn fork_returned(&mut self) {
        if let Some(writer) = &self.writer {
            writer.release_drainer();
            writer.listen();
        }
    }

    /// In a forked child: the parent's recording is not touched, and what is recorded from here on is another one.
    pub fn forked(&mut self) {
        self.process = process::id();
        let writer = self.writer.take();
        let home = writer.as_ref().and_then(Writer::known_family);
        if let Some(writer) = &writer {
            writer.abandon_in_child();
        }
        drop(self.begin_anew(home, After::Fork));
        if !self.active {
            self.waiting = None;
        }
    }

    /// Gives up what was recorded so far, as at the end, and stays ready to begin another recording.
    pub fn part(&mut self) -> Ended {
        let taken_away = self.active && !self.monitoring.is_ours();
        let mut ended = self.leave(taken_away);
        ended.segments.extend(self.begin_anew(None, After::Return));
        if taken_away {
            self.detach();
        }
        ended
    }

    /// Ends all writing. Gives the segments back that were in use.
    fn begin_anew(&mut self, home: Option<Arc<Home>>, after: After) -> Vec<Segment> {
        let segments = self.threads.iter_mut();
        let segments = segments
            .filter_map(|thread: &mut ThreadContext| thread.sink.detach())
            .collect();
        let before = match self.waiting.take() {
            Some(waiting) => waiting.before,
            None => std::mem::replace(&mut self.session, session::next_number()),
        };
        self.waiting = Some(Waiting {
            before,
            home,
            after,
        });
        self.threads.clear();
        self.index.clear();
        self.cached = (NOBODY, 0);
        segments
    }

    /// Whether nothing was recorded since this recording parted from another.
    #[inline(always)]
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Whether there is a recording that can be ended.
    pub fn has_begun(&self) -> bool {
        self.writer.is_some()
    }

    /// The session in which code was recorded before the recordings parted, where nothing has been since.
    pub(super) fn session_before(&self) -> Option<u32> {
        self.waiting.as_ref().map(|waiting| waiting.before)
    }

    /// At an event of code that is not known in this session, while the recording waits: begins it if the code is recorded.
    /// `false` when the event is not to be recorded.
    #[cold]
    pub(super) fn begins_with(&mut self, current: Current, code: Code<'_>) -> bool {
        matches!(lookup(code), Extra::Facts(_)) && self.enter(current).is_some()
    }

    /// Begins the recording. `false` when it cannot be, which has been said.
    #[cold]
    pub(super) fn begin(&mut self, current: Current) -> bool {
        let Some(waiting) = self.waiting.take() else {
            return true;
        };
        self.forget();
        let begun = session::begin_continued(waiting.home, waiting.after);
        match begun {
            Ok(writer) => {
                writer.listen();
                self.writer = Some(writer);
            }
            Err(error) => {
                self.cannot_continue(error);
                return false;
            }
        }
        threads::each_live_frame(|frame| {
            if let Some(code) = frame.code()
                && !matches!(lookup(code), Extra::Facts(facts) if facts.session == self.session)
            {
                self.decide(current, code, frame);
            }
        });
        self.is_active()
    }

    /// Forgets everything that holds of one recording only.
    fn forget(&mut self) {
        self.paths.clear();
        (self.next_path, self.first_path) = (0, 0);
        (self.next_thread, self.next_code) = (0, 0);
        (self.ended_threads, self.look_for_ended) = (Vec::new(), 0);
        extra::tell_gone(self.session);
        self.order = Order::new(self.order.clock);
        self.values = self.values.anew(self.session);
        self.suspended = Suspended::default();
        self.tasks = Tasks::default();
        self.unwinding = Unwinding::default();
        self.steady = Unwinding::default();
        self.counters = Counters::default();
    }

    /// The program goes on unrecorded. Under no policy does its status change: another process waits for it.
    fn cannot_continue(&mut self, error: RecorderError) {
        recorder_core::diagnostics::warning(&error, "the process goes on unrecorded");
        self.reason = Some(error.code());
        self.detach();
    }
}
