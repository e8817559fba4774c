//! The forms that the audit looks for, and the places where one of them is right.
//!
//! Owns: what is forbidden and why a place may have it. Refuses a place without a reason.

/// A piece of code: a whole word with something before and after it.
pub struct Form {
    pub name: &'static str,
    /// What one of must stand directly before the word; empty where anything may.
    before: &'static [&'static str],
    words: &'static [&'static str],
    /// What must follow, blanks left out.
    after: &'static str,
    instead: &'static str,
}

/// A file, or a folder with `/` at its end, where a form may stand.
pub struct Place {
    pub form: &'static str,
    pub of: &'static str,
    pub why: &'static str,
}

const fn form(
    name: &'static str,
    before: &'static [&'static str],
    words: &'static [&'static str],
    after: &'static str,
    instead: &'static str,
) -> Form {
    Form {
        name,
        before,
        words,
        after,
        instead,
    }
}

const METHOD: &[&str] = &[".", "::"];
const AN_ERROR: &str = "return an error";
const A_STATUS: &str = "return a status; the process belongs to the program";
const DIAGNOSTICS: &str = "recorder_core::diagnostics alone writes to stderr, nobody to stdout";
const CONVERTED: &str = "exceptions are made in boundary.rs, from a RecorderError";
const TYPED: &str = "raise a RecorderError with a code";

pub const RUST: &[Form] = &[
    form(
        ".unwrap",
        METHOD,
        &["unwrap", "unwrap_err", "unwrap_unchecked"],
        "",
        AN_ERROR,
    ),
    form(".expect", METHOD, &["expect", "expect_err"], "", AN_ERROR),
    form("panic!", &[], &["panic"], "!", AN_ERROR),
    form("unreachable!", &[], &["unreachable"], "!", AN_ERROR),
    form("todo!", &[], &["todo", "unimplemented"], "!", AN_ERROR),
    form(
        "process::exit",
        &["process::", "libc::"],
        &["exit", "abort", "_exit"],
        "",
        A_STATUS,
    ),
    form(
        "println!",
        &[],
        &["print", "println", "eprint", "eprintln", "dbg"],
        "!",
        DIAGNOSTICS,
    ),
    form(
        "PyRuntimeError",
        &[],
        &[
            "PyRuntimeError",
            "PyValueError",
            "PyTypeError",
            "PyOSError",
            "PyException",
            "PyKeyError",
            "PyIndexError",
            "PySystemError",
        ],
        "",
        CONVERTED,
    ),
    form("new_err", &["::"], &["new_err"], "", CONVERTED),
];

/// Python's own exceptions, but for those that end an iteration.
const BUILT_IN: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "EOFError",
    "Exception",
    "ExceptionGroup",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "IOError",
    "ImportError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "ProcessLookupError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "SyntaxError",
    "SystemError",
    "SystemExit",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeError",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
];

pub const PYTHON: &[Form] = &[
    form(
        "except:",
        &[],
        &["except"],
        ":",
        "name what is caught: a bare except swallows KeyboardInterrupt",
    ),
    form(
        "sys.exit",
        &["sys.", "sys import "],
        &["exit"],
        "",
        A_STATUS,
    ),
    form("os._exit", &["os."], &["_exit", "abort"], "", A_STATUS),
    form(
        "raise of a built-in",
        &["raise ", "raise builtins."],
        BUILT_IN,
        "",
        TYPED,
    ),
    form(
        "assert",
        &[],
        &["assert"],
        " ",
        "an assertion is gone under -O",
    ),
];

pub const PLACES: &[Place] = &[
    Place {
        form: "println!",
        of: "crates/xtask/",
        why: "a command of the project, no part of the recorder",
    },
    Place {
        form: "println!",
        of: "crates/codetracer-python-recorder/build.rs",
        why: "how a build script speaks to cargo",
    },
    Place {
        form: "process::exit",
        of: "crates/codetracer-python-recorder/src/raw/process.rs",
        why: "the status of `record`, when the interpreter is finalised",
    },
    Place {
        form: "sys.exit",
        of: "python/codetracer_python_recorder/cli/__init__.py",
        why: "the command's own process",
    },
    Place {
        form: "raise of a built-in",
        of: "python/codetracer_python_recorder/cli/arguments.py",
        why: "the end of --help, inside the command",
    },
    Place {
        form: "os._exit",
        of: "python/codetracer_python_recorder/_start.py",
        why: "before the program of `record` began, or after it ended",
    },
    Place {
        form: "os._exit",
        of: "python/codetracer_python_recorder/_ending.py",
        why: "the status of a process that recorded itself, when the interpreter is finalised",
    },
    Place {
        form: "raise of a built-in",
        of: "python/codetracer_python_recorder/__init__.py",
        why: "how a module answers for a name that it lacks",
    },
    Place {
        form: "raise of a built-in",
        of: "python/codetracer_python_recorder/events/",
        why: "a library of its own, whose misuse raises Python's errors",
    },
];

impl Form {
    /// The 1-based lines where it stands, one for each time.
    pub fn lines(&self, code: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for (index, line) in code.lines().enumerate() {
            for word in self.words {
                let places = line.match_indices(word);
                let here = places.filter(|(at, _)| self.stands_at(line, *at, word));
                found.extend(here.map(|_| index + 1));
            }
        }
        found
    }

    fn stands_at(&self, line: &str, at: usize, word: &str) -> bool {
        let is_part = |c: char| c == '_' || c.is_alphanumeric();
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        let led = self.before.is_empty() || self.before.iter().any(|it| before.ends_with(it));
        let followed = match self.after {
            " " => after.starts_with([' ', '(']),
            mark => after.trim_start().starts_with(mark),
        };
        whole && led && followed
    }

    pub fn problem(&self) -> String {
        format!("{}: {}", self.name, self.instead)
    }
}
