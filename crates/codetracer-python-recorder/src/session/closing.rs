//! The end of a recording that the command line started: with the interpreter, and what is said after it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use pyo3::Python;
use recorder_core::{Options, Origin, Stage, Summary, decide, diagnostics};
use recorder_errors::RecorderError;
use trace_store::Committed;

use super::{Meanwhile, Session, finish, session};
use crate::commit::{self, Left, NOT_SAVED, Outcome};
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
    if let Some((outcome, session)) = finish(py, Left::by_exit(), Meanwhile::NothingRuns, None) {
        conclude(outcome, session);
    }
}

/// Makes the process end with the status that follows from what became of its recording, where that is not the program's.
pub(super) fn end_by(options: &Options, failure: Option<&RecorderError>) {
    if !options.propagate_script_exit {
        process::end_with(0);
    }
    if let Some(error) = failure
        && decide(options, Stage::Commit, error).exit_with_kind
    {
        process::end_with(error.exit_status());
    }
}

/// Remembers what is to be said of the commit, and with which status the process ends.
pub(super) fn conclude(outcome: Outcome, session: Session) {
    let Session {
        options, is_member, ..
    } = session;
    if is_member || options.origin == Origin::Api {
        return conclude_quietly(outcome);
    }
    end_by(&options, outcome.as_ref().err().map(|failed| &failed.error));
    match outcome {
        Ok(None) => {}
        // Nobody typed a command that waits for an answer.
        Ok(Some(_)) if options.origin == Origin::Import => {}
        Ok(Some(committed)) => recorded(&options, &committed),
        Err(failed) if failed.said => {}
        Err(failed) if decide(&options, Stage::Commit, &failed.error).warn => {
            diagnostics::warning(&failed.error, NOT_SAVED);
        }
        Err(failed) => *closing() = Some(Closing::Failed(failed.error)),
    }
}

/// Remembers what is to be said of a recording that a command made.
pub(super) fn recorded(options: &Options, committed: &Committed) {
    let metadata = &committed.metadata;
    *closing() = Some(Closing::Recorded(Summary {
        events: metadata.events,
        calls: metadata.calls,
        threads: metadata.threads,
        duration_ns: metadata.duration_ns,
        bytes: metadata.bytes,
        partial: metadata.partial,
        dir: committed.dir.clone(),
        next_command: options
            .next_command
            .clone()
            .unwrap_or_else(|| "codetracer-python-recorder print".to_owned()),
    }));
}

/// A recording that nobody waits for an answer about: only its failure is told.
fn conclude_quietly(outcome: Outcome) {
    if let Err(failed) = outcome
        && !failed.said
    {
        diagnostics::warning(&failed.error, NOT_SAVED);
    }
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
    say();
}

/// Says what is to be said of a recording that was committed.
pub(super) fn say() {
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
    if !recorder.has_begun() {
        // Nothing was recorded, and nothing of the interpreter is there to be given back.
        std::mem::forget(recorder);
        return panic;
    }
    let mut ended = recorder.take_apart_without_interpreter();
    if let Some(panic) = panic {
        ended.fail(panic);
    }
    let outcome = commit::commit(ended, &session, Left::by_exit(), false);
    conclude(outcome, session);
    None
}

/// The end of a forked child that ran no exit handler of ours.
pub fn child_ends() {
    commit_without_interpreter(None);
}

/// A panic in [`child_ends`].
pub fn child_end_failed(panic: RecorderError) {
    if let Some(panic) = commit_without_interpreter(Some(panic)) {
        diagnostics::warning(&panic, NOT_SAVED);
    }
}
