//! Arrays and views of memory: what their elements are, and the first of them.

use std::fmt::Write as _;

use trace_model::Value;
use trace_model::value::Form;

use super::{Child, Shape};
use crate::capture::limits::Limits;
use crate::raw::buffers::Elements;
use crate::raw::object::Obj;
use crate::raw::{references, structure};

pub(super) fn array<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let (code, elements) = obj.array();
    let letter = match code {
        'b' | 'h' | 'i' | 'l' | 'q' => 'i',
        'B' | 'H' | 'I' | 'L' | 'Q' => 'u',
        'f' | 'd' => 'f',
        'u' | 'w' => 'U',
        _ => '?',
    };
    let mut shape = items(&elements, limits, |bytes| number(letter, bytes));
    shape.own("typecode", Child::text(code.to_string()));
    shape
}

fn items<'a>(
    elements: &Elements<'a>,
    limits: &Limits,
    each: impl Fn(&[u8]) -> Option<Value<'a>>,
) -> Shape<'a> {
    let len = elements.count();
    let child = |i| each(elements.bytes(i)).map_or(Child::Absent, Child::made);
    let children = (0..len.min(limits.items)).map(child).collect();
    Shape::new(Form::Items, len, children)
}

/// The value of an element: of kind i, u, f, c, b (bool), U (text), S (bytes), lowest byte first.
fn number<'a>(letter: char, bytes: &[u8]) -> Option<Value<'a>> {
    let float = |bytes: &[u8]| match *bytes {
        [a, b] => Some(half(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => Some(f64::from(f32::from_le_bytes([a, b, c, d]))),
        _ => bytes.try_into().ok().map(f64::from_le_bytes),
    };
    let unsigned = || {
        let shifted = |n, b: &u8| n << 8 | u64::from(*b);
        (bytes.len() <= 8).then(|| bytes.iter().rev().fold(0, shifted))
    };
    match letter {
        'b' => Some(Value::Bool(unsigned()? != 0)),
        'u' => unsigned().map(natural),
        'i' => {
            let unused = 64 - 8 * u32::try_from(bytes.len()).ok()?;
            Some(Value::Int((unsigned()? << unused) as i64 >> unused))
        }
        'f' => float(bytes).map(Value::Float),
        'c' => {
            let (real, imaginary) = bytes.split_at(bytes.len() / 2);
            Some(Value::Complex(float(real)?, float(imaginary)?))
        }
        'U' => {
            let code = |unit: &[u8]| match *unit {
                [a, b, c, d] => char::from_u32(u32::from_le_bytes([a, b, c, d])),
                _ => None,
            };
            let text: Option<String> = bytes.chunks(4).map(code).collect();
            let text = text?.trim_end_matches('\0').to_owned();
            Some(Value::Str {
                len: text.chars().count() as u64,
                text: text.into_bytes().into(),
                cut_hash: None,
            })
        }
        'S' => {
            let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
            let data = bytes.get(..end)?.to_vec();
            Some(Value::Bytes {
                len: end as u64,
                data: data.into(),
            })
        }
        _ => None,
    }
}

fn natural<'a>(n: u64) -> Value<'a> {
    match i64::try_from(n) {
        Ok(n) => Value::Int(n),
        Err(_) => Value::BigInt {
            negative: false,
            bits: 64,
            magnitude: n.to_le_bytes().to_vec().into(),
        },
    }
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

pub(super) fn memory_view<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let Some(view) = obj.memory_view(limits.bytes) else {
        return Shape::opaque();
    };
    let bytes = view.bytes.map(|data| Value::Bytes {
        len: view.len as u64,
        data: data.into(),
    });
    let mut shape = Shape::content(view.len, bytes.map_or(Child::Absent, Child::made));
    shape.own("format", Child::text(view.format.to_owned()));
    shape.own("shape", Child::text(dimensions(view.shape)));
    shape.own("readonly", Child::made(Value::Bool(view.readonly)));
    shape
}

/// A shape as Python writes the tuple.
fn dimensions(shape: &[isize]) -> String {
    let mut out = String::from("(");
    for (i, length) in shape.iter().enumerate() {
        let _ = write!(out, "{}{length}", if i == 0 { "" } else { ", " });
    }
    out.push_str(if shape.len() == 1 { ",)" } else { ")" });
    out
}

/// Name and kind of the elements that numpy numbers so.
fn numpy_type(number: i32) -> (&'static str, char) {
    match number {
        0 => ("bool", 'b'),
        1 => ("int8", 'i'),
        2 => ("uint8", 'u'),
        3 => ("int16", 'i'),
        4 => ("uint16", 'u'),
        5 => ("int32", 'i'),
        6 => ("uint32", 'u'),
        7 | 9 => ("int64", 'i'),
        8 | 10 => ("uint64", 'u'),
        11 => ("float32", 'f'),
        12 => ("float64", 'f'),
        13 => ("longdouble", '?'),
        14 => ("complex64", 'c'),
        15 => ("complex128", 'c'),
        16 => ("clongdouble", '?'),
        17 => ("object", 'O'),
        18 => ("bytes", 'S'),
        19 => ("str", 'U'),
        20 => ("void", '?'),
        21 => ("datetime64", '?'),
        22 => ("timedelta64", '?'),
        23 => ("float16", 'f'),
        _ => ("other", '?'),
    }
}

pub(super) fn numpy_array<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let Some(array) = obj.numpy_array() else {
        return Shape::opaque();
    };
    let (name, letter) = numpy_type(array.number);
    let elements = &array.elements;
    let readable = array.steady && letter != '?' && (1..=limits.text).contains(&elements.size);
    let mut shape = if !readable {
        Shape::new(Form::Items, elements.count(), Vec::new())
    } else if letter == 'O' {
        let child = |i| Child::of(references::stored(obj, elements.bytes(i)));
        let children = (0..elements.count().min(limits.items)).map(child).collect();
        Shape::new(Form::Items, elements.count(), children)
    } else {
        let unit = if letter == 'U' { 4 } else { elements.size };
        items(elements, limits, |bytes| {
            if !array.swapped || letter == 'S' {
                return number(letter, bytes);
            }
            let half = if letter == 'c' { unit / 2 } else { unit };
            let mut bytes = bytes.to_vec();
            bytes.chunks_mut(half.max(1)).for_each(<[u8]>::reverse);
            number(letter, &bytes)
        })
    };
    shape.own("dtype", Child::text(name.to_owned()));
    shape.own("shape", Child::text(dimensions(elements.shape)));
    shape
}

pub(super) fn numpy_scalar(obj: Obj<'_>) -> Shape<'_> {
    let (letter, size) = match structure::numpy_scalar(obj) {
        b"numpy.bool" | b"numpy.bool_" => ('b', 1),
        b"numpy.int8" => ('i', 1),
        b"numpy.uint8" => ('u', 1),
        b"numpy.int16" => ('i', 2),
        b"numpy.uint16" => ('u', 2),
        b"numpy.int32" => ('i', 4),
        b"numpy.uint32" => ('u', 4),
        b"numpy.int64" | b"numpy.longlong" => ('i', 8),
        b"numpy.uint64" | b"numpy.ulonglong" => ('u', 8),
        b"numpy.float16" => ('f', 2),
        b"numpy.float32" => ('f', 4),
        b"numpy.float64" => ('f', 8),
        b"numpy.complex64" => ('c', 8),
        b"numpy.complex128" => ('c', 16),
        _ => return Shape::opaque(),
    };
    let value = number(letter, obj.numpy_scalar(size));
    Shape::content(1, value.map_or(Child::Absent, Child::made))
}

/// The arrays that a block manager of pandas refers to, itself or through its blocks, and its axes.
pub(super) fn references<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let (mut arrays, mut axes) = (Vec::new(), None);
    references::arrays(
        obj,
        limits.items,
        |array| arrays.push(Child::Object(array)),
        |list| {
            axes = Some(list);
        },
    );
    let mut shape = Shape::new(Form::Items, arrays.len(), arrays);
    if let Some(axes) = axes {
        shape.own("axes", Child::Object(axes));
    }
    shape
}
