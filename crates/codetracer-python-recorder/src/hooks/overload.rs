//! Events that are left out where the program is faster than they can be stored, if the policy says so.
//!
//! Owns their number, the gap that tells it, and what is unknown after it. Refuses to decide when there is no room.

use trace_model::{Op, Row};

use super::recorder::Recorder;
use super::thread::NOBODY;
use super::unwinding::Unwinding;

/// Reason number of the gap.
const OVERLOAD: u8 = 2;

impl Recorder {
    /// The event that comes is left out.
    pub(super) fn drop_event(&mut self, at: usize) {
        self.threads[at].dropped += 1;
        self.counters.dropped += 1;
        self.cached = (NOBODY, 0);
    }

    /// Writes the gap before the first event that is there again. Its frames are opened anew: what happened in them is
    /// not known.
    pub(super) fn tell_dropped(&mut self, at: usize) {
        let Self {
            threads,
            order,
            suspended,
            ..
        } = self;
        let thread = &mut threads[at];
        let count = std::mem::take(&mut thread.dropped);
        let open = thread.stack.len();
        if open > 0 {
            Row::Lost { count: open as u32 }.encode(&mut thread.sink);
            while thread.pop().is_some() {}
        }
        if thread.task != 0 {
            thread.task = 0;
            Row::Task { task: 0 }.encode(&mut thread.sink);
        }
        thread.pending_handled = None;
        thread.thrown_into = 0;
        let reason = OVERLOAD;
        thread.event(order, Op::Gap { reason, count });
        thread.sink.commit();
        suspended.clear();
        self.unwinding = Unwinding::default();
        self.steady = Unwinding::default();
    }

    /// Writes the gaps that no event came after.
    pub(super) fn tell_last_dropped(&mut self) {
        for at in 0..self.threads.len() {
            if self.threads[at].dropped > 0 && self.reason.is_none() {
                self.rotate(at);
            }
        }
    }
}
