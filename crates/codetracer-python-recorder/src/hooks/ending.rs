//! The end of a recording: how the program's `__main__` ended, and what is left for the commit.

use recorder_errors::{ErrorCode, RecorderError};
use trace_store::{Segment, Writer};

use super::recorder::{Counters, Recorder};
use crate::capture::LeftOut;
use crate::raw::frame::Frame;
use crate::raw::object::{Kind, Obj};

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

impl Recorder {
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

    /// Ends recording: the writer, and the segments still in use.
    pub fn take_apart(mut self: Box<Self>, at_exit: bool) -> Ended {
        let taken_away = self.active && !self.monitoring.is_ours();
        if at_exit {
            self.detach_at_exit();
        } else {
            self.detach();
        }
        self.leave(taken_away)
    }

    /// Ends recording when the interpreter is gone with every hook: none of its objects may be touched.
    pub fn take_apart_without_interpreter(mut self: Box<Self>) -> Ended {
        let ended = self.leave(false);
        std::mem::forget(self);
        ended
    }

    pub(super) fn leave(&mut self, taken_away: bool) -> Ended {
        self.tell_last_dropped();
        let segments = self
            .threads
            .iter_mut()
            .filter_map(|thread| thread.sink.detach())
            .collect();
        Ended {
            segments,
            writer: self.writer.take(),
            failure: self.failure.take(),
            said: self.reason.is_some(),
            reason: self.reason,
            taken_away,
            main: self.main,
            counters: self.counters,
            left_out: self.values.left_out,
            events: self.order.step,
        }
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
    /// Why recording ended early, raised already or not.
    pub reason: Option<ErrorCode>,
    /// Whether stderr has heard of it.
    pub said: bool,
    /// Whether the program had freed our tool id.
    pub taken_away: bool,
    /// How `__main__` ended.
    pub main: MainEnd,
    /// Numbers for the metadata.
    pub counters: Counters,
    /// How often limits left out what objects refer to.
    pub left_out: LeftOut,
    /// Events recorded.
    pub events: u64,
}

impl Ended {
    /// Notes a failure, unless there was one before.
    pub fn fail(&mut self, error: RecorderError) {
        if self.reason.is_none() {
            self.reason = Some(error.code());
            self.failure = Some(error);
        }
    }
}

/// The exit status that an exception leaving `__main__` gives the interpreter.
fn exit_status_of(exc: Obj<'_>) -> i32 {
    if exc.is_system_exit() {
        return match exc.system_exit_code() {
            None => 0,
            Some(code) => match code.integer() {
                Some(status) => status as i32 & 0xff,
                None if Kind::None == code.kind() => 0,
                None => 1,
            },
        };
    }
    if exc.is_keyboard_interrupt() { 130 } else { 1 }
}
