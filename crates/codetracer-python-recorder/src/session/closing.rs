//! The end of a recording that the command line started: with the interpreter, and what is said after it.

use std::sync::{Mutex, PoisonError};

use pyo3::Python;
use recorder_core::{OnError, Options, Summary, diagnostics};
use recorder_errors::{RecorderError, RecorderResult};
use trace_store::Committed;

use super::{Meanwhile, Session, commit, finish, session};
use crate::raw::threads::Current;
use crate::raw::{process, slot};

/// What is said and done when the process ends.
enum Closing {
    Recorded(Summary),
    Failed(RecorderError),
}

static CLOSING: Mutex<Option<Closing>> = Mutex::new(None);

fn closing() -> std::sync::MutexGuard<'static, Option<Closing>> {
    CLOSING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In a forked child: nothing is to be said.
pub(super) fn forget() {
    *closing() = None;
}

/// Interpreter exit under the command line.
pub fn at_exit(py: Python<'_>) {
    // `atexit._run_exitfuncs()` in the program: it goes on, and so does recording, to the very end of the process.
    if Current::of_callback().frame().is_some() {
        return;
    }
    let Some(options) = session().as_ref().map(|s| s.options.clone()) else {
        return;
    };
    let already_said = slot::with(|recorder| recorder.has_failed()).unwrap_or(false);
    conclude(
        finish(py, None, Meanwhile::NothingRuns),
        &options,
        already_said,
    );
}

/// Remembers what is to be said of the commit.
fn conclude(
    outcome: RecorderResult<Option<(Committed, Session)>>,
    options: &Options,
    already_said: bool,
) {
    let outcome = match outcome {
        Ok(None) => return,
        Ok(Some((committed, session))) => Closing::Recorded(Summary {
            events: committed.metadata.events,
            calls: committed.metadata.calls,
            threads: committed.metadata.threads,
            duration_ns: committed.metadata.duration_ns,
            bytes: committed.metadata.bytes,
            partial: committed.metadata.partial,
            dir: committed.dir,
            next_command: session
                .options
                .next_command
                .unwrap_or_else(|| "codetracer-python-recorder print".to_owned()),
        }),
        Err(error) => {
            if options.on_recorder_error == OnError::Disable {
                if !already_said {
                    diagnostics::warning(&error, super::NOT_SAVED);
                }
                return;
            }
            process::end_with(error.exit_status());
            if already_said {
                return;
            }
            Closing::Failed(error)
        }
    };
    *closing() = Some(outcome);
}

/// After the interpreter is gone and the program's streams are flushed.
pub fn at_process_end() {
    finish_without_interpreter();
    match closing().take() {
        Some(Closing::Recorded(summary)) => diagnostics::notice(&summary.line()),
        Some(Closing::Failed(error)) => diagnostics::failure(&error),
        None => {}
    }
}

/// A panic in [`at_process_end`]: what it had to say is said, after the panic.
pub fn process_end_failed(panic: RecorderError) {
    let recording = (session().take(), slot::take());
    if let (Some(session), Some(recorder)) = recording {
        let options = session.options.clone();
        let mut ended = recorder.take_apart_without_interpreter();
        ended.fail(panic);
        conclude(commit::commit(ended, session, None, false), &options, false);
    } else {
        diagnostics::warning(&panic, "the recording was saved before");
    }
    at_process_end();
}

/// Commits the recording of a program that took our exit handler away (`atexit._clear()`).
fn finish_without_interpreter() {
    let Some(session) = session().take() else {
        return;
    };
    let Some(recorder) = slot::take() else {
        return;
    };
    let options = session.options.clone();
    let already_said = recorder.has_failed();
    let ended = recorder.take_apart_without_interpreter();
    conclude(
        commit::commit(ended, session, None, false),
        &options,
        already_said,
    );
}
