//! The only door between Rust and Python: catches panics, maps [`RecorderError`] once, lets Python's own exceptions
//! pass unchanged.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use recorder_core::metrics;
use recorder_errors::{RecorderError, RecorderResult, bug, fault_panic};

/// Declares the entries with their names in messages.
macro_rules! entries {
    ($($entry:ident $name:literal)+) => {
        /// Every way into this crate from Python.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Entry { $($entry),+ }

        impl Entry {
            /// All of them.
            pub const ALL: &[Entry] = &[$(Entry::$entry),+];

            /// The entry's name in messages.
            pub const fn name(self) -> &'static str {
                match self { $(Entry::$entry => $name),+ }
            }
        }
    };
}

entries! {
    PyStart "callback PY_START"
    PyResume "callback PY_RESUME"
    PyReturn "callback PY_RETURN"
    PyYield "callback PY_YIELD"
    PyThrow "callback PY_THROW"
    PyUnwind "callback PY_UNWIND"
    Call "callback CALL"
    Line "callback LINE"
    Instruction "callback INSTRUCTION"
    Jump "callback JUMP"
    Branch "callback BRANCH"
    Raise "callback RAISE"
    Handled "callback EXCEPTION_HANDLED"
    Import "import"
    Start "start"
    Launch "launch"
    Follow "follow"
    Stop "stop"
    Flush "flush"
    Dump "dump"
    Failure "failure"
    RunApart "run_apart"
    IsTracing "is_tracing"
    EndWithout "end_without"
    CheckOutput "check_output"
    SetYoungCount "set_young_count"
    ResolvePolicy "resolve_policy"
    EncodeOptions "encode_options"
    TakeMetrics "take_metrics"
    Trailer "trailer"
    Recover "recover"
    OpenRecording "recording"
    RecordingInfo "info_json"
    PrintJson "print_json"
    PrintTree "print_tree"
    Events "events_json"
    Frames "frames_json"
    Calls "calls_json"
    AtExit "exit"
    ImmediateExit "immediate exit"
    Replaced "exec"
    ProcessEnd "end of the process"
    BeforeFork "before fork"
    ForkReturned "after fork"
    AfterForkInChild "after fork in the child"
}

thread_local! {
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics of this crate off stderr and remembers where they happened.
pub fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let at = info
                .location()
                .map(|l| format!("{}:{}", l.file(), l.line()));
            let kept = PANICKED_AT.try_with(|slot| *slot.borrow_mut() = at).is_ok();
            if !kept {
                before(info);
            }
        }));
    });
}

/// The error of a caught panic, which is counted.
pub fn panic_error(entry: Entry, payload: &(dyn Any + Send)) -> RecorderError {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    let at = PANICKED_AT
        .with(|slot| slot.borrow_mut().take())
        .unwrap_or_default();
    metrics::add(metrics::PANICS, 1);
    bug!(PANIC, "panic in {}: {text}", entry.name(); entry = entry.name(), location = at)
}

/// What an entry point may fail with.
pub enum Failure {
    /// A failure of the recorder.
    Recorder(RecorderError),
    /// A failure of the recorder that stderr has heard of.
    Said(RecorderError),
    /// A Python exception that passes unchanged.
    Python(PyErr),
}

impl From<RecorderError> for Failure {
    fn from(error: RecorderError) -> Self {
        Failure::Recorder(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Failure::Python(error)
    }
}

/// Runs the body of an entry; a panic becomes its error, and is counted.
pub fn catch<T>(entry: Entry, body: impl FnOnce() -> T) -> RecorderResult<T> {
    catch_unwind(AssertUnwindSafe(|| {
        fault_panic!("entry", format_args!("{entry:?}"));
        body()
    }))
    .map_err(|payload| panic_error(entry, &*payload))
}

/// Runs the body of an entry point.
pub fn wrap<T>(
    py: Python<'_>,
    entry: Entry,
    body: impl FnOnce() -> Result<T, Failure>,
) -> PyResult<T> {
    let ended = catch(entry, body).unwrap_or_else(|panic| Err(Failure::Recorder(panic)));
    raised(py, ended)
}

/// As [`wrap`], for entries that end a recording or a part of it: a panic goes to `panicked`, which follows the policy.
pub fn wrap_or<T>(
    py: Python<'_>,
    entry: Entry,
    body: impl FnOnce() -> Result<T, Failure>,
    panicked: impl FnOnce(RecorderError) -> Result<T, Failure>,
) -> PyResult<T> {
    let ended = catch(entry, body).unwrap_or_else(|panic| {
        catch_unwind(AssertUnwindSafe(|| panicked(panic)))
            .unwrap_or_else(|again| Err(Failure::Recorder(panic_error(entry, &*again))))
    });
    raised(py, ended)
}

/// Runs the body of an entry that the interpreter calls on its own, where nothing may be raised: a panic goes to
/// `panicked`, which follows the policy and gives what is returned.
pub fn wrap_quietly<T>(
    entry: Entry,
    body: impl FnOnce() -> T,
    panicked: impl FnOnce(RecorderError) -> T,
) -> Option<T> {
    match catch(entry, body) {
        Ok(value) => Some(value),
        Err(panic) => catch_unwind(AssertUnwindSafe(|| panicked(panic))).ok(),
    }
}

fn raised<T>(py: Python<'_>, ended: Result<T, Failure>) -> PyResult<T> {
    ended.map_err(|failure| match failure {
        Failure::Python(error) => error,
        Failure::Recorder(error) => to_python(py, &error, false),
        Failure::Said(error) => to_python(py, &error, true),
    })
}

/// As [`wrap`], for bodies that fail with the recorder's errors only.
pub fn wrap_recorder<T>(
    py: Python<'_>,
    entry: Entry,
    body: impl FnOnce() -> RecorderResult<T>,
) -> PyResult<T> {
    wrap(py, entry, || body().map_err(Failure::Recorder))
}

/// The Python exception of a recorder error, made by the package's own classes; `said` when stderr has heard of it.
pub fn to_python(py: Python<'_>, error: &RecorderError, said: bool) -> PyErr {
    let made = (|| -> PyResult<PyErr> {
        let context = PyDict::new(py);
        for (key, value) in error.context().iter() {
            context.set_item(key, value)?;
        }
        let module = py.import("codetracer_python_recorder.exceptions")?;
        let args = (
            error.code().name(),
            error.message(),
            context,
            error.errno(),
            said,
        );
        let made = module.getattr("_from_native")?.call1(args)?;
        Ok(PyErr::from_value(made))
    })();
    made.unwrap_or_else(|unmade| unmade)
}
