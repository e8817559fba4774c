//! A random program whose threads call functions and change lists that they share, and what was so at every step.

use std::collections::{BTreeMap, HashMap, HashSet};

use trace_model::{Form, Op, Row, Value};

use super::Program;

const THREADS: u64 = 3;
const LISTS: usize = 6;
const TYPE: u32 = 3;
/// Names of the code: slots 0 and 1.
const NAMES: u16 = 2;

/// An element of a list, or what a name holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Held {
    Int(i64),
    List(usize),
}

/// What was so after an event.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Names of the open frames of the event's thread, outermost first; with the one that ended.
    pub frames: Vec<BTreeMap<u16, Held>>,
    pub lists: Vec<Vec<Held>>,
}

pub struct Sharing {
    seed: u64,
    lists: Vec<Vec<Held>>,
    stacks: Vec<Vec<BTreeMap<u16, Held>>>,
    /// Lists described in the thread's block.
    described: HashMap<u32, HashSet<usize>>,
    pub moments: Vec<Moment>,
}

fn address(list: usize) -> u64 {
    0x7f00_0000_1000 + list as u64 * 64
}

fn value(held: Held) -> Value<'static> {
    match held {
        Held::Int(n) => Value::Int(n),
        Held::List(list) => Value::Ref {
            object: address(list),
            type_id: TYPE,
        },
    }
}

impl Sharing {
    pub fn new(seed: u64) -> Self {
        Self {
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            lists: vec![Vec::new(); LISTS],
            stacks: vec![Vec::new(); THREADS as usize],
            described: HashMap::new(),
            moments: Vec::new(),
        }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 20) % n
    }

    fn held(&mut self) -> Held {
        match self.below(3) {
            0 => Held::List(self.below(LISTS as u64) as usize),
            _ => Held::Int(self.below(100) as i64),
        }
    }

    /// Describes what a value leads to, where the thread's block did not yet, and now and then what it did.
    fn describe(&mut self, thread: u32, held: Held, rows: &mut Vec<Row<'static>>) {
        let mut todo = vec![held];
        while let Some(held) = todo.pop() {
            let Held::List(list) = held else { continue };
            let is_new = self.described.entry(thread).or_default().insert(list);
            if !is_new && self.below(8) > 0 {
                continue;
            }
            let items = self.lists[list].clone();
            rows.push(Row::Object {
                object: address(list),
                type_id: TYPE,
                form: Form::Items,
                len: items.len() as u64,
                count: items.len() as u32,
            });
            rows.extend(items.iter().map(|item| Row::Item(value(*item))));
            todo.extend(items);
        }
    }

    fn change(&mut self, thread: u32, rows: &mut Vec<Row<'static>>) {
        let list = self.below(LISTS as u64) as usize;
        let (item, len) = (self.held(), self.lists[list].len());
        self.describe(thread, Held::List(list), rows);
        self.describe(thread, item, rows);
        let (at, removed, items) = match self.below(4) {
            0 if len > 0 => (self.below(len as u64) as usize, 1, vec![]),
            1 if len > 0 => (self.below(len as u64) as usize, 1, vec![item]),
            2 => (self.below(len as u64 + 1) as usize, 0, vec![item]),
            _ if len > 12 => (3, len - 3, vec![]),
            _ => (len, 0, vec![item]),
        };
        self.lists[list].splice(at..at + removed, items.iter().copied());
        rows.push(Row::Change {
            object: address(list),
            type_id: TYPE,
            form: Form::Items,
            len: self.lists[list].len() as u64,
            at: at as u32,
            removed: removed as u32,
            count: items.len() as u32,
        });
        rows.extend(items.into_iter().map(|item| Row::Item(value(item))));
    }

    /// Runs `events` events.
    pub fn run(&mut self, program: &mut Program<'_>, events: usize) {
        let mut busy = 0;
        for _ in 0..events {
            // Some threads do little for a long time.
            if self.below(20) == 0 {
                busy = self.below(THREADS) as u32;
            }
            let thread = busy;
            if self.below(25) == 0 {
                program.rotate(thread);
                self.described.remove(&thread);
            }
            let depth = self.stacks[thread as usize].len();
            let op = match self.below(6) {
                _ if depth == 0 => Op::Call { code: 5 },
                0 if depth < 5 => Op::Call { code: 5 },
                1 => Op::Return,
                _ => Op::Line { delta: 0 },
            };
            if matches!(op, Op::Call { .. }) {
                self.stacks[thread as usize].push(BTreeMap::new());
            }
            let mut rows = Vec::new();
            for _ in 0..self.below(3) {
                self.change(thread, &mut rows);
            }
            if self.below(3) == 0 {
                let (slot, held) = (self.below(u64::from(NAMES)) as u16, self.held());
                self.describe(thread, held, &mut rows);
                rows.push(Row::Bind {
                    slot,
                    value: value(held),
                });
                if let Some(frame) = self.stacks[thread as usize].last_mut() {
                    frame.insert(slot, held);
                }
            }
            program.event(thread, op, &rows);
            self.moments.push(Moment {
                frames: self.stacks[thread as usize].clone(),
                lists: self.lists.clone(),
            });
            if op == Op::Return {
                self.stacks[thread as usize].pop();
            }
        }
    }
}

/// Makes what a recording says of a value comparable: the list by its content, to some depth.
pub fn unfold<S>(
    state: &S,
    held: Held,
    depth: u32,
    items: &dyn Fn(&S, usize) -> Vec<Held>,
) -> String {
    match held {
        Held::Int(n) => n.to_string(),
        Held::List(_) if depth == 0 => "...".to_owned(),
        Held::List(list) => {
            let inside = items(state, list);
            let inside = inside
                .iter()
                .map(|item| unfold(state, *item, depth - 1, items));
            format!("[{}]", inside.collect::<Vec<_>>().join(", "))
        }
    }
}
