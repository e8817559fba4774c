//! Content of `bytearray` and of subclasses of scalars.

use trace_model::Value;

use super::{Child, Shape};
use crate::capture::limits::Limits;
use crate::capture::scalar::Scalar;
use crate::raw::object::{Kind, Obj};

pub(super) fn bytearray<'a>(obj: Obj<'a>, limits: &Limits) -> Shape<'a> {
    let data = Value::Bytes {
        len: obj.size() as u64,
        data: obj.bytearray(limits.bytes).into(),
    };
    Shape::content(obj.size(), Child::made(data))
}

/// What an instance of a subclass of the scalar type `kind` holds.
pub(super) fn scalar<'a>(obj: Obj<'a>, kind: Kind, limits: &Limits) -> Shape<'a> {
    match Scalar::as_kind(obj, kind, limits).map(|scalar| scalar.value()) {
        Some(value) => {
            let len = match &value {
                Value::Str { len, .. } | Value::Bytes { len, .. } => *len as usize,
                _ => 1,
            };
            Shape::content(len, Child::made(value))
        }
        None => Shape::opaque(),
    }
}
