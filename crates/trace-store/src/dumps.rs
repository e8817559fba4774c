//! Recordings that a flight recorder saves while the program runs, asked for by a call or by a signal.
//!
//! Owns the thread that makes a recording of what was gathered, and what went wrong with those that nobody waits for.
//! Refuses to gather while a segment is being stored: the drainer calls between two.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use recorder_errors::prelude::*;

use crate::drain::Drain;
use crate::flight::{FlightOptions, Request, gather, place_for};
use crate::pool::{Pool, lock};
use crate::raw::signals::{Blocked, DumpSignal};
use crate::raw::system;
use crate::staging::absolute;

/// Stack of the thread.
const STACK: usize = 1024 * 1024;

/// Failures kept for whoever asks.
const KEPT: usize = 16;

/// The thread that saves, and its kernel id.
#[derive(Debug)]
struct Saver {
    thread: JoinHandle<()>,
    id: Arc<AtomicU64>,
}

/// What saving needs, beside the drain.
#[derive(Debug)]
pub(crate) struct Dumps {
    options: FlightOptions,
    staging: PathBuf,
    dir: PathBuf,
    saver: Mutex<Option<Saver>>,
    failures: Arc<Mutex<Vec<RecorderError>>>,
}

impl Dumps {
    pub fn new(options: FlightOptions, staging: PathBuf, dir: PathBuf) -> Self {
        Self {
            options,
            staging,
            dir,
            saver: Mutex::new(None),
            failures: Arc::default(),
        }
    }

    /// The signal that asks for a recording.
    pub fn signal(&self) -> Option<i32> {
        self.options.signal.as_ref().map(|(number, _)| *number)
    }

    /// A request as a call makes it.
    pub fn request(&self, dir: &Path, reason: &str) -> Request {
        let dir = absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Request::new(dir, reason, (self.options.new_id)(), true)
    }

    /// What the signal asks for, if it came.
    pub fn asked(&self) -> Option<Request> {
        let (_, name) = self
            .options
            .signal
            .as_ref()
            .filter(|_| DumpSignal::came())?;
        let place = place_for(&self.dir, name);
        Some(Request::new(place, name, (self.options.new_id)(), false))
    }

    /// What went wrong with recordings that nobody waited for.
    pub fn take_failures(&self) -> Vec<RecorderError> {
        std::mem::take(&mut lock(&self.failures))
    }

    /// Gathers what is there now, and has it made a recording by a thread of its own, or here where none can be had.
    pub fn save(&self, request: &Arc<Request>, drain: &mut Drain, pool: &Pool) {
        // One at a time: the one before is nearly always done.
        self.join();
        if request.dir == self.dir {
            let error = usage!(
                INVALID_ARGUMENT,
                "the recording itself is to stand there; save what it holds elsewhere";
                path = self.dir.display()
            );
            return self.end(request, Err(error));
        }
        let gathered = match drain.seal() {
            Ok(None) => Err(none()),
            Err(error) => Err(error),
            Ok(Some((parts, metadata))) => {
                let segments = pool.in_use();
                gather(request, &self.staging, &metadata, &parts, &segments)
            }
        };
        let gathered = match gathered {
            Ok(gathered) => gathered,
            Err(error) => return self.end(request, Err(error)),
        };
        let waiting = Arc::new(Mutex::new(Some(gathered)));
        let (request_there, failures) = (Arc::clone(request), Arc::clone(&self.failures));
        let (waiting_there, id) = (Arc::clone(&waiting), Arc::new(AtomicU64::new(0)));
        let id_there = Arc::clone(&id);
        let work = move || {
            id_there.store(system::thread_id(), Ordering::Release);
            if let Some(gathered) = lock(&waiting_there).take() {
                let outcome =
                    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gathered.commit()));
                let failed = || Err(bug!(DRAINER_FAILED, "saving a recording panicked"));
                end(
                    &request_there,
                    outcome.unwrap_or_else(|_| failed()),
                    &failures,
                );
            }
        };
        let _masked = Blocked::all();
        let builder = std::thread::Builder::new()
            .name("recorder-dump".to_owned())
            .stack_size(STACK);
        match builder.spawn(work) {
            Ok(thread) => *lock(&self.saver) = Some(Saver { thread, id }),
            Err(_) => {
                if let Some(gathered) = lock(&waiting).take() {
                    self.end(request, gathered.commit());
                }
            }
        }
    }

    fn end(&self, request: &Request, outcome: RecorderResult<crate::Committed>) {
        end(request, outcome, &self.failures);
    }

    /// Waits until the last recording is saved, and the kernel has dropped the thread that did it.
    pub fn join(&self) {
        if let Some(saver) = lock(&self.saver).take() {
            let _ = saver.thread.join();
            let id = saver.id.load(Ordering::Acquire);
            crate::worker::wait_until_dropped(id);
        }
    }

    /// In the child of a fork: the thread is the parent's.
    pub fn forget(&self) {
        if let Ok(mut saver) = self.saver.try_lock() {
            std::mem::forget(saver.take());
        }
    }
}

fn end(
    request: &Request,
    outcome: RecorderResult<crate::Committed>,
    failures: &Mutex<Vec<RecorderError>>,
) {
    if let Err(error) = &outcome {
        let mut failures = lock(failures);
        if failures.len() < KEPT && !request.is_waited_for() {
            failures.push(crate::error::again(error));
        }
    }
    request.end(outcome);
}

/// The error of a recording that keeps everything.
pub(crate) fn none() -> RecorderError {
    usage!(
        NO_FLIGHT_RECORDER,
        "this recording keeps everything; only a flight recorder saves what it holds while it runs"
    )
}
