//! What a failure leads to: failure x policy, as one table.

use recorder_errors::{ErrorKind, RecorderError};

use crate::options::{OnError, Options, Origin};

/// When a failure happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before the program's first line.
    Start,
    /// While the program ran.
    Running,
    /// While the recording was committed.
    Commit,
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The error is raised to the caller of the Python interface.
    pub raise: bool,
    /// The process ends with the status of the error's kind.
    pub exit_with_kind: bool,
    /// One warning line is written and nothing else happens.
    pub warn: bool,
    /// What was recorded so far is kept as a partial recording.
    pub keep_partial: bool,
}

/// The outcome of `error` at `stage` under the session's policy. A mistake of the caller is an error under every policy.
pub fn decide(options: &Options, stage: Stage, error: &RecorderError) -> Outcome {
    let abort = options.on_recorder_error == OnError::Abort || error.kind() == ErrorKind::Usage;
    Outcome {
        raise: abort && options.origin != Origin::Launch,
        exit_with_kind: abort && options.origin != Origin::Api,
        warn: !abort,
        keep_partial: options.keep_partial_trace && stage != Stage::Start,
    }
}
