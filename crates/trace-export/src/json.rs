//! JSON text into a `String`: escapes, and the commas of objects and arrays.

use std::fmt::{Display, Write as _};

use crate::text::{Piece, pieces};

/// Appends a JSON string.
pub fn put_str(out: &mut String, text: &str) {
    put_text(out, text.as_bytes());
}

/// Appends recorded text as a JSON string: lone surrogates as escapes, bytes that are no text replaced.
pub fn put_text(out: &mut String, text: &[u8]) {
    out.push('"');
    for piece in pieces(text) {
        match piece {
            Piece::Char('"') => out.push_str("\\\""),
            Piece::Char('\\') => out.push_str("\\\\"),
            Piece::Char('\n') => out.push_str("\\n"),
            Piece::Char('\r') => out.push_str("\\r"),
            Piece::Char('\t') => out.push_str("\\t"),
            Piece::Char(c) if c < ' ' || c == '\x7f' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            Piece::Char(c) => out.push(c),
            Piece::Surrogate(n) => {
                let _ = write!(out, "\\u{n:04x}");
            }
            Piece::Bad(_) => out.push('\u{fffd}'),
        }
    }
    out.push('"');
}

/// An open object or array: says when a comma is due.
#[derive(Debug)]
pub struct Open {
    first: bool,
    close: char,
}

impl Open {
    /// Begins an object.
    pub fn object(out: &mut String) -> Self {
        out.push('{');
        Self {
            first: true,
            close: '}',
        }
    }

    /// Begins an array.
    pub fn array(out: &mut String) -> Self {
        out.push('[');
        Self {
            first: true,
            close: ']',
        }
    }

    /// Gets ready for the next item of an array.
    pub fn item(&mut self, out: &mut String) {
        if !self.first {
            out.push(',');
        }
        self.first = false;
    }

    /// Gets ready for the value of `key`.
    pub fn key(&mut self, out: &mut String, key: &str) {
        self.item(out);
        put_str(out, key);
        out.push(':');
    }

    /// A string member.
    pub fn str(&mut self, out: &mut String, key: &str, value: &str) {
        self.key(out, key);
        put_str(out, value);
    }

    /// A member that is written as its `Display` text: a number, `true`, `false` or `null`.
    pub fn plain(&mut self, out: &mut String, key: &str, value: impl Display) {
        self.key(out, key);
        let _ = write!(out, "{value}");
    }

    /// A member that may be null.
    pub fn maybe<T: Display>(&mut self, out: &mut String, key: &str, value: Option<T>) {
        match value {
            Some(value) => self.plain(out, key, value),
            None => self.plain(out, key, "null"),
        }
    }

    /// A string member that may be null.
    pub fn maybe_str(&mut self, out: &mut String, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.str(out, key, value),
            None => self.plain(out, key, "null"),
        }
    }

    /// Ends the object or array.
    pub fn end(self, out: &mut String) {
        out.push(self.close);
    }
}
