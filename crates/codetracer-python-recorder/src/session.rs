//! The life of a recording: start, flush, stop, fork, exit. Everything here runs with the GIL held, outside callbacks.

mod closing;
mod continued;
mod describing;
mod failing;
mod flight;
mod following;
mod leaving;
mod preflight;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use recorder_core::{
    Capture, Identity, OnError, Options, Origin, Overload, Stage, Target, decide, diagnostics,
};
use recorder_errors::{RecorderError, enverr, usage};
use trace_store::{Committed, Home, Metadata, Writer, WriterOptions};

use crate::boundary::Failure;
use crate::capture::Limits;
use crate::code::decide::Decider;
use crate::commit::{self, Left, NOT_SAVED, Outcome};
use crate::hooks::Recorder;
use crate::hooks::recorder::Parts;
use crate::raw::clock::Clock;
use crate::raw::monitoring::Monitoring;
use crate::raw::{methods, process, slot};

pub(crate) use describing::now;
use describing::{describe, places, since_epoch, workdir};

pub use closing::{
    at_exit, at_process_end, child_end_failed, child_ends, end_without, process_end_failed,
};
pub use continued::{
    after_fork_in_child, before_fork, begin_continued, child_failed, fork_returned, forked_child,
};
pub use failing::{failed_while_running, last_failure};
pub use flight::dump;
pub use leaving::{exit_failed, exits_now, is_replaced, replacing_failed};

/// What is remembered of the session beside the recorder.
#[derive(Clone)]
pub(crate) struct Session {
    pub options: Options,
    pub metadata: Metadata,
    /// The run of this recording.
    pub run_id: String,
    /// The family: where its first recording goes, and that recording's run.
    pub family: (PathBuf, String),
    /// Whether another process, or this one before, began the family: the end of this recording says nothing and
    /// changes no status.
    pub is_member: bool,
}

impl Session {
    /// A session that begins: as the first of a family, with its recording at `place`, or as a member of one.
    fn new(
        options: Options,
        metadata: Metadata,
        identity: &Identity,
        place: Option<PathBuf>,
    ) -> Self {
        let own = || (identity.run_id.clone(), identity.run_id.clone());
        let kin = options.family.as_ref();
        let (run_id, first) = kin.map_or_else(own, |kin| (kin.parent.clone(), kin.run_id.clone()));
        let place = kin.map(|kin| kin.place.clone()).or(place);
        Self {
            family: (place.unwrap_or_default(), first),
            run_id,
            is_member: kin.is_some(),
            options,
            metadata,
        }
    }

    /// The same session for a recording that follows in the same process, which is a member of the family; gives the one
    /// before.
    fn anew(&mut self) -> Self {
        let before = self.clone();
        self.is_member = true;
        before
    }
}

static SESSION: Mutex<Option<Session>> = Mutex::new(None);
static SESSIONS: AtomicU32 = AtomicU32::new(0);

fn session() -> std::sync::MutexGuard<'static, Option<Session>> {
    SESSION
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Starts recording.
pub fn start(py: Python<'_>, options: &str) -> Result<String, Failure> {
    let options = Options::from_json(options)?;
    begin(py, options)
}

/// Starts recording for the command line or an import: what it saves is saved when the process ends.
pub fn launch(py: Python<'_>, options: &str) -> Result<String, Failure> {
    launch_with(py, Options::from_json(options)?)
}

/// Starts recording in a process that a recorded one has started: a script or module (`kind`) of that name or path.
pub fn follow(
    py: Python<'_>,
    options: &str,
    kind: Option<&str>,
    value: Option<String>,
) -> Result<String, Failure> {
    let mut options = Options::from_json(options)?;
    options.target = match (kind, value) {
        (Some("script"), Some(path)) => Some(Target::Script(path)),
        (Some("module"), Some(name)) => Some(Target::Module(name)),
        _ => None,
    };
    launch_with(py, options)
}

fn launch_with(py: Python<'_>, options: Options) -> Result<String, Failure> {
    let native = py.import("codetracer_python_recorder._native")?;
    // Registered before anything of the program is, so that it runs after every other handler.
    py.import("atexit")?
        .call_method1("register", (native.getattr("_at_exit")?,))?;
    process::call_at_end();
    let origin = match options.origin {
        Origin::Import => Origin::Import,
        _ => Origin::Launch,
    };
    begin(py, Options { origin, ..options })
}

fn begin(py: Python<'_>, options: Options) -> Result<String, Failure> {
    if session().is_some() {
        return Err(usage!(ALREADY_TRACING, "a recording is running in this process").into());
    }
    failing::forget();
    let begun = attach(py, options);
    if begun.is_err() {
        diagnostics::release();
    }
    begun
}

fn attach(py: Python<'_>, options: Options) -> Result<String, Failure> {
    let mut metadata = describe(py, &options)?;
    let flight = flight::asked_for(&options)?;
    metadata.flight = flight.as_ref().map(|(_, flight)| flight.clone());
    let places = places(py)?;
    preflight::holds(&mut metadata)?;
    let identity = Identity::new();
    match options.family {
        Some(_) => diagnostics::configure_member(&options, &identity)?,
        None => diagnostics::configure(&options, &identity)?,
    }
    let monitoring = match Monitoring::acquire() {
        Ok(monitoring) => monitoring,
        Err(None) => {
            return Err(
                enverr!(UNSUPPORTED_PYTHON, "this interpreter has no sys.monitoring").into(),
            );
        }
        Err(Some(holders)) => {
            let names: Vec<String> = holders
                .0
                .iter()
                .map(|(id, name)| format!("{id}: {name}"))
                .collect();
            return Err(enverr!(
                TOOL_ID_UNAVAILABLE, "no tool id of sys.monitoring is free";
                holders = names.join(", ")
            )
            .into());
        }
    };
    metadata.clock.first = now();
    let writer_options = WriterOptions {
        metadata: metadata.clone(),
        ticks: || Clock::best().ticks(),
        flight: flight.map(|(told, _)| told),
        ..WriterOptions::new(&options.dir, &identity.run_id, &identity.trace_id)
    };
    // A process that another one started begins its recording when there is something to record.
    let created = match &options.family {
        Some(kin) => Home::find(&kin.place, &kin.run_id).map(|_| None),
        None => Writer::create(writer_options).map(Some),
    };
    let writer = match created {
        Ok(writer) => writer,
        Err(error) => {
            monitoring.release();
            return Err(error.into());
        }
    };
    install_fork_hooks(py)?;
    if options.follow {
        following::prepare(py)?;
    }
    let number = next_number();
    let place = writer.as_ref().map(|writer| writer.dir().to_owned());
    let recorder = Recorder::new(Parts {
        session: number,
        lines: options.capture != Capture::Calls,
        lines_by: preflight::lines_by(),
        values: options.capture == Capture::Values,
        limits: Limits::of(&options),
        drops: options.overload == Overload::Drop,
        decider: Decider::new(options.all, options.target.as_ref(), places),
        monitoring,
        writer,
    });
    if options.keep_partial_trace {
        diagnostics::notice("a recording that fails half way will be kept, marked partial");
    }
    let answer = serde_json::json!({
        "trace_id": identity.trace_id, "run_id": identity.run_id, "dir": options.dir,
    });
    let started = Session::new(options, metadata, &identity, place);
    following::hand_on(&started);
    *session() = Some(started);
    if !slot::install(Box::new(recorder)) {
        *session() = None;
        return Err(usage!(ALREADY_TRACING, "a recording is running in this process").into());
    }
    let attached = slot::with(|recorder| recorder.attach(number > 1));
    if let Some(Err(error)) = attached {
        let _ = finish(py, Left::by_stop(None), Meanwhile::ThreadsRun, None);
        return Err(error.into());
    }
    slot::with(|recorder| recorder.listen());
    Ok(answer.to_string())
}

/// The number of the next session in this process.
pub(crate) fn next_number() -> u32 {
    SESSIONS.fetch_add(1, Ordering::Relaxed) + 1
}

fn install_fork_hooks(py: Python<'_>) -> PyResult<()> {
    static DONE: AtomicU32 = AtomicU32::new(0);
    if DONE.swap(1, Ordering::Relaxed) == 1 {
        return Ok(());
    }
    let native = py.import("codetracer_python_recorder._native")?;
    let kwargs = pyo3::types::PyDict::new(py);
    kwargs.set_item("before", native.getattr("_before_fork")?)?;
    kwargs.set_item("after_in_child", native.getattr("_after_fork_in_child")?)?;
    py.import("os")?
        .call_method("register_at_fork", (), Some(&kwargs))?;
    process::be_told_of_end();
    methods::watch();
    Ok(())
}

/// Whether events are recorded now.
pub fn is_tracing() -> bool {
    slot::with(|recorder| recorder.is_active()).unwrap_or(false)
}

/// Makes everything recorded so far safe: it is, event by event, in mapped files; only a failure is reported.
pub fn flush(py: Python<'_>) -> Result<(), Failure> {
    let _ = py;
    match slot::with(|recorder| recorder.take_failure()).flatten() {
        Some(error) if policy_aborts() => Err(Failure::Said(error)),
        _ => Ok(()),
    }
}

fn policy_aborts() -> bool {
    session()
        .as_ref()
        .is_none_or(|s| s.options.on_recorder_error == OnError::Abort)
}

/// Ends recording.
pub fn stop(py: Python<'_>, exit_code: Option<i32>) -> Result<Option<String>, Failure> {
    match finish(py, Left::by_stop(exit_code), Meanwhile::ThreadsRun, None) {
        Some((outcome, session)) => told_last(outcome, &session),
        None => Ok(None),
    }
}

/// A panic in [`stop`] itself: recording ends all the same, as after any failure of the commit.
pub fn stop_failed(py: Python<'_>, panic: RecorderError) -> Result<Option<String>, Failure> {
    let mut panic = Some(panic);
    match finish(
        py,
        Left::by_stop(None),
        Meanwhile::ThreadsRun,
        Some(&mut panic),
    ) {
        Some((outcome, session)) => told_last(outcome, &session),
        None => panic.map_or(Ok(None), |panic| Err(panic.into())),
    }
}

/// Nothing more is said of a recording after this.
fn told_last(outcome: Outcome, session: &Session) -> Result<Option<String>, Failure> {
    let options = &session.options;
    if !session.is_member && options.origin != Origin::Api {
        // What the caller is told by an exception is no status too.
        let failure = outcome.as_ref().err().map(|failed| &failed.error);
        let failure = failure.filter(|error| !decide(options, Stage::Commit, error).raise);
        closing::end_by(options, failure);
        if let (Ok(Some(committed)), Origin::Launch) = (&outcome, options.origin) {
            closing::recorded(options, committed);
        }
    }
    let told = told(outcome, session);
    diagnostics::release();
    told
}

/// What a recording that was saved is told as.
fn answer(committed: &Committed) -> String {
    let metadata = &committed.metadata;
    serde_json::json!({
        "dir": committed.dir, "bytes": metadata.bytes, "partial": metadata.partial,
        "events": metadata.events, "calls": metadata.calls,
    })
    .to_string()
}

/// What the caller of `stop` is told.
fn told(outcome: Outcome, session: &Session) -> Result<Option<String>, Failure> {
    match outcome {
        Ok(None) => Ok(None),
        Ok(Some(committed)) => Ok(Some(answer(&committed))),
        Err(failed) => {
            failing::remember(&failed.error);
            let decided = decide(&session.options, Stage::Commit, &failed.error);
            if decided.raise {
                if failed.said {
                    return Err(Failure::Said(failed.error));
                }
                diagnostics::raised(&failed.error);
                return Err(Failure::Recorder(failed.error));
            }
            match decided.warn {
                _ if failed.said => {}
                true => diagnostics::warning(&failed.error, NOT_SAVED),
                false => diagnostics::failure(&failed.error),
            }
            Ok(None)
        }
    }
}

/// A failure outside callbacks, where nobody can be told by an exception: recording ends by it.
pub fn failed_outside(error: RecorderError) {
    let mut error = Some(error);
    let failed = slot::with(|recorder| {
        if let Some(error) = error.take() {
            recorder.fail(error);
        }
    });
    if let (None, Some(error)) = (failed, error) {
        failed_while_running(&error);
    }
}

/// What goes on in the process while a recording is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    /// The program's threads.
    ThreadsRun,
    /// Nothing: the interpreter is about to end.
    NothingRuns,
}

/// Takes the recorder apart and commits what it recorded, unless it fails by `panic`; `None` when nothing is recorded.
fn finish(
    py: Python<'_>,
    left: Left,
    meanwhile: Meanwhile,
    panic: Option<&mut Option<RecorderError>>,
) -> Option<(Outcome, Session)> {
    let recorder = slot::take();
    let session = session().take()?;
    if session.options.follow {
        following::end();
    }
    let mut recorder = recorder?;
    if !recorder.has_begun() {
        // Nothing was recorded here, or nothing could be.
        recorder.detach();
        return None;
    }
    let mut ended = recorder.take_apart(meanwhile == Meanwhile::NothingRuns);
    if let Some(panic) = panic.and_then(Option::take) {
        ended.fail(panic);
    }
    // The rest needs nothing of Python. While the program runs, so may its other threads; at its end they are over.
    let outcome = match meanwhile {
        Meanwhile::ThreadsRun => py.detach(|| commit::commit(ended, &session, left, false)),
        Meanwhile::NothingRuns => {
            let progress = diagnostics::stderr_is_terminal();
            commit::commit(ended, &session, left, progress)
        }
    };
    Some((outcome, session))
}
