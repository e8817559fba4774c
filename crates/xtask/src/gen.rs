//! The generated files: facts that the Rust tables know, written for other readers.
//!
//! Owns: which files there are and their text. They are committed, and `gen --check` compares.

use crate::{Outcome, read};
use recorder_errors::{ErrorKind, catalog};
use recorder_policy::{Setting, Shape, switches};
use std::fmt::Write;
use std::path::Path;

/// Path and text of every generated file.
fn files() -> Vec<(&'static str, String)> {
    vec![
        (
            "python/codetracer_python_recorder/_gen/__init__.py",
            format!("\"\"\"Generated modules. {NOTE}\"\"\"\n"),
        ),
        (
            "python/codetracer_python_recorder/_gen/codes.py",
            py_codes(),
        ),
        (
            "python/codetracer_python_recorder/_gen/policy.py",
            py_policy(),
        ),
        ("typescript/src/gen/error-codes.ts", ts_codes()),
        ("design-docs/reference/error-codes.md", md_codes()),
        ("design-docs/reference/policy.md", md_policy()),
    ]
}

const NOTE: &str = "Written by `just gen`; do not edit.";

/// Writes the files whose text differs.
pub fn write(root: &Path) -> Outcome<()> {
    for (name, text) in files() {
        let path = root.join(name);
        if read(&path).is_ok_and(|old| old == text) {
            continue;
        }
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| format!("{name}: {error}"))?;
        println!("wrote {name}");
    }
    Ok(())
}

/// The files whose text is not what would be written.
pub fn stale(root: &Path) -> Outcome<Vec<String>> {
    Ok(files()
        .into_iter()
        .filter_map(|(name, text)| {
            let line = match read(&root.join(name)) {
                Ok(old) => first_difference(&old, &text)?,
                Err(_) => 1,
            };
            Some(format!("{name}:{line}: stale; run `just gen`"))
        })
        .collect())
}

fn first_difference(old: &str, new: &str) -> Option<usize> {
    if old == new {
        return None;
    }
    let same = old.lines().zip(new.lines()).take_while(|(a, b)| a == b);
    Some(same.count() + 1)
}

/// A string literal that Python and TypeScript read alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The head of a generated Python module with one class of plain fields. `typing` and `dataclasses` are not imported:
/// they would cost more than the rest of a launch.
fn py_head(about: &str, class: &str, doc: &str, fields: &[(&str, &str)]) -> String {
    let mut out = format!(
        "\"\"\"{about} {NOTE}\"\"\"\n\n\
         from __future__ import annotations\n\n\
         TYPE_CHECKING = False\n\
         if TYPE_CHECKING:\n    from typing import Final\n\n\n\
         class {class}:\n    \"\"\"{doc}\"\"\"\n\n    __slots__ = (\n"
    );
    for (name, _) in fields {
        let _ = writeln!(out, "        \"{name}\",");
    }
    out.push_str("    )\n\n    def __init__(\n        self,\n        *,\n");
    for (name, kind) in fields {
        let _ = writeln!(out, "        {name}: {kind},");
    }
    out.push_str("    ) -> None:\n");
    for (name, _) in fields {
        let _ = writeln!(out, "        self.{name} = {name}");
    }
    out.push_str("\n\n");
    out
}

fn py_codes() -> String {
    let mut out = py_head(
        "Every error code.",
        "CodeInfo",
        "What the catalogue says about one code.",
        &[
            ("kind", "str"),
            ("retired", "bool"),
            ("summary", "str"),
            ("why", "str"),
            ("fix", "str"),
            ("example", "str"),
        ],
    );
    out.push_str("EXIT_STATUS: Final[dict[str, int]] = {\n");
    for kind in ErrorKind::ALL {
        let _ = writeln!(out, "    \"{kind}\": {},", kind.exit_status());
    }
    out.push_str("}\n\nCODES: Final[dict[str, CodeInfo]] = {\n");
    for entry in catalog::entries() {
        let _ = writeln!(out, "    \"{}\": CodeInfo(", entry.name);
        let retired = if entry.retired { "True" } else { "False" };
        let _ = writeln!(out, "        kind=\"{}\",", entry.kind);
        let _ = writeln!(out, "        retired={retired},");
        for (name, text) in [
            ("summary", entry.summary),
            ("why", entry.why),
            ("fix", entry.fix),
            ("example", entry.example),
        ] {
            let _ = writeln!(out, "        {name}={},", quoted(text));
        }
        out.push_str("    ),\n");
    }
    out.push_str("}\n");
    out
}

fn py_policy() -> String {
    let mut out = py_head(
        "Every switch.",
        "Switch",
        "What the table says about one switch.",
        &[
            ("key", "str"),
            ("shape", "str"),
            ("choices", "tuple[str, ...]"),
            ("default", "bool | int | str"),
            ("env", "str | None"),
            ("flag", "str"),
            ("doc", "str"),
        ],
    );
    out.push_str("SWITCHES: Final[tuple[Switch, ...]] = (\n");
    for switch in switches() {
        let (shape, choices) = match switch.shape {
            Shape::Bool => ("bool", &[][..]),
            Shape::Choice(words) => ("choice", words),
            Shape::Path => ("path", &[][..]),
            Shape::MaybePath => ("maybe_path", &[][..]),
            Shape::Count(..) => ("count", &[][..]),
            Shape::Window => ("window", &[][..]),
        };
        let choices: Vec<String> = choices.iter().map(|word| quoted(word)).collect();
        let env = switch.env.map_or("None".to_owned(), quoted);
        let _ = writeln!(out, "    Switch(");
        let _ = writeln!(out, "        key=\"{}\",", switch.key);
        let _ = writeln!(out, "        shape=\"{shape}\",");
        let _ = writeln!(out, "        choices=({}),", choices.join(", "));
        let _ = writeln!(out, "        default={},", py_default(&switch.default));
        let _ = writeln!(out, "        env={env},");
        let _ = writeln!(out, "        flag=\"{}\",", switch.flag);
        let _ = writeln!(out, "        doc={},", quoted(switch.doc));
        out.push_str("    ),\n");
    }
    out.push_str(")\n");
    out
}

fn py_default(setting: &Setting) -> String {
    match setting {
        Setting::Bool(true) => "True".to_owned(),
        Setting::Bool(false) => "False".to_owned(),
        Setting::Choice(word) => quoted(word),
        Setting::Path(path) => quoted(&path.display().to_string()),
        Setting::Count(n) => n.to_string(),
        Setting::Text(text) => quoted(text),
    }
}

fn ts_codes() -> String {
    let mut out = format!("// Every error code. {NOTE}\n\nexport const errorKinds = {{\n");
    for kind in ErrorKind::ALL {
        let _ = writeln!(out, "  {kind}: {{ exitStatus: {} }},", kind.exit_status());
    }
    out.push_str("} as const;\n\nexport type ErrorKind = keyof typeof errorKinds;\n\n");
    out.push_str("export const errorCodes = {\n");
    for entry in catalog::entries() {
        let (name, kind, retired) = (entry.name, entry.kind, entry.retired);
        let summary = quoted(entry.summary);
        let _ = writeln!(
            out,
            "  {name}: {{ kind: \"{kind}\", retired: {retired}, summary: {summary} }},"
        );
    }
    out.push_str("} as const;\n\nexport type ErrorCode = keyof typeof errorCodes;\n");
    out
}

fn md_codes() -> String {
    let mut out = format!(
        "# Error codes\n\n<!-- {NOTE} -->\n\n\
         `codetracer-python-recorder explain CODE` prints the same text.\n\n\
         | kind | meaning | exit status |\n| --- | --- | --- |\n"
    );
    for kind in ErrorKind::ALL {
        let status = kind.exit_status();
        let _ = writeln!(out, "| {kind} | {} | {status} |", kind.meaning());
    }
    for kind in ErrorKind::ALL {
        let _ = write!(out, "\n## {kind}\n");
        for entry in catalog::entries().filter(|entry| entry.kind == kind && !entry.retired) {
            section(&mut out, entry);
        }
    }
    out.push_str("\n## Retired\n");
    for entry in catalog::entries().filter(|entry| entry.retired) {
        section(&mut out, entry);
    }
    out
}

fn section(out: &mut String, entry: &recorder_errors::Entry) {
    let _ = write!(
        out,
        "\n### {}\n\n{}\n\n- Why: {}\n- What to do: {}\n- Example: `` {} ``\n",
        entry.name, entry.summary, entry.why, entry.fix, entry.example
    );
}

fn md_policy() -> String {
    let mut out = format!(
        "# Switches\n\n<!-- {NOTE} -->\n\nA default gives way to the environment, the environment to an argument.\n\n\
         | key | values | default | variable | flag | what it does |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for switch in switches() {
        let _ = writeln!(
            out,
            "| `{}` | {} | `{}` | {} | `{}` | {} |",
            switch.key,
            switch.shape.allowed(),
            py_default(&switch.default).trim_matches('"'),
            switch
                .env
                .map_or("-".to_owned(), |name| format!("`{name}`")),
            switch.flag,
            switch.doc
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        let cases = [
            ("a\nb\n", "a\nb\n", None),
            ("a\nb\n", "a\nc\n", Some(2)),
            ("", "a\n", Some(1)),
            ("a\n", "a\nb\n", Some(2)),
        ];
        for (old, new, line) in cases {
            assert_eq!(first_difference(old, new), line);
        }
    }

    #[test]
    fn every_code_is_in_every_file_about_codes() {
        for text in [py_codes(), ts_codes(), md_codes()] {
            for entry in catalog::entries() {
                assert!(text.contains(entry.name), "{}", entry.name);
            }
        }
    }
}
