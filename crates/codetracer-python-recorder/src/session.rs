//! The life of a recording: start, flush, stop, fork, exit. Everything here runs with the GIL held, outside callbacks.

mod closing;
mod failing;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use recorder_core::{Capture, Identity, OnError, Options, Origin, Stage, decide, diagnostics};
use recorder_errors::{RecorderError, RecorderResult, enverr, usage};
use trace_store::{ClockPair, Metadata, Warning, Writer, WriterOptions};

use crate::boundary::Failure;
use crate::capture::Limits;
use crate::code::decide::{Decider, Places};
use crate::code::facts::LinesBy;
use crate::commit::{self, NOT_SAVED, Outcome};
use crate::hooks::Recorder;
use crate::hooks::recorder::Parts;
use crate::raw::clock::{Clock, monotonic_ns};
use crate::raw::monitoring::Monitoring;
use crate::raw::{access, allocator, extra, preflight, process, slot};

pub use closing::{at_exit, at_process_end, end_without, process_end_failed};
pub use failing::{failed_while_running, last_failure};

/// What is remembered of the session beside the recorder.
pub(crate) struct Session {
    pub options: Options,
    pub metadata: Metadata,
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
    let options = Options::from_json(options)?;
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
    let places = places(py)?;
    preflight(&mut metadata)?;
    let identity = Identity::new();
    diagnostics::configure(&options, &identity)?;
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
    metadata.clock.first = ClockPair {
        tick: Clock::best().ticks(),
        ns: monotonic_ns(),
    };
    let writer_options = WriterOptions {
        metadata: metadata.clone(),
        ticks: || Clock::best().ticks(),
        ..WriterOptions::new(&options.dir, &identity.run_id, &identity.trace_id)
    };
    let writer = match Writer::create(writer_options) {
        Ok(writer) => writer,
        Err(error) => {
            monitoring.release();
            return Err(error.into());
        }
    };
    install_fork_hooks(py)?;
    let number = SESSIONS.fetch_add(1, Ordering::Relaxed) + 1;
    let recorder = Recorder::new(Parts {
        session: number,
        lines: options.capture != Capture::Calls,
        lines_by: lines_by(),
        values: options.capture == Capture::Values,
        limits: Limits::of(&options),
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
    *session() = Some(Session { options, metadata });
    if !slot::install(Box::new(recorder)) {
        *session() = None;
        return Err(usage!(ALREADY_TRACING, "a recording is running in this process").into());
    }
    let attached = slot::with(|recorder| recorder.attach(number > 1));
    if let Some(Err(error)) = attached {
        let _ = finish(py, None, Meanwhile::ThreadsRun, None);
        return Err(error.into());
    }
    Ok(answer.to_string())
}

/// What must hold before the first hook is installed.
fn preflight(metadata: &mut Metadata) -> RecorderResult<()> {
    if cfg!(Py_GIL_DISABLED) {
        return Err(enverr!(
            UNSUPPORTED_PYTHON,
            "this interpreter is built without the GIL"
        ));
    }
    if !process::in_main_interpreter() {
        return Err(enverr!(
            SUBINTERPRETER,
            "recording can only be started in the main interpreter"
        ));
    }
    if !extra::reserve() {
        return Err(enverr!(
            OUT_OF_MEMORY,
            "cannot reserve a slot in code objects"
        ));
    }
    allocator::set_aside();
    access::set_direct(true);
    let holds = preflight::layout_holds();
    access::set_direct(holds && !frames_by_public_api());
    if !holds {
        let error = enverr!(FRAME_LAYOUT, "frames are read through the public interface");
        diagnostics::warning(&error, "recording goes on, more slowly");
        metadata.warnings.push(Warning {
            code: error.code().name().to_owned(),
            message: error.message().to_owned(),
        });
    }
    process::watch_forks();
    Ok(())
}

/// Whether the environment asks for the public interface (`CODETRACER_FRAME_ACCESS=public`).
fn frames_by_public_api() -> bool {
    recorder_policy::env::read("CODETRACER_FRAME_ACCESS").is_some_and(|value| value == "public")
}

/// Which event tells the lines; the environment may insist on one (`CODETRACER_LINE_EVENTS=line` or `instruction`).
fn lines_by() -> LinesBy {
    match recorder_policy::env::read("CODETRACER_LINE_EVENTS") {
        Some(value) if value == "line" => LinesBy::Line,
        Some(value) if value == "instruction" => LinesBy::Instruction,
        _ => LinesBy::Cheapest,
    }
}

/// What the metadata says of the program and the interpreter.
fn describe(py: Python<'_>, options: &Options) -> PyResult<Metadata> {
    let sys = py.import("sys")?;
    let argv: Vec<String> = if options.argv.is_empty() {
        sys.getattr("argv")
            .and_then(|argv| argv.extract())
            .unwrap_or_default()
    } else {
        options.argv.clone()
    };
    let policy = match serde_json::to_value(options) {
        Ok(serde_json::Value::Object(policy)) => policy,
        _ => serde_json::Map::new(),
    };
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Ok(Metadata {
        program: argv.first().cloned().unwrap_or_default(),
        args: argv.into_iter().skip(1).collect(),
        workdir: std::env::current_dir()
            .map(|dir| dir.display().to_string())
            .unwrap_or_default(),
        python: sys.getattr("version")?.extract()?,
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        started_unix_ns: since_epoch.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
        processes: 1,
        policy,
        ..Metadata::default()
    })
}

fn places(py: Python<'_>) -> PyResult<Places> {
    let sys = py.import("sys")?;
    let version: (u32, u32) = {
        let info = sys.getattr("version_info")?;
        (info.get_item(0)?.extract()?, info.get_item(1)?.extract()?)
    };
    let mut library = Vec::new();
    let lib: String = sys.getattr("platlibdir")?.extract()?;
    for prefix in ["prefix", "base_prefix", "exec_prefix", "base_exec_prefix"] {
        let prefix: PathBuf = sys.getattr(prefix)?.extract()?;
        for lib in ["lib", lib.as_str()] {
            let dir = prefix
                .join(lib)
                .join(format!("python{}.{}", version.0, version.1));
            if let Ok(real) = std::fs::canonicalize(dir)
                && !library.contains(&real)
            {
                library.push(real);
            }
        }
    }
    let file: PathBuf = py
        .import("codetracer_python_recorder")?
        .getattr("__file__")?
        .extract()?;
    let recorder = std::fs::canonicalize(&file)
        .ok()
        .and_then(|file| file.parent().map(PathBuf::from))
        .unwrap_or_default();
    Ok(Places { library, recorder })
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
    match finish(py, exit_code, Meanwhile::ThreadsRun, None) {
        Some((outcome, session)) => told_last(outcome, &session),
        None => Ok(None),
    }
}

/// A panic in [`stop`] itself: recording ends all the same, as after any failure of the commit.
pub fn stop_failed(py: Python<'_>, panic: RecorderError) -> Result<Option<String>, Failure> {
    let mut panic = Some(panic);
    match finish(py, None, Meanwhile::ThreadsRun, Some(&mut panic)) {
        Some((outcome, session)) => told_last(outcome, &session),
        None => panic.map_or(Ok(None), |panic| Err(panic.into())),
    }
}

/// Nothing more is said of a recording after this.
fn told_last(outcome: Outcome, session: &Session) -> Result<Option<String>, Failure> {
    let told = told(outcome, session);
    diagnostics::release();
    told
}

/// What the caller of `stop` is told.
fn told(outcome: Outcome, session: &Session) -> Result<Option<String>, Failure> {
    match outcome {
        Ok(None) => Ok(None),
        Ok(Some(committed)) => Ok(Some(
            serde_json::json!({
                "dir": committed.dir, "bytes": committed.metadata.bytes, "partial": committed.metadata.partial,
                "events": committed.metadata.events, "calls": committed.metadata.calls,
            })
            .to_string(),
        )),
        Err(failed) => {
            failing::remember(&failed.error);
            if decide(&session.options, Stage::Commit, &failed.error).raise {
                if failed.said {
                    return Err(Failure::Said(failed.error));
                }
                diagnostics::raised(&failed.error);
                return Err(Failure::Recorder(failed.error));
            }
            if !failed.said {
                diagnostics::warning(&failed.error, NOT_SAVED);
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
    exit_code: Option<i32>,
    meanwhile: Meanwhile,
    panic: Option<&mut Option<RecorderError>>,
) -> Option<(Outcome, Session)> {
    let recorder = slot::take();
    let session = session().take()?;
    let mut ended = recorder?.take_apart(meanwhile == Meanwhile::NothingRuns);
    if let Some(panic) = panic.and_then(Option::take) {
        ended.fail(panic);
    }
    // The rest needs nothing of Python. While the program runs, so may its other threads; at its end they are over.
    let outcome = match meanwhile {
        Meanwhile::ThreadsRun => py.detach(|| commit::commit(ended, &session, exit_code, false)),
        Meanwhile::NothingRuns => {
            let progress = diagnostics::stderr_is_terminal();
            commit::commit(ended, &session, exit_code, progress)
        }
    };
    Some((outcome, session))
}

/// Right before `fork`.
pub fn before_fork() {
    slot::with(|recorder| recorder.before_fork());
}

/// In a forked child, before anything of the program runs there.
pub fn after_fork_in_child() {
    process::fork_is_settled();
    diagnostics::release_in_child();
    if let Some(mut recorder) = slot::take() {
        recorder.leave_forked_child();
    }
    *session() = None;
    closing::forget();
    failing::forget();
}

/// A panic in [`after_fork_in_child`]: the child runs unrecorded all the same.
pub fn child_failed(panic: RecorderError) {
    after_fork_in_child();
    diagnostics::warning(&panic, "the child runs unrecorded");
}
