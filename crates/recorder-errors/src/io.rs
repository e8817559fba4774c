//! From the operating system's errors to codes.
//!
//! Owns: which error number is which code. Refuses: guessing from message text.

use crate::{ErrorCode, RecorderError};
use std::io;
use std::path::Path;

/// Error numbers that `std::io::ErrorKind` does not tell apart or knows under another name, with
/// the values that Linux and the BSDs, macOS included, share. `EDQUOT` differs and is found by kind.
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
const EFBIG: i32 = 27;

/// The code of an error of the operating system, where it has one of its own.
fn precise_code(error: &io::Error) -> Option<ErrorCode> {
    match error.raw_os_error() {
        Some(ENFILE | EMFILE) => return Some(ErrorCode::TOO_MANY_FILES),
        Some(EFBIG) => return Some(ErrorCode::FILE_TOO_LARGE),
        _ => {}
    }
    Some(match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::NO_SPACE,
        io::ErrorKind::PermissionDenied => ErrorCode::PERMISSION,
        io::ErrorKind::ReadOnlyFilesystem => ErrorCode::READ_ONLY,
        io::ErrorKind::FileTooLarge => ErrorCode::FILE_TOO_LARGE,
        io::ErrorKind::NotFound => ErrorCode::NOT_FOUND,
        io::ErrorKind::OutOfMemory => ErrorCode::OUT_OF_MEMORY,
        _ => return None,
    })
}

impl RecorderError {
    /// An error of the operating system on `path`, with path and error number in the context.
    pub fn io(path: impl AsRef<Path>, error: io::Error) -> RecorderError {
        let code = precise_code(&error).unwrap_or(ErrorCode::IO);
        build(code, None, Some(path.as_ref()), error)
    }

    /// The same, saying what was tried: `io_while("write the trace", path, error)` reads
    /// "cannot write the trace: ...".
    pub fn io_while(action: &str, path: impl AsRef<Path>, error: io::Error) -> RecorderError {
        RecorderError::io_or(ErrorCode::IO, action, path, error)
    }

    /// The same, with `fallback` in place of `ERR_IO` where the error has no code of its own.
    pub fn io_or(
        fallback: ErrorCode,
        action: &str,
        path: impl AsRef<Path>,
        error: io::Error,
    ) -> RecorderError {
        let code = precise_code(&error).unwrap_or(fallback);
        build(code, Some(action), Some(path.as_ref()), error)
    }
}

fn build(
    code: ErrorCode,
    action: Option<&str>,
    path: Option<&Path>,
    error: io::Error,
) -> RecorderError {
    let message = match action {
        Some(action) => format!("cannot {action}: {error}"),
        None => error.to_string(),
    };
    let mut built = RecorderError::new(code, message);
    if let Some(path) = path {
        built = built.with("path", path.display());
    }
    if let Some(errno) = error.raw_os_error() {
        built = built.with("errno", errno);
    }
    built.with_source(error)
}

/// Without a path; prefer [`RecorderError::io`] wherever the path is known.
impl From<io::Error> for RecorderError {
    fn from(error: io::Error) -> RecorderError {
        let code = precise_code(&error).unwrap_or(ErrorCode::IO);
        build(code, None, None, error)
    }
}
