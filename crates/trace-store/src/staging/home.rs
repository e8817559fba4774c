//! The directory `children` of a family: where the recordings of forked and followed processes are, beside each other.
//!
//! Owns a descriptor of it, because the first process of the family moves its own directory, and everything in it,
//! when it commits. Refuses to go by a path where the descriptor will do.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use super::{CHILDREN, Staging, is_running, read_metadata, staging_at, staging_run_id};
use crate::file::taken;
use crate::held::{Held, Standing};
use crate::raw::{fd, system};

/// The place of a family's recordings, wherever the family is by now.
#[derive(Debug)]
pub struct Home {
    held: Held,
    place: PathBuf,
    run_id: String,
}

impl Home {
    /// Makes or opens the directory in that of the family's first process, which is `first` now and `place` when it is
    /// committed; `run_id` is that of the process.
    pub(crate) fn make(first: &Path, place: &Path, run_id: &str) -> RecorderResult<Self> {
        let path = first.join(CHILDREN);
        let fail = |error| RecorderError::io_while("make a place for children", &path, error);
        match fault_call!("store.children.create")
            .and_then(|()| DirBuilder::new().mode(0o700).create(&path))
        {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fail(error)),
            _ => {}
        }
        let held = File::open(&path).and_then(Held::new).map_err(fail)?;
        Ok(Self {
            held,
            place: place.to_owned(),
            run_id: run_id.to_owned(),
        })
    }

    /// Finds the family that `run_id` began for `place`, committed or not.
    ///
    /// # Errors
    /// `ERR_TRACE_NOT_FOUND` when it is gone, or what the system says.
    pub fn find(place: &Path, run_id: &str) -> RecorderResult<Self> {
        let first = Self::first(place, run_id).ok_or_else(
            || usage!(TRACE_NOT_FOUND, "the recording of the parent process is gone"; path = place.display()),
        )?;
        Self::make(&first, place, run_id)
    }

    /// Where the family's first process has its recording now.
    fn first(place: &Path, run_id: &str) -> Option<PathBuf> {
        let staging = staging_at(place, run_id).filter(|path| path.is_dir());
        staging.or_else(|| {
            [place.to_owned(), super::set_aside(place, run_id)]
                .into_iter()
                .find(|dir| {
                    let metadata = read_metadata(dir).ok().flatten();
                    metadata.is_some_and(|metadata| metadata.run_id == run_id)
                })
        })
    }

    /// The same family by a new descriptor, where the old one leads nowhere.
    pub fn again(&self) -> RecorderResult<Self> {
        Self::find(&self.place, &self.run_id)
    }

    /// The final place of the family's first process.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The family's first run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The descriptor.
    pub(crate) fn number(&self) -> i32 {
        self.held.number()
    }

    /// The directory, by the descriptor: this path stays right when the directory is moved, and in a thread with a
    /// table of its own.
    pub(crate) fn path(&self) -> PathBuf {
        system::path_through(self.held.number(), self.held.identity())
    }

    /// Where the directory is at the moment.
    pub fn shown(&self) -> PathBuf {
        system::path_of(self.held.number()).unwrap_or_else(|_| self.place.join(CHILDREN))
    }

    /// Makes sure of the descriptor: opened again under its number where the program closed it.
    ///
    /// # Errors
    /// `ERR_FD_TAKEN` where the program has a file of its own there, `ERR_TRACE_NOT_FOUND` where the family is gone.
    pub(crate) fn ensure(&self) -> RecorderResult<()> {
        match self.held.standing() {
            Standing::Ours => return Ok(()),
            Standing::Taken => return Err(taken("the directory of the family", &self.held)),
            Standing::Closed => {}
        }
        let path = Self::first(&self.place, &self.run_id).map(|first| first.join(CHILDREN));
        let opened = path.as_deref().and_then(|path| File::open(path).ok());
        if let Some(file) = opened {
            let placed = fd::place_at(&file, self.held.number());
            if placed.is_ok() && self.held.standing() == Standing::Ours {
                return Ok(());
            }
        }
        Err(target!(
            FD_TAKEN,
            "the program closed the directory that the recording is written to";
            descriptor = self.held.number()
        ))
    }
}

/// What stands in the directory `children` of the recording at `first`: recordings and stagings, by name.
pub(crate) fn members(first: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(first.join(CHILDREN));
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// Whether a process of the family at `first` is being recorded.
pub(crate) fn has_running(first: &Path) -> bool {
    members(first)
        .iter()
        .any(|member| staging_run_id(member).is_some() && is_running(member))
}

/// A process of a family that ends sooner does not wait for its disk: its recording survives the process, and a power
/// failure once the system has written it.
const BRIEF: Duration = Duration::from_secs(1);

impl Staging {
    /// Whether the recording is to survive a power failure from the moment of its commit on.
    pub fn is_durable(&self) -> bool {
        self.home.is_none() || self.begun.elapsed() >= BRIEF
    }

    /// Creates the staging directory of a recording in a family.
    pub fn create_in(home: Arc<Home>, name: &str, run_id: &str) -> RecorderResult<Self> {
        home.ensure()?;
        let made = Self::begin_in(&home, name, run_id);
        match made {
            // The first process removed the directory, which was empty, when it committed.
            Err(error) if error.errno() == Some(libc::ENOENT) => {
                let again = Arc::new(home.again()?);
                Self::begin_in(&again, name, run_id)
            }
            made => made,
        }
    }

    fn begin_in(home: &Arc<Home>, name: &str, run_id: &str) -> RecorderResult<Self> {
        let dir = home.path().join(name);
        let path = staging_at(&dir, run_id).unwrap_or_else(|| dir.clone());
        Self::begin(dir, path, run_id, Some(Arc::clone(home)))
    }
}
