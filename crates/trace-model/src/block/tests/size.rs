//! Bytes per event, after the compression that the container uses.

use super::generate::Random;
use super::*;
use crate::value::{Form, Value};

/// Writes rows as a program would, with the jitter that clocks have.
struct Program {
    random: Random,
    builder: BlockBuilder,
    values: bool,
}

impl Program {
    fn new(values: bool) -> Self {
        Self {
            random: Random::new(5),
            builder: BlockBuilder::new(&ThreadState::new(0)),
            values,
        }
    }

    fn row(&mut self, row: &Row<'_>) {
        self.builder.push(row).unwrap();
    }

    /// Events take 75 to 125 ns, and one in 500 much longer.
    fn event(&mut self, op: Op<'_>) {
        let mut dt =
            3 + u16::from(self.random.below(4) == 0) + u16::from(self.random.below(8) == 0);
        if self.random.below(500) == 0 {
            dt = 40 + self.random.below(300) as u16;
        }
        self.row(&Row::Event { dt, op });
    }

    fn bind(&mut self, slot: u16, value: Value<'_>) {
        if self.values {
            self.row(&Row::Bind { slot, value });
        }
    }

    fn result(&mut self, value: Value<'_>) {
        if self.values {
            self.row(&Row::Result(value));
        }
    }

    fn full(&self) -> bool {
        self.builder.events() >= 150_000
    }

    fn fib(&mut self, n: i64) -> i64 {
        self.event(Op::Call { code: 1 });
        self.bind(0, Value::Int(n));
        self.event(Op::Line { delta: 1 });
        if n < 2 || self.full() {
            self.event(Op::Line { delta: 1 });
            self.event(Op::Return);
            self.result(Value::Int(n));
            return n;
        }
        self.event(Op::Line { delta: 2 });
        let sum = self.fib(n - 1) + self.fib(n - 2);
        self.event(Op::Return);
        self.result(Value::Int(sum));
        sum
    }

    fn calls(&mut self) {
        assert!(self.fib(40) > 0);
    }

    fn sieve(&mut self) {
        self.event(Op::Call { code: 2 });
        self.event(Op::Line { delta: 1 });
        let mut total = 0;
        for i in 0.. {
            if self.full() {
                break;
            }
            self.event(Op::Line { delta: 1 });
            self.bind(0, Value::Int(i));
            if i * i % 7 < 3 {
                self.event(Op::Line { delta: 1 });
                total += i;
                self.event(Op::Line { delta: -2 });
                self.bind(1, Value::Int(total));
            } else {
                self.event(Op::Line { delta: -1 });
            }
        }
        self.event(Op::Return);
    }

    fn floats(&mut self) {
        self.event(Op::Call { code: 2 });
        let mut x = 0.5f64;
        while !self.full() {
            self.event(Op::Line { delta: 1 });
            x = 3.9 * x * (1.0 - x);
            self.bind(0, Value::Float(x));
            self.event(Op::Line { delta: 1 });
            self.event(Op::Line { delta: -2 });
        }
    }

    /// Many small functions calling each other by a random tree, with names and strings.
    fn tree(&mut self, depth: u64) {
        let code = 10 + self.random.below(40) as u32;
        self.event(Op::Call { code });
        let word = WORDS[self.random.below(16) as usize];
        self.bind(
            0,
            Value::Str {
                len: word.len() as u64,
                text: word.as_bytes().into(),
                cut_hash: None,
            },
        );
        self.event(Op::Line { delta: 1 });
        for _ in 0..self.random.below(4) {
            if depth < 12 && !self.full() {
                self.event(Op::Line { delta: 1 });
                self.tree(depth + 1);
            }
        }
        self.event(Op::Line { delta: 1 });
        self.event(Op::Return);
        self.result(Value::None);
    }

    /// Objects with attributes, some of which change.
    fn objects(&mut self) {
        self.event(Op::Call { code: 2 });
        while !self.full() {
            let object = self.random.below(300);
            self.event(Op::Line { delta: 1 });
            self.row(&Row::Object {
                object,
                type_id: 3,
                form: Form::Attrs,
                len: 3,
                count: 6,
            });
            for name in 0..3 {
                self.row(&Row::Item(Value::Name(name)));
                let n = self.random.below(if name == 2 { 100 } else { 1 });
                self.row(&Row::Item(Value::Int(n as i64)));
            }
            self.bind(0, Value::Ref { object, type_id: 3 });
            self.event(Op::Line { delta: 1 });
            self.event(Op::Line { delta: -2 });
        }
    }

    fn change(&mut self, object: u64, form: Form, len: u64, at: u32, items: &[Value<'_>]) {
        if !self.values {
            return;
        }
        self.row(&Row::Change {
            object,
            type_id: 3 + form as u32,
            form,
            len,
            at,
            removed: 0,
            count: items.len() as u32,
        });
        for item in items {
            self.row(&Row::Item(item.clone()));
        }
    }

    fn whole(&mut self, object: u64, form: Form) {
        self.row(&Row::Object {
            object,
            type_id: 3 + form as u32,
            form,
            len: 0,
            count: 0,
        });
    }

    /// Lists that grow by one, attributes and entries that are set: 10,000 changes, one at every second line.
    fn changes(&mut self) {
        self.event(Op::Call { code: 2 });
        for (object, form) in [(1, Form::Items), (2, Form::Items), (3, Form::Attrs)] {
            self.whole(object, form);
        }
        self.whole(4, Form::Entries);
        for n in 0..2_500 {
            let attribute = [Value::Name(1 + n % 2), Value::Int(i64::from(n))];
            let entry = [Value::Int(i64::from(n) % 50), Value::Bool(n % 7 < 3)];
            let reference = Value::Ref {
                object: 100 + u64::from(n),
                type_id: 9,
            };
            let len = u64::from(n) + 1;
            self.event(Op::Line { delta: 1 });
            self.change(1, Form::Items, len, n, &[Value::Int(i64::from(n) * 3)]);
            self.event(Op::Line { delta: 1 });
            self.change(2, Form::Items, len, n, &[reference]);
            self.event(Op::Line { delta: 1 });
            self.change(3, Form::Attrs, len.min(2), 0, &attribute);
            self.event(Op::Line { delta: -3 });
            self.change(4, Form::Entries, len.min(50), 0, &entry);
        }
    }

    /// A generator driven by a loop.
    fn generator(&mut self) {
        self.event(Op::Call { code: 1 });
        self.event(Op::Line { delta: 1 });
        self.event(Op::Call { code: 2 });
        self.event(Op::Line { delta: 1 });
        self.event(Op::Yield);
        for i in 0.. {
            if self.full() {
                break;
            }
            self.result(Value::Int(i));
            self.event(Op::Line { delta: 1 });
            self.event(Op::Line { delta: -1 });
            self.event(Op::Resume {
                code: 2,
                line: 31,
                call: 1,
            });
            self.event(Op::Line { delta: 0 });
            self.event(Op::Yield);
        }
    }

    fn trees(&mut self) {
        while !self.full() {
            self.tree(0);
        }
    }

    fn bytes_per_event(&self) -> f64 {
        let mut block = Vec::new();
        self.builder.finish(&META, &mut block);
        let packed = zstd::bulk::compress(&block, 1).unwrap();
        packed.len() as f64 / self.builder.events() as f64
    }
}

const WORDS: [&str; 16] = [
    "a", "the", "token", "select", "from", "where", "value", "name", "order", "by", "limit",
    "join", "inner", "left", "group", "having",
];

type Run = fn(&mut Program);

#[test]
#[cfg_attr(miri, ignore = "calls zstd, which is C")]
fn events_take_few_bytes() {
    // Program, bytes per event of control alone, and with values.
    let cases: [(&str, Run, f64, f64); 7] = [
        ("fib", Program::calls, 0.4, 0.4),
        ("sieve", Program::sieve, 0.3, 1.1),
        ("floats", Program::floats, 0.3, 2.6),
        ("tree", Program::trees, 0.6, 0.8),
        ("generator", Program::generator, 0.3, 0.3),
        ("objects", Program::objects, 1.3, 1.4),
        ("changes", Program::changes, 0.3, 0.6),
    ];
    for (name, run, control, scalar) in cases {
        for (values, limit) in [(false, control), (true, scalar)] {
            let mut program = Program::new(values);
            run(&mut program);
            let bytes = program.bytes_per_event();
            assert!(bytes <= limit, "{name}: {bytes:.3} bytes per event");
        }
    }
}
