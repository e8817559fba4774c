//! `_native`: records what a Python program does, through `sys.monitoring`.
//!
//! The one crate that knows Python. `boundary` is its door, `raw` its unsafe part, `hooks` what each event writes,
//! `code` what is known of code objects, `capture` how values are read, `session` the life of a recording.

pub mod boundary;
pub mod capture;
pub mod code;
mod commit;
pub mod hooks;
mod policy;
pub mod raw;
mod reading;
pub mod session;

use boundary::{Entry, wrap, wrap_or, wrap_quietly, wrap_recorder};
use pyo3::prelude::*;
use recorder_errors::{ErrorCode, enverr};

/// Starts recording; `options` is JSON, the answer too.
#[pyfunction]
fn start(py: Python<'_>, options: &str) -> PyResult<String> {
    wrap(py, Entry::Start, || session::start(py, options))
}

/// Starts recording for the command line: commits at interpreter exit and reports on stderr.
#[pyfunction]
fn launch(py: Python<'_>, options: &str) -> PyResult<String> {
    wrap(py, Entry::Launch, || session::launch(py, options))
}

/// Starts recording in a process that a recorded one has started; `kind` and `value` say what it runs.
#[pyfunction]
#[pyo3(signature = (options, kind, value, /))]
fn follow(
    py: Python<'_>,
    options: &str,
    kind: Option<&str>,
    value: Option<String>,
) -> PyResult<String> {
    wrap(py, Entry::Follow, || {
        session::follow(py, options, kind, value)
    })
}

/// Sets the collector's count of new containers back to `young`, given what `gc` says of it now.
#[pyfunction]
fn set_young_count(
    py: Python<'_>,
    counts: [i32; 3],
    thresholds: [i32; 3],
    young: i32,
) -> PyResult<bool> {
    let _ = py;
    let set = wrap_quietly(
        Entry::SetYoungCount,
        || raw::collector::set_young_count(counts, thresholds, young),
        |panic| {
            session::failed_outside(panic);
            false
        },
    );
    Ok(set.unwrap_or(false))
}

/// Ends recording; `None` when none runs.
#[pyfunction]
#[pyo3(signature = (exit_code = None))]
fn stop(py: Python<'_>, exit_code: Option<i32>) -> PyResult<Option<String>> {
    wrap_or(
        py,
        Entry::Stop,
        || session::stop(py, exit_code),
        |panic| session::stop_failed(py, panic),
    )
}

/// Makes everything recorded so far safe; raises a failure that happened meanwhile.
#[pyfunction]
fn flush(py: Python<'_>) -> PyResult<()> {
    wrap_or(
        py,
        Entry::Flush,
        || session::flush(py),
        |panic| {
            session::failed_outside(panic);
            session::flush(py)
        },
    )
}

/// Saves what the flight recorder holds as a recording at `dir`, and lets the program go on meanwhile.
#[pyfunction]
#[pyo3(signature = (dir, reason, /))]
fn dump(py: Python<'_>, dir: std::path::PathBuf, reason: &str) -> PyResult<String> {
    wrap(py, Entry::Dump, || session::dump(py, &dir, reason))
}

/// The failure that ended the last recording or kept it from being saved, as JSON: `code`, `message`, `context`.
#[pyfunction]
fn failure(py: Python<'_>) -> PyResult<Option<String>> {
    wrap(py, Entry::Failure, || Ok(session::last_failure()))
}

/// Calls `callable` in a thread of the recorder's own, which is not recorded, and does not wait for it.
#[pyfunction]
#[pyo3(signature = (callable, /))]
fn run_apart(py: Python<'_>, callable: Py<PyAny>) -> PyResult<()> {
    wrap_recorder(py, Entry::RunApart, || {
        raw::apart::run(callable).map_err(|error| enverr!(IO, "cannot start a thread: {error}"))
    })
}

/// Whether events are recorded now.
#[pyfunction]
fn is_tracing(py: Python<'_>) -> PyResult<bool> {
    wrap(py, Entry::IsTracing, || Ok(session::is_tracing()))
}

/// Raises when `dir` cannot take a recording.
#[pyfunction]
fn check_output(py: Python<'_>, dir: std::path::PathBuf) -> PyResult<()> {
    wrap_recorder(py, Entry::CheckOutput, || trace_store::check_output(&dir))
}

/// The program runs unrecorded because of a failure. Where a recording at `required` must be, the process says so at its
/// end, and ends with the status of that mistake; else with `status`; else with the program's own if it is to `propagate`.
#[pyfunction]
#[pyo3(signature = (required, propagate, json, status = None, /))]
fn end_without(
    py: Python<'_>,
    required: Option<std::path::PathBuf>,
    propagate: bool,
    json: bool,
    status: Option<u8>,
) -> PyResult<()> {
    wrap(py, Entry::EndWithout, || {
        session::end_without(required.as_deref(), propagate, json, status);
        Ok(())
    })
}

/// Interpreter exit: the last of the atexit handlers.
#[pyfunction]
fn _at_exit(py: Python<'_>) -> PyResult<()> {
    wrap_quietly(
        Entry::AtExit,
        || session::at_exit(py),
        session::failed_outside,
    );
    Ok(())
}

/// Before a fork.
#[pyfunction]
fn _before_fork(py: Python<'_>) -> PyResult<()> {
    let _ = py;
    wrap_quietly(Entry::BeforeFork, session::before_fork, |panic| {
        session::failed_outside(panic);
        session::before_fork();
    });
    Ok(())
}

/// After a fork, in the child.
#[pyfunction]
fn _after_fork_in_child(py: Python<'_>) -> PyResult<()> {
    let _ = py;
    wrap_quietly(
        Entry::AfterForkInChild,
        session::forked_child,
        session::child_failed,
    );
    Ok(())
}

/// The line of JSON of a failure that Python tells.
#[pyfunction]
#[pyo3(signature = (code, message, context, /))]
fn trailer(
    py: Python<'_>,
    code: &str,
    message: &str,
    context: std::collections::BTreeMap<String, String>,
) -> PyResult<String> {
    wrap(py, Entry::Trailer, || {
        let code = ErrorCode::from_name(code).unwrap_or(ErrorCode::INTERNAL);
        let pairs = context
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        Ok(recorder_core::diagnostics::trailer(code, message, pairs))
    })
}

/// What was counted since this was asked last, by counter.
#[pyfunction]
fn take_metrics(py: Python<'_>) -> PyResult<std::collections::BTreeMap<String, u64>> {
    wrap(
        py,
        Entry::TakeMetrics,
        || Ok(recorder_core::metrics::take()),
    )
}

/// The extension module.
#[pymodule]
fn _native(py: Python<'_>, m: &Bound<'_, PyModule>) -> PyResult<()> {
    boundary::install_panic_hook();
    #[cfg(feature = "failure-fixtures")]
    wrap_recorder(py, Entry::Import, || arm_faults(m))?;
    wrap(py, Entry::Import, || {
        fill(m)?;
        Ok(())
    })
}

/// Arms the faults that the environment names, and tells tests what can be made to panic.
#[cfg(feature = "failure-fixtures")]
fn arm_faults(m: &Bound<'_, PyModule>) -> recorder_errors::RecorderResult<()> {
    use recorder_errors::fault;
    let entries: Vec<String> = Entry::ALL
        .iter()
        .map(|entry| format!("{entry:?}"))
        .collect();
    let _ = m.add("fault_entries", entries);
    match recorder_policy::env::read(fault::VARIABLE) {
        Some(text) => fault::arm(&text.to_string_lossy()),
        None => Ok(()),
    }
}

fn fill(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("version", env!("CARGO_PKG_VERSION"))?;
    m.add_function(wrap_pyfunction!(start, m)?)?;
    m.add_function(wrap_pyfunction!(launch, m)?)?;
    m.add_function(wrap_pyfunction!(follow, m)?)?;
    m.add_function(wrap_pyfunction!(set_young_count, m)?)?;
    m.add_function(wrap_pyfunction!(stop, m)?)?;
    m.add_function(wrap_pyfunction!(flush, m)?)?;
    m.add_function(wrap_pyfunction!(dump, m)?)?;
    m.add_function(wrap_pyfunction!(failure, m)?)?;
    m.add_function(wrap_pyfunction!(run_apart, m)?)?;
    m.add_function(wrap_pyfunction!(is_tracing, m)?)?;
    m.add_function(wrap_pyfunction!(check_output, m)?)?;
    m.add_function(wrap_pyfunction!(end_without, m)?)?;
    m.add_function(wrap_pyfunction!(take_metrics, m)?)?;
    m.add_function(wrap_pyfunction!(trailer, m)?)?;
    m.add_function(wrap_pyfunction!(_at_exit, m)?)?;
    m.add_function(wrap_pyfunction!(_before_fork, m)?)?;
    m.add_function(wrap_pyfunction!(_after_fork_in_child, m)?)?;
    policy::register(m)?;
    reading::register(m)?;
    Ok(())
}
