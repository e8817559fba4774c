//! Text of an exception: its message and traceback, made from the exception object without calling `__str__`.

use std::fmt::Write as _;

use trace_model::Value;

use super::limits::Limits;
use super::scalar::Scalar;
use crate::raw::object::Obj;
use crate::raw::unicode::{self, Units};

/// Entries of a traceback that are kept, from the outermost frame.
const TRACEBACK_ENTRIES: usize = 32;

/// Longest message that is made from arguments, in bytes.
const MESSAGE_BYTES: usize = 1024;

/// What `str(exc)` says for the built-in classes; for others, their arguments alone.
pub(super) fn message(exc: Obj<'_>, limits: &Limits) -> String {
    let Some(args) = exc.exception_args() else {
        return String::new();
    };
    let count = args.size();
    let mut out = String::new();
    match (count, args.tuple_item(0)) {
        (0, _) => {}
        (1, Some(only)) if unicode::is_str(only) && !exc.is_key_error() => {
            plain(only, limits, &mut out);
        }
        (1, Some(only)) => display(only, limits, &mut out),
        (2, Some(number)) if exc.is_os_error() => {
            out.push_str("[Errno ");
            display(number, limits, &mut out);
            out.push_str("] ");
            if let Some(reason) = args.tuple_item(1) {
                plain(reason, limits, &mut out);
            }
            if let Some(name) = exc.os_error_filename() {
                out.push_str(": ");
                display(name, limits, &mut out);
            }
        }
        _ => {
            out.push('(');
            for i in 0..count.min(limits.items) {
                if i > 0 {
                    out.push_str(", ");
                }
                if let Some(arg) = args.tuple_item(i) {
                    display(arg, limits, &mut out);
                }
            }
            out.push(')');
        }
    }
    clip(out)
}

fn clip(mut out: String) -> String {
    let mut end = out.len().min(MESSAGE_BYTES * 4);
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    out.truncate(end);
    out
}

fn plain(obj: Obj<'_>, limits: &Limits, out: &mut String) {
    if unicode::is_str(obj) {
        push(obj, limits.text, out);
    } else {
        display(obj, limits, out);
    }
}

/// Adds the first characters of a text; lone surrogates are replaced.
fn push(text: Obj<'_>, limit: usize, out: &mut String) {
    if let Units::Ascii(bytes) = unicode::units(text)
        && let Ok(ascii) = std::str::from_utf8(&bytes[..bytes.len().min(limit)])
    {
        out.push_str(ascii);
        return;
    }
    let mut bytes = Vec::new();
    unicode::prefix(text, limit, &mut bytes);
    out.push_str(&String::from_utf8_lossy(&bytes));
}

/// The `repr` of a scalar; a class name in angle brackets for everything else.
fn display(obj: Obj<'_>, limits: &Limits, out: &mut String) {
    if out.len() > MESSAGE_BYTES {
        return;
    }
    let _ = match Scalar::of(obj, limits).map(|s| s.value()) {
        Some(Value::None) => write!(out, "None"),
        Some(Value::Bool(b)) => write!(out, "{}", if b { "True" } else { "False" }),
        Some(Value::Int(i)) => write!(out, "{i}"),
        Some(Value::Float(f)) if f.fract() == 0.0 && f.abs() < 1e16 => write!(out, "{f:.1}"),
        Some(Value::Float(f)) => write!(out, "{f}"),
        Some(Value::Str { text, .. }) => {
            let text = String::from_utf8_lossy(&text);
            let quote = if text.contains('\'') && !text.contains('"') {
                '"'
            } else {
                '\''
            };
            out.push(quote);
            for c in text.chars() {
                match c {
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    c if c == quote => {
                        out.push('\\');
                        out.push(c);
                    }
                    c => out.push(c),
                }
            }
            out.push(quote);
            Ok(())
        }
        Some(Value::Bytes { len, .. }) => write!(out, "<bytes of length {len}>"),
        Some(Value::BigInt { bits, .. }) => write!(out, "<int of {bits} bits>"),
        Some(Value::Complex(re, im)) => write!(out, "({re}+{im}j)"),
        _ => write!(out, "<{}>", crate::raw::types::names(obj).1),
    };
}

/// `file:line function` per entry, outermost first.
pub(super) fn traceback(exc: Obj<'_>) -> String {
    let mut out = String::new();
    let mut entry = exc.exception_traceback();
    for _ in 0..TRACEBACK_ENTRIES {
        let Some(here) = entry else { break };
        if let Some(code) = here.code() {
            let before = out.len();
            if before > 0 {
                out.push('\n');
            }
            if let Some(file) = code.filename() {
                push(file, usize::MAX, &mut out);
            }
            let _ = write!(out, ":{} ", here.line());
            if let Some(function) = code.qualname() {
                push(function, usize::MAX, &mut out);
            }
            if out.len() > 4 * MESSAGE_BYTES {
                out.truncate(before);
                break;
            }
        }
        entry = here.next();
    }
    out
}
