//! Scalars as Python writes them, and recorded text made fit to be shown.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A piece of recorded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// A character.
    Char(char),
    /// A lone surrogate.
    Surrogate(u16),
    /// A byte that is no text.
    Bad(u8),
}

/// The pieces of recorded text: UTF-8 in which lone surrogates keep their three-byte form.
pub fn pieces(text: &[u8]) -> impl Iterator<Item = Piece> + '_ {
    let mut rest = text;
    let mut valid = "".chars();
    std::iter::from_fn(move || {
        loop {
            if let Some(c) = valid.next() {
                return Some(Piece::Char(c));
            }
            let first = *rest.first()?;
            let end = match std::str::from_utf8(rest) {
                Ok(_) => rest.len(),
                Err(error) => error.valid_up_to(),
            };
            let (good, bad) = rest.split_at(end);
            if let Ok(good) = std::str::from_utf8(good)
                && !good.is_empty()
            {
                valid = good.chars();
                rest = bad;
                continue;
            }
            if let [0xed, b @ 0xa0..=0xbf, c @ 0x80..=0xbf, tail @ ..] = rest {
                rest = tail;
                let low = u16::from(*b & 0x3f) << 6 | u16::from(*c & 0x3f);
                return Some(Piece::Surrogate(0xd000 | low));
            }
            rest = rest.get(1..).unwrap_or_default();
            return Some(Piece::Bad(first));
        }
    })
}

/// `repr` of a float.
pub fn float(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf" } else { "-inf" }.into();
    }
    let shortest = format!("{f:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = f.to_string();
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

/// `repr` of a complex.
pub fn complex(re: f64, im: f64) -> String {
    let part = |f: f64| {
        let text = float(f);
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    };
    if re == 0.0 && re.is_sign_positive() {
        return part(im) + "j";
    }
    let sign = if im.is_sign_negative() && !im.is_nan() {
        ""
    } else {
        "+"
    };
    format!("({}{sign}{}j)", part(re), part(im))
}

/// Decimal digits of an integer given by its sign and little-endian magnitude.
pub fn big_int(negative: bool, magnitude: &[u8]) -> String {
    const BILLION: u64 = 1_000_000_000;
    let mut words: Vec<u32> = Vec::with_capacity(magnitude.len() / 4 + 1);
    for chunk in magnitude.chunks(4) {
        let mut bytes = [0; 4];
        for (to, from) in bytes.iter_mut().zip(chunk) {
            *to = *from;
        }
        words.push(u32::from_le_bytes(bytes));
    }
    let mut groups = Vec::new();
    while words.iter().any(|word| *word != 0) {
        let mut rest = 0u64;
        for word in words.iter_mut().rev() {
            let n = rest << 32 | u64::from(*word);
            *word = (n / BILLION) as u32;
            rest = n % BILLION;
        }
        groups.push(rest);
    }
    let mut out = String::from(if negative { "-" } else { "" });
    match groups.pop() {
        None => return "0".into(),
        Some(first) => {
            let _ = write!(out, "{first}");
        }
    }
    for group in groups.iter().rev() {
        let _ = write!(out, "{group:09}");
    }
    out
}

/// Whether the kept bytes are all of an integer of `bits`.
pub fn is_whole_int(bits: u64, magnitude: &[u8]) -> bool {
    bits <= magnitude.len() as u64 * 8
}

fn quote(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

/// `repr` of a bytes object with this content.
pub fn bytes(data: &[u8]) -> String {
    let quote = quote(data.contains(&b'\''), data.contains(&b'"'));
    let mut out = format!("b{quote}");
    for byte in data {
        match *byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            c @ 0x20..=0x7e => {
                if char::from(c) == quote {
                    out.push('\\');
                }
                out.push(char::from(c));
            }
            other => {
                let _ = write!(out, "\\x{other:02x}");
            }
        }
    }
    out.push(quote);
    out
}

/// `repr` of a str, at most about `limit` characters of it; an ellipsis stands for the rest.
pub fn string(text: &[u8], cut: bool, limit: usize) -> String {
    let quote = quote(text.contains(&b'\''), text.contains(&b'"'));
    let mut out = String::from(quote);
    let mut used = 0;
    let mut cut = cut;
    for piece in pieces(text) {
        if used >= limit {
            cut = true;
            break;
        }
        let before = out.len();
        match piece {
            Piece::Char(c) if c == quote || c == '\\' => {
                out.push('\\');
                out.push(c);
            }
            Piece::Char('\n') => out.push_str("\\n"),
            Piece::Char('\r') => out.push_str("\\r"),
            Piece::Char('\t') => out.push_str("\\t"),
            Piece::Char(c) if is_shown(c) => out.push(c),
            Piece::Char(c) => {
                let n = u32::from(c);
                let _ = match n {
                    0..=0xff => write!(out, "\\x{n:02x}"),
                    0x100..=0xffff => write!(out, "\\u{n:04x}"),
                    _ => write!(out, "\\U{n:08x}"),
                };
            }
            Piece::Surrogate(n) => {
                let _ = write!(out, "\\u{n:04x}");
            }
            Piece::Bad(_) => out.push('\u{fffd}'),
        }
        used += out.get(before..).map_or(1, |new| new.chars().count());
    }
    if cut {
        out.push('\u{2026}');
    }
    out.push(quote);
    out
}

/// Whether a terminal shows the character as itself: no control, no change of direction, no line end.
pub fn is_shown(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

/// The text with everything replaced that would move a terminal's cursor.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c {
        '\t' => "    ".chars().collect::<Vec<_>>(),
        c if is_shown(c) => vec![c],
        _ => vec!['\u{fffd}'],
    };
    Cow::Owned(text.chars().flat_map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_python_writes_them() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (1e300, "1e+300"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
            (5e-324, "5e-324"),
        ];
        for (f, text) in cases {
            assert_eq!(float(f), text);
        }
    }

    #[test]
    fn complex_numbers_read_as_python_writes_them() {
        let cases = [
            (1.0, 2.0, "(1+2j)"),
            (0.0, -1.5, "-1.5j"),
            (-0.0, 1.0, "(-0+1j)"),
            (1.5, -2.0, "(1.5-2j)"),
            (f64::NAN, f64::INFINITY, "(nan+infj)"),
        ];
        for (re, im, text) in cases {
            assert_eq!(complex(re, im), text);
        }
    }

    #[test]
    fn big_integers_are_decimal() {
        assert_eq!(big_int(false, &[]), "0");
        assert_eq!(
            big_int(true, &[0, 0, 0, 0, 0, 0, 0, 0, 1]),
            "-18446744073709551616"
        );
        assert_eq!(big_int(false, &10u128.pow(27).to_le_bytes()), {
            "1000000000000000000000000000"
        });
    }

    #[test]
    fn text_keeps_what_is_no_character_apart() {
        let seen: Vec<_> = pieces(b"a\xed\xa0\x80\xffz").collect();
        let expected = [
            Piece::Char('a'),
            Piece::Surrogate(0xd800),
            Piece::Bad(0xff),
            Piece::Char('z'),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn strings_and_bytes_have_python_quotes() {
        assert_eq!(string(b"it's", false, 80), "\"it's\"");
        assert_eq!(string(b"\"it's\"", false, 80), "'\"it\\'s\"'");
        assert_eq!(string(b"a\x1b[2J\n", false, 80), "'a\\x1b[2J\\n'");
        assert_eq!(string(b"abcdef", false, 3), "'abc\u{2026}'");
        assert_eq!(bytes(b"\x00a'\""), "b'\\x00a\\'\"'");
        assert_eq!(clean("a\x1bb"), "a\u{fffd}b");
    }
}
