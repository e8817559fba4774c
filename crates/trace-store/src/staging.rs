//! The staging directory: where a recording is until it is whole.
//!
//! Owns the name beside the final place, the lock, and the metadata. Refuses to write the container. The final place is `staging/place.rs`, the way
//! into it `staging/commit.rs`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use recorder_errors::fault_call;
use recorder_errors::prelude::*;

use crate::held::Held;
use crate::last_words;
use crate::metadata::Metadata;
use crate::raw::last_words::Armed;
use crate::raw::signals::Blocked;
use crate::raw::{self, fd};
use crate::reader::Status;
use crate::segment::unsupported;

mod beside;
pub(crate) mod commit;
pub(crate) mod home;
mod place;

pub(crate) use beside::{
    Found, exchanged, place_of, set_aside, staging_at, staging_run_id, stagings,
};
use home::Home;
pub(crate) use place::{Place, absolute, inspect};

/// File names inside a recording.
pub(crate) const METADATA: &str = "trace_metadata.json";
pub(crate) const PATHS: &str = "trace_paths.json";
pub(crate) const FILES: &str = "files";
pub(crate) const SEGMENTS: &str = "segments";
pub(crate) const LOCK: &str = "lock";
pub(crate) const CHILDREN: &str = "children";

/// Bytes of room in the first metadata file: for counters, and for why the recording ended.
const ROOM: usize = 2048;

/// How long a reader may look at a lock, and how often it is looked for one.
const LOOK: std::time::Duration = std::time::Duration::from_millis(5);
const LOOKS: u32 = 100;

/// Largest metadata file that is read.
const LARGEST_METADATA: u64 = 64 * 1024 * 1024;

/// Reads the metadata of a recording or a staging; `None` when there is none.
pub(crate) fn read_metadata(dir: &Path) -> RecorderResult<Option<Metadata>> {
    let path = dir.join(METADATA);
    let bytes = match File::open(&path).and_then(|file| {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, LARGEST_METADATA), &mut bytes)?;
        Ok(bytes)
    }) {
        Ok(bytes) => bytes,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(RecorderError::io_while("read the metadata", &path, error)),
    };
    match serde_json::from_slice(&bytes) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) => Err(enverr!(
            TRACE_CORRUPT,
            "the metadata is damaged: {error}";
            path = path.display()
        )),
    }
}

/// The metadata that holds of a recording that was not committed: what is inside a finished container was written last,
/// unless a reason to keep it as partial was written beside it later.
pub(crate) fn known(
    inside: Option<Metadata>,
    finished: bool,
    beside: Option<Metadata>,
) -> Metadata {
    let best = if finished && !beside.as_ref().is_some_and(has_reason) {
        inside.or(beside)
    } else {
        beside.or(inside)
    };
    best.unwrap_or_default()
}

/// Whether somebody said why the recording is partial, after its writer had begun.
pub(crate) fn has_reason(metadata: &Metadata) -> bool {
    metadata
        .reason
        .as_deref()
        .is_some_and(|reason| reason != Status::Running.as_str())
}

/// A staging directory that this process writes.
#[derive(Debug)]
pub(crate) struct Staging {
    /// The final place, absolute.
    pub dir: PathBuf,
    /// The staging directory.
    pub path: PathBuf,
    pub run_id: String,
    /// Holds the lock; none once it is given back.
    lock: Option<Held>,
    /// Writes down the signal that ends the process.
    words: Option<Armed>,
    /// The place of the family that both paths lead through, in a process that is not its first.
    pub home: Option<Arc<Home>>,
    begun: Instant,
}

/// Fails as [`crate::Writer::create`] would for the place `dir`, and leaves nothing behind.
///
/// # Errors
/// `ERR_OUTPUT_NOT_DIRECTORY`, `ERR_OUTPUT_FOREIGN`, or what the system says of the directory above it.
pub fn check_output(dir: &Path) -> RecorderResult<()> {
    Staging::create(dir, &format!("check-{}", std::process::id()))?.remove()
}

impl Staging {
    /// Checks the final place and creates the staging directory beside it. Leaves nothing behind when it fails.
    pub fn create(dir: &Path, run_id: &str) -> RecorderResult<Self> {
        let dir = absolute(dir)?;
        inspect(&dir)?;
        let Some(path) = staging_at(&dir, run_id) else {
            return Err(usage!(
                OUTPUT_NOT_DIRECTORY,
                "the place for the recording has no name that can be used";
                path = dir.display()
            ));
        };
        Self::begin(dir, path, run_id, None)
    }

    /// Creates the staging directory `path`, which is to become `dir`.
    fn begin(
        dir: PathBuf,
        path: PathBuf,
        run_id: &str,
        home: Option<Arc<Home>>,
    ) -> RecorderResult<Self> {
        let create = |path: &Path| {
            let created = fault_call!("store.staging.create")
                .and_then(|()| DirBuilder::new().mode(0o700).create(path));
            created.map_err(|error| {
                RecorderError::io_or(
                    ErrorCode::TRACE_DIR_CREATE_FAILED,
                    "create the directory for the recording",
                    &dir,
                    error,
                )
            })
        };
        create(&path)?;
        let begun = create(&path.join(SEGMENTS))
            .and_then(|()| create(&path.join(FILES)))
            .and_then(|()| lock(&path));
        match begun {
            Ok(Some(lock)) => Ok(Self {
                dir,
                path,
                run_id: run_id.to_owned(),
                lock: Some(lock),
                words: None,
                home,
                begun: Instant::now(),
            }),
            Ok(None) => Err(
                bug!(INTERNAL, "somebody else locked a new staging directory"; path = path.display()),
            ),
            Err(error) => {
                if fs::remove_dir_all(&path).is_err() {
                    // It opens directories; where no descriptor is free, what is there goes by its name.
                    let _ = fs::remove_file(path.join(LOCK));
                    for dir in [path.join(SEGMENTS), path.join(FILES), path] {
                        let _ = fs::remove_dir(dir);
                    }
                }
                Err(error)
            }
        }
    }

    /// Takes over the staging of a process that is gone. `None` when it is alive.
    pub fn adopt(dir: &Path, found: &Found) -> RecorderResult<Option<Self>> {
        Ok(lock(&found.path)?.map(|lock| Self {
            dir: dir.to_owned(),
            path: found.path.clone(),
            run_id: found.run_id.clone(),
            lock: Some(lock),
            words: None,
            home: None,
            begun: Instant::now(),
        }))
    }

    /// A path inside.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes the metadata, replacing what was there in one step.
    pub fn write_metadata(&self, metadata: &Metadata) -> RecorderResult<()> {
        write_json(&self.at(METADATA), metadata, false)
    }

    /// Writes what is known at the start, and room for more, so that the end can be told where the disk is full.
    pub fn write_first_metadata(&self, metadata: &Metadata) -> RecorderResult<()> {
        let mut bytes = json(metadata)?;
        bytes.resize(bytes.len() + ROOM, b' ');
        write_bytes(&self.at(METADATA), &bytes, false)
    }

    /// Writes over the metadata that are there, in the room that they have.
    pub fn overwrite_metadata(&self, metadata: &Metadata) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(metadata)?;
        fault_call!("keep.metadata")?;
        let file = File::options().write(true).open(self.at(METADATA))?;
        let room = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        if bytes.len() > room {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        bytes.resize(room, b' ');
        file.write_all_at(&bytes, 0)
    }

    /// Adds the size of the metadata file to `metadata`, and writes it to stay.
    pub fn write_last_metadata(&self, metadata: &mut Metadata) -> RecorderResult<()> {
        let size = serde_json::to_vec_pretty(metadata).map_or(0, |bytes| bytes.len());
        metadata.bytes += size as u64;
        write_json(&self.at(METADATA), metadata, self.is_durable())
    }

    /// Has the signal that ends the process written down, in the file of the lock. Where space cannot be reserved, or
    /// another recording of this process has its words there, nothing is written.
    pub fn arm(&mut self, ticks: fn() -> u64) -> RecorderResult<()> {
        let masked = Blocked::all();
        let path = self.at(LOCK);
        // Opened on its own: a lock lives as long as anything that came of the same opening, mappings included.
        let armed = fault_call!("store.words.reserve").and_then(|()| {
            let file = File::options().read(true).write(true).open(&path)?;
            fd::reserve(&file, last_words::BYTES, &masked)?;
            fault_call!("store.words.map")?;
            raw::last_words::arm(&file, ticks)
        });
        match armed {
            Ok(words) => {
                self.words = words;
                Ok(())
            }
            Err(error) if unsupported(&error) => Ok(()),
            Err(error) => Err(RecorderError::io_while(
                "reserve space for last words",
                &path,
                error,
            )),
        }
    }

    /// Gives the lock back, so that others see that nobody writes here.
    pub fn unlock(&mut self) {
        self.words = None;
        self.lock = None;
    }

    /// Removes the staging directory with everything in it.
    pub fn remove(mut self) -> RecorderResult<()> {
        let removed = fault_call!("remove.staging").and_then(|()| fs::remove_dir_all(&self.path));
        self.unlock();
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(RecorderError::io_while(
                "remove the staging directory",
                &self.path,
                error,
            )),
            _ => Ok(()),
        }
    }
}

/// Takes the lock of a staging directory; `None` when its writer is alive.
fn lock(staging: &Path) -> RecorderResult<Option<Held>> {
    let path = staging.join(LOCK);
    let fail = |error| RecorderError::io_while("lock the staging directory", &path, error);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = fault_call!("store.staging.lock").and_then(|()| options.open(&path));
    let file = file.map_err(fail)?;
    // The lock belongs to what was opened, so a duplicate of the descriptor has it too.
    let mut free = fd::try_lock(&file).map_err(fail)?;
    // Readers share it for a moment, to see whether a writer is there.
    for _ in 0..LOOKS {
        if free || !fd::try_share(&file).map_err(fail)? {
            break;
        }
        std::thread::sleep(LOOK);
        free = fd::try_lock(&file).map_err(fail)?;
    }
    free.then(|| Held::new(file).map_err(fail)).transpose()
}

/// Whether the writer of a staging directory is alive. Changes nothing.
pub(crate) fn is_running(staging: &Path) -> bool {
    File::open(staging.join(LOCK)).is_ok_and(|file| matches!(fd::try_share(&file), Ok(false)))
}

/// Writes a JSON file, replacing an older one in one step, and makes it survive a power failure if asked to.
pub(crate) fn write_json<T: serde::Serialize>(
    path: &Path,
    value: &T,
    durable: bool,
) -> RecorderResult<()> {
    write_bytes(path, &json(value)?, durable)
}

fn json<T: serde::Serialize>(value: &T) -> RecorderResult<Vec<u8>> {
    serde_json::to_vec_pretty(value)
        .map_err(|error| bug!(INTERNAL, "a JSON file does not serialise: {error}"))
}

fn write_bytes(path: &Path, bytes: &[u8], durable: bool) -> RecorderResult<()> {
    let new = path.with_extension("json.new");
    let create = fault_call!("store.json.create").and_then(|()| File::create(&new));
    let written = create.and_then(|mut file| {
        fault_call!("store.json.write").and_then(|()| io::Write::write_all(&mut file, bytes))?;
        if durable {
            fault_call!("store.json.sync").and_then(|()| raw::system::sync(&file))
        } else {
            Ok(())
        }
    });
    written
        .and_then(|()| {
            fault_call!("store.json.rename")?;
            fs::rename(&new, path)
        })
        .map_err(|error| {
            let _ = fs::remove_file(&new);
            RecorderError::io_while("write the metadata", path, error)
        })
}
