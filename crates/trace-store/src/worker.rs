//! The drainer thread: takes full segments one after another and stores them.
//!
//! Owns the queue, the thread's life, and the first failure. Refuses to touch Python, and to be there while the
//! process forks: [`Worker::pause`] ends the thread, the next [`Worker::push`] starts it again.

mod jobs;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use crate::drain::{Drain, Gone};
use crate::dumps::{self, Dumps};
use crate::error;
use crate::flight::Request;
use crate::pool::{Pool, lock};
use crate::raw::signals::Blocked;
use crate::raw::system;
use crate::segment::Segment;
use crate::writer::Committed;

/// Stack of the thread; nothing in it recurses.
const STACK: usize = 1024 * 1024;

/// How often a thread that has nothing to do looks for a signal.
const LISTEN: Duration = Duration::from_millis(100);

/// How long [`Worker::pause`] waits for the kernel to drop the thread.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// The thread ends after the segment at hand.
    stop: bool,
    /// A segment is being stored.
    busy: bool,
    /// Somebody waits for a new segment.
    wanted: bool,
    failure: Option<RecorderError>,
    /// The most segments that waited at a time.
    deepest: usize,
    /// The longest from handing a segment over until it was stored.
    lag: Duration,
}

/// What the drainer does, one after another.
#[derive(Debug)]
enum Job {
    /// Stores a segment that was handed over at that moment.
    Store(Segment, Instant),
    /// Forgets what is gone.
    Forget(Gone),
    /// Saves what a flight recorder holds.
    Dump(Arc<Request>),
}

impl Queue {
    fn push(&mut self, segment: Segment) {
        segment.mark_full();
        self.jobs.push_back(Job::Store(segment, Instant::now()));
        self.deepest = self.deepest.max(self.jobs.len());
    }
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    progress: Condvar,
    drain: Mutex<Option<Drain>>,
    pool: Arc<Pool>,
    tid: AtomicU64,
    /// Set for a flight recorder.
    dumps: OnceLock<Dumps>,
}

/// The drainer.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Never start a thread.
    inline: bool,
    /// Start no thread now.
    held: AtomicBool,
    pub waits: AtomicU64,
    starts: AtomicU64,
    inline_drains: AtomicU64,
}

/// Saves what a flight recorder holds; see [`crate::Writer::dump`].
#[derive(Debug, Clone)]
pub struct Dumper {
    worker: Arc<Worker>,
    pid: u32,
}

impl Dumper {
    pub(crate) const fn new(worker: Arc<Worker>, pid: u32) -> Self {
        Self { worker, pid }
    }

    /// As [`crate::Writer::dump`].
    pub fn dump(&self, dir: &Path, reason: &str) -> RecorderResult<Committed> {
        ensure_internal!(
            std::process::id() == self.pid,
            INTERNAL,
            "a forked child asked for a recording"
        );
        self.worker.dump(dir, reason)
    }
}

impl Worker {
    pub fn new(drain: Drain, pool: Arc<Pool>, inline: bool) -> Self {
        Self {
            shared: Arc::new(Shared {
                queue: Mutex::default(),
                wake: Condvar::new(),
                progress: Condvar::new(),
                drain: Mutex::new(Some(drain)),
                pool,
                tid: AtomicU64::new(0),
                dumps: OnceLock::new(),
            }),
            thread: Mutex::new(None),
            inline,
            held: AtomicBool::new(false),
            waits: AtomicU64::new(0),
            starts: AtomicU64::new(0),
            inline_drains: AtomicU64::new(0),
        }
    }

    /// Queues a full segment and sees to it that somebody stores it.
    pub fn push(&self, segment: Segment) {
        lock(&self.shared.queue).push(segment);
        if self.ensure_thread() {
            self.shared.wake.notify_one();
        } else {
            self.inline_drains.fetch_add(1, Ordering::Relaxed);
            self.drain_here(&mut |_| true);
        }
    }

    /// Has what is gone forgotten, once everything queued before is stored.
    pub fn forget_gone(&self, gone: Gone) {
        lock(&self.shared.queue).jobs.push_back(Job::Forget(gone));
        if !self.inline {
            self.shared.wake.notify_one();
        }
    }

    /// It is a flight recorder that is drained.
    pub fn dumps(&self, dumps: Dumps) {
        let _ = self.shared.dumps.set(dumps);
    }

    /// Starts the thread where a signal is to be looked for.
    pub fn listen(&self) {
        if self.shared.signal().is_some() {
            self.ensure_thread();
        }
    }

    /// Saves what a flight recorder holds once everything queued before is stored, and waits for it.
    pub fn dump(&self, dir: &Path, reason: &str) -> RecorderResult<Committed> {
        let dumps = self.shared.dumps.get().ok_or_else(dumps::none)?;
        let request = Arc::new(dumps.request(dir, reason));
        let job = Job::Dump(Arc::clone(&request));
        lock(&self.shared.queue).jobs.push_back(job);
        loop {
            if let Some(outcome) = request.ended() {
                return outcome;
            }
            if lock(&self.shared.drain).is_none() {
                request.end(Err(ended()));
            } else if self.ensure_thread() {
                self.shared.wake.notify_one();
            } else {
                self.drain_here(&mut |_| true);
            }
            request.wait(Duration::from_millis(50));
        }
    }

    /// What went wrong with recordings that nobody waited for.
    pub fn take_dump_failures(&self) -> Vec<RecorderError> {
        let dumps = self.shared.dumps.get();
        dumps.map(Dumps::take_failures).unwrap_or_default()
    }

    /// Queues the last segments; nobody is started for them.
    pub fn push_last(&self, segments: Vec<Segment>) {
        let mut queue = lock(&self.shared.queue);
        for segment in segments {
            queue.push(segment);
        }
    }

    /// Whether a thread is at work; starts one if need be.
    fn ensure_thread(&self) -> bool {
        if self.inline || self.held.load(Ordering::Relaxed) {
            return false;
        }
        let mut thread = lock(&self.thread);
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return true;
        }
        lock(&self.shared.queue).stop = false;
        let shared = Arc::clone(&self.shared);
        // The mask is inherited: the thread never handles a signal of the program.
        let _masked = Blocked::all();
        let builder = std::thread::Builder::new()
            .name("recorder".to_owned())
            .stack_size(STACK);
        let started =
            fault_call!("store.drainer.start").and_then(|()| builder.spawn(move || shared.run()));
        *thread = started.ok();
        if thread.is_some() {
            self.starts.fetch_add(1, Ordering::Relaxed);
        }
        thread.is_some()
    }

    /// Has the thread make segments, and waits for them. `false` when there is no thread.
    pub fn make(&self) -> bool {
        if !self.ensure_thread() {
            return false;
        }
        let mut queue = lock(&self.shared.queue);
        queue.wanted = true;
        self.shared.wake.notify_one();
        while queue.wanted && queue.failure.is_none() {
            let (back, limit) = self
                .shared
                .progress
                .wait_timeout(queue, Duration::from_millis(200))
                .unwrap_or_else(PoisonError::into_inner);
            queue = back;
            if limit.timed_out() {
                // The limit of the wait is for a thread that died.
                queue.wanted = false;
                return false;
            }
        }
        true
    }

    /// Waits until a segment may have come back. `false` when none is on its way.
    pub fn wait(&self) -> bool {
        if self.backlog() == 0 {
            return false;
        }
        self.waits.fetch_add(1, Ordering::Relaxed);
        if !self.ensure_thread() {
            self.drain_here(&mut |_| true);
            return true;
        }
        self.shared.wake.notify_one();
        let queue = lock(&self.shared.queue);
        if queue.jobs.is_empty() && !queue.busy {
            return true;
        }
        // The limit of the wait is for a thread that died; its failure shows elsewhere.
        let waited = self
            .shared
            .progress
            .wait_timeout(queue, Duration::from_millis(200));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        true
    }

    /// Whether a thread is at work on what is queued.
    pub fn is_behind(&self) -> bool {
        self.backlog() > 0 && self.ensure_thread()
    }

    /// Waits until everything queued is stored.
    pub fn settle(&self) {
        while self.wait() {}
    }

    /// Segments that are not stored yet.
    pub fn backlog(&self) -> usize {
        let queue = lock(&self.shared.queue);
        queue.jobs.len() + usize::from(queue.busy)
    }

    /// As [`Worker::pause`], and until [`Worker::release`] what is handed over is stored without a thread.
    pub fn hold(&self) {
        self.held.store(true, Ordering::Relaxed);
        self.pause();
    }

    /// Allows the thread again.
    pub fn release(&self) {
        self.held.store(false, Ordering::Relaxed);
    }

    /// Ends the thread and waits until the kernel has dropped it.
    pub fn pause(&self) {
        let Some(thread) = lock(&self.thread).take() else {
            self.shared.join_saver();
            return;
        };
        lock(&self.shared.queue).stop = true;
        self.shared.wake.notify_all();
        if thread.join().is_err() {
            self.shared
                .fail(bug!(DRAINER_FAILED, "the drainer thread ended by a panic"));
        }
        let tid = self.shared.tid.swap(0, Ordering::AcqRel);
        wait_until_dropped(tid);
        self.shared.join_saver();
    }

    /// Stores what is queued on this thread until `progress`, which is told how many segments are left, says that it is
    /// enough; whether everything was stored. The thread must be paused, or not be there at all.
    pub fn drain_here(&self, progress: &mut dyn FnMut(usize) -> bool) -> bool {
        let _masked = Blocked::all();
        self.shared.moved();
        loop {
            let left = lock(&self.shared.queue).jobs.len();
            if !progress(left) && left > 0 {
                return false;
            }
            let Some(job) = self.shared.pop() else {
                return true;
            };
            self.shared.work(job);
        }
    }

    /// The first failure.
    pub fn failure(&self) -> Option<RecorderError> {
        lock(&self.shared.queue).failure.as_ref().map(error::again)
    }

    /// Runs `work` on the draining side between two segments.
    pub fn with_drain<T>(&self, work: impl FnOnce(&mut Drain) -> T) -> Option<T> {
        lock(&self.shared.drain).as_mut().map(work)
    }

    /// Takes the draining side away, at the end.
    pub fn take_drain(&self) -> Option<Drain> {
        lock(&self.shared.drain).take()
    }

    /// Gives back what is queued without storing it.
    pub fn discard(&self) {
        while let Some(job) = self.shared.pop() {
            match job {
                Job::Store(segment, _) => self.shared.pool.recycle(segment),
                Job::Dump(request) => request.end(Err(ended())),
                Job::Forget(_) => {}
            }
            lock(&self.shared.queue).busy = false;
        }
    }

    /// What was done, for the metadata.
    pub fn counters(&self) -> [(&'static str, u64); 5] {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let (deepest, lag) = {
            let queue = lock(&self.shared.queue);
            (queue.deepest as u64, queue.lag.as_nanos())
        };
        [
            ("drainer_backlog_peak", deepest),
            (
                "drainer_lag_ns_peak",
                u64::try_from(lag).unwrap_or(u64::MAX),
            ),
            ("drainer_waits", get(&self.waits)),
            ("drainer_starts", get(&self.starts)),
            ("inline_drains", get(&self.inline_drains)),
        ]
    }

    /// In the child of a fork: closes and unmaps, touches no file, and frees nothing that another thread may have
    /// been changing when the process forked.
    pub fn forget(&self) {
        if let Ok(mut thread) = self.thread.try_lock() {
            // The handle stands for a thread of the parent.
            std::mem::forget(thread.take());
        }
        if let Some(dumps) = self.shared.dumps.get() {
            dumps.forget();
        }
        if let Ok(mut queue) = self.shared.queue.try_lock() {
            queue.jobs.clear();
        }
        if let Ok(mut drain) = self.shared.drain.try_lock() {
            drop(drain.take());
        }
    }
}

/// The error of what is asked of a recording that has ended meanwhile.
fn ended() -> RecorderError {
    usage!(NO_FLIGHT_RECORDER, "the recording has ended")
}

/// Waits until the kernel has dropped a thread that ended; 0 is none.
pub(crate) fn wait_until_dropped(tid: u64) {
    let begun = Instant::now();
    while tid != 0 && system::has_thread(tid) && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_micros(50));
    }
}
