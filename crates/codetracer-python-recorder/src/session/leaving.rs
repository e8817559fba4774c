//! Ends that run no exit handler: `os._exit`, and another program in the same process.

use pyo3::Python;
use recorder_core::diagnostics;
use recorder_errors::RecorderError;

use super::{Meanwhile, Session, closing, failed_outside, finish, session};
use crate::commit::{self, Left, NOT_SAVED};
use crate::raw::{process, slot};

/// `os._exit(status)` is about to end the process: saves the recording, and says what is said at the end.
pub fn exits_now(py: Python<'_>, status: i32) {
    exit(py, status, None);
}

/// A panic in [`exits_now`].
pub fn exit_failed(py: Python<'_>, status: i32, panic: RecorderError) {
    let mut panic = Some(panic);
    exit(py, status, Some(&mut panic));
    if let Some(panic) = panic {
        diagnostics::warning(&panic, NOT_SAVED);
    }
}

fn exit(py: Python<'_>, status: i32, panic: Option<&mut Option<RecorderError>>) {
    let left = Left::by_immediate_exit(status & 0xff);
    if let Some((outcome, session)) = finish(py, left, Meanwhile::NothingRuns, panic) {
        closing::conclude(outcome, session);
    }
    process::end();
}

/// Another program is about to take the process over: what was recorded is saved. Where the program goes on all the same,
/// the next event begins another recording.
pub fn is_replaced() {
    let parted = slot::with(|recorder| recorder.has_begun().then(|| recorder.part()));
    let Some(ended) = parted.flatten() else {
        return;
    };
    let Some(own) = session().as_mut().map(Session::anew) else {
        return;
    };
    let outcome = commit::commit(ended, &own, Left::by_exec(), false);
    closing::conclude(outcome, own);
    closing::say();
}

/// A panic in [`is_replaced`]: recording ends by it before the program does.
pub fn replacing_failed(panic: RecorderError) {
    failed_outside(panic);
    is_replaced();
}
