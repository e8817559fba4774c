//! The crate table: who may use whom.

use crate::{Outcome, read};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const EXTENSION: &str = "codetracer-python-recorder";
const TASKS: &str = "xtask";
const FUZZ: &str = "recorder-fuzz";

/// Each crate with the crates of the project that it may use, as in `architecture.md`.
const TABLE: &[(&str, &[&str])] = &[
    ("recorder-errors", &[]),
    ("recorder-policy", &["recorder-errors"]),
    ("trace-model", &["recorder-errors"]),
    ("trace-filter", &["recorder-errors"]),
    ("trace-store", &["trace-model", "recorder-errors"]),
    (
        "trace-export",
        &["trace-model", "trace-store", "recorder-errors"],
    ),
    (
        "recorder-core",
        &[
            "recorder-errors",
            "recorder-policy",
            "trace-model",
            "trace-filter",
            "trace-store",
            "trace-export",
        ],
    ),
    (
        EXTENSION,
        &[
            "recorder-errors",
            "recorder-policy",
            "trace-model",
            "trace-filter",
            "trace-store",
            "trace-export",
            "recorder-core",
        ],
    ),
    (
        FUZZ,
        &[
            "recorder-errors",
            "recorder-policy",
            "trace-model",
            "trace-filter",
            "trace-store",
            "trace-export",
            "recorder-core",
        ],
    ),
    (
        TASKS,
        &[
            "recorder-errors",
            "recorder-policy",
            "trace-model",
            "trace-filter",
            "trace-store",
            "trace-export",
            "recorder-core",
        ],
    ),
];

/// What is wrong with the crates' manifests.
pub fn check(root: &Path) -> Outcome<Vec<String>> {
    let cargo = Command::new("cargo")
        .current_dir(root)
        .args(["metadata", "--format-version", "1", "--no-deps", "--quiet"])
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&cargo.stdout).map_err(|error| {
        let stderr = String::from_utf8_lossy(&cargo.stderr);
        format!("cargo metadata: {error}\n{stderr}")
    })?;
    let mut found = edges(&metadata);
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let name = manifest.strip_prefix(root).unwrap_or(manifest);
        found.extend(lints(&name.to_string_lossy(), &read(manifest)?));
    }
    found.extend(panics(&read(&root.join("Cargo.toml"))?));
    Ok(found)
}

fn edges(metadata: &Value) -> Vec<String> {
    let packages = || metadata["packages"].as_array().into_iter().flatten();
    let members: Vec<&str> = packages().filter_map(|p| p["name"].as_str()).collect();
    let mut found = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap_or_default();
        let file = format!("crates/{name}/Cargo.toml:1");
        let Some((_, allowed)) = TABLE.iter().find(|(known, _)| *known == name) else {
            found.push(format!("{file}: {name} is not in the crate table"));
            continue;
        };
        for used in package["dependencies"].as_array().into_iter().flatten() {
            let used = used["name"].as_str().unwrap_or_default();
            if used.starts_with("pyo3") && name != EXTENSION {
                found.push(format!("{file}: only {EXTENSION} may use {used}"));
            }
            if members.contains(&used) && !allowed.contains(&used) {
                found.push(format!("{file}: {name} may not use {used}"));
            }
        }
    }
    found
}

fn lints(name: &str, manifest: &str) -> Option<String> {
    let lines: Vec<&str> = manifest.lines().map(str::trim).collect();
    let inherits = lines
        .windows(2)
        .any(|w| w == ["[lints]", "workspace = true"]);
    (!inherits).then(|| format!("{name}:1: does not inherit the workspace's lints"))
}

fn panics(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_profile = false;
    for (at, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            in_profile = line.starts_with("[profile.");
        }
        if in_profile && line.starts_with("panic =") && !line.contains("\"unwind\"") {
            found.push(format!("Cargo.toml:{}: every profile unwinds", at + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_edge_that_the_table_lacks_is_found() {
        let cases = [
            ("trace-store", "trace-model", 0),
            ("trace-store", "mcap", 0),
            (EXTENSION, "pyo3", 0),
            ("trace-model", "trace-store", 1),
            ("recorder-core", "pyo3", 1),
            ("recorder-core", TASKS, 1),
            ("helpers", "serde", 1),
        ];
        for (user, used, count) in cases {
            let mut packages = vec![json!({"name": user, "dependencies": [{"name": used}]})];
            for (name, _) in TABLE {
                packages.push(json!({"name": name, "dependencies": []}));
            }
            let found = edges(&json!({ "packages": packages }));
            assert_eq!(found.len(), count, "{user} -> {used}: {found:?}");
        }
    }

    #[test]
    fn lints_are_inherited_and_profiles_unwind() {
        assert_eq!(lints("m", "[lints]\nworkspace = true\n"), None);
        assert!(lints("m", "[lints.rust]\n").is_some());
        let profile =
            |how: &str| format!("[lints]\npanic = \"deny\"\n[profile.x]\npanic = \"{how}\"\n");
        assert_eq!(panics(&profile("unwind")).len(), 0);
        assert_eq!(panics(&profile("abort")).len(), 1);
    }
}
