//! Answers about a recording, as JSON for the Python side.

use std::collections::HashSet;

use recorder_errors::{RecorderError, RecorderResult, bug, usage};
use serde_json::{Value as Json, json};
use trace_export::JsonEvents;
use trace_model::event::{Binding, Described};
use trace_model::{Event, EventKind, Names, Value};
use trace_store::Recording;
use trace_store::reader::{Call, Events, Selection};

use super::output::with_view;

/// Bytes after which a page of events ends.
const PAGE_BYTES: usize = 4 << 20;
/// Events after which a page ends though few of them were wanted.
const PAGE_SCAN: u64 = 1 << 20;

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
    });
    let mut out = serde_json::to_value(recording.metadata()).map_err(unwritable)?;
    if let (Json::Object(out), Json::Object(said)) = (&mut out, said) {
        out.extend(said);
    }
    Ok(out.to_string())
}

/// The names of the frame of the event at `step`, as the JSON of that event with all of them in `values`.
pub fn state(recording: &Recording, step: u64) -> RecorderResult<Option<String>> {
    let Some(state) = recording.state_at(step)? else {
        return Ok(None);
    };
    let mut event = state.event;
    event.objects = state.objects.into_values().map(Described::State).collect();
    let names = state.names.into_iter();
    event.bindings = names
        .map(|(slot, value)| Binding {
            slot,
            value: Some(value),
        })
        .collect();
    event.result = None;
    let mut out = Vec::new();
    with_view(recording, |view| {
        JsonEvents::new().write(&event, view, &mut out)
    })
    .map_err(unwritable)?;
    Ok(Some(String::from_utf8_lossy(&out).into_owned()))
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

/// Which events a page is made of.
pub struct Wanted {
    /// Threads and steps.
    pub selection: Selection,
    /// Kinds; all when empty.
    pub kinds: Vec<EventKind>,
    /// At most so many events.
    pub limit: usize,
}

/// The kinds of these names.
pub fn kinds(names: &[String]) -> RecorderResult<Vec<EventKind>> {
    let kind = |name: &String| {
        let known = EventKind::ALL.into_iter().find(|k| k.as_str() == name);
        known.ok_or_else(|| usage!(INVALID_ARGUMENT, "there is no kind of event {name:?}"))
    };
    names.iter().map(kind).collect()
}

/// Events as JSON lines, and the step from which the next page goes on, if there may be more.
pub fn page(recording: &Recording, wanted: &Wanted) -> RecorderResult<(Vec<u8>, Option<u64>)> {
    let is_wanted = |kind| wanted.kinds.is_empty() || wanted.kinds.contains(&kind);
    let mut events = recording.events_in(wanted.selection, |entry| {
        let mut kinds = wanted.kinds.iter();
        wanted.kinds.is_empty() || kinds.any(|kind| entry.count(*kind) > 0)
    });
    let mut out = Vec::new();
    let mut json = JsonEvents::new();
    let mut known = HashSet::new();
    let (mut scanned, mut given) = (0, 0);
    with_view(recording, |view| {
        while let Some(mut event) = events.next_event()? {
            scanned += 1;
            if is_wanted(event.kind) {
                given += 1;
                complete(&mut event, &events, &mut known);
                json.write(&event, view, &mut out).map_err(unwritable)?;
            } else {
                known.extend(
                    event
                        .objects
                        .iter()
                        .filter_map(|described| match described {
                            Described::State(state) => Some(state.object),
                            Described::Change(_) => None,
                        }),
                );
                json.skip(&event);
            }
            if given >= wanted.limit || out.len() >= PAGE_BYTES || scanned >= PAGE_SCAN {
                return Ok((std::mem::take(&mut out), Some(event.step.saturating_add(1))));
            }
        }
        Ok((std::mem::take(&mut out), None))
    })
}

/// Adds to an event the objects that were described in its block before the page began. `known` are those that the
/// page has described.
fn complete(event: &mut Event, events: &Events<'_>, known: &mut HashSet<u64>) {
    fn refer<'a>(todo: &mut Vec<u64>, values: impl Iterator<Item = &'a Value<'static>>) {
        todo.extend(values.filter_map(|value| match value {
            Value::Ref { object, .. } => Some(*object),
            _ => None,
        }));
    }
    let mut todo = Vec::new();
    for described in &event.objects {
        match described {
            Described::State(state) => {
                known.insert(state.object);
            }
            Described::Change(change) => todo.push(change.object),
        }
        refer(&mut todo, described.items().iter());
    }
    refer(
        &mut todo,
        event.bindings.iter().filter_map(|b| b.value.as_ref()),
    );
    refer(&mut todo, event.result.iter().chain(&event.exception));
    let mut older = Vec::new();
    while let Some(id) = todo.pop() {
        if known.insert(id)
            && let Some(state) = events.object(event.thread, id)
        {
            refer(&mut todo, state.items.iter());
            older.push(Described::State(state.clone()));
        }
    }
    event.objects.extend(older);
}
