//! What the last recording failed with, for whoever asks after the failure was reported.

use std::sync::{Mutex, MutexGuard, PoisonError};

use recorder_core::diagnostics;
use recorder_errors::RecorderError;

use super::policy_aborts;

static LAST: Mutex<Option<String>> = Mutex::new(None);

fn last() -> MutexGuard<'static, Option<String>> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says at once that recording ended while the program runs.
pub fn failed_while_running(error: &RecorderError) {
    remember(error);
    if policy_aborts() {
        diagnostics::failure(error);
    } else {
        diagnostics::warning(error, "the program goes on unrecorded");
    }
}

/// The failure as JSON: `code`, `message`, `context`.
pub fn last_failure() -> Option<String> {
    last().clone()
}

/// A failure of this recording.
pub(super) fn remember(error: &RecorderError) {
    let context: serde_json::Map<String, serde_json::Value> = error
        .context()
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string().into()))
        .collect();
    let told = serde_json::json!({
        "code": error.code().name(), "message": error.message(), "context": context,
    });
    *last() = Some(told.to_string());
}

/// A new recording begins, or a forked child without one.
pub(super) fn forget() {
    *last() = None;
}
