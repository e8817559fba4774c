//! What is known of an exception from one event to the next.

use crate::capture::News;
use crate::raw::object::Obj;

/// An exception at a step; anything recorded since has another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwinding {
    exception: usize,
    step: u64,
}

impl Unwinding {
    /// `exc` at `step`.
    pub fn of(exc: Obj<'_>, step: u64) -> Self {
        Self {
            exception: exc.address(),
            step,
        }
    }

    /// What is news of an exception at `step`, if this one has not changed since it was described; with its traceback,
    /// where that counts.
    pub fn news(self, exc: Obj<'_>, step: u64, traceback_counts: bool) -> News {
        if traceback_counts {
            News::Whole
        } else if self == Self::of(exc, step) {
            News::None
        } else {
            News::State
        }
    }
}
