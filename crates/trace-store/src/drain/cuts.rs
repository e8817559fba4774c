//! How often the limits cut what was recorded, by limit.
//!
//! Owns the counts that rows tell. They are taken where rows become blocks, so that no hook counts. Refuses to look at
//! changes, whose lengths are those of what they change; objects that were left undescribed are counted where that is.

use trace_model::value::{Form, Unknown};
use trace_model::{Row, Value};

/// Counts by limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cuts {
    strings: u64,
    bytes: u64,
    containers: u64,
    event: u64,
}

impl Cuts {
    /// Looks at a row.
    #[inline]
    pub fn see(&mut self, row: &Row<'_>) {
        match row {
            Row::Item(value)
            | Row::Bind { value, .. }
            | Row::Result(value)
            | Row::Exception(value) => self.value(value),
            Row::Object {
                form, len, count, ..
            } => {
                let held = match form {
                    Form::Items => u64::from(*count),
                    Form::Entries | Form::Attrs => u64::from(*count / 2),
                    Form::Opaque | Form::Content => *len,
                };
                self.containers += u64::from(held < *len);
            }
            Row::Truncated => self.event += 1,
            _ => {}
        }
    }

    #[inline]
    fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Str {
                cut_hash: Some(_), ..
            } => self.strings += 1,
            Value::Bytes { len, data } => self.bytes += u64::from(*len > data.len() as u64),
            Value::BigInt {
                bits, magnitude, ..
            } => self.bytes += u64::from(bits.div_ceil(8) > magnitude.len() as u64),
            Value::Unknown(Unknown::Bytes) => self.event += 1,
            _ => {}
        }
    }

    /// The counters, by the switch that sets the limit; `event` is the limit of the bytes of one event.
    pub const fn counters(&self) -> [(&'static str, u64); 4] {
        [
            ("truncations.max_string", self.strings),
            ("truncations.max_bytes", self.bytes),
            ("truncations.max_items", self.containers),
            ("truncations.event", self.event),
        ]
    }
}
