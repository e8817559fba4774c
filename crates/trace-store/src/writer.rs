//! The writing side of a recording, as the recorder uses it.
//!
//! Owns the order from the first segment to the committed directory. Refuses to call Python: every method may be
//! called while its caller holds the interpreter's lock.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use recorder_errors::prelude::*;

use crate::container::CONTAINER;
use crate::drain::Drain;
use crate::error;
use crate::metadata::{Metadata, Warning};
use crate::pool::{Answer, Need, Pool, lock};
use crate::raw::signals::Blocked;
use crate::reader::Recording;
use crate::segment::{Base, Segment};
use crate::staging::{PATHS, SEGMENTS, Staging, write_json};
use crate::worker::Worker;

/// How a recording is to be written.
#[derive(Debug, Clone)]
pub struct WriterOptions {
    /// The final place.
    pub dir: PathBuf,
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
            run_id: run_id.into(),
            trace_id: trace_id.into(),
            segment_bytes: 1024 * 1024,
            mapped_limit: 24 * 1024 * 1024,
            copy_sources: true,
            inline: false,
            ticks: || 0,
            metadata: Metadata::default(),
        }
    }
}

/// A recording that reached its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// Where it is: the final place, or the staging directory when a partial recording could not be moved.
    pub dir: PathBuf,
    /// Its metadata as written.
    pub metadata: Metadata,
}

/// A recording being written.
#[derive(Debug)]
pub struct Writer {
    pool: Arc<Pool>,
    worker: Worker,
    /// Taken at the end.
    staging: Mutex<Option<Staging>>,
    pid: u32,
    dir: PathBuf,
    start: Metadata,
}

impl Writer {
    /// Checks the place, creates the staging directory and the first segments. Leaves nothing behind when it fails.
    pub fn create(options: WriterOptions) -> RecorderResult<Self> {
        let _masked = Blocked::all();
        let usable = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        ensure_internal!(
            !options.run_id.is_empty() && options.run_id.chars().all(usable),
            INTERNAL,
            "the run id is no plain word: {:?}",
            options.run_id
        );
        let mut staging = Staging::create(&options.dir, &options.run_id)?;
        let begun = Self::begin(&staging, &options);
        match begun.and_then(|begun| staging.arm(options.ticks).map(|()| begun)) {
            Ok((pool, worker, start)) => Ok(Self {
                pool,
                worker,
                pid: std::process::id(),
                dir: staging.dir.clone(),
                staging: Mutex::new(Some(staging)),
                start,
            }),
            Err(error) => {
                let _ = staging.remove();
                Err(error)
            }
        }
    }

    fn begin(
        staging: &Staging,
        options: &WriterOptions,
    ) -> RecorderResult<(Arc<Pool>, Worker, Metadata)> {
        let mut metadata = options.metadata.clone();
        metadata.schema_version = trace_model::SCHEMA_VERSION;
        metadata.run_id.clone_from(&options.run_id);
        metadata.trace_id.clone_from(&options.trace_id);
        metadata.pid = std::process::id();
        if metadata.recorder_version.is_empty() {
            metadata.recorder_version = env!("CARGO_PKG_VERSION").to_owned();
        }
        metadata.set_partial("running");
        staging.write_first_metadata(&metadata)?;
        let pool = Arc::new(Pool::new(
            staging.at(SEGMENTS),
            options.segment_bytes,
            options.mapped_limit,
        ));
        pool.prepare()?;
        let drain = Drain::create(staging, Arc::clone(&pool), &metadata, options.copy_sources)?;
        let worker = Worker::new(drain, Arc::clone(&pool), options.inline);
        Ok((pool, worker, metadata))
    }

    /// The final place, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A segment for `thread`, which stands at `base`. Waits for the drainer when the limit is reached.
    pub fn segment(&self, thread: u32, base: Base) -> RecorderResult<Segment> {
        ensure_internal!(
            self.is_own_process(),
            INTERNAL,
            "a forked child asked for a segment"
        );
        if let Some(error) = self.failure() {
            return Err(error);
        }
        let mut need = Need::Ready;
        loop {
            match self.pool.take(thread, base, need)? {
                Answer::Segment(segment) => return Ok(segment),
                // Where every segment is in use by a thread, waiting would be for ever.
                Answer::Wait if self.worker.wait() => need = Need::Ready,
                Answer::Wait => need = Need::BeyondLimit,
                // The drainer opens files where the program does not see it.
                Answer::Make if self.worker.make() => match self.failure() {
                    Some(error) => return Err(error),
                    None => need = Need::Ready,
                },
                Answer::Make => need = Need::Made,
            }
        }
    }

    /// Whether the next [`Writer::segment`] may wait or go beyond the limit; handing over segments of idle threads
    /// helps.
    pub fn is_tight(&self) -> bool {
        self.pool.is_tight()
    }

    /// Gives a segment back, full or not. Starts the drainer if it is not there. In a forked child nothing happens.
    pub fn hand_over(&self, segment: Segment) {
        if !self.is_own_process() {
            return;
        }
        if segment.committed().load(Ordering::Relaxed) == 0 {
            self.pool.take_back_unused(segment);
        } else {
            self.worker.push(segment);
        }
    }

    /// The first failure of storing. Once there is one, nothing more is stored.
    pub fn failure(&self) -> Option<RecorderError> {
        self.worker.failure()
    }

    /// Segments handed over and not stored yet.
    pub fn backlog(&self) -> usize {
        self.worker.backlog()
    }

    /// Waits until every segment handed over is stored.
    pub fn flush(&self) -> RecorderResult<()> {
        self.worker.settle();
        let _masked = Blocked::all();
        let stored = self.worker.with_drain(Drain::store_definitions);
        match self.failure() {
            Some(error) => Err(error),
            None => stored.unwrap_or(Ok(())),
        }
    }

    /// Bytes in the container so far.
    pub fn stored_bytes(&self) -> u64 {
        self.worker.with_drain(|drain| drain.stored()).unwrap_or(0)
    }

    /// Whether segments are in memory that does not survive the process, so that `ERR_MMAP_UNSAFE` should be said.
    pub fn is_unsafe(&self) -> bool {
        self.pool.is_unsafe()
    }

    /// Ends the drainer thread, and returns when the kernel does not know it any more. The next hand-over starts it
    /// again. For the moment before a fork.
    pub fn pause(&self) {
        self.worker.pause();
    }

    /// Whether this is the process that created the writer.
    pub fn is_own_process(&self) -> bool {
        std::process::id() == self.pid
    }

    /// In the child of a fork: closes descriptors and unmaps segments, and leaves the parent's files and lock alone.
    /// Segments that the child still holds are unmapped when they are dropped.
    pub fn abandon_in_child(&self) {
        self.worker.forget();
        self.pool.forget();
        if let Ok(mut staging) = self.staging.try_lock() {
            drop(staging.take());
        }
    }

    /// Stores the rest and commits. `metadata` is what the recorder knows at the end; the writer fills in ids, sizes
    /// and sums. On failure the staging directory stays: [`Writer::keep_partial`] or [`Writer::discard`] decide.
    pub fn finish(&self, segments: Vec<Segment>, metadata: Metadata) -> RecorderResult<Committed> {
        self.finish_with(segments, metadata, &mut |_| true)
    }

    /// As [`Writer::finish`]; `progress` is told how many segments are left, on this thread, and says whether to go on.
    /// What is left where it does not is dropped, and the recording partial with the reason `ERR_TRACE_INCOMPLETE`.
    pub fn finish_with(
        &self,
        segments: Vec<Segment>,
        mut metadata: Metadata,
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> RecorderResult<Committed> {
        ensure_internal!(
            self.is_own_process(),
            INTERNAL,
            "a forked child tried to commit"
        );
        self.worker.pause();
        self.worker.push_last(segments);
        if !self.worker.drain_here(progress) {
            self.worker.discard();
            metadata.set_partial(ErrorCode::TRACE_INCOMPLETE.name());
        }
        match self.failure() {
            Some(error) => Err(error),
            None => self.commit(metadata),
        }
    }

    fn commit(&self, mut metadata: Metadata) -> RecorderResult<Committed> {
        let _masked = Blocked::all();
        let closed = || bug!(INTERNAL, "the recording was ended before");
        let mut drain = self.worker.take_drain().ok_or_else(closed)?;
        let mut place = lock(&self.staging);
        let staging = place.as_mut().ok_or_else(closed)?;
        self.complete(&mut metadata);
        let paths = drain.describe(&mut metadata);
        let paths_file = staging.at(PATHS);
        write_json(&paths_file, &paths, true)?;
        // The metadata inside the container cannot count the container; the file beside it does.
        let bytes = drain.finish(&metadata)?;
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
        metadata.bytes = bytes + size(&paths_file);
        staging.write_last_metadata(&mut metadata)?;
        let dir = staging.commit()?;
        *place = None;
        Ok(Committed { dir, metadata })
    }

    /// What the writer itself knows.
    fn complete(&self, metadata: &mut Metadata) {
        let start = &self.start;
        metadata.run_id.clone_from(&start.run_id);
        metadata.trace_id.clone_from(&start.trace_id);
        metadata
            .recorder_version
            .clone_from(&start.recorder_version);
        metadata.pid = start.pid;
        metadata.clock.first = start.clock.first;
        if metadata.clock.ns_per_tick == 0.0 {
            metadata.clock.ns_per_tick = start.clock.ns_per_tick;
        }
        if metadata.started_unix_ns == 0 {
            metadata.started_unix_ns = start.started_unix_ns;
        }
        for (name, n) in self
            .pool
            .counters()
            .into_iter()
            .chain(self.worker.counters())
        {
            metadata.count(name, n);
        }
        let code = ErrorCode::MMAP_UNSAFE.name();
        if self.is_unsafe() && !metadata.warnings.iter().any(|warning| warning.code == code) {
            metadata.warnings.push(Warning {
                code: code.to_owned(),
                message: ErrorCode::MMAP_UNSAFE.entry().summary.to_owned(),
            });
        }
    }

    /// Commits what was stored so far as a partial recording, because of `reason`, an error code. When that cannot be
    /// done either, the staging directory is left for `recover`, and the result says where.
    pub fn keep_partial(
        &self,
        reason: &str,
        segments: Vec<Segment>,
        mut metadata: Metadata,
    ) -> RecorderResult<Committed> {
        ensure_internal!(
            self.is_own_process(),
            INTERNAL,
            "a forked child tried to commit"
        );
        self.worker.pause();
        self.worker.push_last(segments);
        self.worker.drain_here(&mut |_| true);
        metadata.set_partial(reason);
        let failed = match self.commit(metadata.clone()) {
            Ok(committed) => return Ok(committed),
            Err(error) => error,
        };
        let _masked = Blocked::all();
        let Some(mut staging) = lock(&self.staging).take() else {
            return Err(failed);
        };
        self.complete(&mut metadata);
        if staging.write_metadata(&metadata).is_err() {
            let mut least = self.start.clone();
            least.set_partial(reason);
            let _ = staging
                .overwrite_metadata(&metadata)
                .or_else(|_| staging.overwrite_metadata(&least));
        }
        staging.unlock();
        if let Ok(kept) = Recording::open(&staging.path) {
            metadata.events = kept.metadata().events;
        }
        Ok(Committed {
            dir: staging.path.clone(),
            metadata,
        })
    }

    /// Drops the recording with everything that was stored.
    pub fn discard(&self) -> RecorderResult<()> {
        if !self.is_own_process() {
            self.abandon_in_child();
            return Ok(());
        }
        self.worker.pause();
        self.worker.discard();
        drop(self.worker.take_drain());
        match lock(&self.staging).take() {
            Some(staging) => staging.remove().map_err(|failed| error::again(&failed)),
            None => Ok(()),
        }
    }

    /// Where the recording is until it is committed.
    pub fn staging_path(&self) -> Option<PathBuf> {
        lock(&self.staging)
            .as_ref()
            .map(|staging| staging.path.clone())
    }

    /// Where the container is until it is committed.
    pub fn container_path(&self) -> Option<PathBuf> {
        self.staging_path().map(|staging| staging.join(CONTAINER))
    }
}

/// A writer that is dropped without an end leaves what a killed process leaves.
impl Drop for Writer {
    fn drop(&mut self) {
        if self.is_own_process() {
            self.worker.pause();
        } else {
            self.abandon_in_child();
        }
    }
}
