//! Recovery: what a killed process left becomes a committed, partial recording.
//!
//! Owns the order: the good part of the container and the segments left are written anew, then committed like any
//! other recording. Refuses to touch a recording whose writer is alive, and to drop what it could not read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recorder_errors::prelude::*;
use serde::Serialize;

use crate::container::CONTAINER;
use crate::container::chain::Chain;
use crate::container::reader::Container;
use crate::container::writer::ContainerWriter;
use crate::drain::sources::Sources;
use crate::drain::{Totals, paths};
use crate::last_words;
use crate::metadata::{Cut, Metadata};
use crate::raw::signals::Blocked;
use crate::reader::Status;
use crate::reader::gap;
use crate::reader::rows::{Revived, revive};
use crate::segment::Leftovers;
use crate::staging::home::members;
use crate::staging::{
    FILES, Found, LOCK, PATHS, Place, SEGMENTS, Staging, absolute, exchanged, has_reason, inspect,
    known, place_of, read_metadata, set_aside, staging_run_id, stagings, write_json,
};

/// One recording that was recovered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecoveredRecording {
    /// Where it is now.
    pub dir: PathBuf,
    /// Its run.
    pub run_id: String,
    /// Events kept.
    pub events: u64,
    /// Of these, events of segments that were in no block yet.
    pub segment_events: u64,
    /// Segments whose rows were in no block yet.
    pub segments: u64,
    /// Of these, segments of which a part or all was left out: it made no sense, or followed what is missing.
    pub cut_segments: u64,
    /// Bytes of the container that were left out because they are damaged or torn.
    pub cut_bytes: u64,
    /// Events that are missing between those that were kept.
    pub missing_events: u64,
    /// Whether it is partial.
    pub partial: bool,
    /// Why.
    pub reason: Option<String>,
}

/// What was found and kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Recovered {
    /// The recordings that were recovered, oldest first.
    pub recordings: Vec<RecoveredRecording>,
    /// Unfinished recordings whose writers are alive; they were left alone.
    pub running: Vec<PathBuf>,
}

/// Commits what processes left that were recording to `dir`, which may also be a staging directory itself. The newest
/// goes to `dir`, where it replaces an older recording; others go beside it, as `DIR-RUN`. A committed recording that
/// is damaged is replaced by what is sound of it.
///
/// # Errors
/// `ERR_TRACE_RUNNING` when all that is there is still being written, `ERR_TRACE_NOT_FOUND` when nothing is to be
/// recovered, and whatever reading and writing give.
pub fn recover(dir: impl AsRef<Path>) -> RecorderResult<Recovered> {
    let named = absolute(dir.as_ref())?;
    let (place, only) = match place_of(&named) {
        Some(place) if named.is_dir() => (place, Some(named)),
        _ => (named, None),
    };
    let mut found = stagings(&place);
    found.retain(|found| only.as_ref().is_none_or(|only| *only == found.path));
    found.sort_by_key(|found| started(&found.path));
    let mut recovered = Recovered::default();
    let mut adopted = Vec::new();
    for found in &found {
        match Staging::adopt(&place, found)? {
            // Its process was killed before anything could be recorded.
            Some(staging) if !staging.at(CONTAINER).is_file() => staging.remove()?,
            Some(staging) => adopted.push(staging),
            None => recovered.running.push(found.path.clone()),
        }
    }
    let count = adopted.len();
    for (number, mut staging) in adopted.into_iter().enumerate() {
        let work = Work::gather(&staging.path, &staging.path)?;
        let newest = number + 1 == count && started(&staging.path) >= started(&place);
        let replaces = inspect(&place)? == Place::Ours;
        if !newest || (replaces && work.is_empty()) {
            staging.dir = set_aside(&place, &staging.run_id);
        }
        recovered.recordings.push(work.commit(staging)?);
    }
    for old in exchanged(&place) {
        if inspect(&old.path).is_ok_and(|what| what == Place::Ours) {
            let _ = fs::remove_dir_all(&old.path);
        }
    }
    let mut families: Vec<PathBuf> = vec![only.unwrap_or_else(|| place.clone())];
    families.extend(recovered.recordings.iter().map(|one| one.dir.clone()));
    families.dedup();
    for first in families {
        recover_members(&first, &mut recovered)?;
    }
    if recovered.recordings.is_empty() {
        if let Some(staging) = recovered.running.first() {
            return Err(usage!(
                TRACE_RUNNING,
                "the recording is still being written";
                path = staging.display()
            ));
        }
        recovered.recordings.push(repair(&place)?);
    }
    Ok(recovered)
}

/// Commits what processes left that came from that of the recording at `first`, in its family.
fn recover_members(first: &Path, recovered: &mut Recovered) -> RecorderResult<()> {
    for path in members(first) {
        let (Some(place), Some(run_id)) = (place_of(&path), staging_run_id(&path)) else {
            continue;
        };
        let found = Found {
            run_id: run_id.to_owned(),
            path: path.clone(),
        };
        match Staging::adopt(&place, &found)? {
            Some(staging) if !staging.at(CONTAINER).is_file() => staging.remove()?,
            Some(staging) => {
                let work = Work::gather(&staging.path, &staging.path)?;
                recovered.recordings.push(work.commit(staging)?);
            }
            None => recovered.running.push(path),
        }
    }
    Ok(())
}

fn started(dir: &Path) -> u64 {
    let metadata = read_metadata(dir).ok().flatten();
    metadata.map_or(0, |metadata| metadata.started_unix_ns)
}

/// Replaces a damaged committed recording by what is sound of it.
fn repair(dir: &Path) -> RecorderResult<RecoveredRecording> {
    let nothing = |what: &str| {
        Err(usage!(TRACE_NOT_FOUND, "there is nothing to recover: {}", what; path = dir.display()))
    };
    let container = dir.join(CONTAINER);
    if !container.is_file() {
        return nothing("no recording is there");
    }
    if Container::salvage(&container)?.finished {
        return nothing("the recording is whole");
    }
    inspect(dir)?;
    let work = Work::gather(dir, dir)?;
    let run_id = match work.metadata.run_id.as_str() {
        "" => "repaired",
        known => known,
    };
    let staging = Staging::create(dir, run_id)?;
    match link_tree(&dir.join(FILES), &staging.at(FILES)) {
        Ok(()) => work.commit(staging),
        Err(error) => {
            let _ = staging.remove();
            Err(RecorderError::io_while(
                "keep the sources",
                dir.join(FILES),
                error,
            ))
        }
    }
}

/// The same files under another directory.
pub(crate) fn link_tree(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    fs::create_dir_all(to)?;
    for entry in entries {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            link_tree(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::hard_link(entry.path(), &target)
                .or_else(|_| fs::copy(entry.path(), &target).map(|_| ()))?;
        }
    }
    Ok(())
}

/// What is sound of an unfinished or damaged recording.
pub(crate) struct Work {
    container: Chain,
    revival: crate::reader::rows::Revival,
    totals: Totals,
    metadata: Metadata,
    /// What a flight recorder dropped.
    gap: Option<Revived>,
    /// Whether what is known of it was given by its writer, which lost nothing.
    is_given: bool,
}

impl Work {
    fn gather(dir: &Path, segments: &Path) -> RecorderResult<Self> {
        Self::of(dir, segments, None)
    }

    /// What stands in `dir`, of which `given` is known; without it, what its writer left there.
    pub fn of(dir: &Path, segments: &Path, given: Option<Metadata>) -> RecorderResult<Self> {
        let leftovers = Leftovers::read(&segments.join(SEGMENTS))?;
        let mut container = Chain::salvage(dir)?;
        let is_given = given.is_some();
        let mut metadata = given.unwrap_or_else(|| {
            let beside = read_metadata(dir).ok().flatten();
            known(container.metadata.clone(), container.finished, beside)
        });
        if !is_given && !container.finished && !has_reason(&metadata) {
            // A committed recording is not partial by what it says itself.
            let damaged = !metadata.partial && metadata.schema_version != 0;
            metadata.set_partial(if damaged {
                ErrorCode::TRACE_CORRUPT.name()
            } else {
                Status::Interrupted.reason()
            });
        }
        let mut totals = Totals::default();
        let mut definitions = std::mem::take(&mut container.definitions);
        let first = metadata.clock.first;
        let revival = revive(
            &container,
            &leftovers,
            &mut definitions,
            first.ns,
            &mut totals,
        )?;
        container.definitions = definitions;
        let gap = match container.finished {
            true => None,
            false => gap::tell(&container, &revival.blocks, &mut metadata)?,
        };
        let made = revival.blocks.iter().chain(&gap);
        for entry in container
            .entries
            .iter()
            .chain(made.map(|block| &block.entry))
        {
            totals.add(entry);
            totals.clock_of(first, entry);
        }
        Ok(Self {
            container,
            revival,
            gap,
            totals,
            metadata,
            is_given,
        })
    }

    /// What is known of the recording.
    pub fn into_metadata(self) -> Metadata {
        self.metadata
    }

    fn is_empty(&self) -> bool {
        self.totals.events() == 0
    }

    /// Writes what is sound into the staging directory, and commits it.
    pub fn commit(mut self, mut staging: Staging) -> RecorderResult<RecoveredRecording> {
        self.commit_to(&mut staging)
    }

    /// As [`Work::commit`]; on failure the staging directory stays as it is, locked.
    pub fn commit_to(&mut self, staging: &mut Staging) -> RecorderResult<RecoveredRecording> {
        let _masked = Blocked::all();
        let segment_events = self.revival.blocks.iter().map(|block| block.entry.events());
        let segment_events = segment_events.sum();
        let whole = self.container.finished && self.revival.blocks.is_empty();
        let definitions = &self.container.definitions;
        self.metadata.run_id.clone_from(&staging.run_id);
        if !whole {
            self.metadata.counters.remove("blocks");
            let tasks = definitions.tasks().count() as u64;
            self.totals.describe(tasks, &mut self.metadata);
            self.metadata.sources = Sources::found(staging.at(FILES), definitions).copied;
        }
        let (cut_bytes, cut_segments) = (self.container.cut_bytes, self.revival.cut);
        // Whoever went on recording while a writer gathered has taken steps that are not there.
        let missing_events = match self.is_given {
            true => 0,
            false => self.totals.missing(self.metadata.dropped_events()),
        };
        if !whole {
            self.metadata.cut = Cut::of(cut_bytes, cut_segments, missing_events);
        }
        if !self.is_given {
            let revived = self.revival.blocks.iter().map(|block| &block.entry);
            let entries = self.container.entries.iter().chain(revived);
            last_words::settle(&mut self.metadata, &staging.at(LOCK), definitions, entries);
        }
        write_json(&staging.at(PATHS), &paths(definitions), true)?;
        let bytes = if whole {
            self.container.len
        } else {
            self.rewrite(staging)?
        };
        let paths_bytes = fs::metadata(staging.at(PATHS)).map_or(0, |data| data.len());
        self.metadata.bytes = bytes + paths_bytes;
        staging.write_last_metadata(&mut self.metadata)?;
        let run_id = staging.run_id.clone();
        Ok(RecoveredRecording {
            dir: staging.commit()?,
            run_id,
            events: self.totals.events(),
            segment_events,
            segments: self.revival.segments,
            cut_segments,
            cut_bytes,
            missing_events,
            partial: self.metadata.partial,
            reason: self.metadata.reason.clone(),
        })
    }

    /// Writes a finished container with everything sound, and puts it in the place of the unfinished one.
    fn rewrite(&self, staging: &Staging) -> RecorderResult<u64> {
        let (new, old) = (staging.at("trace.mcap.new"), staging.at(CONTAINER));
        let fail = |error| RecorderError::io_while("write the recovered trace", &new, error);
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
            _ => {}
        }
        let mut writer = ContainerWriter::create(&new, &self.metadata)?;
        for batch in self.container.definition_batches() {
            writer.define_batch(&batch?);
        }
        for definition in &self.revival.news {
            writer.define(definition);
        }
        for entry in &self.container.entries {
            writer.block(&self.container.block(entry)?, entry.clone())?;
        }
        for block in self.revival.blocks.iter().chain(&self.gap) {
            writer.block(&block.bytes, block.entry.clone())?;
        }
        let bytes = writer.finish(&self.metadata, true)?;
        fs::rename(&new, &old).map_err(fail)?;
        Ok(bytes)
    }
}
