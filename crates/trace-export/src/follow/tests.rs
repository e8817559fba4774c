use super::*;
use trace_model::{CodeLines, Op, Replay, Row, ThreadState};

struct Lines;

impl CodeLines for Lines {
    fn first_line(&self, _: u32) -> Option<u32> {
        Some(1)
    }
}

/// What is known after each event of a thread.
fn follow(thread: u32, rows: &[Row<'_>], follow: &mut Follow) -> Vec<Event> {
    let mut replay = Replay::new(ThreadState::new(thread));
    let mut events = Vec::new();
    for row in rows {
        events.extend(replay.apply(row, &Lines).unwrap());
    }
    events.extend(replay.finish());
    events.iter().for_each(|event| follow.apply(event));
    events
}

fn op(op: Op<'static>) -> Row<'static> {
    Row::Event { dt: 0, op }
}

fn bind(slot: u16, n: i64) -> Row<'static> {
    Row::Bind {
        slot,
        value: Value::Int(n),
    }
}

const CALL: Op<'static> = Op::Call { code: 1 };

#[test]
fn only_open_frames_are_known() {
    let mut all = Follow::new();
    let mut rows = Vec::new();
    for n in 0..50 {
        rows.extend([op(CALL), bind(0, n)]);
    }
    rows.extend((0..49).map(|_| op(Op::Return)));
    rows.push(op(Op::Line { delta: 0 }));
    follow(0, &rows, &mut all);
    let known: Vec<_> = all.frames.keys().copied().collect();
    assert_eq!(known, [0]);
    assert_eq!(all.frames[&0].names[&0], Value::Int(0));
    assert_eq!(all.names_since(0), Some(0));
    assert_eq!(all.names_since(1), None);
}

#[test]
fn lost_frames_are_forgotten_and_frames_from_before_are_not_whole() {
    let mut all = Follow::new();
    let rows = [
        Row::Opened { code: 1, line: 4 },
        op(Op::Line { delta: 0 }),
        bind(0, 1),
        op(CALL),
        op(CALL),
        Row::Lost { count: 2 },
        op(Op::Line { delta: 1 }),
        op(CALL),
    ];
    follow(0, &rows, &mut all);
    let mut known: Vec<_> = all.frames.keys().copied().collect();
    known.sort_unstable();
    assert_eq!(known, [0, 3]);
    assert_eq!(all.names_since(0), None);
    assert_eq!(all.stacks[&0], [0, 3]);
    all.learn(0, Names::from([(0, Value::None)]), 7);
    assert_eq!(all.names_since(0), Some(7));
}

#[test]
fn a_suspended_frame_keeps_its_names_on_any_thread() {
    let mut all = Follow::new();
    follow(0, &[op(CALL), bind(0, 5), op(Op::Yield)], &mut all);
    assert!(all.stacks.is_empty());
    let resume = op(Op::Resume {
        code: 1,
        line: 2,
        call: 0,
    });
    follow(1, std::slice::from_ref(&resume), &mut all);
    assert_eq!(all.frames[&0].names[&0], Value::Int(5));
    follow(1, &[resume, op(Op::Return)], &mut all);
    assert!(all.stacks.is_empty());
    follow(1, &[Row::Sync { step: 9, call: 9 }, op(CALL)], &mut all);
    assert!(!all.frames.contains_key(&0));
}

#[test]
#[cfg_attr(miri, ignore = "takes a million of them")]
fn very_many_suspended_frames_are_forgotten() {
    let mut all = Follow::new();
    let mut rows = vec![op(CALL)];
    for _ in 0..MOST_SUSPENDED + 10 {
        rows.extend([op(CALL), op(Op::Yield)]);
    }
    follow(0, &rows, &mut all);
    assert!(all.frames.len() < 20, "{}", all.frames.len());
    assert_eq!(all.stacks[&0], [0]);
}

#[test]
#[cfg_attr(miri, ignore = "takes a million of them")]
fn a_depth_out_of_nowhere_takes_bounded_memory() {
    let mut all = Follow::new();
    let [mut event] = follow(0, &[op(CALL)], &mut Follow::new())
        .try_into()
        .unwrap();
    event.depth = u32::MAX;
    for call in 0..4 {
        event.call = call;
        all.apply(&event);
    }
    assert!(all.stacks[&0].len() <= 5 * MOST_UNSEEN);
}
