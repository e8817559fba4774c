//! The final place of a recording: what may stand there, and its path.
//!
//! Owns what a recording of ours looks like from outside. Refuses to open what is inside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recorder_errors::prelude::*;

use super::{CHILDREN, FILES, LOCK, METADATA, PATHS, SEGMENTS};
use crate::container::CONTAINER;
use crate::container::chain::RING;

/// Everything that a recording of ours may consist of, the layouts of other formats included.
const KNOWN: [&str; 11] = [
    CHILDREN,
    CONTAINER,
    RING,
    METADATA,
    PATHS,
    FILES,
    SEGMENTS,
    LOCK,
    "trace.json",
    "trace.bin",
    "symbols.json",
];

/// What stands at a place meant for a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nothing.
    Free,
    /// An empty directory.
    Empty,
    /// A recording of ours.
    Ours,
}

/// Looks at a place meant for a recording; anything that must not be replaced is an error.
pub(crate) fn inspect(dir: &Path) -> RecorderResult<Place> {
    let fail = |error| RecorderError::io_while("look at the place for the recording", dir, error);
    match fs::metadata(dir) {
        Ok(data) if data.is_dir() => {}
        Ok(_) => {
            return Err(usage!(
                OUTPUT_NOT_DIRECTORY,
                "the place for the recording exists and is not a directory";
                path = dir.display()
            ));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if fs::symlink_metadata(dir).is_ok() {
                Err(usage!(
                    OUTPUT_NOT_DIRECTORY,
                    "the place for the recording is a link that leads nowhere";
                    path = dir.display()
                ))
            } else {
                Ok(Place::Free)
            };
        }
        Err(error) => {
            return Err(RecorderError::io_or(
                ErrorCode::TRACE_DIR_CREATE_FAILED,
                "look at the place for the recording",
                dir,
                error,
            ));
        }
    }
    let mut empty = true;
    let mut foreign = None;
    for entry in fs::read_dir(dir).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        empty = false;
        if !KNOWN.iter().any(|known| name == *known) {
            foreign = Some(name);
        }
    }
    if empty {
        return Ok(Place::Empty);
    }
    let has = |name: &str| fs::symlink_metadata(dir.join(name)).is_ok_and(|data| data.is_file());
    let trace = has(CONTAINER) || has("trace.json") || has("trace.bin");
    if let Some(name) = foreign {
        return Err(usage!(
            OUTPUT_FOREIGN,
            "the place for the recording holds something else: {:?}", name;
            path = dir.display()
        ));
    }
    ensure_usage!(
        trace && has(METADATA),
        OUTPUT_FOREIGN,
        "the place for the recording is a directory that is no recording";
        path = dir.display()
    );
    Ok(Place::Ours)
}

/// The place as an absolute path with links resolved, so that nothing depends on the working directory later.
pub(crate) fn absolute(dir: &Path) -> RecorderResult<PathBuf> {
    if let Ok(found) = fs::canonicalize(dir) {
        return Ok(found);
    }
    let whole = std::path::absolute(dir)
        .map_err(|error| RecorderError::io_while("find the working directory", dir, error))?;
    let (Some(parent), Some(name)) = (whole.parent(), whole.file_name()) else {
        return Err(usage!(
            OUTPUT_NOT_DIRECTORY,
            "the place for the recording has no name";
            path = dir.display()
        ));
    };
    // `parent/..` or a missing parent stay as they are and are refused when something is created there.
    Ok(fs::canonicalize(parent).map_or(whole.clone(), |parent| parent.join(name)))
}
