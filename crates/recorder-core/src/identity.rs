//! Who recorded: one id per process, one per recording.

use std::sync::{Mutex, TryLockError};

/// Ids of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Id of the process (UUIDv7).
    pub run_id: String,
    /// Id of the recording (UUIDv7).
    pub trace_id: String,
}

/// The process and its id.
static RUN: Mutex<Option<(u32, String)>> = Mutex::new(None);

/// How often the lock is tried. It is held for the time of a copy, or for ever: by a thread of the parent that the
/// process was forked from.
const TRIES: u32 = 10_000;

fn with_run<R>(work: impl FnOnce(&mut Option<(u32, String)>) -> R) -> Option<R> {
    for _ in 0..TRIES {
        match RUN.try_lock() {
            Ok(mut run) => return Some(work(&mut run)),
            Err(TryLockError::Poisoned(run)) => return Some(work(&mut run.into_inner())),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// The id of this process; a forked child has its own.
pub fn run_id() -> String {
    let process = std::process::id();
    let id = with_run(|run| match run {
        Some((owner, id)) if *owner == process => id.clone(),
        _ => run.insert((process, new_trace_id())).1.clone(),
    });
    id.unwrap_or_else(new_trace_id)
}

/// A new id: of a recording, or of a run.
pub fn new_trace_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

impl Identity {
    /// The ids of a new recording.
    pub fn new() -> Self {
        Self {
            run_id: run_id(),
            trace_id: new_trace_id(),
        }
    }
}

impl Identity {
    /// Those of a recording that continues another one of the same process: with a run id of its own.
    pub fn again() -> Self {
        with_run(|run| *run = None);
        Self::new()
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}
