//! Beginnings: an error code, a command, a decision record, each where it belongs.
//!
//! Owns: what such a thing consists of. What it leaves empty, a check finds.

use std::path::Path;

use crate::{Outcome, read};

const CATALOG: &str = "crates/recorder-errors/src/catalog";
const COMMANDS: &str = "python/codetracer_python_recorder/cli";
const DECISIONS: &str = "design-docs/adr";

/// Makes one thing; answers what is left to do.
pub fn run(root: &Path, words: &[&str]) -> Outcome<String> {
    match words {
        ["code", name, kind, summary] => code(root, name, kind, summary),
        ["command", name, help] => command(root, name, help),
        ["adr", title] => decision(root, title),
        _ => Err(
            "usage: new code NAME Usage|Environment|Target|Internal SUMMARY\n       \
                  new command NAME HELP\n       new adr TITLE"
                .to_owned(),
        ),
    }
}

fn write(path: &Path, text: &str) -> Outcome<()> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn is_word(name: &str, letter: fn(&char) -> bool) -> bool {
    name.starts_with(|c| letter(&c))
        && name
            .chars()
            .all(|c| letter(&c) || c == '_' || c.is_ascii_digit())
}

fn code(root: &Path, name: &str, kind: &str, summary: &str) -> Outcome<String> {
    let name = name.strip_prefix("ERR_").unwrap_or(name);
    if !is_word(name, char::is_ascii_uppercase) {
        return Err(format!("{name}: a code is in upper snake case"));
    }
    if recorder_errors::catalog::entries()
        .any(|entry| entry.name.strip_prefix("ERR_") == Some(name))
    {
        return Err(format!(
            "ERR_{name}: there is such a code, and codes are never used again"
        ));
    }
    let file = match kind {
        "Usage" | "Environment" | "Target" | "Internal" => kind.to_ascii_lowercase(),
        _ => {
            return Err(format!(
                "{kind}: a kind is Usage, Environment, Target or Internal"
            ));
        }
    };
    let path = root.join(CATALOG).join(format!("{file}.rs"));
    let text = read(&path)?;
    let Some(entries) = text.trim_end().strip_suffix('}') else {
        return Err(format!("{}: does not end with its list", path.display()));
    };
    let entry = format!(
        "{name} {{\n    summary: {summary:?},\n    why: \"\",\n    fix: \"\",\n    example: \"\",\n}}\n"
    );
    write(&path, &format!("{entries}{entry}}}\n"))?;
    Ok(format!(
        "{CATALOG}/{file}.rs: say why it happens, what to do, and an example\n\
         use it at its cause: {}!({name}, ...)\njust gen\n\
         tests/python/error_handling/test_codes.py: a way that leads to it",
        match file.as_str() {
            "environment" => "enverr",
            "internal" => "bug",
            other => other,
        }
    ))
}

fn command(root: &Path, name: &str, help: &str) -> Outcome<String> {
    if !is_word(name, char::is_ascii_lowercase) {
        return Err(format!("{name}: a command is a word in lower case"));
    }
    let path = root.join(COMMANDS).join(format!("{name}.py"));
    if path.exists() {
        return Err(format!("{}: exists", path.display()));
    }
    let list = root.join(COMMANDS).join("dispatch.py");
    let text = read(&list)?;
    let row = format!("    \"{name}\": \"{name}\",\n}}\n");
    let Some(at) = text
        .find("\nCOMMANDS")
        .and_then(|at| Some(at + text[at..].find("}\n")?))
    else {
        return Err(format!("{}: has no list of commands", list.display()));
    };
    let (before, after) = text.split_at(at);
    write(
        &path,
        &COMMAND
            .replace("{name}", name)
            .replace("{help}", &format!("{help:?}")),
    )?;
    write(
        &list,
        &format!("{before}{row}{}", after.trim_start_matches("}\n")),
    )?;
    Ok(format!(
        "{COMMANDS}/{name}.py: its arguments, and what it does\ntests/python: what it prints, and its failures"
    ))
}

const COMMAND: &str = "\"\"\"``{name}``: .\"\"\"

import argparse

from .output import write_out

__all__ = [\"HELP\", \"NAME\", \"add_arguments\", \"run\"]

NAME = \"{name}\"
HELP = {help}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    \"\"\"Declares the command's arguments.\"\"\"


def run(args: argparse.Namespace) -> int:
    \"\"\"Runs the command.

    Raises:
        RecorderError: with its code, for the dispatcher to show.
    \"\"\"
    write_out(\"\")
    return 0
";

fn decision(root: &Path, title: &str) -> Outcome<String> {
    let words: Vec<String> = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.is_empty() {
        return Err("a decision record needs a title".to_owned());
    }
    let folder = root.join(DECISIONS);
    let last = std::fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| {
            entry
                .ok()?
                .file_name()
                .to_str()?
                .get(..4)?
                .parse::<u32>()
                .ok()
        })
        .max()
        .unwrap_or(0);
    let number = last + 1;
    let file = format!("{number:04}-{}.md", words.join("-"));
    let text = format!(
        "# {number}. {title}\n\nStatus: Proposed\n\n## Context\n\n## Decision\n\n## Consequences\n"
    );
    write(&folder.join(&file), &text)?;
    Ok(format!(
        "{DECISIONS}/{file}: context, decision, consequences"
    ))
}

#[cfg(test)]
mod tests;
