//! Where output goes and where source lines come from.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use recorder_errors::{RecorderError, bug};
use trace_export::View;
use trace_model::Names;

use crate::boundary::Failure;

/// Bytes gathered before the caller's function is called.
const CHUNK: usize = 64 << 10;
/// Largest copy of a source that is shown.
const LARGEST_SOURCE: u64 = 32 << 20;
/// Bytes of sources kept at once.
const KEPT_SOURCES: usize = 64 << 20;

/// Hands bytes to a Python callable, chunk by chunk.
pub struct Chunks {
    write: Py<PyAny>,
    pending: Vec<u8>,
    raised: Option<PyErr>,
}

impl Chunks {
    fn send(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let sent = Python::attach(|py| {
            let bytes = PyBytes::new(py, &self.pending);
            self.write.call1(py, (bytes,)).map(drop)
        });
        self.pending.clear();
        sent.map_err(|error| self.stop(error))
    }

    /// Lets an interrupt end a scan that writes nothing.
    pub fn check_signals(&mut self) -> io::Result<()> {
        Python::attach(|py| py.check_signals()).map_err(|error| self.stop(error))
    }

    fn stop(&mut self, error: PyErr) -> io::Error {
        self.raised = Some(error);
        io::Error::other("the reader of the output stopped")
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

/// Why output ended early.
pub enum Stopped {
    /// The recording cannot be read.
    Reading(RecorderError),
    /// The output cannot be written.
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

/// Runs `body` without the GIL, with a writer that ends in `write`. What `write` raises passes unchanged.
pub fn stream(
    py: Python<'_>,
    write: Py<PyAny>,
    body: impl FnOnce(&mut Chunks) -> Result<(), Stopped> + Send,
) -> Result<(), Failure> {
    let mut chunks = Chunks {
        write,
        pending: Vec::with_capacity(CHUNK + 4096),
        raised: None,
    };
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

/// Runs `f` with what formats look up.
pub fn with_view<R>(recording: &trace_store::Recording, f: impl FnOnce(&View<'_>) -> R) -> R {
    let sources = RefCell::new(Sources::new(recording));
    f(&View {
        names: recording.definitions(),
        ns: &|tick| recording.ns(tick),
        source: &|path, line| sources.borrow_mut().line(path, line),
    })
}

/// Source lines from the recording's own copies; never from where the program had them.
struct Sources<'a> {
    recording: &'a trace_store::Recording,
    root: Option<PathBuf>,
    lines: HashMap<u32, Arc<[String]>>,
    kept: usize,
}

impl<'a> Sources<'a> {
    fn new(recording: &'a trace_store::Recording) -> Self {
        let files = recording.files();
        Self {
            recording,
            root: files.and_then(|files| files.parent().map(Path::to_owned)),
            lines: HashMap::new(),
            kept: 0,
        }
    }

    fn line(&mut self, path: u32, line: u32) -> Option<String> {
        let at = line.checked_sub(1)? as usize;
        if let Some(lines) = self.lines.get(&path) {
            return lines.get(at).cloned();
        }
        let text = self.read(path).unwrap_or_default();
        if self.kept.saturating_add(text.len()) > KEPT_SOURCES {
            self.lines.clear();
            self.kept = 0;
        }
        self.kept += text.len();
        let lines: Arc<[String]> = text.lines().map(str::to_owned).collect();
        let found = lines.get(at).cloned();
        self.lines.insert(path, lines);
        found
    }

    fn read(&self, path: u32) -> Option<String> {
        let name = &self.recording.definitions().path(path)?.path;
        let copy = Path::new(&self.recording.metadata().sources.get(name)?.file);
        let inside = copy.components().all(|c| matches!(c, Component::Normal(_)));
        let root = self.root.as_ref()?;
        let file = root.join(copy);
        // A recording may come from anywhere: nothing outside it is read, and nothing that is no file.
        let real = std::fs::canonicalize(&file).ok()?;
        let is_ours = inside && real.starts_with(std::fs::canonicalize(root).ok()?);
        if !is_ours || !real.metadata().is_ok_and(|data| data.is_file()) {
            return None;
        }
        let mut text = Vec::new();
        let file = std::fs::File::open(real).ok()?;
        file.take(LARGEST_SOURCE).read_to_end(&mut text).ok()?;
        Some(String::from_utf8_lossy(&text).into_owned())
    }
}
