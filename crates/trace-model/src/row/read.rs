//! Rows as they are read from a segment.

use super::{Op, Row, is_change, tag};
use crate::definitions::Definition;
use crate::error::DecodeError;
use crate::value::{Form, Value};
use crate::wire::Cursor;

/// Reads rows in their segment form, one after another.
#[derive(Debug, Clone)]
pub struct RowReader<'a> {
    cursor: Cursor<'a>,
}

impl<'a> RowReader<'a> {
    /// A reader at the first row of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(bytes),
        }
    }

    /// Offset of the next row.
    pub const fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// The next row, or `None` at the end.
    #[inline(always)]
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Row<'a>>, DecodeError> {
        const W: &str = "row";
        if self.cursor.is_empty() {
            return Ok(None);
        }
        let c = &mut self.cursor;
        let at = c.offset();
        let tag = c.u8(W)?;
        let short = matches!(
            tag,
            tag::ITEM | tag::RESULT | tag::EXCEPTION | tag::TRUNCATED | tag::DEFINE
        );
        let (aux, low) = if short { (0, 0) } else { (c.u8(W)?, c.u16(W)?) };
        let event = |op| Row::Event { dt: low, op };
        Ok(Some(match tag {
            tag::LINE => event(Op::Line {
                delta: i32::from(aux as i8),
            }),
            tag::LINE_FAR => event(Op::Line {
                delta: c.u32(W)? as i32,
            }),
            tag::CALL => event(Op::Call { code: c.u32(W)? }),
            tag::RETURN => event(Op::Return),
            tag::YIELD => event(Op::Yield),
            tag::RESUME => event(Op::Resume {
                code: c.u32(W)?,
                line: c.u32(W)?,
                call: c.u64(W)?,
            }),
            tag::THROW => event(Op::Throw {
                code: c.u32(W)?,
                line: c.u32(W)?,
                call: c.u64(W)?,
            }),
            tag::UNWIND => event(Op::Unwind { line: c.u32(W)? }),
            tag::RAISE => event(Op::Raise {
                origin: aux & 1 != 0,
            }),
            tag::HANDLED => event(Op::Handled { line: c.u32(W)? }),
            tag::OUTPUT => event(Op::Output {
                stream: aux,
                data: c.blob(W)?,
            }),
            tag::GAP => event(Op::Gap {
                reason: aux,
                count: c.u64(W)?,
            }),
            tag::SYNC => Row::Sync {
                step: c.u64(W)?,
                call: c.u64(W)?,
            },
            tag::TIME => Row::Time { tick: c.u64(W)? },
            tag::OPENED => Row::Opened {
                code: c.u32(W)?,
                line: c.u32(W)?,
            },
            tag::LOST => Row::Lost { count: c.u32(W)? },
            tag::TASK => Row::Task { task: c.u32(W)? },
            tag::OBJECT => Row::Object {
                form: Form::from_u8(aux).ok_or(DecodeError::new(W, at))?,
                object: c.u64(W)?,
                type_id: c.u32(W)?,
                len: c.u64(W)?,
                count: c.u32(W)?,
            },
            tag::CHANGE => {
                let form = Form::from_u8(aux).ok_or(DecodeError::new(W, at))?;
                let (object, type_id, len) = (c.u64(W)?, c.u32(W)?, c.u64(W)?);
                let (from, removed, count) = (c.u32(W)?, c.u32(W)?, c.u32(W)?);
                if !is_change(form, from, removed, count) {
                    return Err(DecodeError::new("change of an object", at));
                }
                Row::Change {
                    object,
                    type_id,
                    form,
                    len,
                    at: from,
                    removed,
                    count,
                }
            }
            tag::ITEM => Row::Item(Value::decode(c)?),
            tag::BIND => Row::Bind {
                slot: low,
                value: bound(c)?,
            },
            tag::UNBIND => Row::Unbind { slot: low },
            tag::RESULT => Row::Result(bound(c)?),
            tag::EXCEPTION => Row::Exception(bound(c)?),
            tag::TRUNCATED => Row::Truncated,
            tag::DEFINE => Row::Define(Definition::decode(c.blob(W)?)?),
            _ => return Err(DecodeError::new(W, at)),
        }))
    }
}

/// A value that stands for itself: a removal is only a part of a change.
#[inline(always)]
fn bound<'a>(c: &mut Cursor<'a>) -> Result<Value<'a>, DecodeError> {
    let at = c.offset();
    match Value::decode(c)? {
        Value::Removed => Err(DecodeError::new("removal outside a change", at)),
        value => Ok(value),
    }
}
