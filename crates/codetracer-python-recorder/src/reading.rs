//! Recordings, opened for Python: what `info`, `print`, `recover` and the class `Trace` ask.
//!
//! Owns the class `Recording`. Reading releases the GIL; output goes to a callable of the caller, chunk by chunk.
//! Refuses to print and to hold a recording in memory.

mod describe;
mod ending;
mod filter;
mod output;
mod page;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use recorder_errors::bug;
use trace_export::{JsonEvents, Tree, TreeOptions};
use trace_store::Selection;

use crate::boundary::{Entry, wrap, wrap_recorder};
use filter::Shown;
use output::{stream, with_view};
use page::{Kept, Wanted};

/// Events between two looks for an interrupt.
const PATIENCE: u64 = 1 << 16;

/// An open recording.
#[pyclass(frozen, module = "codetracer_python_recorder._native")]
pub struct Recording {
    inner: Arc<trace_store::Recording>,
    /// What the last page knew at its end. The lock is held only to take it and to put it back.
    kept: Mutex<Option<Kept>>,
}

#[pymethods]
impl Recording {
    /// What is known of the recording as a whole, as one JSON object; with `family`, of the processes that came from its
    /// own too.
    #[pyo3(signature = (*, family = false))]
    fn info_json(&self, py: Python<'_>, family: bool) -> PyResult<String> {
        let recording = Arc::clone(&self.inner);
        wrap_recorder(py, Entry::RecordingInfo, || {
            py.detach(move || describe::info(&recording, family))
        })
    }

    /// Writes one JSON object per event and line to `write(bytes)`.
    #[pyo3(signature = (write, /, *, depth = None, function = None, thread = None))]
    fn print_json(
        &self,
        py: Python<'_>,
        write: Py<PyAny>,
        depth: Option<u32>,
        function: Option<String>,
        thread: Option<u32>,
    ) -> PyResult<()> {
        let recording = &self.inner;
        wrap(py, Entry::PrintJson, || {
            stream(py, write, |out| {
                with_view(recording, |view| {
                    let mut json = JsonEvents::new();
                    let mut shown = Shown::new(function, depth);
                    let mut events = recording.events(Selection::default());
                    let mut seen = 0u64;
                    while let Some(event) = events.next_event()? {
                        let is_here = thread.is_none_or(|only| only == event.thread);
                        if is_here && shown.wants(&event, view.names) {
                            json.write(&event, view, out)?;
                        } else {
                            json.skip(&event);
                        }
                        seen += 1;
                        if seen.is_multiple_of(PATIENCE) {
                            out.check_signals()?;
                        }
                    }
                    Ok(())
                })
            })
        })
    }

    /// Writes the indented call tree to `write(bytes)`.
    #[pyo3(signature = (write, /, *, lines = false, depth = None, function = None, thread = None, colour = false))]
    #[allow(clippy::too_many_arguments)]
    fn print_tree(
        &self,
        py: Python<'_>,
        write: Py<PyAny>,
        lines: bool,
        depth: Option<u32>,
        function: Option<String>,
        thread: Option<u32>,
        colour: bool,
    ) -> PyResult<()> {
        let recording = &self.inner;
        wrap(py, Entry::PrintTree, || {
            stream(py, write, |out| {
                with_view(recording, |view| {
                    let mut tree = Tree::new(TreeOptions {
                        lines,
                        depth,
                        function,
                        thread,
                        colour,
                    });
                    let mut events = recording.events(Selection::default());
                    let mut seen = 0u64;
                    while let Some(event) = events.next_event()? {
                        tree.write(&event, view, out)?;
                        seen += 1;
                        if seen.is_multiple_of(PATIENCE) {
                            out.check_signals()?;
                        }
                    }
                    tree.finish(view, out)?;
                    Ok(())
                })
            })
        })
    }

    /// A page of events from `from_step` on: JSON lines as `print_json` has them, and the step from which the next
    /// page goes on, or `None` at the end.
    #[pyo3(signature = (from_step, /, *, thread = None, kinds = Vec::new(), limit = 8192))]
    fn events_json<'py>(
        &self,
        py: Python<'py>,
        from_step: u64,
        thread: Option<u32>,
        kinds: Vec<String>,
        limit: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, Option<u64>)> {
        let recording = Arc::clone(&self.inner);
        let kept = &self.kept;
        let (lines, next) = wrap_recorder(py, Entry::Events, || {
            let wanted = Wanted {
                from_step,
                thread,
                kinds: page::kinds(&kinds)?,
                limit,
            };
            py.detach(move || {
                let kept = || kept.lock().unwrap_or_else(PoisonError::into_inner);
                let last = kept().take_if(|last| last.serves(&wanted));
                let page = page::page(&recording, &wanted, last)?;
                if page.kept.is_some() {
                    *kept() = page.kept;
                }
                Ok((page.lines, page.next))
            })
        })?;
        Ok((PyBytes::new(py, &lines), next))
    }

    /// The frame of the event at `step`, or all open frames of its thread, as they were after it: a JSON array, outermost
    /// first, of objects with `call function file line values`; `None` when there is no such step.
    #[pyo3(signature = (step, /, *, all = true))]
    fn frames_json(&self, py: Python<'_>, step: u64, all: bool) -> PyResult<Option<String>> {
        let recording = Arc::clone(&self.inner);
        wrap_recorder(py, Entry::Frames, || {
            py.detach(move || describe::frames(&recording, step, all))
        })
    }

    /// Calls as a JSON array: the children of the call `parent`, or the outermost calls of `thread` or of all threads.
    #[pyo3(signature = (*, parent = None, thread = None))]
    fn calls_json(
        &self,
        py: Python<'_>,
        parent: Option<u64>,
        thread: Option<u32>,
    ) -> PyResult<String> {
        let recording = Arc::clone(&self.inner);
        wrap_recorder(py, Entry::Calls, || {
            py.detach(move || describe::calls(&recording, parent, thread))
        })
    }
}

/// Opens the recording that `path` means.
#[pyfunction]
#[pyo3(signature = (path, /))]
fn recording(py: Python<'_>, path: PathBuf) -> PyResult<Recording> {
    wrap_recorder(py, Entry::OpenRecording, || {
        let inner = py.detach(|| trace_store::Recording::open(&path))?;
        Ok(Recording {
            inner: Arc::new(inner),
            kept: Mutex::new(None),
        })
    })
}

/// Commits what killed processes left of the recording at `path`; says as JSON what it found and kept.
#[pyfunction]
#[pyo3(signature = (path, /))]
fn recover(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    wrap_recorder(py, Entry::Recover, || {
        let recovered = py.detach(|| trace_store::recover(&path))?;
        serde_json::to_string(&recovered)
            .map_err(|error| bug!(INTERNAL, "cannot describe the recovery: {error}"))
    })
}

/// Adds what this module offers to the extension module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<Recording>()?;
    m.add_function(wrap_pyfunction!(recording, m)?)?;
    m.add_function(wrap_pyfunction!(recover, m)?)
}
