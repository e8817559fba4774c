//! The recorder's one error type and the catalogue of its codes.
//!
//! Owns: [`RecorderError`], [`ErrorKind`], [`ErrorCode`], exit statuses and the macros that
//! construct errors. Refuses: printing, logging, exiting, reading the environment and anything
//! that knows Python.
//!
//! ```
//! use recorder_errors::prelude::*;
//!
//! fn choose(format: &str) -> RecorderResult<()> {
//!     ensure_usage!(format == "native", UNSUPPORTED_FORMAT, "unknown format {format:?}"; format = format);
//!     Ok(())
//! }
//!
//! let error = choose("xml").unwrap_err();
//! assert_eq!(error.code().name(), "ERR_UNSUPPORTED_FORMAT");
//! assert_eq!(error.exit_status(), 2);
//! assert_eq!(error.to_string(), "[ERR_UNSUPPORTED_FORMAT] unknown format \"xml\" (format=xml)");
//! ```

pub mod catalog;
mod code;
mod context;
mod error;
#[cfg(feature = "failure-fixtures")]
pub mod fault;
mod io;
mod macros;

pub use code::{Entry, ErrorCode, ErrorKind};
pub use context::Context;
pub use error::{RecorderError, RecorderResult};

/// Everything a module that makes or passes on errors needs.
pub mod prelude {
    pub use crate::{
        ErrorCode, ErrorKind, RecorderError, RecorderResult, bug, ensure_env, ensure_internal,
        ensure_target, ensure_usage, enverr, target, usage,
    };
}

#[cfg(test)]
mod tests;
