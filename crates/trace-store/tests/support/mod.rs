//! A stand-in for the recorder: threads that call functions and write rows as its callbacks do.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod sharing;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use trace_model::{CodeDef, Definition, Event, EventKind, Op, Row, ThreadDef, TypeDef, Value};
use trace_store::{Base, ClockPair, Metadata, Segment, Writer, WriterOptions};

/// A directory of its own, removed at the end.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new(name: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!(
            "trace-store-{name}-{}-{number}",
            std::process::id()
        ));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Names in the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        names(&self.0)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub fn options(dir: &Path, run: &str) -> WriterOptions {
    let mut options = WriterOptions::new(dir, run, format!("trace-{run}"));
    options.segment_bytes = 64 * 1024;
    options.metadata = Metadata {
        clock: trace_store::Clock {
            first: ClockPair { tick: 0, ns: 1000 },
            ..Default::default()
        },
        started_unix_ns: 1,
        program: "app.py".to_owned(),
        ..Metadata::default()
    };
    options
}

/// What a test expects of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub step: u64,
    pub thread: u32,
    pub kind: EventKind,
    pub call: u64,
    pub line: u32,
}

impl From<&Event> for Seen {
    fn from(event: &Event) -> Self {
        Self {
            step: event.step,
            thread: event.thread,
            kind: event.kind,
            call: event.call,
            line: event.line,
        }
    }
}

#[derive(Debug, Default)]
struct Hand {
    segment: Option<Segment>,
    next_step: u64,
    next_call: u64,
    tick: u64,
    stack: Vec<(u64, u32)>,
}

/// The recorder of one program.
pub struct Program<'a> {
    pub writer: &'a Writer,
    hands: HashMap<u32, Hand>,
    pub step: u64,
    pub call: u64,
    pub tick: u64,
    pub expected: Vec<Seen>,
    /// No segment could be had; nothing more is written.
    pub failed: bool,
    defined: bool,
    /// What stands before the next event, in its segment.
    before: Vec<u8>,
}

pub const FIRST_LINE: u32 = 10;

impl<'a> Program<'a> {
    pub fn new(writer: &'a Writer) -> Self {
        Self {
            writer,
            hands: HashMap::new(),
            step: 0,
            call: 0,
            tick: 0,
            expected: Vec::new(),
            failed: false,
            defined: false,
            before: Vec::new(),
        }
    }

    fn definitions(&mut self) {
        if std::mem::replace(&mut self.defined, true) {
            return;
        }
        for definition in [
            Definition::Path {
                id: 0,
                path: "app.py".to_owned(),
                real: String::new(),
            },
            Definition::Type(TypeDef {
                id: 3,
                qualname: "list".to_owned(),
                module: String::new(),
            }),
            Definition::Code(CodeDef {
                id: 5,
                path: 0,
                first_line: FIRST_LINE,
                qualname: "f".into(),
                names: ["x".into(), "xs".into()].into(),
                arguments: 1,
                ..CodeDef::default()
            }),
        ] {
            Row::Define(definition).encode(&mut self.before);
        }
    }

    pub fn define(&mut self, definition: Definition) {
        Row::Define(definition).encode(&mut self.before);
    }

    fn base(&self) -> Base {
        Base {
            step: self.step,
            call: self.call,
            tick: self.tick,
            ns: 1000 + self.tick * 25,
        }
    }

    /// One event with its value rows.
    pub fn event(&mut self, thread: u32, op: Op<'_>, values: &[Row<'_>]) {
        if self.failed {
            return;
        }
        self.tick += 3;
        self.definitions();
        let hand = self.hands.entry(thread).or_default();
        if hand.segment.is_none() {
            Row::Define(Definition::Thread(ThreadDef {
                id: thread,
                ident: u64::from(thread) + 100,
                ..ThreadDef::default()
            }))
            .encode(&mut self.before);
        }
        let fresh = hand.segment.is_none();
        let mut rows = self.before.clone();
        if !fresh && (hand.next_step != self.step || hand.next_call != self.call) {
            Row::Sync {
                step: self.step,
                call: self.call,
            }
            .encode(&mut rows);
        }
        let since = if fresh { 0 } else { self.tick - hand.tick };
        let dt = u16::try_from(since).unwrap_or_else(|_| {
            Row::Time { tick: self.tick }.encode(&mut rows);
            0
        });
        let mut tail = Vec::new();
        values.iter().for_each(|row| row.encode(&mut tail));
        op.encode(&mut rows, dt);
        rows.extend_from_slice(&tail);
        let fits = !fresh && hand.segment.as_mut().unwrap().append(&rows);
        if !fits {
            if let Some(full) = hand.segment.take() {
                self.writer.hand_over(full);
            }
            let Ok(mut segment) = self.writer.segment(thread, self.base()) else {
                self.failed = true;
                return;
            };
            let mut rows = self.before.clone();
            op.encode(&mut rows, 0);
            rows.extend_from_slice(&tail);
            assert!(segment.append(&rows));
            self.hands.get_mut(&thread).unwrap().segment = Some(segment);
        }
        self.before.clear();
        let hand = self.hands.get_mut(&thread).unwrap();
        match op {
            Op::Call { .. } => {
                hand.stack.push((self.call, FIRST_LINE));
                self.call += 1;
            }
            Op::Line { delta } => {
                let top = hand.stack.last_mut().unwrap();
                top.1 = top.1.checked_add_signed(delta).unwrap();
            }
            _ => {}
        }
        let (call, line) = *hand.stack.last().unwrap();
        let kind = match op {
            Op::Call { .. } => EventKind::Call,
            Op::Line { .. } => EventKind::Line,
            Op::Return => EventKind::Return,
            Op::Raise { .. } => EventKind::Raise,
            Op::Unwind { .. } => EventKind::Unwind,
            _ => panic!("unused in tests"),
        };
        if matches!(op, Op::Return | Op::Unwind { .. }) {
            hand.stack.pop();
        }
        self.expected.push(Seen {
            step: self.step,
            thread,
            kind,
            call,
            line,
        });
        self.step += 1;
        hand.next_step = self.step;
        hand.next_call = self.call;
        hand.tick = self.tick;
    }

    /// Ends the thread's segment, so that its next event begins a block.
    pub fn rotate(&mut self, thread: u32) {
        if let Some(full) = self
            .hands
            .get_mut(&thread)
            .and_then(|hand| hand.segment.take())
        {
            self.writer.hand_over(full);
        }
    }

    /// Calls `f(x)`, runs `lines` lines, and returns.
    pub fn function(&mut self, thread: u32, lines: u32) {
        self.enter(thread);
        for n in 0..lines {
            self.line(thread, n);
        }
        self.leave(thread);
    }

    pub fn enter(&mut self, thread: u32) {
        let x = Value::Int(i64::from(thread));
        self.event(
            thread,
            Op::Call { code: 5 },
            &[Row::Bind { slot: 0, value: x }],
        );
    }

    pub fn leave(&mut self, thread: u32) {
        self.event(thread, Op::Return, &[Row::Result(Value::None)]);
    }

    /// A line that changes `x`, and every eighth time the list `xs`.
    pub fn line(&mut self, thread: u32, n: u32) {
        let object = 0x7f00_0000_1000 + u64::from(thread) * 64;
        let mut rows = vec![Row::Bind {
            slot: 0,
            value: Value::Int(i64::from(n) * 1000),
        }];
        if n.is_multiple_of(8) {
            rows.extend([
                Row::Object {
                    object,
                    type_id: 3,
                    form: trace_model::Form::Items,
                    len: 1,
                    count: 1,
                },
                Row::Item(Value::Int(i64::from(n))),
                Row::Bind {
                    slot: 1,
                    value: Value::Ref { object, type_id: 3 },
                },
            ]);
        }
        self.event(
            thread,
            Op::Line {
                delta: i32::from(n.is_multiple_of(2)) * 2 - 1,
            },
            &rows,
        );
    }

    /// The segments in use, for the end.
    pub fn segments(&mut self) -> Vec<Segment> {
        let mut hands: Vec<(u32, Hand)> = self.hands.drain().collect();
        hands.sort_by_key(|(thread, _)| *thread);
        hands
            .into_iter()
            .filter_map(|(_, hand)| hand.segment)
            .collect()
    }
}

/// Every event of a recording.
pub fn all(recording: &trace_store::Recording) -> Vec<Seen> {
    recording
        .events(trace_store::Selection::default())
        .map(|event| Seen::from(&event.unwrap()))
        .collect()
}

/// A small finished recording.
pub fn record(dir: &Path, run: &str, started: u64, lines: u32) -> Vec<Seen> {
    let mut options = options(dir, run);
    options.metadata.started_unix_ns = started;
    let writer = Writer::create(options).unwrap();
    let mut program = Program::new(&writer);
    program.function(0, lines);
    let segments = program.segments();
    let expected = program.expected;
    writer.finish(segments, Metadata::default()).unwrap();
    expected
}
