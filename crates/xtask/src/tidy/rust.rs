//! Rules about Rust sources.

use super::{Source, is_test};
use crate::scan::{lines_with_word, rust_code};

/// Where every file with `unsafe` has a row that begins with its path in backticks.
pub const UNSAFE_TABLE: &str = "design-docs/unsafe.md";

const LINES: usize = 450;
const TASKS: &str = "crates/xtask/";
/// The owner of stderr.
const DIAGNOSTICS: &str = "crates/recorder-core/src/diagnostics";

/// `unsafe` outside `raw/`, files without a row, and rows without a file.
pub fn unsafe_places(sources: &[&Source], table: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rows: Vec<(usize, &str)> = table
        .lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
            let filled = cells
                .iter()
                .all(|cell| !cell.trim_matches([' ', '|']).is_empty());
            let name = cells.first()?.strip_suffix('`')?;
            (filled && cells.len() == 3).then_some((at + 1, name))
        })
        .collect();
    for source in sources.iter().filter(|source| !is_test(&source.name)) {
        let places = lines_with_word(&rust_code(&source.text), "unsafe");
        let Some(first) = places.first() else {
            continue;
        };
        let name = &source.name;
        if !name.contains("/raw/") && !name.ends_with("/raw.rs") {
            found.extend(
                places
                    .iter()
                    .map(|at| format!("{name}:{at}: `unsafe` outside raw/")),
            );
            continue;
        }
        let before = rows.len();
        rows.retain(|(_, row)| row != name);
        if rows.len() == before {
            found.push(format!("{name}:{first}: no full row in {UNSAFE_TABLE}"));
        }
    }
    for (at, row) in rows {
        found.push(format!("{UNSAFE_TABLE}:{at}: {row} has no `unsafe`"));
    }
    found
}

/// `allow` and `expect` of lints that the workspace denies, outside tests.
pub fn lints_allowed_away(sources: &[Source], manifest: &str) -> Vec<String> {
    let denied: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.strip_suffix(" = \"deny\""))
        .collect();
    let mut found = Vec::new();
    for source in sources {
        if is_test(&source.name) || source.name.starts_with(TASKS) {
            continue;
        }
        let code = rust_code(&source.text);
        for lint in &denied {
            for at in lines_with_word(&code, lint) {
                let line = code.lines().nth(at - 1).unwrap_or_default();
                if line.contains("allow(") || line.contains("expect(") {
                    found.push(format!("{}:{at}: allows {lint}", source.name));
                }
            }
        }
    }
    found
}

/// Handles of stdout anywhere, and of stderr outside its owner.
pub fn streams(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let name = &source.name;
        if is_test(name) || name.starts_with(TASKS) {
            continue;
        }
        let code = rust_code(&source.text);
        for (word, owner, problem) in [
            ("stdout", "", "stdout belongs to the program"),
            ("STDOUT_FILENO", "", "stdout belongs to the program"),
            ("stderr", DIAGNOSTICS, "only diagnostics write to stderr"),
        ] {
            if !owner.is_empty() && name.starts_with(owner) {
                continue;
            }
            let called = |line: &str| word.starts_with("STD") || line.contains(&format!("{word}("));
            for at in lines_with_word(&code, word) {
                if code.lines().nth(at - 1).is_some_and(called) {
                    found.push(format!("{name}:{at}: {problem}"));
                }
            }
        }
    }
    found
}

/// Files that are too long without their tests.
pub fn lengths(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !is_test(&source.name)) {
        let text = &source.text;
        let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        let lines = text[..tests].lines().count();
        if lines > LINES {
            found.push(format!(
                "{}:{LINES}: {lines} lines; at most {LINES}",
                source.name
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str) -> Vec<Source> {
        vec![Source {
            name: name.to_owned(),
            text: text.to_owned(),
        }]
    }

    #[test]
    fn unsafe_stands_under_raw_and_has_a_row() {
        let row = "| `crates/a/src/raw/b.rs` | what | why |";
        let code = "fn f() { unsafe { g() } }";
        let cases = [
            ("crates/a/src/raw/b.rs", code, row, 0),
            ("crates/a/src/raw/b.rs", code, "", 1),
            (
                "crates/a/src/raw/b.rs",
                code,
                "| `crates/a/src/raw/b.rs` |  | why |",
                1,
            ),
            ("crates/a/src/b.rs", code, "", 1),
            ("crates/a/src/b.rs", "// unsafe\n", "", 0),
            ("crates/a/src/raw/b.rs", "fn f() {}", row, 1),
            ("crates/a/src/tests.rs", code, "", 0),
        ];
        for (name, text, table, count) in cases {
            let sources = source(name, text);
            let found = unsafe_places(&sources.iter().collect::<Vec<_>>(), table);
            assert_eq!(found.len(), count, "{name}: {found:?}");
        }
    }

    #[test]
    fn denied_lints_are_not_allowed_away() {
        let manifest = "[workspace.lints.clippy]\nunwrap_used = \"deny\"\n";
        let cases = [
            ("crates/a/src/b.rs", "#[allow(clippy::unwrap_used)]", 1),
            ("crates/a/src/b.rs", "#[expect(clippy::unwrap_used)]", 1),
            ("crates/a/src/b.rs", "#[allow(clippy::other)]", 0),
            (
                "crates/a/src/b/tests.rs",
                "#![allow(clippy::unwrap_used)]",
                0,
            ),
            ("crates/xtask/src/b.rs", "#![allow(clippy::unwrap_used)]", 0),
        ];
        for (name, text, count) in cases {
            let found = lints_allowed_away(&source(name, text), manifest);
            assert_eq!(found.len(), count, "{name}: {found:?}");
        }
    }

    #[test]
    fn streams_have_owners() {
        let cases = [
            ("crates/a/src/b.rs", "io::stdout().lock()", 1),
            ("crates/a/src/b.rs", "libc::STDOUT_FILENO", 1),
            ("crates/a/src/b.rs", "io::stderr()", 1),
            ("crates/recorder-core/src/diagnostics.rs", "io::stderr()", 0),
            ("crates/a/src/b.rs", "let stderr = 1;", 0),
        ];
        for (name, text, count) in cases {
            assert_eq!(streams(&source(name, text)).len(), count, "{name}: {text}");
        }
    }

    #[test]
    fn long_files_are_found_and_tests_do_not_count() {
        let long = "x\n".repeat(LINES + 1);
        let tested = format!("x\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        let cases = [
            ("crates/a/src/b.rs", long.as_str(), 1),
            ("crates/a/src/b.rs", tested.as_str(), 0),
            ("crates/a/src/b/tests.rs", long.as_str(), 0),
        ];
        for (name, text, count) in cases {
            assert_eq!(lengths(&source(name, text)).len(), count);
        }
    }
}
