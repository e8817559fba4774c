//! Development tasks: generated files and the checks of the project's structure.
//!
//! Owns: what `just gen` writes and what `just lint` checks beyond the compilers. Nothing uses it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod audit;
mod r#gen;
mod lock;
mod new;
mod scan;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A finding or a failure, as text for people.
type Outcome<T> = Result<T, String>;

const HELP: &str = "usage: xtask gen [--check] | tidy | audit | codes | lock VERSION | new ...

  gen            write the generated files
  gen --check    fail when one of them is stale
  tidy           check the structure of the project
  audit          count the forms that bypass the error policy, by module; fail where one may not stand
  codes          list every error code with its kind
  lock VERSION   add the codes that VERSION releases to codes.lock
  new ...        begin an error code, a command or a decision record";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let outcome = match words.as_slice() {
        ["gen"] => r#gen::write(&root),
        ["gen", "--check"] => findings(r#gen::stale(&root)),
        ["tidy"] => findings(tidy::run(&root)),
        ["audit"] => audit_forms(&root),
        ["codes"] => {
            list_codes();
            Ok(())
        }
        ["lock", version] => lock::extend(&root, version),
        ["new", what @ ..] => new::run(&root, what).map(|left| println!("{left}")),
        _ => Err(HELP.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn findings(found: Outcome<Vec<String>>) -> Outcome<()> {
    let found = found?;
    if found.is_empty() {
        return Ok(());
    }
    Err(format!("{}\n{} found", found.join("\n"), found.len()))
}

fn audit_forms(root: &Path) -> Outcome<()> {
    let audit = audit::run(root)?;
    if audit.findings.is_empty() {
        println!("{}", audit.report());
        return Ok(());
    }
    Err(audit.report())
}

fn list_codes() {
    for entry in recorder_errors::catalog::entries() {
        let state = if entry.retired { " retired" } else { "" };
        println!("{} {}{state}", entry.name, entry.kind);
    }
}

/// The project's directory.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
