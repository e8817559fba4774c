//! Objects that change bit by bit are read back as they were at every step, whichever thread changed them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;

use support::sharing::{Held, Moment, Sharing, unfold};
use support::{Dir, Program, options};
use trace_model::{Form, Op, Row, Value};
use trace_store::reader::State;
use trace_store::{Metadata, Recording, Writer};

const LIST: u64 = 0x7f00_0000_5000;
const OTHER: u64 = 0x7f00_0000_6000;

fn reference(object: u64) -> Value<'static> {
    Value::Ref { object, type_id: 3 }
}

fn whole(object: u64, items: &[Value<'static>]) -> Vec<Row<'static>> {
    let mut rows = vec![Row::Object {
        object,
        type_id: 3,
        form: Form::Items,
        len: items.len() as u64,
        count: items.len() as u32,
    }];
    rows.extend(items.iter().cloned().map(Row::Item));
    rows
}

fn append(object: u64, len: usize, item: Value<'static>) -> Vec<Row<'static>> {
    vec![
        Row::Change {
            object,
            type_id: 3,
            form: Form::Items,
            len: len as u64,
            at: len as u32 - 1,
            removed: 0,
            count: 1,
        },
        Row::Item(item),
    ]
}

fn bind(object: u64) -> Row<'static> {
    Row::Bind {
        slot: 1,
        value: reference(object),
    }
}

const CALL: Op<'static> = Op::Call { code: 5 };
const LINE: Op<'static> = Op::Line { delta: 0 };

fn ints(values: &[i64]) -> Vec<Value<'static>> {
    values.iter().copied().map(Value::Int).collect()
}

fn finished(dir: &Dir, make: impl FnOnce(&mut Program<'_>)) -> Recording {
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    make(&mut program);
    let segments = program.segments();
    writer.finish(segments, Metadata::default()).unwrap();
    Recording::open(dir.join("out")).unwrap()
}

/// Items of the object that a frame's `xs` refers to.
fn xs(recording: &Recording, step: u64) -> Option<Vec<Value<'static>>> {
    let state = recording.state_at(step).unwrap().unwrap();
    match state.frames[0].names.get(&1)? {
        Value::Ref { object, .. } => Some(state.objects.get(object)?.items.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_threads_change_one_list_in_turn() {
    let dir = Dir::new("turns");
    let mut expected: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    let recording = finished(&dir, |program| {
        let mut list = vec![0];
        program.event(
            0,
            CALL,
            &[&whole(LIST, &ints(&list))[..], &[bind(LIST)]].concat(),
        );
        program.event(
            1,
            CALL,
            &[&whole(LIST, &ints(&list))[..], &[bind(LIST)]].concat(),
        );
        for n in 1..20 {
            list.push(n);
            let thread = n as u32 % 2;
            program.event(thread, LINE, &append(LIST, list.len(), Value::Int(n)));
            expected.insert(program.step - 1, list.clone());
            // The other thread sees it too.
            program.event(1 - thread, LINE, &[]);
            expected.insert(program.step - 1, list.clone());
        }
    });
    for (step, list) in expected {
        assert_eq!(xs(&recording, step), Some(ints(&list)), "step {step}");
    }
}

#[test]
fn a_thread_that_looks_on_sees_what_others_changed_in_later_blocks() {
    let dir = Dir::new("onlooker");
    let mut list = vec![0];
    let mut last = 0;
    let recording = finished(&dir, |program| {
        let begin = [&whole(LIST, &ints(&list))[..], &[bind(LIST)]].concat();
        program.event(0, CALL, &begin);
        program.event(1, CALL, &begin);
        for n in 0..20_000_u32 {
            program.line(1, n);
            if n % 1_000 == 0 {
                list.push(i64::from(n));
                // The segment may be a new one: a block describes an object whole before it changes it.
                program.event(1, LINE, &whole(LIST, &ints(&list)));
                list.push(-1);
                program.event(1, LINE, &append(LIST, list.len(), Value::Int(-1)));
            }
        }
        program.event(0, LINE, &[]);
        last = program.step - 1;
    });
    assert!(recording.index().filter(|entry| entry.thread == 1).count() > 3);
    assert_eq!(xs(&recording, last), Some(ints(&list)));
    assert_eq!(xs(&recording, 0), Some(ints(&[0])));
}

#[test]
fn what_a_callee_changed_far_below_is_seen_by_the_caller() {
    let dir = Dir::new("below");
    let (mut inside, mut after) = (0, 0);
    let recording = finished(&dir, |program| {
        let begin = [&whole(LIST, &[])[..], &[bind(LIST)]].concat();
        program.event(0, CALL, &begin);
        program.enter(0);
        program.enter(0);
        for n in 0..20_000 {
            program.line(0, n);
        }
        let other = [whole(OTHER, &ints(&[7])), whole(LIST, &[])].concat();
        program.event(0, LINE, &other);
        program.event(0, LINE, &append(LIST, 1, reference(OTHER)));
        inside = program.step - 1;
        for n in 0..20_000 {
            program.line(0, n);
        }
        program.event(0, LINE, &[]);
        after = program.step - 1;
    });
    for step in [inside, after] {
        let state = recording.frames_at(step).unwrap().unwrap();
        assert_eq!(state.frames.len(), 3);
        let Some(Value::Ref { object, .. }) = state.frames[0].names.get(&1) else {
            panic!("{state:?}");
        };
        let [Value::Ref { object: inner, .. }] = state.objects[object].items[..] else {
            panic!("{state:?}");
        };
        assert_eq!(state.objects[&inner].items, ints(&[7]));
        assert!(state.frames[2].names.contains_key(&0));
    }
}

#[test]
fn an_item_that_another_thread_described_long_ago_is_known() {
    let dir = Dir::new("long-ago");
    let recording = finished(&dir, |program| {
        let known = [whole(OTHER, &ints(&[7])), whole(LIST, &[])].concat();
        program.event(1, CALL, &known);
        program.event(0, CALL, &[]);
        program.rotate(0);
        program.event(0, LINE, &[&whole(LIST, &[])[..], &[bind(LIST)]].concat());
        program.event(1, LINE, &append(LIST, 1, reference(OTHER)));
        program.event(0, LINE, &[]);
    });
    let state = recording.state_at(4).unwrap().unwrap();
    let states = state.objects.values().map(|state| state.items.clone());
    assert!(
        states.collect::<Vec<_>>().contains(&ints(&[7])),
        "{state:?}"
    );
}

#[test]
fn a_change_of_an_object_never_described_leaves_it_unknown() {
    let dir = Dir::new("unknown");
    let recording = finished(&dir, |program| {
        program.event(0, CALL, &[bind(LIST)]);
        program.event(0, LINE, &append(LIST, 9, Value::Int(1)));
        program.event(0, LINE, &whole(LIST, &ints(&[5])));
        let content = Row::Change {
            object: LIST,
            type_id: 3,
            form: Form::Content,
            len: 1,
            at: 0,
            removed: 0,
            count: 1,
        };
        program.event(0, LINE, &[content, Row::Item(Value::Int(1))]);
    });
    let seen: Vec<_> = (0..4).map(|step| xs(&recording, step)).collect();
    assert_eq!(seen, [None, None, Some(ints(&[5])), None]);
}

#[test]
fn frames_are_those_open_at_the_step_with_their_lines() {
    let dir = Dir::new("frames");
    let recording = finished(&dir, |program| {
        program.enter(0);
        program.line(0, 1);
        program.enter(0);
        program.enter(1);
        program.line(0, 2);
        program.leave(0);
        program.line(0, 3);
    });
    let frames = |step| {
        let state = recording.frames_at(step).unwrap().unwrap();
        let frames = state.frames.iter();
        frames
            .map(|frame| (frame.call, frame.line, frame.names.get(&0).cloned()))
            .collect::<Vec<_>>()
    };
    let int = |n| Some(Value::Int(n));
    assert_eq!(frames(1), [(0, 9, int(1000))]);
    assert_eq!(frames(2), [(0, 9, int(1000)), (1, 10, int(0))]);
    assert_eq!(frames(3), [(2, 10, int(1))]);
    assert_eq!(frames(4), [(0, 9, int(1000)), (1, 11, int(2000))]);
    // A frame is there at its end, and not after it.
    assert_eq!(frames(5), [(0, 9, int(1000)), (1, 11, int(2000))]);
    assert_eq!(frames(6), [(0, 8, int(3000))]);
    assert!(recording.frames_at(7).unwrap().is_none());
}

fn held(value: &Value<'_>) -> Held {
    match value {
        Value::Int(n) => Held::Int(*n),
        Value::Ref { object, .. } => Held::List(*object as usize),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_of_threads_that_share_lists_is_known_at_every_step() {
    for seed in 0..3 {
        let dir = Dir::new("sharing");
        let mut sharing = Sharing::new(seed);
        let recording = finished(&dir, |program| sharing.run(program, 500));
        assert!(recording.index().count() > 12);
        for (step, moment) in (0..).zip(&sharing.moments) {
            let state = recording.frames_at(step).unwrap().unwrap();
            let items = |state: &State, list: usize| {
                let known = state.objects.get(&(list as u64));
                known.map_or(Vec::new(), |known| known.items.iter().map(held).collect())
            };
            let truth = |moment: &Moment, list: usize| moment.lists[list].clone();
            assert_eq!(state.frames.len(), moment.frames.len(), "step {step}");
            for (frame, expected) in state.frames.iter().zip(&moment.frames) {
                let show = |(slot, value): (&u16, &Value<'_>)| {
                    (*slot, unfold(&state, held(value), 5, &items))
                };
                let seen: Vec<_> = frame.names.iter().map(show).collect();
                let expected: Vec<_> = expected
                    .iter()
                    .map(|(slot, value)| (*slot, unfold(moment, *value, 5, &truth)))
                    .collect();
                assert_eq!(seen, expected, "seed {seed}, step {step}");
            }
            let own = recording.state_at(step).unwrap().unwrap();
            assert_eq!(own.frames.last(), state.frames.last());
        }
    }
}
