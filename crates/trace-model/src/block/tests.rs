//! Round trips, hostile input, and how many bytes an event takes.

mod generate;
mod size;

use generate::{Random, rows};

use super::*;
use crate::definitions::Definition;
use crate::error::DecodeError;
use crate::event::EventKind;
use crate::replay::{OpenFrame, Replay, ThreadState};
use crate::row::{Op, Row, RowReader};
use crate::value::{Form, Value};

/// Of how many cases one is taken: Miri is some hundred times slower.
const ONE_OF: usize = if cfg!(miri) { 211 } else { 1 };

fn start() -> ThreadState {
    let frame = |call, code| OpenFrame {
        call,
        code,
        line: code * 10 + 3,
        opened_before: call == 1,
        started: call != 4,
    };
    ThreadState {
        thread: 3,
        stack: vec![frame(1, 7), frame(4, 8)],
        next_step: 1_000_000,
        next_call: 90,
        tick: 1 << 40,
        task: 2,
    }
}

const META: BlockMeta = BlockMeta {
    sequence: 12,
    clock: (1 << 40, 123_456_789),
};

fn build(rows: &[Row<'_>]) -> (BlockHeader, Vec<u8>) {
    let mut builder = BlockBuilder::new(&start());
    for row in rows {
        builder.push(row).unwrap();
    }
    let mut bytes = Vec::new();
    let header = builder.finish(&META, &mut bytes);
    (header, bytes)
}

fn read(bytes: &[u8]) -> Result<(BlockHeader, Vec<Row<'_>>), DecodeError> {
    let mut reader = BlockReader::new(bytes)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next()? {
        rows.push(row);
    }
    Ok((reader.header().clone(), rows))
}

/// As `Debug` text, so that a NaN equals itself.
fn text<T: std::fmt::Debug>(value: &T) -> String {
    format!("{value:?}")
}

#[test]
fn every_row_and_value_comes_back() {
    let rows = generate::one_of_each();
    let (header, bytes) = build(&rows);
    let (read_header, read_rows) = read(&bytes).unwrap();
    assert_eq!(read_header, header);
    assert_eq!(BlockHeader::decode(&bytes).unwrap(), header);
    assert_eq!(text(&read_rows), text(&rows));
}

#[test]
fn every_row_survives_its_segment_form() {
    let rows = generate::one_of_each();
    let mut bytes = Vec::new();
    rows.iter().for_each(|row| row.encode(&mut bytes));
    let mut reader = RowReader::new(&bytes);
    for row in &rows {
        assert_eq!(text(&reader.next().unwrap().unwrap()), text(row));
    }
    assert_eq!(reader.next().unwrap(), None);
}

#[test]
fn random_rows_come_back_and_a_builder_can_be_used_again() {
    let mut builder = BlockBuilder::new(&start());
    for seed in (0..60).step_by(ONE_OF) {
        let rows = rows(&mut Random::new(seed), if cfg!(miri) { 40 } else { 400 });
        builder.reset(&start());
        for row in &rows {
            builder.push(row).unwrap();
        }
        let mut bytes = Vec::new();
        builder.finish(&META, &mut bytes);
        assert_eq!(text(&read(&bytes).unwrap().1), text(&rows), "seed {seed}");
        assert_eq!(bytes, build(&rows).1, "seed {seed}");
    }
}

#[test]
fn the_header_says_what_the_rows_do() {
    let event = |op| Row::Event { dt: 300, op };
    let rows = [
        event(Op::Line { delta: 1 }),
        event(Op::Return),
        event(Op::Call { code: 9 }),
        event(Op::Line { delta: -2 }),
    ];
    let (header, bytes) = build(&rows);
    let mut replay = Replay::new(start());
    for row in &rows {
        replay.apply(row, &|code: u32| Some(code * 10)).unwrap();
    }
    let state = replay.into_state();
    assert_eq!(header.start, start());
    assert_eq!(
        (header.end_step, header.end_call, header.end_tick),
        (state.next_step, state.next_call, state.tick)
    );
    assert_eq!(header.min_depth, 1);
    assert_eq!((header.count(EventKind::Line), header.events()), (2, 4));
    assert_eq!((header.sequence, header.clock), (META.sequence, META.clock));
    assert_eq!(read(&bytes).unwrap().0.rows, 4);
}

#[test]
fn definitions_are_refused() {
    let name = Definition::Name {
        id: 1,
        name: "x".into(),
    };
    let mut builder = BlockBuilder::new(&start());
    assert!(builder.push(&Row::Define(name)).is_err());
    assert!(builder.is_empty());
}

#[test]
fn changes_and_removals_out_of_place_are_refused() {
    let change = |form, at, removed, count| Row::Change {
        object: 1,
        type_id: 1,
        form,
        len: 1,
        at,
        removed,
        count,
    };
    let bad = [
        change(Form::Opaque, 0, 0, 0),
        change(Form::Entries, 1, 0, 2),
        change(Form::Attrs, 0, 1, 2),
        change(Form::Attrs, 0, 0, 1),
        change(Form::Content, 0, 0, 0),
        Row::Result(Value::Removed),
        Row::Exception(Value::Removed),
        Row::Bind {
            slot: 1,
            value: Value::Removed,
        },
    ];
    let mut builder = BlockBuilder::new(&start());
    for row in bad {
        assert!(builder.push(&row).is_err(), "{row:?}");
        let mut bytes = Vec::new();
        row.encode(&mut bytes);
        assert!(RowReader::new(&bytes).next().is_err(), "{row:?}");
    }
    assert!(builder.is_empty());
}

#[test]
fn cut_blocks_are_errors() {
    let (_, bytes) = build(&rows(&mut Random::new(7), 60));
    for end in (0..bytes.len()).step_by(ONE_OF) {
        assert!(read(&bytes[..end]).is_err(), "cut at {end}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(read(&longer).is_err());
}

#[test]
fn flipped_bits_never_panic() {
    let lines = |code: u32| Some(code.wrapping_mul(10));
    for seed in (0..4).step_by(ONE_OF) {
        let (_, bytes) = build(&rows(&mut Random::new(seed), 120));
        for bit in (0..bytes.len() * 8).step_by(ONE_OF) {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok((header, rows)) = read(&bytes) else {
                continue;
            };
            let mut replay = Replay::new(header.start);
            for row in &rows {
                if replay.apply(row, &lines).is_err() {
                    break;
                }
            }
        }
    }
}

#[test]
fn noise_never_panics() {
    let mut random = Random::new(99);
    for round in 0..20_000 / ONE_OF {
        let mut noise: Vec<u8> = (0..random.below(200))
            .map(|_| random.next() as u8)
            .collect();
        if round % 2 == 0 && !noise.is_empty() {
            noise[0] = 1;
            noise.iter_mut().for_each(|byte| *byte &= 0x0f);
        }
        let _ = read(&noise);
        let mut reader = RowReader::new(&noise);
        while let Ok(Some(_)) = reader.next() {}
    }
}

#[test]
fn a_block_cannot_promise_more_than_it_holds() {
    let (header, _) = build(&[]);
    let mut bytes = Vec::new();
    header.write(&mut bytes);
    let from = bytes.len();
    for column in 0..column::COLUMNS {
        bytes.truncate(from);
        for number in 0..column::COLUMNS {
            let length = if number == column { u64::MAX >> 1 } else { 0 };
            crate::wire::put_varint(&mut bytes, length);
        }
        assert!(read(&bytes).is_err());
    }
}
