//! Commit: the staging directory becomes the recording.
//!
//! Owns the order of steps, of which each leaves the old or the new recording whole at the final place or beside it.
//! Refuses to replace anything that is neither empty nor a recording of ours.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use super::home::has_running;
use super::{CHILDREN, FILES, LOCK, Place, SEGMENTS, Staging, inspect, read_metadata, set_aside};
use crate::container::chain::RING;
use crate::file::taken;
use crate::held::Standing;
use crate::raw::fd::{Target, rename};
use crate::raw::system;

impl Staging {
    /// Moves the staging directory, whose files are written and durable, to the final place, and gives the lock back.
    /// When it fails the staging directory stays as it is, locked.
    pub fn commit(&mut self) -> RecorderResult<PathBuf> {
        self.check_lock()
            .and_then(|()| self.home.as_ref().map_or(Ok(()), |home| home.ensure()))
            .and_then(|()| self.move_in())
            .map_err(|error| error.with("kept", self.shown(&self.path).display()))?;
        self.unlock();
        Ok(self.shown(&self.dir))
    }

    /// The path as people find it.
    pub fn shown(&self, path: &Path) -> PathBuf {
        match (&self.home, path.file_name()) {
            (Some(home), Some(name)) => home.shown().join(name),
            _ => path.to_owned(),
        }
    }

    /// Fails where the program has a file of its own under the number of the lock's descriptor.
    fn check_lock(&self) -> RecorderResult<()> {
        match &self.lock {
            Some(lock) if lock.standing() == Standing::Taken => Err(taken("its lock", lock)),
            _ => Ok(()),
        }
    }

    fn move_in(&self) -> RecorderResult<()> {
        let fail = |error| RecorderError::io_while("commit the recording", &self.path, error);
        fault_call!("remove.segments")
            .and_then(|()| remove_tree(&self.at(SEGMENTS)))
            .and_then(|()| remove_tree(&self.at(RING)))
            .map_err(fail)?;
        // Only empty ones go.
        let _ = fs::remove_dir(self.at(FILES));
        let _ = fs::remove_dir(self.at(CHILDREN));
        if self.is_durable() {
            sync_dir(&self.path).map_err(fail)?;
        }
        // Looked at again: the program ran since the first look.
        let place = inspect(&self.dir)?;
        fault_call!("store.commit.rename").map_err(fail)?;
        match place {
            Place::Free => self.rename_new().map_err(fail)?,
            Place::Empty => fs::rename(&self.path, &self.dir).map_err(fail)?,
            Place::Ours => self.replace().map_err(fail)?,
        }
        let _ = fs::remove_file(self.dir.join(LOCK));
        if let Some(parent) = self.dir.parent().filter(|_| self.is_durable()) {
            // The recording is whole in its place: at worst a power failure now brings the older one back.
            let _ = sync_dir(parent);
        }
        Ok(())
    }

    fn rename_new(&self) -> io::Result<()> {
        match rename(&self.path, &self.dir, Target::Keep) {
            Err(error) if unsupported(&error) => fs::rename(&self.path, &self.dir),
            other => other,
        }
    }

    /// Puts the new recording where the older one is, then removes the older one.
    fn replace(&self) -> io::Result<()> {
        match rename(&self.path, &self.dir, Target::Exchange) {
            Ok(()) => {
                self.clear_away(&self.path);
                Ok(())
            }
            Err(error) if unsupported(&error) => {
                let mut aside = self.path.clone().into_os_string();
                aside.push(".old");
                let aside = PathBuf::from(aside);
                fs::rename(&self.dir, &aside)?;
                if let Err(error) = fs::rename(&self.path, &self.dir) {
                    let _ = fs::rename(&aside, &self.dir);
                    return Err(error);
                }
                self.clear_away(&aside);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Removes the older recording, which is at `old` now. A family of which processes still run stays, beside the place.
    /// What is left of one that cannot be removed is found and removed by `recover`.
    fn clear_away(&self, old: &Path) {
        let own = read_metadata(old).ok().flatten().unwrap_or_default().run_id;
        if !own.is_empty() && has_running(old) {
            let _ = fs::rename(old, set_aside(&self.dir, &own));
        } else {
            let _ = remove_tree(old);
        }
    }
}

/// Errors of a system or file system that has plain renames only.
const UNSUPPORTED: [i32; 4] = [libc::EINVAL, libc::ENOSYS, libc::EOPNOTSUPP, libc::ENOTSUP];

/// Whether a rename failed because there are plain ones only.
pub(crate) fn unsupported(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    number.is_some_and(|number| UNSUPPORTED.contains(&number))
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_dir(path: &Path) -> io::Result<()> {
    let synced = fault_call!("store.commit.sync")
        .and_then(|()| File::open(path))
        .and_then(|dir| system::sync(&dir));
    match synced {
        // Some file systems cannot synchronise a directory.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
        other => other,
    }
}
