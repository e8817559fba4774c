//! The table: one entry per switch, and the types that choices have.

use crate::switch::{Count, MaybePath, Setting, Shape, Switch, Value, Window};
use recorder_errors::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;

/// Declares a choice: its variants and the word of each.
macro_rules! choice {
    ($(#[doc = $doc:literal])+ $name:ident { $(#[doc = $vdoc:literal] $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $vdoc] $variant),+ }

        impl $name {
            /// The word that stands for the value.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl Value for $name {
            const SHAPE: Shape = Shape::Choice(&[$($word),+]);

            fn parse(text: &str) -> Option<$name> {
                match text.trim() { $($word => Some($name::$variant),)+ _ => None }
            }

            fn setting(&self) -> Setting {
                Setting::Choice(self.word())
            }
        }
    };
}

/// Declares the switches: the struct `Policy` and the rows that describe its fields.
macro_rules! table {
    ($($key:ident: $ty:ty { default: $default:expr, env: $env:expr, flag: $flag:literal, doc: $doc:literal })+) => {
        /// A value for every switch.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Policy { $(#[doc = $doc] pub $key: $ty),+ }

        impl Default for Policy {
            fn default() -> Policy {
                Policy { $($key: $default),+ }
            }
        }

        impl Policy {
            /// Sets one switch from text. `from` says where the text comes from, for the message.
            pub fn set(&mut self, key: &str, text: &str, from: &str) -> RecorderResult<()> {
                match key {
                    $(stringify!($key) => match <$ty as Value>::parse(text) {
                        Some(value) => self.$key = value,
                        None => return Err(bad_value(key, text, <$ty as Value>::SHAPE, from)),
                    },)+
                    _ => return Err(unknown_key(key, from)),
                }
                Ok(())
            }

            /// All switches with their values, in the order of the table.
            pub fn settings(&self) -> Vec<(&'static str, Setting)> {
                vec![$((stringify!($key), self.$key.setting())),+]
            }
        }

        /// The rows, in the order of the table.
        pub fn switches() -> Vec<Switch> {
            let default = Policy::default();
            vec![$(Switch {
                key: stringify!($key),
                shape: <$ty as Value>::SHAPE,
                default: default.$key.setting(),
                env: $env,
                flag: $flag,
                doc: $doc,
            }),+]
        }
    };
}

choice! {
    /// What a failure of the recorder means for the command or call.
    OnRecorderError {
        /// It is reported as an error.
        Abort = "abort",
        /// One warning line; the program goes on unrecorded.
        Disable = "disable",
    }
}

choice! {
    /// How much is recorded.
    Capture {
        /// Calls, returns and exceptions.
        Calls = "calls",
        /// Calls and lines.
        Lines = "lines",
        /// Calls, lines and values.
        Values = "values",
    }
}

choice! {
    /// How much the recorder says of itself.
    LogLevel {
        /// Nothing on stderr; failures and warnings in the log file.
        Off = "off",
        /// Failures.
        Error = "error",
        /// Warnings too.
        Warn = "warn",
        /// What a recording does, too.
        Info = "info",
        /// Details too.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

choice! {
    /// The signal that has a flight recorder save what it holds.
    DumpOn {
        /// No signal.
        None = "none",
        /// SIGUSR1.
        Usr1 = "SIGUSR1",
        /// SIGUSR2.
        Usr2 = "SIGUSR2",
        /// SIGHUP.
        Hup = "SIGHUP",
        /// SIGQUIT.
        Quit = "SIGQUIT",
    }
}

choice! {
    /// What happens where the program is faster than its recording can be stored.
    Overload {
        /// It waits, and everything is recorded.
        Wait = "wait",
        /// It goes on, and a gap says how many events are missing.
        Drop = "drop",
    }
}

table! {
    on_recorder_error: OnRecorderError {
        default: OnRecorderError::Abort,
        env: Some("CODETRACER_ON_RECORDER_ERROR"),
        flag: "--on-recorder-error",
        doc: "Whether a failure of the recorder is an error (abort) or a warning (disable)."
    }
    keep_partial_trace: bool {
        default: false,
        env: Some("CODETRACER_KEEP_PARTIAL_TRACE"),
        flag: "--keep-partial-trace",
        doc: "Whether a recording that failed half way is kept, marked partial."
    }
    require_trace: bool {
        default: false,
        env: Some("CODETRACER_REQUIRE_TRACE"),
        flag: "--require-trace",
        doc: "Whether it is an error, under every policy, when no recording with an event is there in the end."
    }
    propagate_script_exit: bool {
        default: true,
        env: Some("CODETRACER_PROPAGATE_SCRIPT_EXIT"),
        flag: "--propagate-script-exit",
        doc: "Whether the program's own exit status is that of the process; otherwise it is 0. A failure of the recorder is never hidden."
    }
    json_errors: bool {
        default: false,
        env: Some("CODETRACER_JSON_ERRORS"),
        flag: "--json-errors",
        doc: "Whether each failure is also one line of JSON on stderr, for programs."
    }
    log_level: LogLevel {
        default: LogLevel::Off,
        env: Some("CODETRACER_LOG_LEVEL"),
        flag: "--log-level",
        doc: "How much the recorder says of itself, as lines of JSON: to stderr, and to the log file where there is one."
    }
    log_file: MaybePath {
        default: MaybePath(PathBuf::new()),
        env: Some("CODETRACER_LOG_FILE"),
        flag: "--log-file",
        doc: "A file that what the recorder says of itself is added to, warnings and failures unless --log-level says more."
    }
    capture: Capture {
        default: Capture::Values,
        env: Some("CODETRACER_CAPTURE"),
        flag: "--capture",
        doc: "How much is recorded: calls, calls and lines, or calls, lines and values."
    }
    all: bool {
        default: false,
        env: Some("CODETRACER_ALL"),
        flag: "--all",
        doc: "Whether libraries are recorded too, not only the program's own code."
    }
    follow: bool {
        default: false,
        env: Some("CODETRACER_FOLLOW"),
        flag: "--follow",
        doc: "Whether Python programs that the program starts are recorded too, and what they start; forked children always are."
    }
    max_string: Count<16_000> {
        default: Count(1024),
        env: Some("CODETRACER_MAX_STRING"),
        flag: "--max-string",
        doc: "How many characters of a string are kept; its length and a hash of both ends always are."
    }
    max_bytes: Count<16_000> {
        default: Count(256),
        env: Some("CODETRACER_MAX_BYTES"),
        flag: "--max-bytes",
        doc: "How many bytes of a bytes object and of an int are kept; its true length always is."
    }
    max_items: Count<1000> {
        default: Count(64),
        env: Some("CODETRACER_MAX_ITEMS"),
        flag: "--max-items",
        doc: "How many items of a container are kept; its true length always is."
    }
    max_objects: Count<4096> {
        default: Count(256),
        env: Some("CODETRACER_MAX_OBJECTS"),
        flag: "--max-objects",
        doc: "How many objects are described when a value is first seen."
    }
    max_depth: Count<64> {
        default: Count(4),
        env: Some("CODETRACER_MAX_DEPTH"),
        flag: "--max-depth",
        doc: "How deep objects within objects are described when a value is first seen."
    }
    overload: Overload {
        default: Overload::Wait,
        env: Some("CODETRACER_OVERLOAD"),
        flag: "--overload",
        doc: "Whether the program waits (wait) or events are left out, which a gap counts (drop), when it is faster than they can be stored."
    }
    flight_recorder: Window {
        default: Window::All,
        env: Some("CODETRACER_FLIGHT_RECORDER"),
        flag: "--flight-recorder",
        doc: "Keep only the newest part of the recording: so much on disk (500K, 32M, 2G), or so many seconds (30s)."
    }
    dump_on: DumpOn {
        default: DumpOn::None,
        env: Some("CODETRACER_DUMP_ON"),
        flag: "--dump-on",
        doc: "The signal that has a flight recorder save what it holds, beside the recording, while the program goes on."
    }
    trace_dir: PathBuf {
        default: PathBuf::from("trace-out"),
        env: None,
        flag: "--trace-dir",
        doc: "The directory that becomes the recording."
    }
}

impl Policy {
    /// Sets every switch that has a variable which `read` knows, and keeps the others.
    ///
    /// Either all variables are good and all are applied, or the policy is unchanged.
    pub fn apply_env(&mut self, read: impl Fn(&str) -> Option<OsString>) -> RecorderResult<()> {
        let mut next = self.clone();
        for switch in switches() {
            let Some((name, value)) = switch.env.and_then(|name| Some((name, read(name)?))) else {
                continue;
            };
            let from = format!("environment variable {name}");
            let text = value.to_string_lossy();
            next.set(switch.key, &text, &from)?;
        }
        *self = next;
        Ok(())
    }
}

fn bad_value(key: &str, text: &str, shape: Shape, from: &str) -> RecorderError {
    let allowed = shape.allowed();
    usage!(INVALID_POLICY_VALUE, "{key} cannot be {text:?} ({from}); allowed: {allowed}";
        key = key, value = text, allowed = allowed, from = from)
}

fn unknown_key(key: &str, from: &str) -> RecorderError {
    let allowed: Vec<_> = switches().iter().map(|switch| switch.key).collect();
    let allowed = allowed.join(", ");
    usage!(INVALID_POLICY_VALUE, "there is no switch {key:?} ({from}); allowed: {allowed}";
        key = key, allowed = allowed, from = from)
}
