use std::path::PathBuf;

use super::*;

/// A copy of the folders that are written to.
struct House(PathBuf);

impl House {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("xtask-new-{name}-{}", std::process::id()));
        for folder in [CATALOG, COMMANDS, DECISIONS] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
            for entry in std::fs::read_dir(crate::root().join(folder)).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    std::fs::copy(entry.path(), root.join(folder).join(entry.file_name())).unwrap();
                }
            }
        }
        Self(root)
    }

    fn text(&self, path: &str) -> String {
        read(&self.0.join(path)).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_code_stands_last_in_the_file_of_its_kind() {
    let house = House::new("code");
    let left = run(&house.0, &["code", "ERR_ODD", "Target", "It is \"odd\"."]).unwrap();
    assert!(left.contains("target!(ODD, ...)"), "{left}");
    let before = read(&crate::root().join(CATALOG).join("target.rs")).unwrap();
    let entry = "ODD {\n    summary: \"It is \\\"odd\\\".\",\n    why: \"\",\n    fix: \"\",\n    example: \"\",\n}\n}\n";
    let expected = before.strip_suffix("}\n").unwrap().to_owned() + entry;
    assert_eq!(
        house.text("crates/recorder-errors/src/catalog/target.rs"),
        expected
    );
}

#[test]
fn a_command_has_a_file_and_is_listed_last() {
    let house = House::new("command");
    run(&house.0, &["command", "odd", "say what is \"odd\""]).unwrap();
    let list = house.text("python/codetracer_python_recorder/cli/dispatch.py");
    assert!(
        list.contains("    \"explain\": \"explain\",\n    \"odd\": \"odd\",\n}\n"),
        "{list}"
    );
    let file = house.text("python/codetracer_python_recorder/cli/odd.py");
    assert!(
        file.contains("HELP = \"say what is \\\"odd\\\"\"\n"),
        "{file}"
    );
    run(&house.0, &["command", "odd", "again"]).unwrap_err();
}

#[test]
fn a_decision_has_the_next_number() {
    let house = House::new("adr");
    let left = run(&house.0, &["adr", "Odd things, told"]).unwrap();
    let file = left.split(':').next().unwrap();
    let number: u32 = file[DECISIONS.len() + 1..][..4].parse().unwrap();
    assert!(file.ends_with("-odd-things-told.md"), "{file}");
    assert!(
        house
            .text(file)
            .starts_with(&format!("# {number}. Odd things, told\n"))
    );
    let again = run(&house.0, &["adr", "Odd things, told"]).unwrap();
    assert!(again.contains(&format!("{:04}-", number + 1)), "{again}");
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let house = House::new("refused");
    let before = house.text("crates/recorder-errors/src/catalog/usage.rs");
    for words in [
        &["code", "ERR_PANIC", "Usage", "x"][..],
        &["code", "odd", "Usage", "x"],
        &["code", "ODD", "Weird", "x"],
        &["command", "explain", "x"],
        &["command", "Odd", "x"],
        &["adr", "..."],
        &["thing"],
        &[],
    ] {
        run(&house.0, words).unwrap_err();
    }
    assert_eq!(
        house.text("crates/recorder-errors/src/catalog/usage.rs"),
        before
    );
}
