//! `Decimal`: its text, made from sign, digits and exponent as the General Decimal Arithmetic specification has it.

use std::fmt::Write as _;

use super::{Child, Shape};
use crate::capture::limits::Limits;
use crate::raw::decimal::{Form, Parts, WORD_DIGITS};
use crate::raw::object::Obj;

pub(super) fn decimal<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let parts = obj.decimal();
    if parts.digits > limits.text {
        return Shape::content(parts.digits, Child::Absent);
    }
    let text = text(&parts);
    Shape::content(text.len(), Child::text(text))
}

/// The digits without leading zeros, but at least one for a number.
fn digits(parts: &Parts<'_>) -> String {
    let mut all = String::with_capacity(parts.words.len() * WORD_DIGITS);
    for word in parts.words.iter().rev() {
        let _ = write!(all, "{word:019}");
    }
    all.split_off(all.len().saturating_sub(parts.digits))
}

/// What `str()` says.
fn text(parts: &Parts<'_>) -> String {
    let mut out = String::from(if parts.negative { "-" } else { "" });
    match parts.form {
        Form::Infinite => out.push_str("Infinity"),
        Form::Quiet | Form::Signalling => {
            let signalling = parts.form == Form::Signalling;
            out.push_str(if signalling { "sNaN" } else { "NaN" });
            out.push_str(&digits(parts));
        }
        Form::Finite => number(&digits(parts), parts.exponent, &mut out),
    }
    out
}

fn number(digits: &str, exponent: i64, out: &mut String) {
    let count = digits.len() as i64;
    let adjusted = exponent.saturating_add(count - 1);
    if exponent <= 0 && adjusted >= -6 {
        // Where the point stands, counted from the first digit.
        let point = exponent + count;
        if exponent == 0 {
            out.push_str(digits);
        } else if point > 0 {
            let (whole, fraction) = digits.split_at(point as usize);
            let _ = write!(out, "{whole}.{fraction}");
        } else {
            let zeros = point.unsigned_abs() as usize;
            let _ = write!(out, "0.{:0<zeros$}{digits}", "");
        }
        return;
    }
    let (first, rest) = digits.split_at(digits.len().min(1));
    out.push_str(first);
    if !rest.is_empty() {
        let _ = write!(out, ".{rest}");
    }
    let _ = write!(out, "E{adjusted:+}");
}
