//! The error type.
//!
//! Owns: how an error is built and shown. Refuses: deciding what happens because of it, which is
//! policy, and converting it to Python's exceptions, which is the boundary's.

use crate::{Context, ErrorCode, ErrorKind};
use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write;

/// What the recorder's fallible functions return.
pub type RecorderResult<T> = Result<T, RecorderError>;

/// A failure of the recorder: a code and context for programs, a message for people, a cause.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RecorderError(Box<Inner>);

#[derive(Debug, thiserror::Error)]
#[error("[{code}] {message}{context}")]
struct Inner {
    code: ErrorCode,
    message: String,
    context: Context,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl RecorderError {
    /// An error without context and cause. The macros are the usual way to it.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> RecorderError {
        RecorderError(Box::new(Inner {
            code,
            message: message.into(),
            context: Context::default(),
            source: None,
        }))
    }

    /// Adds one fact.
    #[must_use]
    pub fn with(
        mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl std::fmt::Display,
    ) -> RecorderError {
        self.0.context.insert(key, value.to_string());
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> RecorderError {
        self.0.source = Some(source.into());
        self
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Whose failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.code.kind()
    }

    /// The exit status of a command that ends because of it.
    pub fn exit_status(&self) -> u8 {
        self.0.code.exit_status()
    }

    /// The text for people, without code and context.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts for programs.
    pub fn context(&self) -> &Context {
        &self.0.context
    }

    /// The operating system's error number, where there is one.
    pub fn errno(&self) -> Option<i32> {
        self.0.context.get("errno")?.parse().ok()
    }

    /// The cause, where there is one.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// The line for people on stderr, without a line end and without control characters.
    pub fn human_line(&self) -> String {
        let text = format!(
            "recorder: {}: {}{}",
            self.0.code, self.0.message, self.0.context
        );
        let mut line = String::with_capacity(text.len());
        for c in text.chars() {
            if c.is_control() {
                // Writing to a String does not fail.
                let _ = write!(line, "{}", c.escape_default());
            } else {
                line.push(c);
            }
        }
        line
    }
}

/// The JSON trailer's fields that the error itself knows.
#[cfg(feature = "serde")]
impl serde::Serialize for RecorderError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("RecorderError", 5)?;
        out.serialize_field("error_code", self.code().name())?;
        out.serialize_field("error_kind", self.kind().name())?;
        out.serialize_field("message", self.message())?;
        out.serialize_field("context", self.context())?;
        out.serialize_field("exit_status", &self.exit_status())?;
        out.end()
    }
}
