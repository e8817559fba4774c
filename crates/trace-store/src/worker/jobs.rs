//! What the drainer does, job by job, in its own thread or in one that lends itself.
//!
//! Owns the order of things around a job. Refuses to start and to end the thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use recorder_errors::fault_panic;
use recorder_errors::prelude::*;

use super::{Job, LISTEN, Shared, ended};
use crate::drain::Drain;
use crate::dumps::Dumps;
use crate::error;
use crate::flight::Request;
use crate::pool::lock;
use crate::raw::signals::DumpSignal;
use crate::raw::system;
use crate::segment::Segment;

impl Shared {
    pub(super) fn run(&self) {
        self.tid.store(system::thread_id(), Ordering::Release);
        let kept = lock(&self.drain).as_ref().map(Drain::descriptors);
        system::own_table(&kept.unwrap_or_default());
        self.moved();
        if let Some(signal) = self.signal() {
            DumpSignal::receive(signal);
        }
        while self.wait_for_work() {
            if let Some(request) = self.dumps.get().and_then(Dumps::asked) {
                self.dump(&Arc::new(request));
            }
            if let Some(job) = self.pop() {
                self.work(job);
            }
            if let Err(error) = self.pool.prepare() {
                self.fail(error);
            }
            if std::mem::take(&mut lock(&self.queue).wanted) {
                self.progress.notify_all();
            }
        }
    }

    /// Waits for a job, or as long as a signal may take to be seen. `false` when the thread is to end.
    fn wait_for_work(&self) -> bool {
        let mut queue = lock(&self.queue);
        let listens = self.signal().is_some();
        while queue.jobs.is_empty() && !queue.stop && !queue.wanted {
            if listens {
                let waited = self.wake.wait_timeout(queue, LISTEN);
                queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                break;
            }
            let waited = self.wake.wait(queue);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
        }
        !queue.stop
    }

    /// The signal that has a recording saved.
    pub(super) fn signal(&self) -> Option<i32> {
        self.dumps.get()?.signal()
    }

    /// The thread that calls goes on with descriptors of its own.
    pub(super) fn moved(&self) {
        if let Some(drain) = lock(&self.drain).as_ref() {
            drain.moved();
        }
    }

    pub(super) fn join_saver(&self) {
        if let Some(dumps) = self.dumps.get() {
            dumps.join();
        }
    }

    /// Saves what is held, unless storing failed before.
    fn dump(&self, request: &Arc<Request>) {
        let failed = lock(&self.queue).failure.as_ref().map(error::again);
        if let Some(error) = failed {
            return request.end(Err(error));
        }
        let saved = catch_unwind(AssertUnwindSafe(|| {
            fault_panic!("store", "dump");
            let mut drain = lock(&self.drain);
            match (drain.as_mut(), self.dumps.get()) {
                (Some(drain), Some(dumps)) => dumps.save(request, drain, &self.pool),
                _ => request.end(Err(ended())),
            }
        }));
        if saved.is_err() {
            request.end(Err(bug!(DRAINER_FAILED, "saving a recording panicked")));
        }
    }

    pub(super) fn pop(&self) -> Option<Job> {
        let mut queue = lock(&self.queue);
        let next = queue.jobs.pop_front();
        queue.busy = next.is_some();
        next
    }

    pub(super) fn work(&self, job: Job) {
        match job {
            Job::Store(segment, since) => self.store(segment, since),
            Job::Dump(request) => {
                self.dump(&request);
                lock(&self.queue).busy = false;
                self.progress.notify_all();
            }
            Job::Forget(gone) => {
                if let Some(drain) = lock(&self.drain).as_mut() {
                    drain.forget(&gone);
                }
                lock(&self.queue).busy = false;
                self.progress.notify_all();
            }
        }
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

    pub(super) fn fail(&self, error: RecorderError) {
        lock(&self.queue).failure.get_or_insert(error);
        self.progress.notify_all();
    }
}
