//! The list of released error codes, to which lines are only ever added.
//!
//! Owns: `crates/recorder-errors/codes.lock`, one line `NAME KIND VERSION` per code.

use crate::{Outcome, read};
use recorder_errors::{Entry, catalog};
use std::path::Path;
use std::process::Command;

const LOCK: &str = "crates/recorder-errors/codes.lock";

/// Adds the catalogue's codes that the lock does not have.
pub fn extend(root: &Path, version: &str) -> Outcome<()> {
    let path = root.join(LOCK);
    let mut text = read(&path)?;
    for entry in catalog::entries() {
        if !rows(&text).any(|(_, name, _)| name == entry.name) {
            text.push_str(&format!("{} {} {version}\n", entry.name, entry.kind));
        }
    }
    std::fs::write(&path, text).map_err(|error| format!("{LOCK}: {error}"))
}

/// What is wrong with the lock: against the catalogue and against its own history.
pub fn check(root: &Path) -> Outcome<Vec<String>> {
    let text = read(&root.join(LOCK))?;
    let entries: Vec<&Entry> = catalog::entries().collect();
    let mut found = against_catalogue(&text, &entries);
    if root.join(".git").exists() {
        let log = Command::new("git")
            .current_dir(root)
            .args(["log", "--format=", "-p", "--", LOCK])
            .output()
            .map_err(|error| format!("git log: {error}"))?;
        found.extend(against_history(
            &text,
            &String::from_utf8_lossy(&log.stdout),
        ));
    }
    Ok(found)
}

/// Line number, name and kind of each row.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let mut words = line.split_whitespace();
        let name = words.next().filter(|word| !word.starts_with('#'))?;
        Some((index + 1, name, words.next().unwrap_or("")))
    })
}

fn against_catalogue(text: &str, entries: &[&Entry]) -> Vec<String> {
    rows(text)
        .filter_map(|(line, name, kind)| {
            let problem = match entries.iter().find(|entry| entry.name == name) {
                None => "is released and gone from the catalogue; move it to `retired`".to_owned(),
                Some(entry) if !entry.retired && entry.kind.name() != kind => {
                    format!("was released as {kind} and is now {}", entry.kind)
                }
                Some(_) => return None,
            };
            Some(format!("{LOCK}:{line}: {name} {problem}"))
        })
        .collect()
}

fn against_history(text: &str, log: &str) -> Vec<String> {
    let mut lost: Vec<String> = log
        .lines()
        .filter_map(|line| line.strip_prefix('+'))
        .filter(|line| line.starts_with("ERR_") && !text.lines().any(|kept| kept == *line))
        .map(|line| format!("{LOCK}:1: the line `{line}` was removed; lines are only added"))
        .collect();
    lost.sort();
    lost.dedup();
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_code_keeps_its_name_and_kind() {
        let entries: Vec<&Entry> = catalog::entries().collect();
        let cases = [
            ("# comment\n\nERR_PANIC Internal 1.0.0\n", 0),
            ("ERR_UNKNOWN Internal 0.3.0\n", 0),
            ("ERR_PANIC Usage 1.0.0\n", 1),
            ("ERR_GONE Usage 1.0.0\n", 1),
        ];
        for (text, count) in cases {
            assert_eq!(against_catalogue(text, &entries).len(), count, "{text}");
        }
    }

    #[test]
    fn a_line_that_was_removed_once_is_reported_once() {
        let log = "+++ b/codes.lock\n-ERR_A Usage 1\n+ERR_A Usage 1\n+ERR_A Usage 1\n";
        assert_eq!(against_history("ERR_A Usage 1\n", log).len(), 0);
        assert_eq!(against_history("ERR_B Usage 1\n", log).len(), 1);
    }
}
