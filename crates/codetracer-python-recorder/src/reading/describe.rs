//! Answers about a recording, as JSON for the Python side.

use recorder_errors::{RecorderError, RecorderResult, bug};
use serde_json::{Value as Json, json};
use trace_model::{EventKind, Names};
use trace_store::family::{Member, children};
use trace_store::reader::Call;
use trace_store::{Recording, last_words};

use super::ending;

fn unwritable(error: impl std::fmt::Display) -> RecorderError {
    bug!(INTERNAL, "cannot describe the recording: {error}")
}

/// What is known of the recording as a whole, and on demand of those of the processes that came from its own.
pub fn info(recording: &Recording, family: bool) -> RecorderResult<String> {
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
        if family {
            let children = children(&source.path, &recording.metadata().run_id);
            let processes = children.iter().map(Member::processes).sum::<u64>() + 1;
            out.insert("processes".to_owned(), processes.into());
            let children = children.iter().map(member).collect();
            out.insert("children".to_owned(), Json::Array(children));
        }
    }
    Ok(out.to_string())
}

/// A process of the family.
fn member(member: &Member) -> Json {
    let metadata = &member.metadata;
    json!({
        "pid": metadata.pid,
        "run_id": metadata.run_id,
        "parent_run_id": metadata.parent_run_id,
        "began_by": metadata.began_by,
        "ended_by": metadata.ended_by,
        "status": member.status.as_str(),
        "partial": metadata.partial,
        "reason": metadata.reason,
        "damage": member.damage,
        "exit_status": metadata.exit_status,
        "signal_name": metadata.last_words.as_ref().map(|words| last_words::name(words.signal, &metadata.platform)),
        "events": metadata.events,
        "calls": metadata.calls,
        "started_unix_ns": metadata.started_unix_ns,
        "program": metadata.program,
        "args": metadata.args,
        "path": member.path.display().to_string(),
        "children": member.children.iter().map(self::member).collect::<Vec<_>>(),
    })
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
            "function": code.map(|code| &*code.qualname),
            "file": path.map(|path| path.path.as_str()),
            "line": code.map(|code| code.first_line),
            "first_step": call.step,
            "last_step": call.end.map(|end| end.step),
            "ended_by": call.end.map(|end| end.kind.as_str()),
        })
    });
    Ok(Json::Array(described.collect()).to_string())
}
