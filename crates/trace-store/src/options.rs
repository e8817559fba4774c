//! How a recording is to be written, as whoever starts one says it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::flight::FlightOptions;
use crate::metadata::Metadata;
use crate::staging::home::Home;

/// How a recording is to be written.
#[derive(Debug, Clone)]
pub struct WriterOptions {
    /// The final place. In a family its last part counts.
    pub dir: PathBuf,
    /// The family that the recording belongs to, unless it begins one.
    pub home: Option<Arc<Home>>,
    /// Whether the process may end at once: at first one small segment is made, not several.
    pub brief: bool,
    /// Id of this process's run; part of the staging directory's name.
    pub run_id: String,
    /// Id of the recording.
    pub trace_id: String,
    /// Bytes of a segment while few threads run.
    pub segment_bytes: usize,
    /// Bytes that all segments together may take.
    pub mapped_limit: usize,
    /// Whether the traced sources are copied.
    pub copy_sources: bool,
    /// Whether segments are stored by whoever hands them over, without a thread.
    pub inline: bool,
    /// The clock of ticks, as a function that a signal handler may call.
    pub ticks: fn() -> u64,
    /// Set for a flight recorder, which keeps the newest part; `metadata.flight` must be set too.
    pub flight: Option<FlightOptions>,
    /// What is known at the start; `clock.first` must be set. The writer fills in ids, `partial` and `reason`.
    pub metadata: Metadata,
}

impl WriterOptions {
    /// Options with the defaults: 1 MiB segments, 24 MiB together, sources copied, a drainer thread.
    pub fn new(
        dir: impl Into<PathBuf>,
        run_id: impl Into<String>,
        trace_id: impl Into<String>,
    ) -> Self {
        Self {
            dir: dir.into(),
            home: None,
            brief: false,
            run_id: run_id.into(),
            trace_id: trace_id.into(),
            segment_bytes: 1024 * 1024,
            mapped_limit: 24 * 1024 * 1024,
            copy_sources: true,
            inline: false,
            ticks: || 0,
            flight: None,
            metadata: Metadata::default(),
        }
    }
}
