//! The end of a recording: what is left is stored, and the whole committed or kept as far as it came.
//!
//! Owns the order of the last steps. Refuses to decide whether a recording that failed is kept.

use std::path::Path;

use recorder_errors::prelude::*;

use super::{Committed, Writer};
use crate::flight;
use crate::metadata::{Metadata, Warning};
use crate::pool::lock;
use crate::raw::signals::Blocked;
use crate::reader::Recording;
use crate::segment::Segment;
use crate::staging::PATHS;

impl Writer {
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
        self.ensure_family()?;
        self.worker.pause();
        drop(lock(&self.signal).take());
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
        drain.describe(&mut metadata);
        let paths_file = staging.at(PATHS);
        // The metadata inside the container cannot count the container; the file beside it does.
        let Some(bytes) = drain.finish(&metadata, staging.is_durable())? else {
            let saved = flight::save(staging, metadata)?;
            *place = None;
            return Ok(saved);
        };
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
            dir: staging.shown(&staging.path),
            metadata,
        })
    }
}
