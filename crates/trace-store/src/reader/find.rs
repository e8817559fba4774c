//! Which recording a path means.
//!
//! Owns the choice between a directory and the unfinished recordings beside it. Refuses to open containers.

use std::fs;
use std::path::{Path, PathBuf};

use recorder_errors::prelude::*;

use crate::container::CONTAINER;
use crate::staging::{self, METADATA, is_running, read_metadata, staging_run_id, stagings};

/// How far a recording came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Committed.
    Finished,
    /// Its writer is alive.
    Running,
    /// Its writer is gone and did not commit.
    Interrupted,
}

impl Status {
    /// The word used in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Finished => "finished",
            Status::Running => "running",
            Status::Interrupted => "interrupted",
        }
    }

    /// The reason in the metadata of an unfinished recording.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Finished | Status::Interrupted => "killed",
        }
    }
}

/// A recording that a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its directory, or the container itself when that was named.
    pub path: PathBuf,
    /// How far it came.
    pub status: Status,
}

pub(super) fn find(path: &Path) -> RecorderResult<Found> {
    let missing = || usage!(TRACE_NOT_FOUND, "there is no recording"; path = path.display());
    let whole = staging::absolute(path)?;
    match fs::metadata(&whole) {
        Ok(data) if data.is_dir() => {}
        Ok(_) => return Ok(named_container(&whole)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(committed) = committed_since(&whole) {
                return Ok(committed);
            }
            return newest(None, &whole).ok_or_else(missing);
        }
        Err(error) => return Err(RecorderError::io_while("open the recording", path, error)),
    }
    if staging_run_id(&whole).is_some() {
        return Ok(unfinished(whole));
    }
    let committed = whole.join(CONTAINER).is_file();
    if let Some(found) = newest(committed.then(|| whole.clone()), &whole) {
        return Ok(found);
    }
    if whole.join(METADATA).is_file()
        && (whole.join("trace.json").is_file() || whole.join("trace.bin").is_file())
    {
        return Err(enverr!(
            TRACE_VERSION,
            "this recording is in another format than the native one, which alone can be read";
            path = path.display()
        ));
    }
    let entries = fs::read_dir(&whole);
    let fail = |error| RecorderError::io_while("open the recording", path, error);
    if entries.map_err(fail)?.next().is_none() {
        return Err(missing());
    }
    Err(usage!(
        NOT_A_TRACE,
        "this directory is no recording";
        path = path.display()
    ))
}

/// The recording that was in a staging directory which is not there any more.
fn committed_since(staging: &Path) -> Option<Found> {
    let run_id = staging_run_id(staging)?;
    let path = staging::place_of(staging)?;
    let metadata = read_metadata(&path).ok().flatten()?;
    (metadata.run_id == run_id).then_some(Found {
        path,
        status: Status::Finished,
    })
}

fn unfinished(path: PathBuf) -> Found {
    let status = if is_running(&path) {
        Status::Running
    } else {
        Status::Interrupted
    };
    Found { path, status }
}

/// A container that was named itself. In a staging directory its neighbours belong to it.
fn named_container(path: &Path) -> Found {
    if let Some(parent) = path.parent()
        && staging_run_id(parent).is_some()
        && path.file_name().is_some_and(|name| name == CONTAINER)
    {
        return unfinished(parent.to_owned());
    }
    Found {
        path: path.to_owned(),
        status: Status::Finished,
    }
}

/// The one that started last of the committed recording and the unfinished ones beside it.
fn newest(committed: Option<PathBuf>, dir: &Path) -> Option<Found> {
    let committed = committed.map(|path| Found {
        path,
        status: Status::Finished,
    });
    let unfinished = stagings(dir)
        .into_iter()
        .map(|staging| unfinished(staging.path))
        .filter(|found| found.path.join(CONTAINER).is_file());
    committed
        .into_iter()
        .chain(unfinished)
        .max_by_key(|found| started(&found.path))
}

fn started(path: &Path) -> u64 {
    read_metadata(path)
        .ok()
        .flatten()
        .map_or(0, |metadata| metadata.started_unix_ns)
}
