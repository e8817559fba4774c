//! Rows out of a seed: sequences that a program could make, with every kind of row and value in them.

use std::borrow::Cow;

use crate::row::{Op, Row};
use crate::value::{Form, Unknown, Value};

/// A xorshift generator.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1);
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    /// Mostly small, sometimes anything.
    fn number(&mut self) -> u64 {
        let shift = self.below(64);
        self.next() >> shift
    }
}

fn string(text: &'static str) -> Value<'static> {
    Value::Str {
        len: text.chars().count() as u64,
        text: Cow::Borrowed(text.as_bytes()),
        cut_hash: None,
    }
}

fn bytes(n: u64) -> Cow<'static, [u8]> {
    Cow::Owned((0..n).map(|i| i as u8 ^ 0x55).collect())
}

pub fn every_value() -> Vec<Value<'static>> {
    let mut values = vec![
        Value::None,
        Value::Bool(false),
        Value::Bool(true),
        Value::BigInt {
            negative: true,
            bits: 9000,
            magnitude: bytes(256),
        },
        Value::Float(-0.0),
        Value::Float(f64::NAN),
        Value::Float(f64::NEG_INFINITY),
        Value::Complex(1.5, -2.5),
        string(""),
        string("abc"),
        string("gr\u{fc}\u{df} dich \u{1f40d}"),
        string("abc"),
        Value::Str {
            len: 1,
            text: Cow::Borrowed(b"\xed\xa0\x80"),
            cut_hash: None,
        },
        Value::Str {
            len: 1 << 40,
            text: bytes(1024),
            cut_hash: Some(u64::MAX - 5),
        },
        Value::Bytes {
            len: 3,
            data: bytes(3),
        },
        Value::Bytes {
            len: u64::MAX,
            data: bytes(256),
        },
        Value::Ellipsis,
        Value::NotImplemented,
        Value::Ref {
            object: 77,
            type_id: 4,
        },
        Value::Ref {
            object: u64::MAX,
            type_id: u32::MAX,
        },
        Value::EnumMember {
            type_id: 5,
            name: Cow::Borrowed(b"abc"),
        },
        Value::EnumMember {
            type_id: 5,
            name: Cow::Borrowed(b"RED"),
        },
        Value::Name(0),
        Value::Name(u32::MAX),
    ];
    let ints = [0, 1, -1, 127, -128, 1 << 53, i64::MAX, i64::MIN, 5];
    values.extend(ints.map(Value::Int));
    values.extend(Unknown::ALL.map(Value::Unknown));
    values
}

fn every_op() -> Vec<Op<'static>> {
    let mut ops: Vec<_> = [0, 1, -1, 63, 64, -64, -65, 127, 128, i32::MAX, i32::MIN]
        .map(|delta| Op::Line { delta })
        .into();
    let (code, line) = (200, u32::MAX);
    ops.extend([
        Op::Call { code: 7 },
        Op::Call { code: u32::MAX },
        Op::Yield,
        Op::Resume {
            code: u32::MAX,
            line: 12,
            call: 91,
        },
        Op::Yield,
        Op::Throw {
            code: u32::MAX,
            line,
            call: 91,
        },
        Op::Throw {
            code,
            line,
            call: 3,
        },
        Op::Resume {
            code,
            line,
            call: u64::MAX,
        },
        Op::Return,
        Op::Unwind { line: 12 },
        Op::Raise { origin: true },
        Op::Raise { origin: false },
        Op::Handled { line: 70_000 },
        Op::Output {
            stream: 2,
            data: b"warning: \xff",
        },
        Op::Output {
            stream: 1,
            data: b"",
        },
        Op::Gap {
            reason: 200,
            count: u64::MAX,
        },
    ]);
    ops
}

/// Changes of every form, as they are usual and not.
fn every_change() -> Vec<Row<'static>> {
    let most = u32::MAX;
    let cases = [
        (Form::Items, 9, 8, 0, 1),
        (Form::Items, 10, 9, 0, 1),
        (Form::Items, 10, 3, 1, 1),
        (Form::Items, 9, 9, 1, 0),
        (Form::Items, u64::MAX, most, most, most),
        (Form::Items, 0, most, 0, 1),
        (Form::Items, 1 << 32, 0, 0, 1),
        (Form::Entries, 1 << 32, 0, 0, 2),
        (Form::Entries, (1 << 32) + 1, 0, 0, 2),
        (Form::Entries, 3, 0, 0, most - 1),
        (Form::Attrs, 3, 0, 0, 2),
        (Form::Attrs, 4, 0, 0, 2),
        (Form::Attrs, 4, 0, 0, 0),
        (Form::Content, 4, 0, 0, 1),
        (Form::Content, 5, 0, 0, 1),
        (Form::Content, u64::MAX, 0, 0, 1),
    ];
    let mut rows = Vec::new();
    for (object, type_id) in [(9, 4), (u64::MAX, 4), (9 + 256, 5), (9, 6)] {
        for (form, len, at, removed, count) in cases {
            rows.push(Row::Change {
                object,
                type_id,
                form,
                len,
                at,
                removed,
                count,
            });
            let values = [
                Value::Name(len as u32),
                Value::Int(len as i64),
                Value::Removed,
            ];
            rows.extend(values.map(Row::Item));
        }
    }
    rows
}

/// A change of one of few objects, mostly as programs make them.
fn change(random: &mut Random) -> Vec<Row<'static>> {
    let form = Form::ALL[1 + random.below(4) as usize];
    let (mut at, mut removed) = (0, 0);
    let mut len = random.below(20);
    if random.below(9) == 0 {
        len = random.number();
    }
    let count = match form {
        Form::Items => {
            at = match random.below(3) {
                0 => random.number() as u32,
                n => (len as u32).wrapping_sub(n as u32 - 1),
            };
            removed = random.below(3) as u32;
            random.below(3) as u32
        }
        Form::Content => 1,
        _ => 2 * random.below(3) as u32,
    };
    let mut rows = vec![Row::Change {
        object: random.below(4),
        type_id: random.below(2) as u32,
        form,
        len,
        at,
        removed,
        count,
    }];
    for n in 0..count {
        rows.push(Row::Item(match (form, n % 2) {
            (Form::Attrs, 0) => Value::Name(random.below(4) as u32),
            (Form::Attrs | Form::Entries, 1) if random.below(4) == 0 => Value::Removed,
            _ => Value::Int(random.number() as i64),
        }));
    }
    rows
}

/// Every kind of row, with every kind of value in every place.
pub fn one_of_each() -> Vec<Row<'static>> {
    let dts = [0, 1, 254, 255, 256, u16::MAX];
    let mut rows = Vec::new();
    for (op, dt) in every_op().into_iter().zip(dts.into_iter().cycle()) {
        rows.push(Row::Event { dt, op });
    }
    rows.extend([
        Row::Sync {
            step: u64::MAX,
            call: 2,
        },
        Row::Sync { step: 3, call: 90 },
        Row::Time { tick: 5 },
        Row::Opened { code: 300, line: 9 },
        Row::Lost { count: 2 },
        Row::Lost { count: u32::MAX },
        Row::Task { task: 70 },
        Row::Truncated,
    ]);
    for form in Form::ALL {
        for (len, count) in [(3, 3), (3, 6), (64, 64), (1 << 50, 64), (0, u32::MAX)] {
            rows.push(Row::Object {
                object: len ^ 9,
                type_id: count,
                form,
                len,
                count,
            });
        }
    }
    rows.extend(every_change());
    for (at, value) in every_value().into_iter().enumerate() {
        let slot = [0, 1, 254, 255, 256, u16::MAX][at % 6];
        rows.push(Row::Unbind { slot });
        rows.push(Row::Bind {
            slot,
            value: value.clone(),
        });
        rows.push(Row::Item(value.clone()));
        rows.push(Row::Result(value.clone()));
        rows.push(Row::Exception(value));
    }
    rows
}

/// `count` random rows; frames nest as they would, but not always.
pub fn rows(random: &mut Random, count: usize) -> Vec<Row<'static>> {
    let (ops, values) = (every_op(), every_value());
    let mut rows = Vec::with_capacity(count);
    while rows.len() < count {
        let op = match random.below(12) {
            0..=4 => Op::Line {
                delta: random.below(9) as i32 - 3,
            },
            5 | 6 => Op::Call {
                code: random.below(6) as u32,
            },
            7 | 8 => Op::Return,
            9 => Op::Yield,
            10 => Op::Resume {
                code: random.below(6) as u32,
                line: random.below(90) as u32,
                call: 90 + random.below(20),
            },
            _ => ops[random.below(ops.len() as u64) as usize],
        };
        let dt = random.number() as u16;
        rows.push(Row::Event { dt, op });
        for _ in 0..random.below(3) {
            let value = values[random.below(values.len() as u64) as usize].clone();
            if random.below(4) == 0 {
                rows.extend(change(random));
                continue;
            }
            rows.push(match random.below(9) {
                0..=3 => Row::Bind {
                    slot: random.below(5) as u16,
                    value: Value::Int(random.number() as i64),
                },
                4 => Row::Bind {
                    slot: random.number() as u16,
                    value,
                },
                5 => Row::Item(value),
                6 => Row::Result(value),
                7 => Row::Object {
                    object: random.number(),
                    type_id: random.number() as u32,
                    form: Form::ALL[random.below(5) as usize],
                    len: random.number(),
                    count: random.number() as u32,
                },
                _ => Row::Exception(value),
            });
        }
        match random.below(40) {
            0 => rows.push(Row::Sync {
                step: random.number(),
                call: random.number(),
            }),
            1 => rows.push(Row::Time {
                tick: random.number(),
            }),
            2 => rows.push(Row::Opened {
                code: random.number() as u32,
                line: random.number() as u32,
            }),
            3 => rows.push(Row::Lost {
                count: random.below(4) as u32,
            }),
            4 => rows.push(Row::Task {
                task: random.number() as u32,
            }),
            5 => rows.push(Row::Truncated),
            _ => {}
        }
    }
    rows
}
