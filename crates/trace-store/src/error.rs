//! Errors of the layers below as the recorder's own.
//!
//! Owns the conversions. Refuses to decide what happens because of an error.

use std::path::Path;

use mcap::McapError;
use recorder_errors::prelude::*;
use trace_model::DecodeError;

/// An error while writing the container. An error of ours that travelled through the library comes out as it went in.
pub(crate) fn writing(path: &Path, error: McapError) -> RecorderError {
    match error {
        McapError::Io(error) => io(path, error),
        other => bug!(INTERNAL, "the container refused a record: {}", other; path = path.display()),
    }
}

fn io(path: &Path, error: std::io::Error) -> RecorderError {
    match error.downcast::<RecorderError>() {
        Ok(ours) => ours,
        Err(error) => RecorderError::io_while("write the trace", path, error),
    }
}

/// A second error with the same code, text and context; the cause stays with the first.
pub(crate) fn again(error: &RecorderError) -> RecorderError {
    let copy = RecorderError::new(error.code(), error.message());
    error
        .context()
        .iter()
        .fold(copy, |copy, (key, value)| copy.with(key.to_owned(), value))
}

/// Bytes of a recording that make no sense.
pub(crate) fn corrupt(path: &Path, offset: u64, what: impl std::fmt::Display) -> RecorderError {
    enverr!(
        TRACE_CORRUPT,
        "the recording is damaged: {}", what;
        path = path.display(),
        offset = offset
    )
}

/// The same, for a block or a definition at `offset` of the file.
pub(crate) fn malformed(path: &Path, offset: u64, error: DecodeError) -> RecorderError {
    corrupt(path, offset, error).with_source(error)
}
