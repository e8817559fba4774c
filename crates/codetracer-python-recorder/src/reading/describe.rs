//! Answers about a recording, as JSON for the Python side.

use recorder_errors::{RecorderError, RecorderResult, bug};
use serde_json::{Value as Json, json};
use trace_model::{EventKind, Names};
use trace_store::Recording;
use trace_store::reader::Call;

use super::ending;

fn unwritable(error: impl std::fmt::Display) -> RecorderError {
    bug!(INTERNAL, "cannot describe the recording: {error}")
}

/// What is known of the recording as a whole.
pub fn info(recording: &Recording) -> RecorderResult<String> {
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
    let kinds: serde_json::Map<String, Json> = EventKind::ALL
        .iter()
        .zip(counts.by_kind)
        .map(|(kind, n)| (kind.as_str().to_owned(), n.into()))
        .collect();
    let source = recording.source();
    let said = json!({
        "events": counts.events,
        "calls": kinds.get("call"),
        "lines": kinds.get("line"),
        "exceptions": counts.exceptions,
        "threads": counts.threads,
        "tasks": tasks.len(),
        "kinds": kinds,
        "thread_names": threads,
        "task_names": tasks,
        "status": source.status.as_str(),
        "path": source.path.display().to_string(),
        "ended": ending::ended(recording),
        "standings": ending::standings(recording)?,
    });
    let mut out = serde_json::to_value(recording.metadata()).map_err(unwritable)?;
    if let (Json::Object(out), Json::Object(said)) = (&mut out, said) {
        out.extend(said);
    }
    Ok(out.to_string())
}

/// The frame of the event at `step`, or all open frames of its thread, as a JSON array; outermost first, as they were
/// after the event.
pub fn frames(recording: &Recording, step: u64, all: bool) -> RecorderResult<Option<String>> {
    let state = match all {
        true => recording.frames_at(step)?,
        false => recording.state_at(step)?,
    };
    let described = state.map(|state| {
        let frames = state.frames.iter().map(|frame| trace_export::Frame {
            call: frame.call,
            code: frame.code,
            line: frame.line,
            names: &frame.names,
        });
        let frames: Vec<_> = frames.collect();
        trace_export::frames(&frames, state.objects, recording.definitions())
    });
    Ok(described)
}

/// Calls: the children of `parent`, or the outermost ones of a thread or of all, in the order of their steps.
pub fn calls(
    recording: &Recording,
    parent: Option<u64>,
    thread: Option<u32>,
) -> RecorderResult<String> {
    let mut found: Vec<Call> = Vec::new();
    match (parent, thread) {
        (Some(parent), _) => found = recording.children(parent)?,
        (None, Some(thread)) => found = recording.roots(thread)?,
        (None, None) => {
            let threads: Vec<u32> = recording.threads().collect();
            for thread in threads {
                found.extend(recording.roots(thread)?);
            }
            found.sort_by_key(|call| call.step.unwrap_or(0));
        }
    }
    let definitions = recording.definitions();
    let described = found.iter().map(|call| {
        let code = definitions.code(call.code);
        let path = code.and_then(|code| definitions.path(code.path));
        json!({
            "call": call.id,
            "thread": call.thread,
            "depth": call.depth,
            "function": code.map(|code| code.qualname.as_str()),
            "file": path.map(|path| path.path.as_str()),
            "line": code.map(|code| code.first_line),
            "first_step": call.step,
            "last_step": call.end.map(|end| end.step),
            "ended_by": call.end.map(|end| end.kind.as_str()),
        })
    });
    Ok(Json::Array(described.collect()).to_string())
}
