//! The writing side of a recording, as the recorder uses it.
//!
//! Owns the order from the first segment to the committed directory. Refuses to call Python: every method may be
//! called while its caller holds the interpreter's lock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use recorder_errors::prelude::*;

use crate::container::CONTAINER;
use crate::drain::{Drain, Gone};
use crate::dumps::Dumps;
use crate::error;
use crate::metadata::Metadata;
use crate::options::WriterOptions;
use crate::pool::{Answer, Need, Pool, lock};
use crate::raw::signals::{Blocked, DumpSignal};
use crate::segment::{Base, Segment};
use crate::staging::home::Home;
use crate::staging::{SEGMENTS, Staging};
use crate::worker::{Dumper, Worker};

mod ending;
mod family;

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
    worker: Arc<Worker>,
    /// Taken at the end.
    staging: Mutex<Option<Staging>>,
    pid: u32,
    dir: PathBuf,
    start: Metadata,
    /// The family, once there is one.
    home: Mutex<Option<Arc<Home>>>,
    /// Given back at the end, by whoever ends the recording.
    signal: Mutex<Option<DumpSignal>>,
}

impl Writer {
    /// Checks the place, creates the staging directory and the first segments. Leaves nothing behind when it fails.
    pub fn create(options: WriterOptions) -> RecorderResult<Self> {
        // The mask is put back before the signal is taken out of it.
        let writer = Self::create_masked(&options)?;
        if let Err(error) = writer.take_signals(&options) {
            let _ = writer.discard();
            return Err(error);
        }
        Ok(writer)
    }

    /// The signal that asks for a recording ends nothing, and so is taken before those that leave last words.
    fn take_signals(&self, options: &WriterOptions) -> RecorderResult<()> {
        if let Some(flight) = &options.flight {
            *lock(&self.signal) = flight.take_signal()?;
        }
        let mut staging = lock(&self.staging);
        staging
            .as_mut()
            .map_or(Ok(()), |staging| staging.arm(options.ticks))
    }

    fn create_masked(options: &WriterOptions) -> RecorderResult<Self> {
        let _masked = Blocked::all();
        let usable = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        ensure_internal!(
            !options.run_id.is_empty() && options.run_id.chars().all(usable),
            INTERNAL,
            "the run id is no plain word: {:?}",
            options.run_id
        );
        let staging = match (&options.home, options.dir.file_name()) {
            (Some(home), Some(name)) => {
                let name = name.to_string_lossy();
                Staging::create_in(Arc::clone(home), &name, &options.run_id)?
            }
            _ => Staging::create(&options.dir, &options.run_id)?,
        };
        match Self::begin(&staging, options) {
            Ok((pool, worker, start)) => Ok(Self {
                pool,
                worker: Arc::new(worker),
                pid: std::process::id(),
                dir: staging.shown(&staging.dir),
                home: Mutex::new(staging.home.clone()),
                staging: Mutex::new(Some(staging)),
                start,
                signal: Mutex::new(None),
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
        let (mut segment, mut segments) = (options.segment_bytes, options.mapped_limit);
        let ring = options.flight.as_ref().map(|flight| {
            let shares = flight.window.shares(segment, segments);
            (segment, segments) = (shares.segment, shares.segments);
            (flight.window, shares.ring)
        });
        let pool = Arc::new(Pool::new(staging.at(SEGMENTS), segment, segments));
        if options.brief {
            pool.prepare_one()?;
        } else {
            pool.prepare()?;
        }
        let copy = options.copy_sources;
        let drain = Drain::create(staging, Arc::clone(&pool), &metadata, copy, ring)?;
        let worker = Worker::new(drain, Arc::clone(&pool), options.inline);
        if let Some(flight) = &options.flight {
            let (place, dir) = (staging.path.clone(), staging.dir.clone());
            worker.dumps(Dumps::new(flight.clone(), place, dir));
        }
        Ok((pool, worker, metadata))
    }

    /// The final place, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A segment for `thread`, which stands at `base`. Waits for the drainer when the limit is reached.
    pub fn segment(&self, thread: u32, base: Base) -> RecorderResult<Segment> {
        loop {
            if let Some(segment) = self.obtain(thread, base, true)? {
                return Ok(segment);
            }
        }
    }

    /// As [`Writer::segment`], but `None` where that would wait for rows to be stored.
    pub fn segment_at_once(&self, thread: u32, base: Base) -> RecorderResult<Option<Segment>> {
        self.obtain(thread, base, false)
    }

    fn obtain(&self, thread: u32, base: Base, waits: bool) -> RecorderResult<Option<Segment>> {
        ensure_internal!(
            self.is_own_process(),
            INTERNAL,
            "a forked child asked for a segment"
        );
        if let Some(error) = self.failure() {
            return Err(error);
        }
        let mut need = Need::Ready;
        self.ensure_family()?;
        loop {
            match self.pool.take(thread, base, need)? {
                Answer::Segment(segment) => return Ok(Some(segment)),
                Answer::Wait if !waits && self.worker.is_behind() => return Ok(None),
                // Where every segment is in use by a thread, waiting would be for ever.
                Answer::Wait if self.worker.wait() => need = Need::Ready,
                Answer::Wait => need = Need::BeyondLimit,
                // The drainer opens files where the program does not see it.
                Answer::Make if !waits && self.worker.is_behind() => need = Need::Made,
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
        if segment.is_empty() {
            self.pool.take_back_unused(segment);
        } else {
            self.worker.push(segment);
        }
    }

    /// Forgets threads and code objects that are gone. Every segment that may have rows of theirs must have been handed
    /// over before. In a forked child nothing happens.
    pub fn forget(&self, gone: Gone) {
        if self.is_own_process() && !gone.is_empty() {
            for thread in &gone.threads {
                self.pool.forget_thread(*thread);
            }
            self.worker.forget_gone(gone);
        }
    }

    /// Saves what a flight recorder holds now as a recording of its own at `dir`, and waits for it; everything that was
    /// recorded before is in it.
    ///
    /// # Errors
    /// `ERR_NO_FLIGHT_RECORDER` where everything is kept, and whatever creating and writing give.
    pub fn dump(&self, dir: &Path, reason: &str) -> RecorderResult<Committed> {
        self.dumper().dump(dir, reason)
    }

    /// What [`Writer::dump`] needs of the writer, for callers that cannot hold on to it while they wait.
    pub fn dumper(&self) -> Dumper {
        Dumper::new(Arc::clone(&self.worker), self.pid)
    }

    /// What went wrong with recordings that a signal had saved, each once.
    pub fn take_dump_failures(&self) -> Vec<RecorderError> {
        self.worker.take_dump_failures()
    }

    /// Starts the thread that looks for the signal, where there is one to look for.
    pub fn listen(&self) {
        self.worker.listen();
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
    /// again.
    pub fn pause(&self) {
        self.worker.pause();
    }

    /// As [`Writer::pause`], before a fork: no hand-over starts the thread until [`Writer::release_drainer`].
    pub fn hold_drainer(&self) {
        self.worker.hold();
    }

    /// Allows the drainer thread again, after a fork.
    pub fn release_drainer(&self) {
        self.worker.release();
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
        if let Ok(mut signal) = self.signal.try_lock() {
            drop(signal.take());
        }
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
            .map(|staging| staging.shown(&staging.path))
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
