//! What draining remembers of definitions: first lines of code objects, and paths in the order of their ids.
//!
//! Owns tables that stay small however many code objects, tasks and paths a program makes: a code object that is gone
//! is forgotten, tasks are counted, and paths are written out. Refuses to keep names; the container has them.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use recorder_errors::fault_call;
use recorder_errors::prelude::*;
use trace_model::{CodeLines, Definition, Definitions};

/// Code objects per page.
const PAGE: usize = 1024;
/// Bytes of text held before they are written out.
const HELD: usize = 64 * 1024;
/// Paths that may wait for one with a smaller id.
const WAITING: usize = 4096;

/// Takes definitions in, and answers what interpreting rows needs of them.
pub(crate) trait Known: CodeLines {
    /// Takes a definition in.
    fn take(&mut self, definition: &Definition);
}

impl Known for Definitions {
    fn take(&mut self, definition: &Definition) {
        self.add(definition.clone());
    }
}

#[derive(Debug)]
struct Page {
    /// `u64::MAX` where there is none.
    lines: Box<[u64; PAGE]>,
    held: usize,
}

/// First lines by code id, for ids that are given in order.
#[derive(Debug, Default)]
struct Lines {
    pages: Vec<Option<Page>>,
}

impl Lines {
    fn insert(&mut self, code: u32, line: u32) {
        let (page, at) = (code as usize / PAGE, code as usize % PAGE);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        if let Some(place) = self.pages.get_mut(page) {
            let page = place.get_or_insert_with(|| Page {
                lines: Box::new([u64::MAX; PAGE]),
                held: 0,
            });
            if let Some(known) = page.lines.get_mut(at) {
                page.held += usize::from(*known == u64::MAX);
                *known = u64::from(line);
            }
        }
    }

    #[inline]
    fn get(&self, code: u32) -> Option<u32> {
        let page = self.pages.get(code as usize / PAGE)?.as_ref()?;
        u32::try_from(*page.lines.get(code as usize % PAGE)?).ok()
    }

    fn remove(&mut self, code: u32) {
        let Some(place) = self.pages.get_mut(code as usize / PAGE) else {
            return;
        };
        let Some(page) = place else { return };
        if let Some(known) = page.lines.get_mut(code as usize % PAGE) {
            page.held -= usize::from(*known != u64::MAX);
            *known = u64::MAX;
        }
        if page.held == 0 {
            *place = None;
        }
    }
}

/// The definitions of a recording that is being written.
#[derive(Debug)]
pub(crate) struct Seen {
    lines: Lines,
    /// The largest task id; tasks are numbered from 1.
    pub tasks: u32,
    /// None where the list is made in the end.
    pub paths: Option<PathList>,
}

impl Seen {
    /// Nothing yet; the list of paths goes to `paths`.
    pub fn new(paths: Option<PathBuf>) -> Self {
        Self {
            lines: Lines::default(),
            tasks: 0,
            paths: paths.map(PathList::new),
        }
    }

    /// Forgets a code object that is gone.
    pub fn forget_code(&mut self, code: u32) {
        self.lines.remove(code);
    }
}

impl CodeLines for Seen {
    #[inline]
    fn first_line(&self, code: u32) -> Option<u32> {
        self.lines.get(code)
    }
}

impl Known for Seen {
    fn take(&mut self, definition: &Definition) {
        match definition {
            Definition::Code(code) => self.lines.insert(code.id, code.first_line),
            Definition::Task(task) => self.tasks = self.tasks.max(task.id),
            Definition::Path { id, path, .. } => {
                if let Some(paths) = &mut self.paths {
                    paths.add(*id, path);
                }
            }
            Definition::Type(_) | Definition::Name { .. } | Definition::Thread(_) => {}
        }
    }
}

/// `trace_paths.json` as it grows: a JSON array of paths by their id.
#[derive(Debug)]
pub(crate) struct PathList {
    file: PathBuf,
    /// Text that is not in the file yet.
    text: String,
    next: u32,
    waiting: BTreeMap<u32, String>,
    /// Whether the file has a part of it.
    begun: bool,
}

impl PathList {
    fn new(file: PathBuf) -> Self {
        Self {
            file,
            text: String::new(),
            next: 0,
            waiting: BTreeMap::new(),
            begun: false,
        }
    }

    fn add(&mut self, id: u32, path: &str) {
        if id < self.next {
            return;
        }
        self.waiting.insert(id, path.to_owned());
        while let Some(path) = self.waiting.remove(&self.next) {
            self.push(&path);
        }
        while self.waiting.len() > WAITING {
            self.skip();
        }
    }

    /// Leaves out ids up to the next path that waits.
    fn skip(&mut self) {
        if let Some((id, path)) = self.waiting.pop_first() {
            while self.next < id {
                self.push("");
            }
            self.push(&path);
        }
    }

    fn push(&mut self, path: &str) {
        self.text
            .push_str(if self.next == 0 { "[\n  " } else { ",\n  " });
        self.text
            .push_str(&serde_json::Value::from(path).to_string());
        self.next += 1;
    }

    /// Writes out what is held, when it is much.
    pub fn relieve(&mut self) -> RecorderResult<()> {
        if self.text.len() < HELD {
            return Ok(());
        }
        self.write(false)
    }

    /// Writes the rest, to survive a power failure if it is to be `durable`.
    pub fn finish(mut self, durable: bool) -> RecorderResult<()> {
        while !self.waiting.is_empty() {
            self.skip();
        }
        self.text
            .push_str(if self.next == 0 { "[]" } else { "\n]" });
        self.write(durable)
    }

    fn write(&mut self, durable: bool) -> RecorderResult<()> {
        let append = self.begun;
        append_text(&self.file, &self.text, append, durable)
            .map_err(|error| RecorderError::io_while("write the paths", &self.file, error))?;
        self.begun = true;
        self.text.clear();
        Ok(())
    }
}

fn append_text(file: &Path, text: &str, append: bool, durable: bool) -> std::io::Result<()> {
    fault_call!("store.json.create")?;
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .append(append)
        .write(true)
        .truncate(!append)
        .open(file)?;
    fault_call!("store.json.write")?;
    file.write_all(text.as_bytes())?;
    if durable {
        fault_call!("store.json.sync")?;
        crate::raw::system::sync(&file)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_without_a_code_object_are_given_back() {
        let mut lines = Lines::default();
        for code in 0..3 * PAGE as u32 {
            lines.insert(code, code + 7);
        }
        for code in 0..3 * PAGE as u32 {
            if code != 2050 {
                lines.remove(code);
                lines.remove(code);
            }
        }
        let held: Vec<bool> = lines.pages.iter().map(Option::is_some).collect();
        assert_eq!(held, [false, false, true]);
        assert_eq!(
            [lines.get(2049), lines.get(2050), lines.get(1 << 30)],
            [None, Some(2057), None]
        );
    }

    #[test]
    fn paths_are_written_out_in_the_order_of_their_ids() {
        let dir = std::env::temp_dir().join(format!("trace-store-paths-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("trace_paths.json");
        let mut list = PathList::new(file.clone());
        let name = |id: u32| format!("<\"{id}\">{}", "x".repeat(100));
        for id in (0..2000).rev() {
            list.add(id, &name(id));
            list.relieve().unwrap();
        }
        assert!(list.text.len() < HELD);
        list.add(2002, &name(2002));
        list.finish(true).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let found: Vec<String> = serde_json::from_str(&text).unwrap();
        let mut expected: Vec<String> = (0..2000).map(name).collect();
        expected.extend([String::new(), String::new(), name(2002)]);
        assert_eq!(found, expected);
        assert_eq!(text, serde_json::to_string_pretty(&expected).unwrap());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
