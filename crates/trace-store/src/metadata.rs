//! `trace_metadata.json`: who recorded what, when, how, and how it ended.
//!
//! Owns the shape of the file. Refuses to find any of the facts out; the recorder and the writer fill them in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClockPair {
    /// Tick units.
    pub tick: u64,
    /// Monotonic clock in nanoseconds.
    pub ns: u64,
}

/// How ticks become nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Clock {
    /// The start of the recording.
    pub first: ClockPair,
    /// The last moment that is known on both clocks.
    pub last: ClockPair,
    /// Nanoseconds of one tick unit as estimated before the start, for a recording with one moment only; 0 when
    /// unknown.
    pub ns_per_tick: f64,
}

impl Clock {
    /// Nanoseconds since the start, on the line through the first and the last moment. Never below 0.
    pub fn ns(&self, tick: u64) -> u64 {
        let since = tick.saturating_sub(self.first.tick);
        let ticks = self.last.tick.saturating_sub(self.first.tick);
        let ns = self.last.ns.saturating_sub(self.first.ns);
        if ticks == 0 || ns == 0 {
            let rate = if self.ns_per_tick.is_finite() && self.ns_per_tick > 0.0 {
                self.ns_per_tick
            } else {
                1.0
            };
            return (since as f64 * rate) as u64;
        }
        let exact = u128::from(since) * u128::from(ns) / u128::from(ticks);
        u64::try_from(exact).unwrap_or(u64::MAX)
    }
}

/// What is left out of a recording that was not finished, because it is torn or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cut {
    /// Bytes at the end of the container. A process that is killed may leave some of a block whose rows are still in
    /// their segment: then nothing is lost with them.
    pub bytes: u64,
    /// Segments of which a part or all is left out.
    pub segments: u64,
    /// Events missing between those that are there. Of what is missing at the end nothing is known.
    pub events: u64,
}

impl Cut {
    /// None where nothing is left out.
    pub(crate) fn of(bytes: u64, segments: u64, events: u64) -> Option<Self> {
        let cut = Self {
            bytes,
            segments,
            events,
        };
        (cut != Self::default()).then_some(cut)
    }
}

/// A problem that did not end the recording.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Warning {
    /// Its code, `ERR_...`.
    pub code: String,
    /// Text for people.
    pub message: String,
}

/// The last event that a flight recorder dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dropped {
    /// Its step. From the next one on everything is there; before it events are missing.
    pub step: u64,
    /// Its thread.
    pub thread: u32,
}

/// What a flight recorder says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Flight {
    /// How much is kept, as it was asked for.
    pub window: String,
    /// Why this was saved: `exit`, a signal's name, what `dump` was told, or `killed`.
    pub reason: String,
    /// The last event that was dropped; none where nothing was.
    pub dropped: Option<Dropped>,
    /// How many events were dropped.
    pub dropped_events: u64,
}

impl Flight {
    /// Why it was saved, before it is.
    pub const RUNNING: &'static str = "running";

    /// Whether nothing has been said of why it was saved.
    pub fn is_running(&self) -> bool {
        self.reason == Self::RUNNING
    }
}

/// A source file as it was when its code was first seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Source {
    /// Where the copy is, relative to the recording.
    pub file: String,
    /// Bytes.
    pub bytes: u64,
    /// XXH3-64 of the content, 16 hexadecimal digits.
    pub xxh3: String,
}

/// What is known about a recording as a whole. Fields unknown to a reader are ignored, missing ones have their default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Version of rows and blocks.
    pub schema_version: u32,
    /// Version of the recorder.
    pub recorder_version: String,
    /// Id of the process that recorded.
    pub run_id: String,
    /// Id of the recording.
    pub trace_id: String,
    /// Recording of the process that forked or started this one.
    pub parent_run_id: Option<String>,
    /// How this process came to be recorded: `fork` or `follow`; none in the process that recording began with.
    pub began_by: Option<String>,
    /// How the program left the recording: `exit`, `_exit`, `exec` or `stop`; none when it was ended from outside.
    pub ended_by: Option<String>,
    /// Whether something is missing at the end.
    pub partial: bool,
    /// Why it is partial: `running`, `killed`, `signal`, or an error code.
    pub reason: Option<String>,
    /// What the process said when a signal ended it.
    pub last_words: Option<crate::last_words::LastWords>,
    /// What is left out; none where nothing is known to be.
    pub cut: Option<Cut>,
    /// The program's exit status; none when it is not known.
    pub exit_status: Option<i32>,
    /// The program: a path, `-m module` or `-c`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The directory it started in.
    pub workdir: String,
    /// The interpreter: version and build.
    pub python: String,
    /// The machine.
    pub platform: String,
    /// Process id.
    pub pid: u32,
    /// Wall clock at the start, nanoseconds since 1970-01-01 UTC.
    pub started_unix_ns: u64,
    /// From the first to the last event.
    pub duration_ns: u64,
    /// Events of all kinds.
    pub events: u64,
    /// Calls.
    pub calls: u64,
    /// Lines.
    pub lines: u64,
    /// Exceptions raised: `raise` events in the frame that raised.
    pub exceptions: u64,
    /// Threads with events.
    pub threads: u64,
    /// Asyncio tasks.
    pub tasks: u64,
    /// Processes: this one and those that came from it, directly or not, and were recorded.
    pub processes: u64,
    /// Size of the recording on disk without the copies of sources.
    pub bytes: u64,
    /// How ticks become nanoseconds.
    pub clock: Clock,
    /// The policy in force.
    pub policy: serde_json::Map<String, serde_json::Value>,
    /// What the filters did.
    pub filter: serde_json::Map<String, serde_json::Value>,
    /// Final counters.
    pub counters: BTreeMap<String, u64>,
    /// Problems that did not end the recording.
    pub warnings: Vec<Warning>,
    /// Of a flight recorder, which keeps the newest part only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flight: Option<Flight>,
    /// Copies of sources by path as the program has it.
    pub sources: BTreeMap<String, Source>,
}

impl Metadata {
    /// Events that a flight recorder dropped.
    pub(crate) fn dropped_events(&self) -> u64 {
        let flight = self.flight.as_ref();
        flight.map_or(0, |flight| flight.dropped_events)
    }

    /// Marks the recording as incomplete.
    pub fn set_partial(&mut self, reason: &str) {
        self.partial = true;
        self.reason = Some(reason.to_owned());
    }

    /// Adds to a counter.
    pub fn count(&mut self, name: &str, n: u64) {
        *self.counters.entry(name.to_owned()).or_default() += n;
    }
}
