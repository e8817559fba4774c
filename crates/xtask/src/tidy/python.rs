//! Rules about the Python package.

use super::Source;
use crate::scan::{lines_with_word, python_code};

/// The one module that writes to stdout.
const OWNER: &str = "python/codetracer_python_recorder/cli/output.py";

/// Uses of stdout outside its owner.
pub fn stdout(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.name != OWNER) {
        let code = python_code(&source.text);
        for at in lines_with_word(&code, "print") {
            if has(&code, at, "print(") {
                found.push(format!(
                    "{}:{at}: print() outside cli/output.py",
                    source.name
                ));
            }
        }
        for (word, mark) in [
            ("stdout", "sys.stdout"),
            ("__stdout__", "sys.__stdout__"),
            ("stdout", "import stdout"),
            ("write", "os.write(1,"),
        ] {
            for at in lines_with_word(&code, word) {
                if has(&code, at, mark) {
                    found.push(format!(
                        "{}:{at}: {mark} outside cli/output.py",
                        source.name
                    ));
                }
            }
        }
    }
    found
}

fn has(code: &str, at: usize, mark: &str) -> bool {
    code.lines()
        .nth(at - 1)
        .is_some_and(|line| line.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdout_has_one_owner() {
        let cases = [
            ("python/x/a.py", "print(1)", 1),
            ("python/x/a.py", "sys.stdout.write(x)", 1),
            ("python/x/a.py", "from sys import stdout", 1),
            ("python/x/a.py", "os.write(1, b)", 1),
            ("python/x/a.py", "'print(1)' # sys.stdout", 0),
            ("python/x/a.py", "pprint(1); run(stdout=None)", 0),
            (OWNER, "sys.stdout.write(x)", 0),
        ];
        for (name, text, count) in cases {
            let sources = [Source {
                name: name.to_owned(),
                text: text.to_owned(),
            }];
            assert_eq!(stdout(&sources).len(), count, "{name}: {text}");
        }
    }
}
