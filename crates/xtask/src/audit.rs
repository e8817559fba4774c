//! Where forms stand that end a program, bypass the error type, or write past the diagnostics.
//!
//! Owns: the report of `just errors-audit` and which of its lines are findings. What the forms are and where each
//! may stand is in `audit/forms.rs`.

mod forms;

use crate::Outcome;
use crate::scan::{python_code, rust_code};
use crate::tidy::{Source, is_test, sources};
use forms::{Form, PLACES, PYTHON, Place, RUST};
use std::collections::BTreeMap;
use std::path::Path;

/// Every place where a form stands outside tests.
pub struct Audit {
    /// By module and form: how often, and why it may, where it may.
    counts: BTreeMap<(String, &'static str, Option<&'static str>), usize>,
    /// `file:line: what is wrong`.
    pub findings: Vec<String>,
    files: usize,
}

/// Reads the sources of the core and of the package.
pub fn run(root: &Path) -> Outcome<Audit> {
    let rust = sources(root, "crates", "rs")?;
    let python = sources(root, "python", "py")?;
    Ok(audit(&rust, &python, PLACES))
}

fn audit(rust: &[Source], python: &[Source], places: &[Place]) -> Audit {
    let mut audit = Audit {
        counts: BTreeMap::new(),
        findings: Vec::new(),
        files: 0,
    };
    let mut used = vec![false; places.len()];
    let rust = rust.iter().filter(|source| !is_test(&source.name));
    let rust = rust.map(|source| (source, rust_code(&source.text), RUST));
    let python = python
        .iter()
        .map(|source| (source, python_code(&source.text), PYTHON));
    for (source, code, forms) in rust.chain(python) {
        audit.files += 1;
        for form in forms {
            for line in form.lines(&code) {
                let allowed = places.iter().position(|place| place.has(form, source));
                if let Some(at) = allowed {
                    used[at] = true;
                } else {
                    let problem = format!("{}:{line}: {}", source.name, form.problem());
                    audit.findings.push(problem);
                }
                let why = allowed.map(|at| places[at].why);
                let key = (module(&source.name), form.name, why);
                *audit.counts.entry(key).or_default() += 1;
            }
        }
    }
    for (place, _) in places.iter().zip(used).filter(|(_, used)| !used) {
        let problem = format!("{}:1: allows {}, which is not there", place.of, place.form);
        audit.findings.push(problem);
    }
    audit
}

impl Audit {
    /// The counts by module, then the findings.
    pub fn report(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        for ((module, form, why), count) in &self.counts {
            if module != last {
                text += &format!("{module}\n");
                last = module;
            }
            let why = why.map_or_else(
                || "MAY NOT STAND HERE".to_owned(),
                |why| format!("allowed: {why}"),
            );
            text += &format!("  {count:>4}  {form:<22} {why}\n");
        }
        for finding in &self.findings {
            text += &format!("{finding}\n");
        }
        let (files, forms) = (self.files, RUST.len() + PYTHON.len());
        let count = self.findings.len();
        text += &format!("{files} files, {forms} forms, {count} where they may not stand");
        text
    }
}

/// The crate, or the part of the Python package, with the module in it.
fn module(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    let parts = match parts.as_slice() {
        ["crates", name, "src", first, ..] => vec![*name, first],
        ["crates", name, rest @ ..] => [&[*name], rest].concat(),
        ["python", _, first, rest @ ..] => {
            let mut parts = vec!["python", *first];
            parts.extend(rest.first());
            parts
        }
        _ => parts.clone(),
    };
    let joined = parts.join("::");
    let cut = joined
        .strip_suffix(".rs")
        .or_else(|| joined.strip_suffix(".py"));
    cut.unwrap_or(&joined).to_owned()
}

impl Place {
    fn has(&self, form: &Form, source: &Source) -> bool {
        self.form == form.name
            && (source.name == self.of
                || (self.of.ends_with('/') && source.name.starts_with(self.of)))
    }
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

    fn found(name: &str, text: &str) -> usize {
        let file = source(name, text);
        let (rust, python) = if name.ends_with(".rs") {
            (file, Vec::new())
        } else {
            (Vec::new(), file)
        };
        audit(&rust, &python, &[]).findings.len()
    }

    #[test]
    fn forms_are_found_in_rust() {
        let cases = [
            ("x.unwrap();", 1),
            ("x\n    .expect(\"y\");", 1),
            ("Option::unwrap(x)", 1),
            ("x.unwrap_err()", 1),
            ("x.map(Result::unwrap)", 1),
            ("panic!(\"y\")", 1),
            ("std::panic!{}", 1),
            ("unreachable!()", 1),
            ("todo!()", 1),
            ("unimplemented!()", 1),
            ("process::exit(1)", 1),
            ("process::abort()", 1),
            ("println!()", 1),
            ("eprintln!()", 1),
            ("dbg!(x)", 1),
            ("PyRuntimeError::new_err(\"y\")", 2),
            ("PyErr::new::<PyValueError, _>(x)", 1),
            ("exceptions::PyOSError", 1),
            ("x.unwrap_or(y).unwrap_or_else(z).unwrap_or_default()", 0),
            ("#[expect(dead_code)]", 0),
            ("// x.unwrap()\n\"panic!()\"", 0),
            ("panic::catch_unwind(f)", 0),
            ("fault_panic!(\"a\", b)", 0),
            ("#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }", 0),
        ];
        for (text, count) in cases {
            assert_eq!(found("crates/a/src/b.rs", text), count, "{text}");
        }
        assert_eq!(found("crates/a/tests/b.rs", "x.unwrap()"), 0);
    }

    #[test]
    fn forms_are_found_in_python() {
        let cases = [
            ("except:\n    pass", 1),
            ("except  :", 1),
            ("sys.exit(1)", 1),
            ("os._exit(1)", 1),
            ("os.abort()", 1),
            ("from sys import exit", 1),
            ("raise RuntimeError('x')", 1),
            ("raise RuntimeError", 1),
            ("raise builtins.ValueError(x)", 1),
            ("raise Exception(x) from y", 1),
            ("except BaseException:\n    raise", 0),
            ("raise", 0),
            ("raise error", 0),
            ("raise UsageError('ERR_IO', 'x')", 0),
            ("raise EventCycleError(x)", 0),
            ("# except:\n'sys.exit(1)'", 0),
            ("assert x, y", 1),
            ("assertion = 1", 0),
        ];
        for (text, count) in cases {
            assert_eq!(found("python/a/b.py", text), count, "{text}");
        }
    }

    #[test]
    fn a_place_allows_its_form_there_only_and_must_be_needed() {
        let place = |form, of| Place {
            form,
            of,
            why: "because",
        };
        let cases = [
            (place(".unwrap", "crates/a/src/b.rs"), 0),
            (place(".unwrap", "crates/a/"), 0),
            (place(".unwrap", "crates/a/src/c.rs"), 2),
            (place("panic!", "crates/a/src/b.rs"), 2),
        ];
        for (place, count) in cases {
            let rust = source("crates/a/src/b.rs", "x.unwrap()");
            let found = audit(&rust, &[], &[place]);
            assert_eq!(found.findings.len(), count, "{:?}", found.findings);
        }
    }

    #[test]
    fn the_report_counts_by_module() {
        let mut rust = source("crates/a/src/b.rs", "x.unwrap();y.unwrap();\npanic!()");
        rust.extend(source("crates/a/src/c/d.rs", "x.unwrap()"));
        let place = Place {
            form: "panic!",
            of: "crates/a/src/b.rs",
            why: "it may",
        };
        let text = audit(&rust, &[], &[place]).report();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(
            lines[..6],
            [
                "a::b",
                "2  .unwrap                MAY NOT STAND HERE",
                "1  panic!                 allowed: it may",
                "a::c",
                "1  .unwrap                MAY NOT STAND HERE",
                "crates/a/src/b.rs:1: .unwrap: return an error",
            ]
        );
    }
}
