//! Copies of the traced sources, so that a recording can be read where the program is not.
//!
//! Owns which file is copied where, once each. Refuses to follow anything that is not a plain file: a source that
//! cannot be copied is counted, and is no reason to stop recording, unless the disk is full.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::hash::Hasher;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use recorder_errors::fault_call;
use recorder_errors::prelude::*;
use trace_model::Definitions;
use twox_hash::XxHash3_64;

use crate::metadata::Source;
use crate::staging::FILES;

/// Larger files are no sources.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The copies made so far.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Where copies go; none when there are to be none.
    dir: Option<PathBuf>,
    seen: HashSet<PathBuf>,
    /// By the path as the program has it.
    pub copied: BTreeMap<String, Source>,
    bytes: u64,
    missed: u64,
}

impl Sources {
    pub fn new(dir: Option<PathBuf>) -> Self {
        Self {
            dir,
            seen: HashSet::new(),
            copied: BTreeMap::new(),
            bytes: 0,
            missed: 0,
        }
    }

    /// Copies the file `real` behind `path`, if there is one that was not copied yet.
    pub fn copy(&mut self, path: &str, real: &Path) -> RecorderResult<()> {
        let Some(dir) = &self.dir else {
            return Ok(());
        };
        let Some(inside) = relative(real) else {
            return Ok(());
        };
        if !self.seen.insert(real.to_owned()) {
            return Ok(());
        }
        let target = dir.join(&inside);
        match copy_plain(real, &target) {
            Ok((bytes, hash)) => {
                self.note(path, &inside, bytes, hash);
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&target);
                let error = RecorderError::io_while("copy a source", real, error);
                if error.code() == ErrorCode::NO_SPACE {
                    return Err(error);
                }
                self.missed += 1;
                Ok(())
            }
        }
    }

    /// Finds the copies again that another process made.
    pub fn found(dir: PathBuf, definitions: &Definitions) -> Self {
        let mut sources = Self::new(Some(dir.clone()));
        for path in definitions.paths() {
            let Some(inside) = relative(Path::new(&path.real)) else {
                continue;
            };
            if let Ok((bytes, hash)) = hash_plain(&dir.join(&inside), &mut io::sink()) {
                sources.note(&path.path, &inside, bytes, hash);
            }
        }
        sources
    }

    fn note(&mut self, path: &str, inside: &Path, bytes: u64, hash: u64) {
        self.bytes += bytes;
        self.copied.insert(
            path.to_owned(),
            Source {
                file: Path::new(FILES).join(inside).to_string_lossy().into_owned(),
                bytes,
                xxh3: format!("{hash:016x}"),
            },
        );
    }

    /// What was done, for the metadata.
    pub fn counters(&self) -> [(&'static str, u64); 2] {
        [
            ("source_bytes", self.bytes),
            ("sources_not_copied", self.missed),
        ]
    }
}

/// The path below the root, if it is absolute and names every step.
fn relative(real: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for part in real.components() {
        match part {
            Component::RootDir => {}
            Component::Normal(name) => inside.push(name),
            _ => return None,
        }
    }
    (real.is_absolute() && !inside.as_os_str().is_empty()).then_some(inside)
}

/// Creates the target only when the source can be read.
struct Late<'a> {
    path: &'a Path,
    file: Option<File>,
}

impl Late<'_> {
    fn file(&mut self) -> io::Result<&mut File> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => {
                if let Some(parent) = self.path.parent() {
                    fs::create_dir_all(parent)?;
                }
                fault_call!("store.source.create")?;
                Ok(none.insert(File::create(self.path)?))
            }
        }
    }
}

impl Write for Late<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        fault_call!("store.source.write")?;
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().map(|_| ())
    }
}

fn copy_plain(from: &Path, to: &Path) -> io::Result<(u64, u64)> {
    hash_plain(
        from,
        &mut Late {
            path: to,
            file: None,
        },
    )
}

/// Copies a plain file of bounded size; gives its length and hash.
fn hash_plain(from: &Path, to: &mut dyn Write) -> io::Result<(u64, u64)> {
    // Opening must not wait for the other end of a pipe.
    let source = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(from)?;
    let data = source.metadata()?;
    if !data.is_file() || data.len() > LARGEST {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    let mut source = source.take(LARGEST);
    let mut hasher = XxHash3_64::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let n = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let part = buffer.get(..n).unwrap_or_default();
        hasher.write(part);
        to.write_all(part)?;
        bytes += n as u64;
    }
    to.flush()?;
    Ok((bytes, hasher.finish()))
}
