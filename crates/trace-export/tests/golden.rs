//! Both outputs of one small recording, compared with the files in `golden/`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod program;

use std::path::Path;

use program::Recording;
use trace_export::{JsonEvents, Tree, TreeOptions, View};

/// The third path has no copy of its source.
fn source(path: u32, line: u32) -> Option<String> {
    let text = program::SOURCE.lines().nth(line.checked_sub(1)? as usize)?;
    (path == 1).then(|| text.to_owned())
}

fn with_view<R>(recording: &Recording, use_view: impl FnOnce(&View<'_>) -> R) -> R {
    use_view(&View {
        names: &recording.definitions,
        ns: &|tick| tick * 25,
        source: &source,
    })
}

fn json(recording: &Recording) -> String {
    let mut out = Vec::new();
    let mut json = JsonEvents::new();
    with_view(recording, |view| {
        for event in &recording.events {
            json.write(event, view, &mut out).unwrap();
        }
    });
    String::from_utf8(out).unwrap()
}

fn tree(recording: &Recording, options: TreeOptions) -> String {
    let mut out = Vec::new();
    let mut tree = Tree::new(options);
    with_view(recording, |view| {
        for event in &recording.events {
            tree.write(event, view, &mut out).unwrap();
        }
        tree.finish(view, &mut out).unwrap();
    });
    String::from_utf8(out).unwrap()
}

/// Compares with `golden/NAME`; the output is left in the target directory, to be copied where it is right.
fn check(name: &str, actual: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let expected = std::fs::read_to_string(golden.join(name)).unwrap_or_default();
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&new, actual).unwrap();
    assert!(
        actual == expected,
        "{name} differs; the output is in {}:\n{actual}",
        new.display()
    );
}

#[test]
fn json_lines() {
    check("events.jsonl", &json(&program::recording()));
}

#[test]
fn changes_as_json_lines() {
    check("changes.jsonl", &json(&program::changes::recording()));
}

#[test]
fn changes_beside_lines() {
    let options = TreeOptions {
        lines: true,
        ..TreeOptions::default()
    };
    let text = tree(&program::changes::recording(), options);
    check("changes_lines.txt", &text);
}

#[test]
fn no_state_stands_twice_in_one_event() {
    for line in json(&program::changes::recording()).lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let mut seen = std::collections::HashSet::new();
        let mut todo = vec![&object];
        while let Some(value) = todo.pop() {
            todo.extend(value.as_array().into_iter().flatten());
            todo.extend(
                value
                    .as_object()
                    .into_iter()
                    .flat_map(|object| object.values()),
            );
            if value.get("len").is_some() {
                assert!(seen.insert(value["id"].as_u64()), "{line}");
            }
        }
    }
}

#[test]
fn every_json_line_is_an_object_with_the_documented_keys() {
    let keys = [
        "kind",
        "step",
        "ns",
        "thread",
        "task",
        "file",
        "line",
        "function",
        "call",
        "depth",
        "values",
        "exception",
        "origin",
    ];
    for line in json(&program::recording()).lines() {
        let object: serde_json::Value = match serde_json::from_str(line) {
            Ok(object) => object,
            // Lone surrogates are valid JSON text that this parser refuses.
            Err(_) if line.contains("\\ud800") => continue,
            Err(error) => panic!("{error}: {line}"),
        };
        for key in keys {
            assert!(object.get(key).is_some(), "{key} in {line}");
        }
    }
}

#[test]
fn tree_of_calls() {
    check(
        "tree.txt",
        &tree(&program::recording(), TreeOptions::default()),
    );
}

#[test]
fn tree_with_lines() {
    let options = TreeOptions {
        lines: true,
        ..TreeOptions::default()
    };
    check("tree_lines.txt", &tree(&program::recording(), options));
}

#[test]
fn tree_in_colour() {
    let options = TreeOptions {
        colour: true,
        depth: Some(2),
        ..TreeOptions::default()
    };
    check("tree_colour.txt", &tree(&program::recording(), options));
}

#[test]
fn tree_of_one_function_or_thread_or_level() {
    let recording = program::recording();
    let function = TreeOptions {
        function: Some("are*".into()),
        ..TreeOptions::default()
    };
    let thread = TreeOptions {
        thread: Some(1),
        ..TreeOptions::default()
    };
    let depth = TreeOptions {
        depth: Some(1),
        ..TreeOptions::default()
    };
    let part = |title: &str, options| format!("{title}\n{}\n", tree(&recording, options));
    let all = [
        part("--function 'are*'", function),
        part("--thread 1", thread),
        part("--depth 1", depth),
    ];
    check("tree_parts.txt", &all.concat());
}

#[test]
fn a_deep_recursion_stays_narrow() {
    let text = tree(&program::recursion(60), TreeOptions::default());
    assert!(text.lines().all(|line| line.chars().count() < 140));
    assert!(text.contains("[61] "), "{text}");
}
