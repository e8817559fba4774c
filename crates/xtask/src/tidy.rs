//! The checks of the project's structure. Each finding is one line `file:line: what is wrong`.
//!
//! Owns: which checks there are. What clippy proves is not proved again here; that its lints are
//! denied, inherited and not allowed away, is.

mod crates;
mod python;
mod rust;

use crate::{Outcome, audit, r#gen, lock, read};
use std::path::{Path, PathBuf};

/// A file of the project: its path from the root, with `/`, and its text.
pub struct Source {
    pub name: String,
    pub text: String,
}

/// Everything that is wrong.
pub fn run(root: &Path) -> Outcome<Vec<String>> {
    let rust = sources(root, "crates", "rs")?;
    let python = sources(root, "python", "py")?;
    let table = read(&root.join(rust::UNSAFE_TABLE))?;
    let manifest = read(&root.join("Cargo.toml"))?;
    let mut found = crates::check(root)?;
    let fuzz = sources(root, "tests/fuzz", "rs")?;
    let with_fuzz: Vec<&Source> = rust.iter().chain(&fuzz).collect();
    found.extend(rust::unsafe_places(&with_fuzz, &table));
    found.extend(rust::lints_allowed_away(&rust, &manifest));
    found.extend(rust::streams(&rust));
    found.extend(rust::lengths(&rust));
    found.extend(python::stdout(&python));
    found.extend(audit::run(root)?.findings);
    found.extend(lock::check(root)?);
    found.extend(r#gen::stale(root)?);
    Ok(found)
}

/// The files below `folder` whose names end in `.ending`, sorted.
pub fn sources(root: &Path, folder: &str, ending: &str) -> Outcome<Vec<Source>> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let shown = folder.display().to_string();
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{shown}: {error}"))?;
        for entry in entries {
            let path: PathBuf = entry.map_err(|error| format!("{shown}: {error}"))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == ending) {
                let name = path.strip_prefix(root).unwrap_or(&path);
                found.push(Source {
                    name: name.to_string_lossy().replace('\\', "/"),
                    text: read(&path)?,
                });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Whether a Rust file is compiled for tests only.
pub fn is_test(name: &str) -> bool {
    let inner = name.splitn(3, '/').nth(2).unwrap_or(name);
    name.ends_with("/tests.rs")
        || inner.contains("/tests/")
        || ["tests/", "benches/", "examples/"]
            .iter()
            .any(|folder| inner.starts_with(folder))
}
