//! The log: what the recorder says of itself, as lines of JSON, through the `tracing` crate.
//!
//! Owns the subscriber, its levels and the log file, which is opened for each line: no descriptor of ours is there for
//! the program to close or to write over. Refuses to log where events are recorded: hooks say nothing.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use recorder_errors::{RecorderError, RecorderResult};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::identity::run_id;
use crate::options::Options;

/// Where lines go, and from which level on.
#[derive(Default)]
struct Places {
    stderr: Option<Level>,
    file: Option<(PathBuf, Level)>,
}

static PLACES: Mutex<Places> = Mutex::new(Places {
    stderr: None,
    file: None,
});

fn places() -> MutexGuard<'static, Places> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Follows the options of a recording that is about to start.
pub(super) fn configure(options: &Options) -> RecorderResult<()> {
    static ONCE: Once = Once::new();
    let level = options.log_level.parse().ok();
    let file = Some(&options.log_file).filter(|path| !path.as_os_str().is_empty());
    let file = file.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
    if let Some(path) = &file {
        add(path, "").map_err(|error| RecorderError::io_while("open the log file", path, error))?;
    }
    *places() = Places {
        stderr: level,
        file: file.map(|path| (path, level.unwrap_or(Level::WARN))),
    };
    // A program in the same process that has a subscriber of its own keeps it: ours is in another copy of the crate.
    ONCE.call_once(|| drop(tracing::subscriber::set_global_default(Lines)));
    tracing::info!(target: "recorder", dir = %options.dir.display(), "a recording starts");
    Ok(())
}

fn add(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// A failure.
pub(super) fn failure(error: &RecorderError) {
    let context = context(error);
    tracing::error!(target: "recorder", error_code = error.code().name(), context, "{}", error.message());
}

/// A failure that the policy turned into a warning.
pub(super) fn warning(error: &RecorderError, consequence: &str) {
    let context = context(error);
    tracing::warn!(target: "recorder", error_code = error.code().name(), context, consequence, "{}", error.message());
}

/// A notice.
pub(super) fn notice(text: &str) {
    tracing::info!(target: "recorder", "{text}");
}

fn context(error: &RecorderError) -> String {
    error.context().to_string().trim().to_owned()
}

/// Writes each event as a line.
struct Lines;

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let places = places();
        let wants = |level: &Level| metadata.is_event() && metadata.level() <= level;
        places.stderr.as_ref().is_some_and(wants)
            || places.file.as_ref().is_some_and(|(_, level)| wants(level))
    }

    fn register_callsite(&self, _: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        // The levels change with each recording.
        tracing::subscriber::Interest::sometimes()
    }

    fn event(&self, event: &Event<'_>) {
        let line = line_of(event);
        let level = event.metadata().level();
        let (to_stderr, file) = {
            let places = places();
            let file = places.file.as_ref().filter(|(_, least)| level <= least);
            (
                places.stderr.as_ref().is_some_and(|least| level <= least),
                file.map(|(path, _)| path.clone()),
            )
        };
        if to_stderr {
            super::log_line(&line);
        }
        if let Some(path) = file {
            // A log that is full is no failure of the recording.
            let _ = add(&path, &format!("{line}\n"));
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    code: Option<String>,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            "error_code" => self.code = Some(value),
            name => drop(self.others.insert(name.to_owned(), value.into())),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }
}

fn line_of(event: &Event<'_>) -> String {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    json!({
        "ts": since.map_or(0.0, |since| since.as_micros() as f64 / 1e6),
        "level": event.metadata().level().as_str(),
        "target": event.metadata().target(),
        "run_id": run_id(),
        "trace_id": super::trace_id(),
        "error_code": fields.code,
        "message": fields.message,
        "fields": fields.others,
    })
    .to_string()
}
