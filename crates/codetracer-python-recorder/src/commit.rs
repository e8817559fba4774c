//! The commit of a recording that ended: its metadata, its place, what becomes of it after a failure.

use std::path::Path;

use recorder_core::{OnError, diagnostics, metrics};
use recorder_errors::{ErrorCode, RecorderError, RecorderResult, enverr, target, usage};
use trace_store::{Committed, Interrupts, Metadata, Segment, Writer};

use crate::hooks::ending::{Ended, MainEnd};
use crate::session::{self, Session};

/// A recording that was not committed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Why.
    pub error: RecorderError,
    /// Whether stderr has heard of it.
    pub said: bool,
}

impl From<RecorderError> for Failed {
    fn from(error: RecorderError) -> Self {
        Self { error, said: false }
    }
}

/// How the program left a recording, and with which exit status where that is said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    by: &'static str,
    status: Option<i32>,
}

impl Left {
    /// By a call of `stop`.
    pub const fn by_stop(status: Option<i32>) -> Self {
        Self { by: "stop", status }
    }

    /// The interpreter ended.
    pub const fn by_exit() -> Self {
        Self {
            by: "exit",
            status: None,
        }
    }

    /// By `os._exit`, which runs no exit handler.
    pub const fn by_immediate_exit(status: i32) -> Self {
        Self {
            by: "_exit",
            status: Some(status),
        }
    }

    /// Another program took the process over.
    pub const fn by_exec() -> Self {
        Self {
            by: "exec",
            status: None,
        }
    }
}

/// What the end of a recording came to; `Ok(None)` when its failure was raised before.
pub(crate) type Outcome = Result<Option<Committed>, Failed>;

/// What follows from a failure of the commit under `disable`.
pub(crate) const NOT_SAVED: &str = "the recording was not saved";

/// Commits what `ended` left, or drops or keeps it after a failure; `progress` allows a bar on stderr.
pub(crate) fn commit(mut ended: Ended, session: &Session, left: Left, progress: bool) -> Outcome {
    // The first interrupt reaches the program when the recording is saved.
    let interrupts = Interrupts::keep_back();
    if ended.taken_away {
        ended.fail(target!(
            TOOL_ID_TAKEN,
            "the program freed the recorder's sys.monitoring tool id"
        ));
    }
    if let Some(error) = diagnostics::taken() {
        ended.fail(error);
    }
    let metadata = describe(&ended, session, left);
    let Some(writer) = ended.writer else {
        return Err(enverr!(IO, "the recording belongs to the parent process").into());
    };
    let (outcome, events) = if let Some(reason) = ended.reason {
        let events = leave(&writer, reason, ended.segments, metadata, session);
        let said = ended.said;
        let failed = ended.failure.map(|error| Failed { error, said });
        (failed.map_or(Ok(None), Err), events)
    } else {
        match save(
            &writer,
            ended.segments,
            metadata.clone(),
            progress,
            &interrupts,
        ) {
            Ok(committed) => {
                let events = committed.metadata.events;
                (Ok(Some(committed)), events)
            }
            Err(error) => {
                let events = leave(&writer, error.code(), Vec::new(), metadata, session);
                (Err(error.into()), events)
            }
        }
    };
    if session.options.require_trace && events == 0 {
        return require(outcome, session);
    }
    outcome
}

/// What the metadata says of the end.
fn describe(ended: &Ended, session: &Session, left: Left) -> Metadata {
    let mut metadata = session.metadata.clone();
    metadata.ended_by = Some(left.by.to_owned());
    metadata.exit_status = left.status.or(match ended.main {
        MainEnd::Ended(status) => Some(status),
        _ => None,
    });
    metadata.clock.last = session::now();
    if let Some(flight) = &mut metadata.flight {
        flight.reason = match ended.reason {
            Some(reason) => reason.name().to_owned(),
            None => "exit".to_owned(),
        };
    }
    metadata.count("events_recorded", ended.events);
    if let Some(reason) = ended.reason {
        metadata.count(&metrics::detached_by(reason), 1);
    }
    metadata.count("forks", ended.counters.forks);
    metadata.count("codes_traced", ended.counters.codes_traced);
    metadata.count("codes_skipped", ended.counters.codes_skipped);
    metadata.count("truncations.max_depth", ended.left_out.by_depth);
    metadata.count("truncations.max_objects", ended.left_out.by_objects);
    if ended.counters.dropped > 0 {
        metadata.count("dropped_events.overload", ended.counters.dropped);
    }
    metadata.count(metrics::PANICS, metrics::total(metrics::PANICS));
    metadata
}

/// Interrupts that end saving.
const ENOUGH: u32 = 2;

fn save(
    writer: &Writer,
    segments: Vec<Segment>,
    metadata: Metadata,
    progress: bool,
    interrupts: &Interrupts,
) -> RecorderResult<Committed> {
    let mut bar = Bar::new(progress, segments.len() + writer.backlog());
    let committed = writer.finish_with(segments, metadata, &mut |left| {
        bar.show(left);
        interrupts.seen() < ENOUGH
    });
    bar.remove();
    for error in writer.take_dump_failures() {
        diagnostics::warning(&error, "what the flight recorder held was not saved then");
    }
    let committed = committed?;
    if committed.metadata.partial {
        let error =
            target!(TRACE_INCOMPLETE, "saving was interrupted"; path = committed.dir.display());
        diagnostics::warning(&error, "kept what was saved until then, marked partial");
    }
    for (counter, n) in &committed.metadata.counters {
        if counter != metrics::PANICS {
            metrics::add(counter, *n);
        }
    }
    metrics::add("bytes", committed.metadata.bytes);
    Ok(committed)
}

/// Drops what was recorded until the failure `reason`, or keeps it; how many events are kept.
fn leave(
    writer: &Writer,
    reason: ErrorCode,
    segments: Vec<Segment>,
    metadata: Metadata,
    session: &Session,
) -> u64 {
    if !session.options.keep_partial_trace {
        // What cannot be removed is found by `recover`; the failure that led here is what is reported.
        let _ = writer.discard();
        return 0;
    }
    match writer.keep_partial(reason.name(), segments, metadata) {
        Ok(kept) => {
            let dir = kept.dir.display();
            diagnostics::notice(&format!("kept what was recorded, marked partial: {dir}"));
            kept.metadata.events
        }
        Err(error) => {
            diagnostics::warning(&error, "nothing was kept");
            0
        }
    }
}

/// A recording was required and there is none: where failures are errors, the first one wins.
fn require(outcome: Outcome, session: &Session) -> Outcome {
    let disables = session.options.on_recorder_error == OnError::Disable;
    match outcome {
        Ok(None) | Err(_) if !disables => return outcome,
        Err(failed) if !failed.said => diagnostics::warning(&failed.error, NOT_SAVED),
        _ => {}
    }
    Err(missing(&session.options.dir).into())
}

/// The error of a recording that was required.
pub(crate) fn missing(dir: &Path) -> RecorderError {
    usage!(TRACE_MISSING, "a recording was required, and none that holds an event was made"; path = dir.display())
}

/// A progress bar for commits that take long enough to wonder.
struct Bar {
    shown: bool,
    wanted: bool,
    total: usize,
    began: std::time::Instant,
}

/// Commits shorter than this show no bar.
const BAR_AFTER: std::time::Duration = std::time::Duration::from_millis(400);

impl Bar {
    fn new(wanted: bool, total: usize) -> Self {
        Self {
            shown: false,
            wanted,
            total,
            began: std::time::Instant::now(),
        }
    }

    fn show(&mut self, left: usize) {
        if self.wanted && self.began.elapsed() >= BAR_AFTER {
            self.shown = true;
            diagnostics::progress(self.total.saturating_sub(left) as u64, self.total as u64);
        }
    }

    fn remove(&self) {
        if self.shown {
            diagnostics::progress_end();
        }
    }
}
