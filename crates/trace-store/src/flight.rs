//! Flight recorders: how much is kept, how it is divided, and recordings that are saved while the program runs.
//!
//! Owns a dump's way from the parts of the ring to a committed recording: links and copies are what a killed process
//! would have left, and recovery makes the recording of them. Refuses to hold up whoever records: what takes long runs
//! in a thread of its own.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use crate::container::CONTAINER;
use crate::container::chain::RING;
use crate::error;
use crate::metadata::Metadata;
use crate::pool::lock;
use crate::raw::signals::DumpSignal;
use crate::recovery::{Work, link_tree};
use crate::segment::Slot;
use crate::staging::{FILES, Place, SEGMENTS, Staging, inspect, stagings};
use crate::writer::Committed;

/// The least that a window of bytes can be.
pub const LEAST_BYTES: u64 = 384 * 1024;

/// Room for the metadata and the lock.
const BESIDE: u64 = 16 * 1024;

/// How much of a recording is kept: the newest part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// That many bytes on disk, segments included, copies of sources not; at least [`LEAST_BYTES`].
    Bytes(u64),
    /// What was recorded that long ago, or later.
    Time(Duration),
}

/// What a flight recorder is told.
#[derive(Debug, Clone)]
pub struct FlightOptions {
    /// How much is kept.
    pub window: Window,
    /// The signal that has a recording saved, by number and name.
    pub signal: Option<(i32, String)>,
    /// Makes the id of a recording.
    pub new_id: fn() -> String,
}

impl FlightOptions {
    /// Takes the signal that has a recording saved, if there is to be one.
    pub(crate) fn take_signal(&self) -> RecorderResult<Option<DumpSignal>> {
        let Some((number, name)) = &self.signal else {
            return Ok(None);
        };
        match DumpSignal::take(*number) {
            Some(signal) => Ok(Some(signal)),
            None => Err(usage!(
                SIGNAL_TAKEN,
                "the program has a handler for {name}, which was to have recordings saved";
                signal = name
            )),
        }
    }
}

/// How a window is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    /// Bytes of one segment.
    pub segment: usize,
    /// Bytes of all segments.
    pub segments: usize,
    /// Bytes of all parts of the ring.
    pub ring: u64,
}

impl Window {
    /// Divides the window: a quarter for segments, as far as `usual` allows; a segment beyond the ring's limit, because
    /// its block is stored before another part makes room; the rest for the ring.
    pub(crate) fn shares(self, segment: usize, segments: usize) -> Shares {
        let Window::Bytes(bytes) = self else {
            return Shares {
                segment,
                segments,
                ring: u64::MAX,
            };
        };
        let least = crate::segment::SMALLEST;
        let quarter = usize::try_from(bytes / 4).unwrap_or(usize::MAX);
        let segments = quarter.clamp(2 * least, segments.max(2 * least));
        let segment = 1 << (segments / 8).clamp(least, segment.max(least)).ilog2();
        let used = segments as u64 + segment as u64 + BESIDE;
        Shares {
            segment,
            segments,
            ring: bytes.saturating_sub(used),
        }
    }
}

/// A recording that is to be saved while the program runs.
#[derive(Debug)]
pub(crate) struct Request {
    pub dir: PathBuf,
    pub reason: String,
    pub trace_id: String,
    waited_for: bool,
    done: Mutex<Option<RecorderResult<Committed>>>,
    told: Condvar,
}

impl Request {
    /// A request that somebody waits for, or nobody.
    pub fn new(dir: PathBuf, reason: &str, trace_id: String, waited_for: bool) -> Self {
        Self {
            dir,
            reason: reason.to_owned(),
            trace_id,
            waited_for,
            done: Mutex::new(None),
            told: Condvar::new(),
        }
    }

    /// Whether somebody hears how it ends.
    pub const fn is_waited_for(&self) -> bool {
        self.waited_for
    }

    /// Says how it ended; the first word counts.
    pub fn end(&self, outcome: RecorderResult<Committed>) {
        lock(&self.done).get_or_insert(outcome);
        self.told.notify_all();
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<RecorderResult<Committed>> {
        lock(&self.done).as_ref().map(again)
    }

    /// Waits a while for the end.
    pub fn wait(&self, time: Duration) {
        let done = lock(&self.done);
        if done.is_none() {
            let waited = self.told.wait_timeout(done, time);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }
}

fn again(outcome: &RecorderResult<Committed>) -> RecorderResult<Committed> {
    match outcome {
        Ok(committed) => Ok(committed.clone()),
        Err(failed) => Err(error::again(failed)),
    }
}

/// A place beside `dir` for what `signal` has saved: `DIR-sigusr2-1`, or with the next number that is free.
pub(crate) fn place_for(dir: &Path, signal: &str) -> PathBuf {
    let mut number = 1u32;
    loop {
        let mut name = dir.as_os_str().to_owned();
        name.push(format!("-{}-{number}", signal.to_ascii_lowercase()));
        let place = PathBuf::from(name);
        let is_free = inspect(&place).is_ok_and(|what| what == Place::Free);
        if (is_free && stagings(&place).is_empty()) || number == u32::MAX {
            return place;
        }
        number += 1;
    }
}

/// A recording whose content has been gathered, and that is not yet what it is to be.
#[derive(Debug)]
pub(crate) struct Gathered {
    staging: Staging,
    metadata: Metadata,
}

/// Gathers what `parts` and the segments in use hold at `request`'s place. Quick: files are linked where they can be.
pub(crate) fn gather(
    request: &Request,
    from: &Path,
    metadata: &Metadata,
    parts: &[PathBuf],
    segments: &[std::sync::Arc<Slot>],
) -> RecorderResult<Gathered> {
    let mut metadata = metadata.clone();
    let staging = Staging::create(&request.dir, &metadata.run_id)?;
    metadata.trace_id.clone_from(&request.trace_id);
    if let Some(flight) = &mut metadata.flight {
        flight.reason.clone_from(&request.reason);
    }
    match fill(&staging, from, &metadata, parts, segments) {
        Ok(()) => {
            metadata.partial = false;
            metadata.reason = None;
            Ok(Gathered { staging, metadata })
        }
        Err(error) => {
            let _ = staging.remove();
            Err(error)
        }
    }
}

fn fill(
    staging: &Staging,
    from: &Path,
    metadata: &Metadata,
    parts: &[PathBuf],
    segments: &[std::sync::Arc<Slot>],
) -> RecorderResult<()> {
    staging.write_first_metadata(metadata)?;
    let into = |name: &str| staging.at(name);
    let fail = |path: &Path, error| RecorderError::io_while("gather the recording", path, error);
    // Segments first: what they hold is in no part that is linked.
    for (number, slot) in segments.iter().enumerate() {
        let path = into(SEGMENTS).join(format!("{number:08}.seg"));
        let written = fault_call!("store.dump.segment")
            .and_then(|()| File::create(&path))
            .and_then(|mut file| file.write_all(&slot.image()));
        written.map_err(|error| fail(&path, error))?;
    }
    let ring = into(RING);
    fs::create_dir(&ring).map_err(|error| fail(&ring, error))?;
    for part in parts {
        let name = part.file_name().unwrap_or_default();
        let target = ring.join(name);
        let linked = fault_call!("store.dump.link")
            .and_then(|()| fs::hard_link(part, &target))
            .or_else(|_| fs::copy(part, &target).map(|_| ()));
        linked.map_err(|error| fail(&target, error))?;
    }
    let files = into(FILES);
    link_tree(&from.join(FILES), &files).map_err(|error| fail(&files, error))?;
    // The newest part has no events yet, and says where threads stand whose blocks are all gone.
    let newest = into(CONTAINER);
    let copied = fault_call!("store.dump.copy")
        .and_then(|()| fs::copy(from.join(CONTAINER), &newest).map(|_| ()));
    copied.map_err(|error| fail(&newest, error))
}

impl Gathered {
    /// Makes the recording of what was gathered.
    pub fn commit(self) -> RecorderResult<Committed> {
        let mut staging = self.staging;
        let committed = save(&mut staging, self.metadata);
        if committed.is_err() {
            let _ = staging.remove();
        }
        committed
    }
}

/// Makes the recording of a ring in its place.
pub(crate) fn save(staging: &mut Staging, metadata: Metadata) -> RecorderResult<Committed> {
    let mut work = Work::of(&staging.path, &staging.path, Some(metadata))?;
    let dir = work.commit_to(staging)?.dir;
    Ok(Committed {
        dir,
        metadata: work.into_metadata(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: (usize, usize) = (1024 * 1024, 24 * 1024 * 1024);

    #[test]
    fn the_shares_of_a_window_fit_into_it() {
        for bytes in [LEAST_BYTES, 500 * 1024, 1 << 20, 32 << 20, 1 << 30, 1 << 40] {
            let shares = Window::Bytes(bytes).shares(USUAL.0, USUAL.1);
            let sum = shares.segments as u64 + shares.segment as u64 + shares.ring + BESIDE;
            assert!(sum <= bytes, "{bytes}: {shares:?}");
            assert!(shares.ring >= bytes / 3, "{bytes}: {shares:?}");
            assert!(shares.segment.is_power_of_two() && shares.segments >= 2 * shares.segment);
        }
    }
}
