//! Forks, and recordings that continue another one of their family.

use std::sync::Arc;

use recorder_core::{Identity, diagnostics};
use recorder_errors::{RecorderError, RecorderResult, bug};
use trace_store::{Home, Writer, WriterOptions};

use super::{closing, failing, flight, following, session};
use crate::hooks::Recorder;
use crate::hooks::continued::After;
use crate::raw::clock::Clock;
use crate::raw::{process, slot};

/// Right before `fork`.
pub fn before_fork() {
    slot::with(Recorder::before_fork);
}

/// The call that forked has returned in the parent.
pub fn fork_returned() {
    slot::with(Recorder::fork_returned);
}

/// In a forked child, before anything of the program runs there.
pub fn forked_child() {
    if slot::with(after_fork_in_child).is_none() {
        settle();
    }
}

/// In a forked child, with its copy of the parent's recorder.
pub fn after_fork_in_child(recorder: &mut Recorder) {
    settle();
    recorder.forked();
}

fn settle() {
    process::fork_is_settled();
    diagnostics::release_in_child();
    closing::forget();
    failing::forget();
}

/// A panic in [`forked_child`]: the child runs unrecorded.
pub fn child_failed(panic: RecorderError) {
    settle();
    if let Some(mut recorder) = slot::take() {
        recorder.forked();
        recorder.detach();
    }
    *session() = None;
    diagnostics::warning(&panic, "the child runs unrecorded");
}

/// Hexadecimal digits of a run id that stand in the name of its directory; they are random ones.
const NAMED_BY: usize = 12;

/// Begins a recording beside those of its family. `home` is where, if that is known; `after` says what came before.
pub fn begin_continued(home: Option<Arc<Home>>, after: After) -> RecorderResult<Writer> {
    let mut slot = session();
    let Some(session) = slot.as_mut() else {
        return Err(bug!(INTERNAL, "a recording continues without a session"));
    };
    let home = match home {
        Some(home) => home,
        None => Arc::new(Home::find(&session.family.0, &session.family.1)?),
    };
    let identity = match after {
        After::Fork | After::Start => Identity::new(),
        After::Return => Identity::again(),
    };
    match after {
        After::Fork | After::Start => {
            diagnostics::configure_member(&session.options, &identity)?;
        }
        After::Return => diagnostics::configure(&session.options, &identity)?,
    }
    let mut metadata = session.metadata.clone();
    metadata.parent_run_id = Some(session.run_id.clone());
    metadata.began_by = Some(began_by(after).to_owned());
    metadata.workdir = super::workdir();
    metadata.started_unix_ns = super::since_epoch();
    metadata.clock.first = super::now();
    let short = identity.run_id.len().saturating_sub(NAMED_BY);
    let short = identity.run_id.get(short..).unwrap_or_default();
    let name = format!("{}-{short}", process::id());
    let options = WriterOptions {
        home: Some(Arc::clone(&home)),
        brief: true,
        ticks: || Clock::best().ticks(),
        flight: flight::asked_for(&session.options)?.map(|(told, _)| told),
        metadata: metadata.clone(),
        ..WriterOptions::new(name, &identity.run_id, &identity.trace_id)
    };
    let writer = Writer::create(options)?;
    session.options.dir = writer.dir().to_owned();
    session.options.require_trace = false;
    session.metadata = metadata;
    session.run_id = identity.run_id;
    session.is_member = true;
    following::hand_on(session);
    if after != After::Return {
        process::end_as_child();
    }
    Ok(writer)
}

const fn began_by(after: After) -> &'static str {
    match after {
        After::Fork => "fork",
        After::Start => "follow",
        After::Return => "return",
    }
}
