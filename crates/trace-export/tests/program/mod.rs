//! A recording made by hand: a program with values of every sort, an exception, a generator, two threads and a task.

pub mod changes;

use std::sync::Arc;

use trace_model::{
    CodeDef, Definition, Definitions, Event, Form, Op, Replay, Row, TaskDef, ThreadDef,
    ThreadState, TypeDef, Value,
};

pub const SOURCE: &str = "\
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

def area(points, scale=1.0):
    total = 0
    for p in points:
        total += p.x * p.y * scale
    return check(total)

def check(n):
    if n > 5:
        raise ValueError(f'{n} is too large')
    return n

def count(n):
    for i in range(n):
        yield i

points = [Point(1, 2), Point(3, 4)]
try:
    area(points)
except ValueError as e:
    print(e)
total = sum(count(2))
";

pub struct Recording {
    pub definitions: Definitions,
    pub events: Vec<Event>,
}

const MODULE: u32 = 1;
const INIT: u32 = 2;
const AREA: u32 = 3;
const CHECK: u32 = 4;
const COUNT: u32 = 5;
const FETCH: u32 = 6;

const POINT: u32 = 10;
const LIST: u32 = 11;
const VALUE_ERROR: u32 = 12;
const DICT: u32 = 13;
const COLOUR: u32 = 14;
const FUNCTION: u32 = 15;
const LOCK: u32 = 16;
const SET: u32 = 17;
const RANGE: u32 = 18;

fn definitions() -> Definitions {
    let mut all = Definitions::new();
    for (id, path) in [(1, "/home/me/points.py"), (2, "/home/me/web/__init__.py")] {
        all.add(Definition::Path {
            id,
            path: path.into(),
            real: path.into(),
        });
    }
    let code = |id, path, first_line, qualname: &str, names: &[&str], arguments, flags| {
        Definition::Code(CodeDef {
            id,
            path,
            first_line,
            flags,
            qualname: qualname.into(),
            module: "__main__".into(),
            names: names.iter().map(|name| Arc::from(*name)).collect(),
            arguments,
        })
    };
    let module = ["Point", "points", "e", "total"];
    for definition in [
        code(MODULE, 1, 1, "<module>", &module, 0, 0),
        code(INIT, 1, 2, "Point.__init__", &["self", "x", "y"], 3, 3),
        code(AREA, 1, 6, "area", &["points", "scale", "total", "p"], 2, 3),
        code(CHECK, 1, 12, "check", &["n"], 1, 3),
        code(COUNT, 1, 17, "count", &["n", "i"], 1, 0x23),
        code(
            FETCH,
            2,
            30,
            "Client.fetch",
            &["self", "url", "extra"],
            2,
            0x83,
        ),
    ] {
        all.add(definition);
    }
    for (id, module, qualname) in [
        (POINT, "__main__", "Point"),
        (LIST, "", "list"),
        (VALUE_ERROR, "", "ValueError"),
        (DICT, "", "dict"),
        (COLOUR, "web.style", "Colour"),
        (FUNCTION, "", "function"),
        (LOCK, "_thread", "lock"),
        (SET, "", "set"),
        (RANGE, "", "range"),
    ] {
        all.add(Definition::Type(TypeDef {
            id,
            module: module.into(),
            qualname: qualname.into(),
        }));
    }
    let names = [
        "x",
        "y",
        "__message__",
        "__traceback__",
        "__qualname__",
        "...",
    ];
    for (id, name) in (0..).zip(names) {
        let name = name.into();
        all.add(Definition::Name { id, name });
    }
    for (id, name) in [(0, "MainThread"), (1, "worker")] {
        all.add(Definition::Thread(ThreadDef {
            id,
            name: name.into(),
            ..ThreadDef::default()
        }));
    }
    all.add(Definition::Task(TaskDef {
        id: 1,
        parent: None,
        name: "Task-1".into(),
    }));
    all
}

/// Rows of a thread, in the making.
struct Rows(Vec<Row<'static>>);

impl Rows {
    fn op(&mut self, op: Op<'static>) -> &mut Self {
        self.0.push(Row::Event { dt: 4, op });
        self
    }
    fn line(&mut self, delta: i32) -> &mut Self {
        self.op(Op::Line { delta })
    }
    fn call(&mut self, code: u32) -> &mut Self {
        self.op(Op::Call { code })
    }
    fn bind(&mut self, slot: u16, value: Value<'static>) -> &mut Self {
        self.0.push(Row::Bind { slot, value });
        self
    }
    fn returns(&mut self, value: Value<'static>) -> &mut Self {
        self.op(Op::Return).result(value)
    }
    fn result(&mut self, value: Value<'static>) -> &mut Self {
        self.0.push(Row::Result(value));
        self
    }
    fn exception(&mut self) -> &mut Self {
        self.0.push(Row::Exception(object(50, VALUE_ERROR)));
        self
    }
    fn state(
        &mut self,
        (object, type_id): (u64, u32),
        form: Form,
        len: u64,
        items: Vec<Value<'static>>,
    ) -> &mut Self {
        self.0.push(Row::Object {
            object,
            type_id,
            form,
            len,
            count: items.len() as u32,
        });
        self.0.extend(items.into_iter().map(Row::Item));
        self
    }
}

fn object(object: u64, type_id: u32) -> Value<'static> {
    Value::Ref { object, type_id }
}

fn string(text: &'static str) -> Value<'static> {
    Value::Str {
        len: text.chars().count() as u64,
        text: text.as_bytes().into(),
        cut_hash: None,
    }
}

fn point(rows: &mut Rows, id: u64, x: i64, y: i64) {
    rows.call(INIT)
        .bind(0, object(id, POINT))
        .state((id, POINT), Form::Attrs, 0, vec![])
        .bind(1, Value::Int(x))
        .bind(2, Value::Int(y));
    rows.line(1).line(1).op(Op::Return);
    let attrs = vec![Value::Name(0), Value::Int(x), Value::Name(1), Value::Int(y)];
    rows.state((id, POINT), Form::Attrs, 2, attrs);
    rows.result(Value::None);
}

fn main_rows() -> Vec<Row<'static>> {
    let mut rows = Rows(Vec::new());
    let r = &mut rows;
    r.call(MODULE).line(20);
    point(r, 20, 1, 2);
    point(r, 21, 3, 4);
    let points = vec![object(20, POINT), object(21, POINT)];
    r.line(1)
        .state((30, LIST), Form::Items, 2, points)
        .bind(1, object(30, LIST))
        .line(1);
    r.call(AREA)
        .bind(0, object(30, LIST))
        .bind(1, Value::Float(1.0));
    r.line(1);
    r.line(1).bind(2, Value::Int(0));
    r.line(1).bind(3, object(20, POINT));
    r.line(-1).bind(2, Value::Float(2.0));
    r.line(1).bind(3, object(21, POINT));
    r.line(-1).bind(2, Value::Float(14.0));
    r.line(2);
    r.call(CHECK).bind(0, Value::Float(14.0)).line(1).line(1);
    r.op(Op::Raise { origin: true });
    let trace =
        "/home/me/points.py:23 <module>\n/home/me/points.py:10 area\n/home/me/points.py:14 check";
    let attrs = vec![
        Value::Name(2),
        string("14.0 is too large"),
        Value::Name(3),
        string(trace),
    ];
    r.state((50, VALUE_ERROR), Form::Attrs, 2, attrs)
        .exception();
    r.op(Op::Unwind { line: 14 }).exception();
    r.op(Op::Raise { origin: false }).exception();
    r.op(Op::Unwind { line: 10 }).exception();
    r.op(Op::Raise { origin: false }).exception();
    r.op(Op::Handled { line: 24 }).exception();
    r.line(1);
    r.line(1).bind(2, object(50, VALUE_ERROR));
    r.op(Op::Output {
        stream: 1,
        data: b"14.0 is too large\n",
    });
    r.line(1);
    r.0.push(Row::Unbind { slot: 2 });
    r.call(COUNT).bind(0, Value::Int(2));
    r.line(1).line(1).bind(1, Value::Int(0));
    let resume = Op::Resume {
        code: COUNT,
        line: 19,
        call: 5,
    };
    r.op(Op::Yield).result(Value::Int(0));
    r.op(resume).line(-1).line(1).bind(1, Value::Int(1));
    r.op(Op::Yield).result(Value::Int(1));
    r.op(resume).line(-1).returns(Value::None);
    r.op(Op::Return).bind(3, Value::Int(1)).result(Value::None);
    rows.0
}

fn worker_rows() -> Vec<Row<'static>> {
    let mut rows = Rows(vec![
        Row::Sync { step: 60, call: 40 },
        Row::Opened {
            code: AREA,
            line: 8,
        },
    ]);
    let r = &mut rows;
    r.line(1);
    r.0.push(Row::Task { task: 1 });
    r.call(FETCH);
    r.state((70, LOCK), Form::Opaque, 0, vec![]);
    let entries = vec![
        string("a"),
        Value::Int(1 << 60),
        string("me"),
        object(71, DICT),
        string("later"),
        Value::Unknown(trace_model::value::Unknown::Depth),
        Value::Name(0),
        Value::Int(7),
        Value::Name(5),
        Value::Int(70),
    ];
    r.state((71, DICT), Form::Entries, 9, entries);
    r.state((72, SET), Form::Items, 1, vec![Value::Ellipsis]);
    let range = [0, 10, 1].map(Value::Int).to_vec();
    r.state((73, RANGE), Form::Items, 3, range);
    r.state(
        (74, FUNCTION),
        Form::Attrs,
        1,
        vec![Value::Name(4), string("area")],
    );
    r.bind(0, object(70, LOCK)).bind(
        1,
        Value::Str {
            len: 5000,
            text: b"http://example.org/\xed\xa0\x80?q=\"\x1b[2J"
                .as_slice()
                .into(),
            cut_hash: Some(1),
        },
    );
    r.line(1).bind(2, object(71, DICT));
    r.line(1).bind(2, object(72, SET));
    r.line(1).bind(2, object(73, RANGE));
    r.line(1).bind(2, object(74, FUNCTION));
    for value in [
        Value::Bool(true),
        Value::Float(f64::NAN),
        Value::Complex(1.0, 2.0),
        Value::BigInt {
            negative: true,
            bits: 65,
            magnitude: vec![0, 0, 0, 0, 0, 0, 0, 0, 1].into(),
        },
        Value::BigInt {
            negative: false,
            bits: 9000,
            magnitude: vec![7; 256].into(),
        },
        Value::Bytes {
            len: 900,
            data: b"\x00a".as_slice().into(),
        },
        Value::EnumMember {
            type_id: COLOUR,
            name: b"RED".as_slice().into(),
        },
        Value::NotImplemented,
        Value::None,
        object(20, POINT),
    ] {
        r.line(1).bind(2, value);
    }
    r.0.push(Row::Truncated);
    r.op(Op::Yield);
    r.op(Op::Gap {
        reason: 1,
        count: 12,
    });
    r.op(Op::Resume {
        code: FETCH,
        line: 45,
        call: 41,
    });
    r.returns(Value::Bytes {
        len: 2,
        data: b"ok".as_slice().into(),
    });
    r.0.push(Row::Lost { count: 1 });
    r.op(Op::Output {
        stream: 2,
        data: b"bye",
    });
    rows.0
}

fn replay(definitions: &Definitions, thread: u32, rows: &[Row<'_>]) -> Vec<Event> {
    let mut replay = Replay::new(ThreadState::new(thread));
    let mut events = Vec::new();
    for row in rows {
        events.extend(replay.apply(row, definitions).unwrap());
    }
    events.extend(replay.finish());
    events
}

pub fn recording() -> Recording {
    let definitions = definitions();
    let mut events = replay(&definitions, 0, &main_rows());
    events.extend(replay(&definitions, 1, &worker_rows()));
    Recording {
        definitions,
        events,
    }
}

pub fn recursion(depth: usize) -> Recording {
    let definitions = definitions();
    let mut rows = Rows(Vec::new());
    for n in 0..=depth {
        rows.call(CHECK).bind(0, Value::Int(n as i64));
    }
    for _ in 0..=depth {
        rows.returns(Value::None);
    }
    let events = replay(&definitions, 0, &rows.0);
    Recording {
        definitions,
        events,
    }
}
