//! What a recording is asked to do, as the command line and the Python interface hand it over.

use std::path::PathBuf;

use recorder_errors::{RecorderResult, usage};
use serde::{Deserialize, Serialize};

/// What is recorded of each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capture {
    /// Calls, returns and exceptions.
    Calls,
    /// Lines too.
    Lines,
    /// Values that changed, too.
    #[default]
    Values,
}

/// Who decides what a failure of the recorder does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It is raised, or becomes the exit status.
    #[default]
    Abort,
    /// It is a warning; the program goes on unrecorded.
    Disable,
}

/// What happens where the program is faster than its events can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overload {
    /// It waits.
    #[default]
    Wait,
    /// Events are left out.
    Drop,
}

/// How recording was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// By a call of `start`.
    #[default]
    Api,
    /// By the command line.
    Launch,
    /// By the environment, when the package was imported.
    Import,
}

/// What the command line runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "lowercase")]
pub enum Target {
    /// A script, directory or zip file, by path.
    Script(String),
    /// A module, by dotted name.
    Module(String),
    /// Code given as text.
    Code(String),
}

/// The family of a process that was started by a recorded one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kin {
    /// Where the family's first recording goes.
    pub place: PathBuf,
    /// That recording's run.
    pub run_id: String,
    /// The run of the process that started this one.
    pub parent: String,
}

/// What a recording is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Where the recording goes.
    pub dir: PathBuf,
    /// What is recorded.
    #[serde(default)]
    pub capture: Capture,
    /// Whether library code is recorded too.
    #[serde(default)]
    pub all: bool,
    /// Whether processes that the program starts are recorded too.
    #[serde(default)]
    pub follow: bool,
    /// The family that the process belongs to, where another one started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Kin>,
    /// Code points kept of a string.
    #[serde(default = "usual::max_string")]
    pub max_string: u32,
    /// Bytes kept of a bytes object and of an int.
    #[serde(default = "usual::max_bytes")]
    pub max_bytes: u32,
    /// Items kept of a container.
    #[serde(default = "usual::max_items")]
    pub max_items: u32,
    /// Objects described when a value is first seen.
    #[serde(default = "usual::max_objects")]
    pub max_objects: u32,
    /// Depth to which they are.
    #[serde(default = "usual::max_depth")]
    pub max_depth: u32,
    /// What a failure does.
    #[serde(default)]
    pub on_recorder_error: OnError,
    /// Whether a failed recording is kept as partial.
    #[serde(default)]
    pub keep_partial_trace: bool,
    /// Whether it is an error when no recording with an event is there in the end.
    #[serde(default)]
    pub require_trace: bool,
    /// Whether the program's exit status is that of the process.
    #[serde(default = "usual::yes")]
    pub propagate_script_exit: bool,
    /// Whether each failure is also a line of JSON.
    #[serde(default)]
    pub json_errors: bool,
    /// How much the recorder says of itself.
    #[serde(default = "usual::log_level")]
    pub log_level: String,
    /// The file that it is added to; empty for none.
    #[serde(default)]
    pub log_file: PathBuf,
    /// Whether the program waits where it is faster than events can be stored.
    #[serde(default)]
    pub overload: Overload,
    /// How much a flight recorder keeps; empty where everything is kept.
    #[serde(default)]
    pub flight_recorder: String,
    /// The signal that has it saved, or `none`.
    #[serde(default = "usual::dump_on")]
    pub dump_on: String,
    /// How recording was started.
    #[serde(default)]
    pub origin: Origin,
    /// What the command line runs.
    #[serde(default)]
    pub target: Option<Target>,
    /// `sys.argv` of the program, when known beforehand.
    #[serde(default)]
    pub argv: Vec<String>,
    /// The command that shows the recording, without its directory.
    #[serde(default)]
    pub next_command: Option<String>,
}

/// What holds when nobody says anything.
mod usual {
    use recorder_policy::Policy;

    pub fn yes() -> bool {
        true
    }

    pub fn log_level() -> String {
        Policy::default().log_level.word().to_owned()
    }

    pub fn dump_on() -> String {
        Policy::default().dump_on.word().to_owned()
    }

    pub fn max_string() -> u32 {
        Policy::default().max_string.0
    }

    pub fn max_bytes() -> u32 {
        Policy::default().max_bytes.0
    }

    pub fn max_items() -> u32 {
        Policy::default().max_items.0
    }

    pub fn max_objects() -> u32 {
        Policy::default().max_objects.0
    }

    pub fn max_depth() -> u32 {
        Policy::default().max_depth.0
    }
}

impl Options {
    /// Reads options from the JSON that the Python side writes.
    pub fn from_json(text: &str) -> RecorderResult<Self> {
        serde_json::from_str(text)
            .map_err(|error| usage!(INVALID_ARGUMENT, "malformed recording options: {error}"))
    }
}
