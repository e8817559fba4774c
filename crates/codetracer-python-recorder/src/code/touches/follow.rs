//! The operand stack of straight code, by symbols.

use std::collections::HashMap;

use super::super::analysis::Target;
use super::super::instructions::Instruction;
use super::super::opcodes::Opcodes;
use super::{Deed, Harmless, Key, Line, Path, Step, Touch, Touches};

/// Longest path.
const STEPS: usize = 4;
/// Most paths of one code object.
const PATHS: usize = 4096;
/// First operand of `BINARY_OP` that works in place.
const IN_PLACE: u32 = 13;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Unknown,
    Null,
    Path(u32),
    Const(u32),
    Method { receiver: u32, name: u32 },
}

impl Symbol {
    fn path(self) -> Option<u32> {
        match self {
            Symbol::Path(path) => Some(path),
            _ => None,
        }
    }
}

/// Follows one instruction after another.
pub(super) struct Follower<'a> {
    ops: &'a Opcodes,
    harmless: &'a Harmless<'a>,
    stack: Vec<Symbol>,
    out: Touches,
    known: HashMap<Path, u32>,
    found: Vec<(u32, Touch)>,
    makers: Vec<(u32, bool)>,
    /// Line of the instruction at hand.
    pub line: u32,
}

impl<'a> Follower<'a> {
    pub fn new(ops: &'a Opcodes, harmless: &'a Harmless<'a>) -> Self {
        Self {
            ops,
            harmless,
            stack: Vec::new(),
            out: Touches::default(),
            known: HashMap::new(),
            found: Vec::new(),
            makers: Vec::new(),
            line: 0,
        }
    }

    /// Nothing is known of the operands from here on.
    pub fn lose_track(&mut self) {
        self.stack.clear();
    }

    fn pop(&mut self) -> Symbol {
        self.stack.pop().unwrap_or(Symbol::Unknown)
    }

    fn pops(&mut self, count: u32) -> Vec<Symbol> {
        let mut out: Vec<Symbol> = (0..count.min(256)).map(|_| self.pop()).collect();
        out.reverse();
        out
    }

    fn push(&mut self, symbol: Symbol) {
        self.stack.push(symbol);
    }

    fn intern(&mut self, path: Path) -> Symbol {
        if let Some(known) = self.known.get(&path) {
            return Symbol::Path(*known);
        }
        if self.out.paths.len() >= PATHS || path.steps.len() > STEPS {
            return Symbol::Unknown;
        }
        let number = self.out.paths.len() as u32;
        self.known.insert(path.clone(), number);
        self.out.paths.push(path);
        Symbol::Path(number)
    }

    fn root(&mut self, root: Target) -> Symbol {
        self.intern(Path {
            root,
            steps: Vec::new(),
        })
    }

    fn beyond(&mut self, of: Symbol, step: Option<Step>) -> Symbol {
        let (Symbol::Path(of), Some(step)) = (of, step) else {
            return Symbol::Unknown;
        };
        let Some(mut path) = self.out.paths.get(of as usize).cloned() else {
            return Symbol::Unknown;
        };
        path.steps.push(step);
        self.intern(path)
    }

    fn key(&self, symbol: Symbol) -> Option<Key> {
        match symbol {
            Symbol::Const(n) => Some(Key::Const(n)),
            Symbol::Path(n) => match self.out.paths.get(n as usize) {
                Some(Path { root, steps }) if steps.is_empty() => Some(Key::Name(*root)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the line binds the name that the symbol stands for: what it holds then is looked at for that.
    fn is_bound_again(&self, symbol: Symbol) -> bool {
        match self.key(symbol) {
            Some(Key::Name(name)) => (self.harmless.bound)(self.line, name),
            _ => false,
        }
    }

    fn touch(&mut self, object: Symbol, deed: Deed, callee: Option<u32>) {
        if let Symbol::Path(path) = object {
            let touch = Touch { path, deed, callee };
            self.found.push((self.line, touch));
        }
    }

    fn read(&mut self, of: Symbol) {
        let line = self.line;
        self.out.reads.extend(of.path().map(|path| (line, path)));
    }

    pub fn step(&mut self, i: &Instruction, effect: &impl Fn(u8, u32) -> i32) {
        let ops = self.ops;
        let op = i.op;
        if [ops.load_fast, ops.load_fast_check, ops.load_deref].contains(&op) {
            let symbol = self.root(Target::Local(i.arg));
            self.push(symbol);
        } else if op == ops.load_from_dict_or_deref {
            // A class body sees a name of the frames around it, unless it has one of its own.
            self.pop();
            let symbol = self.root(Target::Local(i.arg));
            self.push(symbol);
        } else if op == ops.load_fast_load_fast {
            for slot in [i.arg >> 4, i.arg & 15] {
                let symbol = self.root(Target::Local(slot));
                self.push(symbol);
            }
        } else if op == ops.load_const {
            self.push(Symbol::Const(i.arg));
        } else if op == ops.load_name {
            let symbol = self.root(Target::Namespace(i.arg));
            self.push(symbol);
        } else if op == ops.load_global {
            let symbol = self.root(Target::Global(i.arg >> 1));
            let null = i.arg & 1 == 1;
            if null && !ops.null_is_above {
                self.push(Symbol::Null);
            }
            self.push(symbol);
            if null && ops.null_is_above {
                self.push(Symbol::Null);
            }
        } else if op == ops.push_null {
            self.push(Symbol::Null);
        } else if op == ops.load_attr {
            let of = self.pop();
            let name = i.arg >> 1;
            if i.arg & 1 == 1 {
                self.push(match of {
                    Symbol::Path(receiver) => Symbol::Method { receiver, name },
                    _ => Symbol::Unknown,
                });
                self.push(of);
            } else {
                self.read(of);
                let symbol = self.beyond(of, Some(Step::Attr(name)));
                self.push(symbol);
            }
        } else if op == ops.load_super_attr {
            let operands = self.pops(3);
            self.push(Symbol::Unknown);
            if i.arg & 1 == 1 {
                // What a base class does to the object shows on the object.
                self.push(operands[2]);
            }
        } else if op == ops.binary_subscr {
            let (key, of) = (self.pop(), self.pop());
            self.read(of);
            let step = self.key(key).map(Step::Item);
            let symbol = self.beyond(of, step);
            self.push(symbol);
        } else if op == ops.store_fast || op == ops.pop_top {
            self.pop();
        } else if op == ops.store_fast_load_fast {
            self.pop();
            let symbol = self.root(Target::Local(i.arg & 15));
            self.push(symbol);
        } else if op == ops.store_fast_store_fast {
            self.pops(2);
        } else if op == ops.copy {
            let at = self.stack.len().wrapping_sub(i.arg as usize);
            let symbol = self.stack.get(at).copied().unwrap_or(Symbol::Unknown);
            self.push(symbol);
        } else if op == ops.swap {
            self.swap(i.arg as usize);
        } else if op == ops.store_attr {
            let of = self.pop();
            self.pop();
            self.touch(of, Deed::Attr(i.arg), None);
        } else if op == ops.delete_attr {
            let of = self.pop();
            self.touch(of, Deed::Attr(i.arg), None);
        } else if op == ops.store_subscr || op == ops.delete_subscr {
            let (key, of) = (self.pop(), self.pop());
            if op == ops.store_subscr {
                self.pop();
            }
            let key = self.key(key).filter(|_| op == ops.store_subscr);
            self.touch(of, Deed::Item(key), None);
        } else if op == ops.store_slice {
            let operands = self.pops(4);
            self.touch(operands[1], Deed::Item(None), None);
        } else if op == ops.binary_op {
            let (_, left) = (self.pop(), self.pop());
            if i.arg >= IN_PLACE && !self.is_bound_again(left) {
                self.touch(left, Deed::Passes, None);
            }
            self.push(Symbol::Unknown);
        } else if op == ops.call {
            self.call(i.arg);
        } else if op == ops.call_kw {
            self.pop();
            self.call(i.arg);
        } else if op == ops.call_function_ex {
            let operands = self.pops(3 + (i.arg & 1));
            self.makers.push((self.line, true));
            for operand in operands.into_iter().skip(2) {
                self.touch(operand, Deed::Passes, None);
            }
            self.push(Symbol::Unknown);
        } else if op != ops.kw_names {
            self.unknown(effect(op, i.arg));
        }
    }

    fn swap(&mut self, depth: usize) {
        let top = self.stack.len();
        while self.stack.len() < depth {
            self.stack.insert(0, Symbol::Unknown);
        }
        let top = top.max(depth);
        if depth > 0 {
            self.stack.swap(top - 1, top - depth);
        }
    }

    /// An instruction that is known by its effect alone: what it leaves on top is unknown.
    fn unknown(&mut self, effect: i32) {
        if effect <= 0 {
            for _ in 0..=effect.unsigned_abs().min(256) {
                self.pop();
            }
            self.push(Symbol::Unknown);
        } else {
            self.pop();
            for _ in 0..=effect.min(256) {
                self.push(Symbol::Unknown);
            }
        }
    }

    fn call(&mut self, count: u32) {
        let arguments = self.pops(count);
        let (second, first) = (self.pop(), self.pop());
        let mut maker = true;
        match (first, second) {
            (Symbol::Method { receiver, name }, _) => {
                maker = !(self.harmless.method)(name);
                let deed = Deed::Method((self.harmless.deed)(name));
                let callee = self.beyond(Symbol::Path(receiver), Some(Step::Attr(name)));
                self.touch(Symbol::Path(receiver), deed, callee.path());
                self.pass(arguments, callee);
            }
            (Symbol::Null, callee @ Symbol::Path(path))
            | (callee @ Symbol::Path(path), Symbol::Null) => {
                let name = match self.out.paths.get(path as usize) {
                    Some(Path {
                        root: Target::Global(name) | Target::Namespace(name),
                        steps,
                    }) if steps.is_empty() => Some(*name),
                    _ => None,
                };
                let harmless = name.is_some_and(|name| (self.harmless.function)(name));
                maker = !harmless && !name.is_some_and(|name| (self.harmless.passes_on)(name));
                if !harmless {
                    self.touch(callee, Deed::Calls, None);
                    self.pass(arguments, callee);
                }
            }
            // A method of what has no path, or a call of a value.
            (_, own) => {
                self.pass(vec![own], Symbol::Unknown);
                self.pass(arguments, Symbol::Unknown);
            }
        }
        self.makers.push((self.line, maker));
        self.push(Symbol::Unknown);
    }

    fn pass(&mut self, arguments: Vec<Symbol>, callee: Symbol) {
        for argument in arguments {
            self.touch(argument, Deed::Passes, callee.path());
        }
    }

    pub fn finish(mut self) -> Touches {
        self.out.reads.sort_unstable();
        self.out.reads.dedup();
        // Within a line in the order of the code, without repeats.
        self.found.sort_by_key(|(line, _)| *line);
        self.makers.sort_by_key(|(line, _)| *line);
        let (mut found, mut makers) = (self.found.iter().peekable(), self.makers.iter().peekable());
        while let Some(line) = [found.peek().map(|f| f.0), makers.peek().map(|m| m.0)]
            .into_iter()
            .flatten()
            .min()
        {
            let from = self.out.touches.len();
            while let Some((_, touch)) = found.next_if(|(at, _)| *at == line) {
                if !self.out.touches[from..].contains(touch) {
                    self.out.touches.push(*touch);
                }
            }
            let mut own = Line {
                line,
                touches: (from as u32, self.out.touches.len() as u32),
                ..Line::default()
            };
            while let Some((_, makes)) = makers.next_if(|(at, _)| *at == line) {
                own.calls = true;
                own.makers += u32::from(*makes);
            }
            if self.out.lines.is_empty() {
                self.out.base = line;
            }
            self.out.lines.push(own);
            let at = (line - self.out.base) as usize;
            self.out.index.resize(at + 1, 0);
            self.out.index[at] = self.out.lines.len() as u32;
        }
        self.out
    }
}
