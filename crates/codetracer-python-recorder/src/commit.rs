//! The commit of a recording that ended: its metadata, its place, what becomes of it after a failure.

use recorder_core::{diagnostics, metrics};
use recorder_errors::{RecorderResult, enverr, target};
use trace_store::{ClockPair, Committed};

use crate::hooks::ending::{Ended, MainEnd};
use crate::raw::clock::{Clock, monotonic_ns};
use crate::session::Session;

/// Commits what `ended` left, or drops it after a failure; `progress` allows a bar on stderr.
pub(crate) fn commit(
    ended: Ended,
    session: Session,
    exit_code: Option<i32>,
    progress: bool,
) -> RecorderResult<Option<(Committed, Session)>> {
    let Some(writer) = ended.writer else {
        return Err(enverr!(IO, "the recording belongs to the parent process"));
    };
    let mut failure = ended.failure;
    if failure.is_none() && ended.taken_away {
        failure = Some(target!(
            TOOL_ID_TAKEN,
            "the program freed the recorder's sys.monitoring tool id"
        ));
    }
    let mut metadata = session.metadata.clone();
    metadata.exit_status = exit_code.or(match ended.main {
        MainEnd::Ended(status) => Some(status),
        _ => None,
    });
    metadata.clock.last = ClockPair {
        tick: Clock::best().ticks(),
        ns: monotonic_ns(),
    };
    metadata.count("forks", ended.counters.forks);
    metadata.count("codes_traced", ended.counters.codes_traced);
    metadata.count("codes_skipped", ended.counters.codes_skipped);
    metadata.count(metrics::PANICS, metrics::total(metrics::PANICS));
    if !ended.failed && failure.is_none() {
        let total = ended.segments.len() + writer.backlog();
        let mut bar = Bar::new(progress, total);
        let committed = writer.finish_with(ended.segments, metadata, &mut |left| bar.show(left));
        bar.remove();
        return match committed {
            Ok(committed) => {
                for (counter, n) in &committed.metadata.counters {
                    if counter != metrics::PANICS {
                        metrics::add(counter, *n);
                    }
                }
                Ok(Some((committed, session)))
            }
            Err(error) => {
                if session.options.keep_partial_trace {
                    writer.keep_partial(
                        error.code().name(),
                        Vec::new(),
                        session.metadata.clone(),
                    )?;
                } else {
                    writer.discard()?;
                }
                Err(error)
            }
        };
    }
    // A failure that was raised before still costs the recording.
    if session.options.keep_partial_trace {
        let reason = failure
            .as_ref()
            .map_or("ERR_RECORDING_ENDED", |error| error.code().name());
        writer.keep_partial(reason, ended.segments, metadata)?;
    } else {
        writer.discard()?;
    }
    failure.map_or(Ok(None), Err)
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
