use super::*;
use crate::value::{Form, Value};

/// Code ids begin at line `id * 10`; 99 is not defined.
fn lines(code: u32) -> Option<u32> {
    (code != 99).then_some(code * 10)
}

fn op(op: Op<'static>) -> Row<'static> {
    Row::Event { dt: 1, op }
}

fn replay(rows: &[Row<'_>]) -> Result<Vec<Event>, DecodeError> {
    let mut replay = Replay::new(ThreadState::new(3));
    let mut events = Vec::new();
    for row in rows {
        events.extend(replay.apply(row, &lines)?);
    }
    events.extend(replay.finish());
    Ok(events)
}

type Short = (EventKind, u64, u64, Option<u64>, u32, Option<u32>);

fn short(rows: &[Row<'_>]) -> Vec<Short> {
    let events = replay(rows).unwrap();
    let row = |e: &Event| (e.kind, e.step, e.call, e.parent, e.line, e.after);
    events.iter().map(row).collect()
}

use EventKind::{Call, Line, Resume, Return, Throw, Unwind, Yield};

#[test]
fn a_call_and_its_lines() {
    let rows = [
        op(Op::Call { code: 1 }),
        op(Op::Line { delta: 1 }),
        op(Op::Call { code: 2 }),
        op(Op::Return),
        op(Op::Line { delta: -1 }),
        op(Op::Return),
    ];
    let expected = [
        (Call, 0, 0, None, 10, None),
        (Line, 1, 0, None, 11, None),
        (Call, 2, 1, Some(0), 20, None),
        (Return, 3, 1, Some(0), 20, None),
        (Line, 4, 0, None, 10, Some(11)),
        (Return, 5, 0, None, 10, Some(10)),
    ];
    assert_eq!(short(&rows), expected);
}

#[test]
fn a_generator_keeps_its_call() {
    let resume = |line| Op::Resume {
        code: 1,
        line,
        call: 0,
    };
    let throw = Op::Throw {
        code: 1,
        line: 12,
        call: 0,
    };
    let rows = [
        op(Op::Call { code: 1 }),
        op(Op::Line { delta: 2 }),
        op(Op::Yield),
        op(resume(12)),
        op(Op::Line { delta: 1 }),
        op(Op::Yield),
        op(throw),
        op(Op::Unwind { line: 11 }),
    ];
    let expected = [
        (Call, 0, 0, None, 10, None),
        (Line, 1, 0, None, 12, None),
        (Yield, 2, 0, None, 12, Some(12)),
        (Resume, 3, 0, None, 12, None),
        (Line, 4, 0, None, 13, Some(12)),
        (Yield, 5, 0, None, 13, Some(13)),
        (Throw, 6, 0, None, 12, None),
        (Unwind, 7, 0, None, 11, Some(12)),
    ];
    assert_eq!(short(&rows), expected);
}

#[test]
fn frames_opened_before_take_a_call_and_no_step() {
    let rows = [
        Row::Sync { step: 40, call: 7 },
        Row::Opened { code: 1, line: 15 },
        Row::Opened { code: 2, line: 25 },
        op(Op::Line { delta: 1 }),
        Row::Lost { count: 1 },
        op(Op::Line { delta: 1 }),
    ];
    let expected = [
        (Line, 40, 8, Some(7), 26, Some(25)),
        (Line, 41, 7, None, 16, Some(15)),
    ];
    assert_eq!(short(&rows), expected);
}

#[test]
fn time_and_task_stand_before_their_event() {
    let rows = [
        op(Op::Call { code: 1 }),
        Row::Time { tick: 1000 },
        Row::Task { task: 4 },
        op(Op::Line { delta: 0 }),
        op(Op::Line { delta: 0 }),
    ];
    let events = replay(&rows).unwrap();
    let seen: Vec<_> = events.iter().map(|e| (e.tick, e.task, e.thread)).collect();
    assert_eq!(seen, [(1, 0, 3), (1001, 4, 3), (1002, 4, 3)]);
}

#[test]
fn values_belong_to_the_event_before_them() {
    let rows = [
        op(Op::Call { code: 1 }),
        Row::Object {
            object: 5,
            type_id: 2,
            form: Form::Items,
            len: 9,
            count: 2,
        },
        Row::Item(Value::Int(1)),
        Row::Item(Value::None),
        Row::Bind {
            slot: 0,
            value: Value::Ref {
                object: 5,
                type_id: 2,
            },
        },
        Row::Unbind { slot: 1 },
        Row::Truncated,
        op(Op::Return),
        Row::Result(Value::Bool(true)),
        op(Op::Output {
            stream: 1,
            data: b"hi\n",
        }),
        op(Op::Gap {
            reason: 2,
            count: 30,
        }),
    ];
    let events = replay(&rows).unwrap();
    assert_eq!(events.len(), 4);
    assert_eq!(
        events[0].objects,
        [Described::State(ObjectState {
            object: 5,
            type_id: 2,
            form: Form::Items,
            len: 9,
            items: vec![Value::Int(1), Value::None],
        })]
    );
    assert_eq!(events[0].bindings.len(), 2);
    assert_eq!(events[0].bindings[1].value, None);
    assert!(events[0].truncated);
    assert_eq!(events[1].result, Some(Value::Bool(true)));
    assert_eq!(events[2].output, Some((1, b"hi\n".to_vec())));
    assert_eq!(
        (events[2].call, events[2].code),
        (Event::NO_CALL, Event::NO_CODE)
    );
    assert_eq!(events[3].gap, Some((2, 30)));
}

#[test]
fn whole_states_and_changes_keep_their_order() {
    let rows = [
        op(Op::Call { code: 1 }),
        Row::Object {
            object: 5,
            type_id: 2,
            form: Form::Entries,
            len: 0,
            count: 0,
        },
        Row::Change {
            object: 5,
            type_id: 2,
            form: Form::Entries,
            len: 0,
            at: 0,
            removed: 0,
            count: 4,
        },
        Row::Item(Value::Int(1)),
        Row::Item(Value::None),
        Row::Item(Value::Int(1)),
        Row::Item(Value::Removed),
    ];
    let events = replay(&rows).unwrap();
    let [Described::State(state), Described::Change(change)] = events[0].objects.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((state.items.len(), change.items.len()), (0, 4));
    let mut after = state.clone();
    assert!(after.change(change));
    assert_eq!(&after, state);
}

#[test]
fn exceptions_leave_the_frame_line_alone() {
    let rows = [
        op(Op::Call { code: 1 }),
        op(Op::Line { delta: 1 }),
        op(Op::Raise { origin: true }),
        Row::Exception(Value::Ref {
            object: 1,
            type_id: 1,
        }),
        op(Op::Handled { line: 14 }),
        op(Op::Line { delta: 3 }),
    ];
    let events = replay(&rows).unwrap();
    assert!(events[2].origin && events[2].exception.is_some());
    let seen: Vec<_> = events.iter().map(|e| (e.line, e.after)).collect();
    let expected = [
        (10, None),
        (11, None),
        (11, None),
        (14, None),
        (14, Some(11)),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn malformed_sequences_are_errors_and_name_their_row() {
    let call = op(Op::Call { code: 1 });
    let item = || Row::Item(Value::None);
    let object = Row::Object {
        object: 1,
        type_id: 1,
        form: Form::Items,
        len: 1,
        count: 1,
    };
    let change = |form, count| Row::Change {
        object: 1,
        type_id: 1,
        form,
        len: 1,
        at: 0,
        removed: 0,
        count,
    };
    let cases: Vec<(Vec<Row<'_>>, &str, usize)> = vec![
        (vec![op(Op::Return)], "end of a frame", 0),
        (vec![op(Op::Line { delta: 1 })], "line without", 0),
        (vec![op(Op::Raise { origin: true })], "raise without", 0),
        (vec![op(Op::Handled { line: 1 })], "handled without", 0),
        (vec![op(Op::Call { code: 99 })], "undefined code", 0),
        (
            vec![call.clone(), op(Op::Line { delta: -11 })],
            "line number",
            1,
        ),
        (vec![call.clone(), Row::Lost { count: 2 }], "lost frames", 1),
        (vec![call.clone(), item()], "without an object", 1),
        (
            vec![call.clone(), object, item(), item()],
            "beyond its object",
            3,
        ),
        (
            vec![call.clone(), change(Form::Attrs, 3)],
            "change of an object",
            1,
        ),
        (
            vec![call.clone(), change(Form::Opaque, 0)],
            "change of an object",
            1,
        ),
        (
            vec![
                call.clone(),
                change(Form::Entries, 2),
                item(),
                item(),
                item(),
            ],
            "beyond its object",
            4,
        ),
        (
            vec![
                call.clone(),
                change(Form::Items, 1),
                Row::Item(Value::Removed),
            ],
            "removal outside",
            2,
        ),
        (
            vec![
                call.clone(),
                change(Form::Entries, 2),
                Row::Item(Value::Removed),
            ],
            "removal outside",
            2,
        ),
        (
            vec![call.clone(), Row::Result(Value::Removed)],
            "removal outside",
            1,
        ),
        (vec![Row::Truncated], "without an event", 0),
        (vec![Row::Time { tick: u64::MAX }, call.clone()], "time", 1),
        (
            vec![
                Row::Sync {
                    step: u64::MAX,
                    call: 0,
                },
                call.clone(),
            ],
            "step",
            1,
        ),
        (
            vec![
                Row::Sync {
                    step: 0,
                    call: u64::MAX,
                },
                call,
            ],
            "call id",
            1,
        ),
    ];
    for (rows, what, at) in cases {
        let error = replay(&rows).unwrap_err();
        assert!(error.what.contains(what), "{error}");
        assert_eq!(error.offset, at, "{error}");
    }
}

#[test]
fn an_object_that_another_event_gave_whole_is_given_again() {
    let object = |object, n| {
        let whole = Row::Object {
            object,
            type_id: 0,
            form: Form::Items,
            len: 1,
            count: 1,
        };
        [whole, Row::Item(Value::Int(n))]
    };
    let mut rows = vec![op(Op::Call { code: 1 })];
    rows.extend([object(5, 1), object(6, 1)].concat());
    rows.push(op(Op::Line { delta: 1 }));
    rows.extend([object(6, 2), object(7, 1), object(7, 1)].concat());
    let events = replay(&rows).unwrap();
    let again = events.iter().map(|event| event.again.as_slice());
    assert_eq!(again.collect::<Vec<_>>(), [&[][..], &[6]]);
}
