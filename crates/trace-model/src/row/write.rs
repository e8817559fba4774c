//! Rows as they are written into a segment.

use super::{Op, Row, tag};
use crate::value::Value;
use crate::wire::{Sink, put_blob};

#[inline(always)]
fn word<S: Sink>(out: &mut S, tag: u8, aux: u8, low: u16) {
    out.put_u32(u32::from(tag) | u32::from(aux) << 8 | u32::from(low) << 16);
}

impl Op<'_> {
    /// Writes the event row.
    #[inline(always)]
    pub fn encode<S: Sink>(&self, out: &mut S, dt: u16) {
        match *self {
            Op::Line { delta } => match i8::try_from(delta) {
                Ok(near) => word(out, tag::LINE, near as u8, dt),
                Err(_) => {
                    word(out, tag::LINE_FAR, 0, dt);
                    out.put_u32(delta as u32);
                }
            },
            Op::Call { code } => {
                word(out, tag::CALL, 0, dt);
                out.put_u32(code);
            }
            Op::Return => word(out, tag::RETURN, 0, dt),
            Op::Yield => word(out, tag::YIELD, 0, dt),
            Op::Resume { code, line, call } => {
                word(out, tag::RESUME, 0, dt);
                out.put_u32(code);
                out.put_u32(line);
                out.put_u64(call);
            }
            Op::Throw { code, line, call } => {
                word(out, tag::THROW, 0, dt);
                out.put_u32(code);
                out.put_u32(line);
                out.put_u64(call);
            }
            Op::Unwind { line } => {
                word(out, tag::UNWIND, 0, dt);
                out.put_u32(line);
            }
            Op::Raise { origin } => word(out, tag::RAISE, u8::from(origin), dt),
            Op::Handled { line } => {
                word(out, tag::HANDLED, 0, dt);
                out.put_u32(line);
            }
            Op::Output { stream, data } => {
                word(out, tag::OUTPUT, stream, dt);
                put_blob(out, data);
            }
            Op::Gap { reason, count } => {
                word(out, tag::GAP, reason, dt);
                out.put_u64(count);
            }
        }
    }
}

impl Row<'_> {
    /// Writes the segment form of an item row with this value.
    #[inline(always)]
    pub fn item<S: Sink>(value: &Value<'_>, out: &mut S) {
        out.put_u8(tag::ITEM);
        value.encode(out);
    }

    /// Writes the segment form of this row.
    #[inline]
    pub fn encode<S: Sink>(&self, out: &mut S) {
        match self {
            Row::Event { dt, op } => op.encode(out, *dt),
            Row::Sync { step, call } => {
                word(out, tag::SYNC, 0, 0);
                out.put_u64(*step);
                out.put_u64(*call);
            }
            Row::Time { tick } => {
                word(out, tag::TIME, 0, 0);
                out.put_u64(*tick);
            }
            Row::Opened { code, line } => {
                word(out, tag::OPENED, 0, 0);
                out.put_u32(*code);
                out.put_u32(*line);
            }
            Row::Lost { count } => {
                word(out, tag::LOST, 0, 0);
                out.put_u32(*count);
            }
            Row::Task { task } => {
                word(out, tag::TASK, 0, 0);
                out.put_u32(*task);
            }
            Row::Object {
                object,
                type_id,
                form,
                len,
                count,
            } => {
                word(out, tag::OBJECT, *form as u8, 0);
                out.put_u64(*object);
                out.put_u32(*type_id);
                out.put_u64(*len);
                out.put_u32(*count);
            }
            Row::Change {
                object,
                type_id,
                form,
                len,
                at,
                removed,
                count,
            } => {
                word(out, tag::CHANGE, *form as u8, 0);
                out.put_u64(*object);
                out.put_u32(*type_id);
                out.put_u64(*len);
                out.put_u32(*at);
                out.put_u32(*removed);
                out.put_u32(*count);
            }
            Row::Item(value) => Row::item(value, out),
            Row::Bind { slot, value } => {
                word(out, tag::BIND, 0, *slot);
                value.encode(out);
            }
            Row::Unbind { slot } => word(out, tag::UNBIND, 0, *slot),
            Row::Result(value) => {
                out.put_u8(tag::RESULT);
                value.encode(out);
            }
            Row::Exception(value) => {
                out.put_u8(tag::EXCEPTION);
                value.encode(out);
            }
            Row::Truncated => out.put_u8(tag::TRUNCATED),
            Row::Define(definition) => {
                out.put_u8(tag::DEFINE);
                let mut body = Vec::new();
                definition.encode(&mut body);
                put_blob(out, &body);
            }
        }
    }
}
