//! Text of an exception: its message, made from the exception object without calling `__str__`.

use std::borrow::Cow;
use std::io::Write as _;

use trace_model::Value;

use super::limits::Limits;
use super::scalar::Scalar;
use crate::raw::object::Obj;
use crate::raw::unicode::{self, Units};

/// Longest message that is made from arguments, in bytes.
const MESSAGE_BYTES: usize = 1024;

/// Adds what `str(exc)` says for the built-in classes; for others, their arguments alone.
pub(super) fn message(exc: Obj<'_>, limits: &Limits, out: &mut Vec<u8>) {
    let Some(args) = exc.exception_args() else {
        return;
    };
    let count = args.size();
    match (count, args.tuple_item(0)) {
        (0, _) => {}
        (1, Some(only)) if unicode::is_str(only) && !exc.is_key_error() => {
            plain(only, limits, out);
        }
        (1, Some(only)) => display(only, limits, out),
        (2, Some(number)) if exc.is_os_error() => {
            out.extend_from_slice(b"[Errno ");
            display(number, limits, out);
            out.extend_from_slice(b"] ");
            if let Some(reason) = args.tuple_item(1) {
                plain(reason, limits, out);
            }
            if let Some(name) = exc.os_error_filename() {
                out.extend_from_slice(b": ");
                display(name, limits, out);
            }
        }
        _ => {
            out.push(b'(');
            for i in 0..count.min(limits.items) {
                if i > 0 {
                    out.extend_from_slice(b", ");
                }
                if let Some(arg) = args.tuple_item(i) {
                    display(arg, limits, out);
                }
            }
            out.push(b')');
        }
    }
    let mut end = out.len().min(MESSAGE_BYTES * 4);
    while out.get(end).is_some_and(|byte| is_continuation(*byte)) {
        end -= 1;
    }
    out.truncate(end);
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// A text in UTF-8 as a value.
pub(super) fn text(text: &[u8]) -> Value<'_> {
    let points = text.iter().filter(|byte| !is_continuation(**byte));
    Value::Str {
        len: points.count() as u64,
        text: Cow::Borrowed(text),
        cut_hash: None,
    }
}

fn plain(obj: Obj<'_>, limits: &Limits, out: &mut Vec<u8>) {
    if unicode::is_str(obj) {
        push(obj, limits.text, out);
    } else {
        display(obj, limits, out);
    }
}

/// Adds the first characters of a text; lone surrogates are replaced.
pub(super) fn push(text: Obj<'_>, limit: usize, out: &mut Vec<u8>) {
    if let Units::Ascii(bytes) = unicode::units(text) {
        out.extend_from_slice(&bytes[..bytes.len().min(limit)]);
        return;
    }
    let mut bytes = Vec::new();
    unicode::prefix(text, limit, &mut bytes);
    out.extend_from_slice(String::from_utf8_lossy(&bytes).as_bytes());
}

/// The `repr` of a scalar; a class name in angle brackets for everything else.
fn display(obj: Obj<'_>, limits: &Limits, out: &mut Vec<u8>) {
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
            let has = |quote| text.as_bytes().contains(&quote);
            let quote = if has(b'\'') && !has(b'"') {
                b'"'
            } else {
                b'\''
            };
            out.push(quote);
            for byte in text.bytes() {
                match byte {
                    b'\\' => out.extend_from_slice(b"\\\\"),
                    b'\n' => out.extend_from_slice(b"\\n"),
                    b'\r' => out.extend_from_slice(b"\\r"),
                    b'\t' => out.extend_from_slice(b"\\t"),
                    _ if byte == quote => out.extend_from_slice(&[b'\\', quote]),
                    _ => out.push(byte),
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
