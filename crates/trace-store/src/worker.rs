//! The drainer thread: takes full segments one after another and stores them.
//!
//! Owns the queue, the thread's life, and the first failure. Refuses to touch Python, and to be there while the
//! process forks: [`Worker::pause`] ends the thread, the next [`Worker::push`] starts it again.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use recorder_errors::prelude::*;
use recorder_errors::{fault_call, fault_panic};

use crate::drain::Drain;
use crate::error;
use crate::pool::{Pool, lock};
use crate::raw::fd;
use crate::raw::signals::{Blocked, thread_id};
use crate::segment::Segment;

/// Stack of the thread; nothing in it recurses.
const STACK: usize = 1024 * 1024;

/// How long [`Worker::pause`] waits for the kernel to drop the thread.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
struct Queue {
    /// With the moment at which each was handed over.
    segments: VecDeque<(Segment, Instant)>,
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

impl Queue {
    fn push(&mut self, segment: Segment) {
        segment.mark_full();
        self.segments.push_back((segment, Instant::now()));
        self.deepest = self.deepest.max(self.segments.len());
    }
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    progress: Condvar,
    drain: Mutex<Option<Drain>>,
    pool: Arc<Pool>,
    tid: AtomicI32,
}

/// The drainer.
#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Never start a thread.
    inline: bool,
    pub waits: AtomicU64,
    starts: AtomicU64,
    inline_drains: AtomicU64,
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
                tid: AtomicI32::new(0),
            }),
            thread: Mutex::new(None),
            inline,
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

    /// Queues the last segments; nobody is started for them.
    pub fn push_last(&self, segments: Vec<Segment>) {
        let mut queue = lock(&self.shared.queue);
        for segment in segments {
            queue.push(segment);
        }
    }

    /// Whether a thread is at work; starts one if need be.
    fn ensure_thread(&self) -> bool {
        if self.inline {
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
        if queue.segments.is_empty() && !queue.busy {
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

    /// Waits until everything queued is stored.
    pub fn settle(&self) {
        while self.wait() {}
    }

    /// Segments that are not stored yet.
    pub fn backlog(&self) -> usize {
        let queue = lock(&self.shared.queue);
        queue.segments.len() + usize::from(queue.busy)
    }

    /// Ends the thread and waits until the kernel has dropped it.
    pub fn pause(&self) {
        let Some(thread) = lock(&self.thread).take() else {
            return;
        };
        lock(&self.shared.queue).stop = true;
        self.shared.wake.notify_all();
        if thread.join().is_err() {
            self.shared
                .fail(bug!(DRAINER_FAILED, "the drainer thread ended by a panic"));
        }
        let tid = self.shared.tid.swap(0, Ordering::AcqRel);
        let entry = PathBuf::from(format!("/proc/self/task/{tid}"));
        let begun = Instant::now();
        while tid != 0 && entry.exists() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    /// Stores what is queued on this thread until `progress`, which is told how many segments are left, says that it is
    /// enough; whether everything was stored. The thread must be paused, or not be there at all.
    pub fn drain_here(&self, progress: &mut dyn FnMut(usize) -> bool) -> bool {
        let _masked = Blocked::all();
        loop {
            let left = lock(&self.shared.queue).segments.len();
            if !progress(left) && left > 0 {
                return false;
            }
            let Some((segment, since)) = self.shared.pop() else {
                return true;
            };
            self.shared.store(segment, since);
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
        while let Some((segment, _)) = self.shared.pop() {
            self.shared.pool.recycle(segment);
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
        if let Ok(mut queue) = self.shared.queue.try_lock() {
            queue.segments.clear();
        }
        if let Ok(mut drain) = self.shared.drain.try_lock() {
            drop(drain.take());
        }
    }
}

impl Shared {
    fn run(&self) {
        self.tid.store(thread_id(), Ordering::Release);
        let kept = lock(&self.drain).as_ref().map(Drain::descriptor);
        fd::own_table(kept.unwrap_or(-1));
        loop {
            let mut queue = lock(&self.queue);
            while queue.segments.is_empty() && !queue.stop && !queue.wanted {
                queue = self
                    .wake
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if queue.stop {
                return;
            }
            drop(queue);
            if let Some((segment, since)) = self.pop() {
                self.store(segment, since);
            }
            if let Err(error) = self.pool.prepare() {
                self.fail(error);
            }
            if std::mem::take(&mut lock(&self.queue).wanted) {
                self.progress.notify_all();
            }
        }
    }

    fn pop(&self) -> Option<(Segment, Instant)> {
        let mut queue = lock(&self.queue);
        let next = queue.segments.pop_front();
        queue.busy = next.is_some();
        next
    }

    /// Stores one segment unless storing failed before, and gives it back either way.
    fn store(&self, segment: Segment, since: Instant) {
        let failed = lock(&self.queue).failure.is_some();
        if !failed {
            let stored = catch_unwind(AssertUnwindSafe(|| {
                fault_panic!("store", "drainer");
                let mut drain = lock(&self.drain);
                match drain.as_mut() {
                    Some(drain) => drain.segment(&segment.slot),
                    None => Err(bug!(INTERNAL, "a segment arrived after the end")),
                }
            }));
            match stored {
                Ok(Ok(())) => {}
                Ok(Err(error)) => self.fail(error),
                Err(_) => self.fail(bug!(DRAINER_FAILED, "storing a segment panicked")),
            }
        }
        self.pool.recycle(segment);
        {
            let mut queue = lock(&self.queue);
            queue.busy = false;
            queue.lag = queue.lag.max(since.elapsed());
        }
        self.progress.notify_all();
    }

    fn fail(&self, error: RecorderError) {
        lock(&self.queue).failure.get_or_insert(error);
        self.progress.notify_all();
    }
}
