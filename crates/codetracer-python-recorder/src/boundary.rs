//! The only door between Rust and Python: catches panics, maps [`RecorderError`] once, lets Python's own exceptions
//! pass unchanged.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use recorder_errors::{RecorderError, RecorderResult, bug};

/// Every way into this crate from Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Entry {
    PyStart,
    PyResume,
    PyReturn,
    PyYield,
    PyThrow,
    PyUnwind,
    Line,
    Instruction,
    Jump,
    Branch,
    Raise,
    Handled,
    Start,
    Launch,
    Stop,
    Flush,
    Failure,
    RunApart,
    IsTracing,
    CheckOutput,
    SetYoungCount,
    ResolvePolicy,
    Recover,
    Explain,
    OpenRecording,
    ReadRecording,
    AtExit,
    BeforeFork,
    AfterForkInParent,
    AfterForkInChild,
}

impl Entry {
    /// The entry's name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Entry::PyStart => "callback PY_START",
            Entry::PyResume => "callback PY_RESUME",
            Entry::PyReturn => "callback PY_RETURN",
            Entry::PyYield => "callback PY_YIELD",
            Entry::PyThrow => "callback PY_THROW",
            Entry::PyUnwind => "callback PY_UNWIND",
            Entry::Line => "callback LINE",
            Entry::Instruction => "callback INSTRUCTION",
            Entry::Jump => "callback JUMP",
            Entry::Branch => "callback BRANCH",
            Entry::Raise => "callback RAISE",
            Entry::Handled => "callback EXCEPTION_HANDLED",
            Entry::Start => "start",
            Entry::Launch => "launch",
            Entry::Stop => "stop",
            Entry::Flush => "flush",
            Entry::Failure => "failure",
            Entry::RunApart => "run_apart",
            Entry::IsTracing => "is_tracing",
            Entry::CheckOutput => "check_output",
            Entry::SetYoungCount => "set_young_count",
            Entry::ResolvePolicy => "resolve_policy",
            Entry::Recover => "recover",
            Entry::Explain => "explain",
            Entry::OpenRecording => "recording",
            Entry::ReadRecording => "reading",
            Entry::AtExit => "exit",
            Entry::BeforeFork => "before fork",
            Entry::AfterForkInParent => "after fork in the parent",
            Entry::AfterForkInChild => "after fork in the child",
        }
    }
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

/// The error of a caught panic.
pub fn panic_error(entry: Entry, payload: &(dyn Any + Send)) -> RecorderError {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    let at = PANICKED_AT
        .with(|slot| slot.borrow_mut().take())
        .unwrap_or_default();
    bug!(PANIC, "panic in {}: {text}", entry.name(); entry = entry.name(), location = at)
}

/// What an entry point may fail with.
pub enum Failure {
    /// A failure of the recorder.
    Recorder(RecorderError),
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

/// Runs the body of an entry point.
pub fn wrap<T>(
    py: Python<'_>,
    entry: Entry,
    body: impl FnOnce() -> Result<T, Failure>,
) -> PyResult<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Failure::Python(error))) => Err(error),
        Ok(Err(Failure::Recorder(error))) => Err(to_python(py, &error)),
        Err(payload) => Err(to_python(py, &panic_error(entry, &*payload))),
    }
}

/// As [`wrap`], for bodies that fail with the recorder's errors only.
pub fn wrap_recorder<T>(
    py: Python<'_>,
    entry: Entry,
    body: impl FnOnce() -> RecorderResult<T>,
) -> PyResult<T> {
    wrap(py, entry, || body().map_err(Failure::Recorder))
}

/// The Python exception of a recorder error, made by the package's own classes.
pub fn to_python(py: Python<'_>, error: &RecorderError) -> PyErr {
    let made = (|| -> PyResult<PyErr> {
        let context = PyDict::new(py);
        for (key, value) in error.context().iter() {
            context.set_item(key, value)?;
        }
        let module = py.import("codetracer_python_recorder.exceptions")?;
        let args = (error.code().name(), error.message(), context, error.errno());
        let made = module.getattr("_from_native")?.call1(args)?;
        Ok(PyErr::from_value(made))
    })();
    made.unwrap_or_else(|unmade| unmade)
}
