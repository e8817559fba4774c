//! The one error of this crate: bytes that do not mean anything. Callers who know the file add path and code.

/// Bytes that are no valid row, value or block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// What was being read.
    pub what: &'static str,
    /// Byte offset in the input at which it failed.
    pub offset: usize,
}

impl DecodeError {
    /// An error for `what` at byte `offset`.
    pub const fn new(what: &'static str, offset: usize) -> Self {
        Self { what, offset }
    }
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "malformed {} at byte {}", self.what, self.offset)
    }
}

impl std::error::Error for DecodeError {}
