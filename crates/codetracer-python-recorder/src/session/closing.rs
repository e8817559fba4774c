//! The end of a recording that the command line started: with the interpreter, and what is said after it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use pyo3::Python;
use recorder_core::{Options, Origin, Stage, Summary, decide, diagnostics};
use recorder_errors::RecorderError;

use super::{Meanwhile, finish, session};
use crate::commit::{self, NOT_SAVED, Outcome};
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
    if let Some((outcome, session)) = finish(py, None, Meanwhile::NothingRuns, None) {
        conclude(outcome, session.options);
    }
}

/// Remembers what is to be said of the commit, and with which status the process ends.
fn conclude(outcome: Outcome, options: Options) {
    if !options.propagate_script_exit {
        process::end_with(0);
    }
    let outcome = match outcome {
        Ok(None) => return,
        // Nobody typed a command that waits for an answer.
        Ok(Some(_)) if options.origin == Origin::Import => return,
        Ok(Some(committed)) => Closing::Recorded(Summary {
            events: committed.metadata.events,
            calls: committed.metadata.calls,
            threads: committed.metadata.threads,
            duration_ns: committed.metadata.duration_ns,
            bytes: committed.metadata.bytes,
            partial: committed.metadata.partial,
            dir: committed.dir,
            next_command: options
                .next_command
                .unwrap_or_else(|| "codetracer-python-recorder print".to_owned()),
        }),
        Err(failed) => {
            let decided = decide(&options, Stage::Commit, &failed.error);
            if decided.exit_with_kind {
                process::end_with(failed.error.exit_status());
            }
            if failed.said {
                return;
            }
            if decided.warn {
                diagnostics::warning(&failed.error, NOT_SAVED);
                return;
            }
            Closing::Failed(failed.error)
        }
    };
    *closing() = Some(outcome);
}

/// The program runs unrecorded because of a failure: under `disable`, `required` is where a recording must be; under
/// `abort`, `status` is how the process ends.
pub fn end_without(required: Option<&Path>, propagate: bool, json: bool, status: Option<u8>) {
    process::call_at_end();
    diagnostics::ask_for_json(json);
    if let Some(status) = status.or((!propagate).then_some(0)) {
        process::end_with(status);
    }
    let Some(dir) = required else { return };
    let error = commit::missing(dir);
    process::end_with(error.exit_status());
    *closing() = Some(Closing::Failed(error));
}

/// After the interpreter is gone and the program's streams are flushed.
pub fn at_process_end() {
    commit_without_interpreter(None);
    match closing().take() {
        Some(Closing::Recorded(summary)) => diagnostics::notice(&summary.line()),
        Some(Closing::Failed(error)) => diagnostics::failure(&error),
        None => {}
    }
}

/// A panic in [`at_process_end`]: what it had to say is said, after the panic.
pub fn process_end_failed(panic: RecorderError) {
    let panic = commit_without_interpreter(Some(panic));
    if let Some(panic) = panic {
        diagnostics::warning(&panic, "the recording was saved before");
    }
    at_process_end();
}

/// Commits the recording of a program that took our exit handler away (`atexit._clear()`). Gives `panic` back when there
/// is none.
fn commit_without_interpreter(panic: Option<RecorderError>) -> Option<RecorderError> {
    let (Some(session), Some(recorder)) = (session().take(), slot::take()) else {
        return panic;
    };
    let mut ended = recorder.take_apart_without_interpreter();
    if let Some(panic) = panic {
        ended.fail(panic);
    }
    conclude(
        commit::commit(ended, &session, None, false),
        session.options,
    );
    None
}
