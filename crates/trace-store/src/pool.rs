//! The pool of segments: ready ones, those in use, and how much memory all of them may take.
//!
//! Owns sizes, file names and the limit. Refuses to store anything; a segment comes back only when its rows are safe.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recorder_errors::prelude::*;

use crate::segment::{Base, SMALLEST, Segment, Slot};

/// Segments made ready ahead of need.
const READY: usize = 2;
/// The part of the limit that segments may take which came back and wait for their next use.
const KEPT: usize = 4;

/// Locks, whatever happened to other holders: the values behind our locks are sound between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct State {
    free: Vec<Arc<Slot>>,
    /// By address.
    used: HashMap<usize, Arc<Slot>>,
    /// Of each thread, the number of its next segment.
    sequences: HashMap<u32, u64>,
    begun: u64,
    mapped: usize,
    next_file: u64,
    unsafe_memory: bool,
    peak: usize,
    created: u64,
}

/// Segments of one recording.
#[derive(Debug)]
pub(crate) struct Pool {
    dir: PathBuf,
    largest: usize,
    limit: usize,
    state: Mutex<State>,
}

/// How much a segment is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// One that is ready will do.
    Ready,
    /// One is to be made by whoever asks.
    Made,
    /// One is to be made even beyond the limit.
    BeyondLimit,
}

/// What the pool says to a request.
#[derive(Debug)]
pub(crate) enum Answer {
    Segment(Segment),
    /// The limit is reached; one must come back first.
    Wait,
    /// None is ready, and one may be made.
    Make,
}

impl Pool {
    pub fn new(dir: PathBuf, largest: usize, limit: usize) -> Self {
        Self {
            dir,
            largest: largest
                .clamp(SMALLEST, crate::segment::LARGEST)
                .next_power_of_two(),
            limit: limit.max(2 * SMALLEST),
            state: Mutex::new(State {
                free: Vec::new(),
                used: HashMap::new(),
                sequences: HashMap::new(),
                begun: 0,
                mapped: 0,
                next_file: 0,
                unsafe_memory: false,
                peak: 0,
                created: 0,
            }),
        }
    }

    /// Size of the next segment: smaller the more are in use, and an eighth of the room left, so that threads to come
    /// find room too.
    fn size(&self, state: &State) -> usize {
        let share = self.limit / (2 * (state.used.len() + 2));
        let ready: usize = state.free.iter().map(|slot| slot.bytes()).sum();
        let room = self.limit.saturating_sub(state.mapped - ready);
        let size = share.min(room / 8).clamp(SMALLEST, self.largest);
        1 << size.ilog2()
    }

    /// Gives a segment that is ready, or makes one when told so; beyond the limit only when told so.
    pub fn take(&self, thread: u32, base: Base, need: Need) -> RecorderResult<Answer> {
        let mut state = lock(&self.state);
        let size = self.size(&state);
        // Ready segments of a larger size take room that many threads need.
        let (keep, large) = std::mem::take(&mut state.free)
            .into_iter()
            .partition(|slot| slot.bytes() <= size);
        state.free = keep;
        for slot in &large {
            state.mapped -= slot.bytes();
            slot.unlink();
        }
        let slot = match state.free.pop() {
            Some(slot) => slot,
            None => {
                if state.mapped + size > self.limit {
                    if need != Need::BeyondLimit {
                        return Ok(Answer::Wait);
                    }
                } else if need == Need::Ready {
                    return Ok(Answer::Make);
                }
                let path = self.claim(&mut state, size);
                drop(state);
                let slot = self.create(path, size)?;
                state = lock(&self.state);
                slot
            }
        };
        state.begun += 1;
        let next = state.sequences.entry(thread).or_default();
        slot.begin(thread, *next, base);
        *next += 1;
        state
            .used
            .insert(Arc::as_ptr(&slot).addr(), Arc::clone(&slot));
        Ok(Answer::Segment(Segment { slot }))
    }

    fn claim(&self, state: &mut State, size: usize) -> PathBuf {
        state.mapped += size;
        state.peak = state.peak.max(state.mapped);
        state.next_file += 1;
        self.dir.join(format!("{:08}.seg", state.next_file))
    }

    fn create(&self, path: PathBuf, size: usize) -> RecorderResult<Arc<Slot>> {
        let made = Slot::create(path, size);
        let mut state = lock(&self.state);
        match made {
            Ok(slot) => {
                state.unsafe_memory |= !slot.is_safe();
                state.created += 1;
                Ok(Arc::new(slot))
            }
            Err(error) => {
                state.mapped -= size;
                Err(error)
            }
        }
    }

    /// Makes one of the smallest ready.
    pub fn prepare_one(&self) -> RecorderResult<()> {
        let path = self.claim(&mut lock(&self.state), SMALLEST);
        let slot = self.create(path, SMALLEST)?;
        lock(&self.state).free.push(slot);
        Ok(())
    }

    /// Makes segments ready ahead of need, as far as the limit allows.
    pub fn prepare(&self) -> RecorderResult<()> {
        loop {
            let mut state = lock(&self.state);
            let size = self.size(&state);
            if state.free.len() >= READY || state.mapped + size > self.limit {
                return Ok(());
            }
            let path = self.claim(&mut state, size);
            drop(state);
            let slot = self.create(path, size)?;
            lock(&self.state).free.push(slot);
        }
    }

    /// Takes a segment back that nothing was written to. Its number goes to the next one of its thread, so that a
    /// number that is missing is a segment that is lost.
    pub fn take_back_unused(&self, segment: Segment) {
        if let Some(next) = lock(&self.state).sequences.get_mut(&segment.thread())
            && *next == segment.sequence() + 1
        {
            *next -= 1;
        }
        self.recycle(segment);
    }

    /// Takes a segment back whose rows are stored, or given up.
    pub fn recycle(&self, segment: Segment) {
        let slot = segment.slot;
        slot.free();
        let mut state = lock(&self.state);
        state.used.remove(&Arc::as_ptr(&slot).addr());
        let wanted = self.size(&state);
        let kept: usize = state.free.iter().map(|slot| slot.bytes()).sum();
        if slot.bytes() == wanted
            && (state.free.len() < READY || kept + wanted <= self.limit / KEPT)
            && state.mapped <= self.limit
        {
            state.free.push(slot);
        } else {
            state.mapped -= slot.bytes();
            slot.unlink();
        }
    }

    /// A thread takes no more segments.
    pub fn forget_thread(&self, thread: u32) {
        lock(&self.state).sequences.remove(&thread);
    }

    /// Segments in use now.
    pub fn in_use(&self) -> Vec<Arc<Slot>> {
        lock(&self.state).used.values().cloned().collect()
    }

    /// Whether the next request may have to wait.
    pub fn is_tight(&self) -> bool {
        let state = lock(&self.state);
        state.free.is_empty() && state.mapped + self.size(&state) > self.limit
    }

    /// Whether some memory does not survive the process.
    pub fn is_unsafe(&self) -> bool {
        lock(&self.state).unsafe_memory
    }

    /// What was done, for the metadata.
    pub fn counters(&self) -> [(&'static str, u64); 3] {
        let state = lock(&self.state);
        [
            ("segments", state.begun),
            ("segments_made", state.created),
            ("mapped_bytes_peak", state.peak as u64),
        ]
    }

    /// Forgets every segment without touching its file.
    pub fn forget(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            state.free.clear();
            state.used.clear();
        }
    }
}
