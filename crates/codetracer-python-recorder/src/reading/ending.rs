//! How a recording ended, as JSON: what ended it, and where its threads stood.

use recorder_errors::RecorderResult;
use serde_json::{Value as Json, json};
use trace_model::{Names, OpenFrame};
use trace_store::last_words::name;
use trace_store::reader::{Ended, Standing};
use trace_store::{Recording, Status};

/// Innermost frames shown of each thread.
const FRAMES: usize = 64;

/// What ended the recording.
pub fn ended(recording: &Recording) -> Json {
    let ended = recording.ended();
    let platform = &recording.metadata().platform;
    let (mut status, mut code, mut words) = (None, None, None);
    match ended {
        Ended::Exit(known) => status = Some(known),
        Ended::Failure(known) => code = Some(known),
        Ended::Signal(said) => words = Some(said),
        Ended::Running | Ended::Stopped | Ended::Unknown => {}
    }
    json!({
        "by": ended.as_str(),
        "status": status,
        "code": code,
        "signal": words.map(|words| words.signal),
        "signal_name": words.map(|words| name(words.signal, platform)),
        "thread": words.and_then(|words| words.thread),
        "native_thread": words.map(|words| words.native_thread),
        "sender": words.and_then(|words| words.sender),
        "address": words.and_then(|words| words.address),
    })
}

/// Where each thread stood after its last event; null for a recording that is whole.
pub fn standings(recording: &Recording) -> RecorderResult<Json> {
    let whole = recording.source().status == Status::Finished && !recording.metadata().partial;
    if whole {
        return Ok(Json::Null);
    }
    let standings = recording.standings()?;
    let described = standings.iter().map(|one| standing(recording, one));
    Ok(Json::Array(described.collect()))
}

fn standing(recording: &Recording, standing: &Standing) -> Json {
    let definitions = recording.definitions();
    let name = definitions
        .threads()
        .find(|known| known.id == standing.thread)
        .map(|known| known.name.as_str());
    let frames = standing.frames.as_ref().map(|frames| {
        let shown = frames.get(frames.len().saturating_sub(FRAMES)..);
        let shown = shown.unwrap_or_default().iter();
        shown
            .map(|open| frame(definitions, open))
            .collect::<Vec<_>>()
    });
    json!({
        "thread": standing.thread,
        "name": name,
        "step": standing.step,
        "depth": standing.frames.as_ref().map(Vec::len),
        "frames": frames,
    })
}

fn frame(definitions: &trace_model::Definitions, open: &OpenFrame) -> Json {
    let code = definitions.code(open.code);
    let path = code.and_then(|code| definitions.path(code.path));
    json!({
        "call": open.call,
        "function": code.map(|code| &*code.qualname),
        "file": path.map(|path| path.path.as_str()),
        "line": open.line,
    })
}
