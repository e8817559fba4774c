//! A directory in memory for what is read from files.

use std::fs;
use std::path::{Path, PathBuf};

/// A directory of this thread, removed at the end.
pub(crate) struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() {
            memory.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        let thread = format!("{:?}", std::thread::current().id());
        let number: String = thread.chars().filter(char::is_ascii_digit).collect();
        let path = base.join(format!("recorder-fuzz-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join(".out.run.partial/segments")).unwrap();
        Self(path)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Where the recording of a process that was killed is found.
    pub fn killed(&self) -> PathBuf {
        self.join("out")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

thread_local! {
    static PLACE: Place = Place::new();
}

/// Writes files by their names in the place, then does something there.
pub(crate) fn with(files: &[(&str, &[u8])], then: impl FnOnce(&Place)) {
    PLACE.with(|place| {
        for (name, content) in files {
            fs::write(place.join(name), content).unwrap();
        }
        then(place);
    });
}
