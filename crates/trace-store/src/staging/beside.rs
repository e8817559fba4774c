//! Staging directories beside a place: `.<name>.<run id>.partial`.
//!
//! Owns the name and the search. Refuses to open what it finds beyond the metadata.

use std::fs;
use std::path::{Path, PathBuf};

use super::read_metadata;

/// Names of the staging directories of a place begin and end so; the run id stands between.
fn affixes(dir: &Path) -> Option<(PathBuf, String)> {
    let name = dir.file_name()?.to_str()?;
    Some((dir.parent()?.to_owned(), format!(".{name}.")))
}

pub(super) const SUFFIX: &str = ".partial";

/// The staging directory of a run for the place `dir`.
pub(crate) fn staging_at(dir: &Path, run_id: &str) -> Option<PathBuf> {
    let (parent, prefix) = affixes(dir)?;
    Some(parent.join(format!("{prefix}{run_id}{SUFFIX}")))
}

/// Where a recording of `place` goes that cannot have the place itself.
pub(crate) fn set_aside(place: &Path, run_id: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push("-");
    name.push(run_id);
    PathBuf::from(name)
}

/// A staging directory found beside its final place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub path: PathBuf,
    pub run_id: String,
}

/// Staging directories beside `dir`. An older recording that was exchanged out and not removed yet is none of them.
pub(crate) fn stagings(dir: &Path) -> Vec<Found> {
    let mut found = beside(dir);
    found.retain(|found| !is_exchanged(found));
    found
}

/// Older recordings that a commit exchanged out and did not come to remove.
pub(crate) fn exchanged(dir: &Path) -> Vec<Found> {
    let mut found = beside(dir);
    found.retain(is_exchanged);
    found
}

fn beside(dir: &Path) -> Vec<Found> {
    let Some((parent, prefix)) = affixes(dir) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(&parent) else {
        return Vec::new();
    };
    let mut found: Vec<Found> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| {
            let name = entry.file_name();
            let run_id = name.to_str()?.strip_prefix(&prefix)?.strip_suffix(SUFFIX)?;
            Some(Found {
                path: entry.path(),
                run_id: run_id.to_owned(),
            })
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Whether this is an older, whole recording that a commit moved aside.
fn is_exchanged(found: &Found) -> bool {
    read_metadata(&found.path)
        .ok()
        .flatten()
        .is_some_and(|metadata| metadata.run_id != found.run_id)
}

/// The final place of a staging directory.
pub(crate) fn place_of(staging: &Path) -> Option<PathBuf> {
    let name = staging.file_name()?.to_str()?;
    let (name, _) = name
        .strip_prefix('.')?
        .strip_suffix(SUFFIX)?
        .rsplit_once('.')?;
    Some(staging.parent()?.join(name))
}

/// The run id in the name of a staging directory, if it is one.
pub(crate) fn staging_run_id(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?;
    let name = name.strip_suffix(SUFFIX)?;
    name.rsplit_once('.').map(|(_, run_id)| run_id)
}
