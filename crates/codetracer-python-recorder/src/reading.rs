//! Recordings, opened for Python: what `info`, `print`, `recover` and the class `Trace` ask.
//!
//! Reading releases the GIL; output goes to a callable of the caller, chunk by chunk.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use recorder_errors::{RecorderError, RecorderResult, bug};
use serde_json::{Value as Json, json};
use trace_export::{JsonEvents, Tree, TreeOptions, View, names_function};
use trace_model::event::Binding;
use trace_model::{Event, Names};
use trace_store::reader::{Call, Selection};

use crate::boundary::{Entry, Failure, wrap, wrap_recorder};

/// Bytes gathered before the caller's function is called.
const CHUNK: usize = 64 << 10;

/// Hands bytes to a Python callable, chunk by chunk.
struct Chunks {
    write: Py<PyAny>,
    pending: Vec<u8>,
    raised: Option<PyErr>,
}

impl Chunks {
    fn new(write: Py<PyAny>) -> Self {
        Self {
            write,
            pending: Vec::with_capacity(CHUNK + 4096),
            raised: None,
        }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let sent = Python::attach(|py| {
            self.write
                .call1(py, (PyBytes::new(py, &self.pending),))
                .map(drop)
        });
        self.pending.clear();
        sent.map_err(|error| {
            self.raised = Some(error);
            io::Error::other("the reader of the output stopped")
        })
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= CHUNK {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

/// Source lines from the recording's own copies.
struct Sources<'a> {
    recording: &'a trace_store::Recording,
    files: Option<PathBuf>,
    lines: RefCell<HashMap<u32, Arc<[String]>>>,
}

impl<'a> Sources<'a> {
    fn new(recording: &'a trace_store::Recording) -> Self {
        Self {
            recording,
            files: recording.files(),
            lines: RefCell::default(),
        }
    }

    fn line(&self, path: u32, line: u32) -> Option<String> {
        let mut known = self.lines.borrow_mut();
        let lines = known
            .entry(path)
            .or_insert_with(|| self.read(path).unwrap_or_default().into());
        lines.get(line.checked_sub(1)? as usize).cloned()
    }

    fn read(&self, path: u32) -> Option<Vec<String>> {
        let definitions = self.recording.definitions();
        let name = &definitions.paths().find(|p| p.id == path)?.path;
        let copy = self.recording.metadata().sources.get(name)?;
        let file = self.files.as_ref()?.parent()?.join(&copy.file);
        let text = std::fs::read(file).ok()?;
        Some(
            String::from_utf8_lossy(&text)
                .lines()
                .map(str::to_owned)
                .collect(),
        )
    }
}

/// An open recording.
#[pyclass(frozen, module = "codetracer_python_recorder._native")]
pub struct Recording {
    inner: Arc<trace_store::Recording>,
}

/// Runs `body` without the GIL, with a writer that ends in `write`.
fn stream(
    py: Python<'_>,
    write: Py<PyAny>,
    body: impl FnOnce(&mut Chunks) -> Result<(), Stopped> + Send,
) -> Result<(), Failure> {
    let mut chunks = Chunks::new(write);
    let (ended, raised) = py.detach(move || {
        let ended = body(&mut chunks).and_then(|()| chunks.flush().map_err(Stopped::Output));
        (ended, chunks.raised.take())
    });
    match (ended, raised) {
        (_, Some(error)) => Err(Failure::Python(error)),
        (Ok(()), None) => Ok(()),
        (Err(Stopped::Reading(error)), None) => Err(Failure::Recorder(error)),
        (Err(Stopped::Output(error)), None) => Err(Failure::Recorder(bug!(
            INTERNAL,
            "cannot write the output: {error}"
        ))),
    }
}

/// Why output ended early.
enum Stopped {
    Reading(RecorderError),
    Output(io::Error),
}

impl From<RecorderError> for Stopped {
    fn from(error: RecorderError) -> Self {
        Stopped::Reading(error)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Stopped::Output(error)
    }
}

fn with_view<R>(recording: &trace_store::Recording, f: impl FnOnce(&View<'_>) -> R) -> R {
    let sources = Sources::new(recording);
    f(&View {
        names: recording.definitions(),
        ns: &|tick| recording.ns(tick),
        source: &|path, line| sources.line(path, line),
    })
}

fn selection(thread: Option<u32>, from_step: u64, to_step: u64) -> Selection {
    Selection {
        thread,
        from_step,
        to_step,
    }
}

#[pymethods]
impl Recording {
    /// What is known of the recording as a whole, as one JSON object.
    fn info_json(&self, py: Python<'_>) -> PyResult<String> {
        wrap_recorder(py, Entry::ReadRecording, || info(&self.inner))
    }

    /// Writes one JSON object per event and line to `write(bytes)`.
    #[pyo3(signature = (write, *, thread = None, function = None, from_step = 0, to_step = None))]
    fn print_json(
        &self,
        py: Python<'_>,
        write: Py<PyAny>,
        thread: Option<u32>,
        function: Option<String>,
        from_step: u64,
        to_step: Option<u64>,
    ) -> PyResult<()> {
        let recording = &self.inner;
        wrap(py, Entry::ReadRecording, || {
            stream(py, write, |out| {
                with_view(recording, |view| {
                    let mut json = JsonEvents::new();
                    let chosen = selection(thread, from_step, to_step.unwrap_or(u64::MAX));
                    let mut events = recording.events(chosen);
                    while let Some(event) = events.next_event()? {
                        if is_in(view, &event, function.as_deref()) {
                            json.write(&event, view, out)?;
                        } else {
                            json.skip(&event);
                        }
                    }
                    Ok(())
                })
            })
        })
    }

    /// Writes the indented call tree to `write(bytes)`.
    #[pyo3(signature = (write, *, lines = false, depth = None, function = None, thread = None, colour = false))]
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
        wrap(py, Entry::ReadRecording, || {
            stream(py, write, |out| {
                with_view(recording, |view| {
                    let mut tree = Tree::new(TreeOptions {
                        lines,
                        depth,
                        function,
                        thread,
                        colour,
                    });
                    let mut events = recording.events(selection(thread, 0, u64::MAX));
                    while let Some(event) = events.next_event()? {
                        tree.write(&event, view, out)?;
                    }
                    tree.finish(view, out)?;
                    Ok(())
                })
            })
        })
    }

    /// The names of the frame of the event at `step` and their values then, as the JSON of that event with all of them
    /// in `values`; `None` when there is no such step.
    fn state_json(&self, py: Python<'_>, step: u64) -> PyResult<Option<String>> {
        let recording = Arc::clone(&self.inner);
        wrap_recorder(py, Entry::ReadRecording, || {
            py.detach(move || state(&recording, step))
        })
    }

    /// Calls as a JSON array: the children of call `parent`, or the outermost calls of `thread`.
    #[pyo3(signature = (*, parent = None, thread = None))]
    fn calls_json(
        &self,
        py: Python<'_>,
        parent: Option<u64>,
        thread: Option<u32>,
    ) -> PyResult<String> {
        let recording = Arc::clone(&self.inner);
        wrap_recorder(py, Entry::ReadRecording, || {
            py.detach(move || calls(&recording, parent, thread))
        })
    }

    /// Steps of the events that raised an exception (`raise` with `origin`).
    fn exception_steps(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        let recording = Arc::clone(&self.inner);
        wrap_recorder(py, Entry::ReadRecording, || {
            py.detach(move || {
                recording
                    .exceptions()
                    .map(|event| event.map(|e| e.step))
                    .collect()
            })
        })
    }
}

fn is_in(view: &View<'_>, event: &Event, function: Option<&str>) -> bool {
    let Some(pattern) = function else { return true };
    view.names
        .code(event.code)
        .is_some_and(|code| names_function(pattern, &code.qualname))
}

fn info(recording: &trace_store::Recording) -> RecorderResult<String> {
    let metadata = recording.metadata();
    let mut out = serde_json::to_value(metadata)
        .map_err(|error| bug!(INTERNAL, "cannot describe the recording: {error}"))?;
    let counts = recording.counts();
    let definitions = recording.definitions();
    let threads: Vec<Json> = definitions
        .threads()
        .map(|t| json!({"thread": t.id, "name": t.name, "ident": t.ident, "native_id": t.native}))
        .collect();
    let tasks: Vec<Json> = definitions
        .tasks()
        .map(|t| json!({"task": t.id, "name": t.name, "parent": t.parent}))
        .collect();
    let kinds: serde_json::Map<String, Json> = trace_model::EventKind::ALL
        .iter()
        .zip(counts.by_kind)
        .map(|(kind, n)| (kind.as_str().to_owned(), n.into()))
        .collect();
    if let Json::Object(map) = &mut out {
        let mut set = |key: &str, value: Json| map.insert(key.to_owned(), value);
        set("events", counts.events.into());
        set(
            "calls",
            counts.by_kind[trace_model::EventKind::Call as usize].into(),
        );
        set(
            "lines",
            counts.by_kind[trace_model::EventKind::Line as usize].into(),
        );
        set("exceptions", counts.exceptions.into());
        set("threads", counts.threads.into());
        set("tasks", tasks.len().into());
        set("kinds", kinds.into());
        set("thread_names", threads.into());
        set("task_names", tasks.into());
        set("status", recording.source().status.as_str().into());
        set("path", recording.source().path.display().to_string().into());
    }
    Ok(out.to_string())
}

fn line_of(recording: &trace_store::Recording, event: &Event) -> RecorderResult<String> {
    with_view(recording, |view| {
        let mut out = Vec::new();
        JsonEvents::new()
            .write(event, view, &mut out)
            .map_err(|error| bug!(INTERNAL, "cannot write an event: {error}"))?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    })
}

fn state(recording: &trace_store::Recording, step: u64) -> RecorderResult<Option<String>> {
    let Some(state) = recording.state_at(step)? else {
        return Ok(None);
    };
    let mut event = state.event;
    event.objects = state.objects.into_values().collect();
    event.bindings = state
        .names
        .into_iter()
        .map(|(slot, value)| Binding {
            slot,
            value: Some(value),
        })
        .collect();
    event.result = None;
    line_of(recording, &event).map(Some)
}

fn calls(
    recording: &trace_store::Recording,
    parent: Option<u64>,
    thread: Option<u32>,
) -> RecorderResult<String> {
    let mut found: Vec<Call> = Vec::new();
    match (parent, thread) {
        (Some(parent), _) => found = recording.children(parent)?,
        (None, Some(thread)) => found = recording.roots(thread)?,
        (None, None) => {
            for thread in recording.threads().collect::<Vec<_>>() {
                found.extend(recording.roots(thread)?);
            }
            found.sort_by_key(|call| call.step.unwrap_or(0));
        }
    }
    let definitions = recording.definitions();
    let list: Vec<Json> = found
        .iter()
        .map(|call| {
            let code = definitions.code(call.code);
            let path = code.and_then(|c| definitions.paths().find(|p| p.id == c.path));
            json!({
                "call": call.id, "thread": call.thread, "parent": call.parent, "depth": call.depth,
                "function": code.map(|c| c.qualname.as_str()), "module": code.map(|c| c.module.as_str()),
                "file": path.map(|p| p.path.as_str()), "line": code.map(|c| c.first_line),
                "opened_before": call.step.is_none(), "first_step": call.step,
                "last_step": call.end.as_ref().map(|end| end.step),
                "ended_by": call.end.as_ref().map(|end| end.kind.as_str()),
            })
        })
        .collect();
    Ok(Json::Array(list).to_string())
}

/// Opens the recording that `path` means.
#[pyfunction]
fn recording(py: Python<'_>, path: PathBuf) -> PyResult<Recording> {
    wrap_recorder(py, Entry::OpenRecording, || {
        let inner = py.detach(|| trace_store::Recording::open(&path))?;
        Ok(Recording {
            inner: Arc::new(inner),
        })
    })
}

/// Commits what killed processes left of the recording at `path`; says as JSON what it found and kept.
#[pyfunction]
fn recover(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    wrap_recorder(py, Entry::Recover, || {
        let recovered = py.detach(|| trace_store::recover(Path::new(&path)))?;
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
