//! Kinds, codes and catalogue entries as plain data.
//!
//! Owns: what a kind means for the process. The kind belongs to the code, never to a call site.

use std::fmt;

/// Whose failure it is. The kind picks the Python class and the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The caller's mistake: a flag, an argument, the order of calls.
    Usage,
    /// The machine: disk, permissions, limits, a missing or unsupported interpreter.
    Environment,
    /// The traced program took recording away.
    Target,
    /// A defect of the recorder.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of its exit status.
    pub const ALL: [ErrorKind; 4] = [
        ErrorKind::Usage,
        ErrorKind::Environment,
        ErrorKind::Target,
        ErrorKind::Internal,
    ];

    /// The name as programs see it.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::Usage => "Usage",
            ErrorKind::Environment => "Environment",
            ErrorKind::Target => "Target",
            ErrorKind::Internal => "Internal",
        }
    }

    /// The exit status of a command that ends because of such a failure.
    pub const fn exit_status(self) -> u8 {
        match self {
            ErrorKind::Usage => 2,
            ErrorKind::Environment => 10,
            ErrorKind::Target => 20,
            ErrorKind::Internal => 70,
        }
    }

    /// One sentence for the reference.
    pub const fn meaning(self) -> &'static str {
        match self {
            ErrorKind::Usage => "the caller's mistake: a flag, an argument, the order of calls",
            ErrorKind::Environment => {
                "the machine: disk, permissions, limits, a missing or unsupported interpreter"
            }
            ErrorKind::Target => "the traced program took recording away",
            ErrorKind::Internal => "a defect of the recorder, a caught panic included",
        }
    }

    /// Whether two kinds are the same, usable in constant expressions.
    pub const fn is(self, other: ErrorKind) -> bool {
        self as u8 == other as u8
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the catalogue says about one code.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The stable name, `ERR_` and upper snake case.
    pub name: &'static str,
    /// Whose failure it is.
    pub kind: ErrorKind,
    /// Whether the code is only explained and can no longer be constructed.
    pub retired: bool,
    /// What happened, one sentence.
    pub summary: &'static str,
    /// Why it happens.
    pub why: &'static str,
    /// What the reader should do.
    pub fix: &'static str,
    /// A command or a few lines that lead to it.
    pub example: &'static str,
}

/// A code that can be raised. Its constants are the catalogue's active entries.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(&'static Entry);

impl ErrorCode {
    pub(crate) const fn of(entry: &'static Entry) -> ErrorCode {
        ErrorCode(entry)
    }

    /// The stable name, for example `ERR_NO_SPACE`.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Whose failure it is.
    pub const fn kind(self) -> ErrorKind {
        self.0.kind
    }

    /// The exit status of its kind.
    pub const fn exit_status(self) -> u8 {
        self.0.kind.exit_status()
    }

    /// What the catalogue says about it.
    pub const fn entry(self) -> &'static Entry {
        self.0
    }

    /// The active code of that name. Retired names give `None`.
    pub fn from_name(name: &str) -> Option<ErrorCode> {
        crate::catalog::find(name)
            .filter(|entry| !entry.retired)
            .map(ErrorCode)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
