//! Who recorded: one id per process, one per recording.

use std::sync::OnceLock;

/// Ids of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Id of the process (UUIDv7).
    pub run_id: String,
    /// Id of the recording (UUIDv7).
    pub trace_id: String,
}

/// The id of this process. A forked child keeps its parent's until [`Identity::new`] is asked in it.
pub fn run_id() -> String {
    static RUN: OnceLock<(u32, String)> = OnceLock::new();
    let (process, id) = RUN.get_or_init(|| (std::process::id(), uuid::Uuid::now_v7().to_string()));
    if *process == std::process::id() {
        id.clone()
    } else {
        uuid::Uuid::now_v7().to_string()
    }
}

impl Identity {
    /// The ids of a new recording.
    pub fn new() -> Self {
        Self {
            run_id: run_id(),
            trace_id: uuid::Uuid::now_v7().to_string(),
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}
