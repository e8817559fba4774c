//! Where LINE events happen, told by INSTRUCTION events.
//!
//! CPython looks a line up in the whole line table at every LINE event whose line is too far from the first line of its
//! code object. For such code INSTRUCTION events take the place of LINE: this module says at which instructions they are
//! kept, and what each of them means, so that the lines are the same.
//!
//! CPython fires LINE at an instruction that begins a line in code order, is the target of a jump, or begins a handler,
//! and only if the instruction executed before it in the frame is of another line, of none, or is where the frame
//! started or went on. On CPython 3.12 a frame whose call entered a Python function without C code between goes on from
//! the inline cache of the call, which has no line.

use std::collections::BTreeSet;

use super::instructions::{Instruction, decode};
use super::opcodes::Opcodes;

/// What an INSTRUCTION event at a code unit is kept for.
pub mod watch {
    /// Nothing: the event is disabled.
    pub const OFF: u8 = 0;
    /// A line begins, from wherever the frame comes.
    pub const LINE: u8 = 1;
    /// A line begins if the last watched instruction was of another line.
    pub const LINE_IF_CHANGED: u8 = 2;
    /// No line begins here; the frame's last watched instruction is of this unit's line.
    pub const PASSES: u8 = 3;
    /// Nothing: the event is disabled, so that a loop over a generator runs it without C recursion, as it does
    /// unrecorded. The line begins at the jump that comes here.
    pub const BY_JUMP: u8 = 4;
    /// No instruction but the end of an inline cache: a frame that comes from here comes from no line.
    pub const NO_LINE: u8 = 5;
    /// Like `NO_LINE`, and at the instruction behind it a line begins if the last watched instruction was of another.
    pub const NO_LINE_BEFORE: u8 = 6;
}

/// Largest distance of a line that CPython keeps beside the bytecode, and the one below the smallest.
const FAR: (i64, i64) = (127, -127);
/// Code units by which CPython expects one more line, as a power of two.
const LINE_PER_UNITS: usize = 4;

/// Whether some line is so far from the first that CPython searches for it at every event.
pub fn has_far_lines(lines: &[u32], first_line: u32) -> bool {
    lines.iter().enumerate().any(|(unit, line)| {
        let away = i64::from(*line) - i64::from(first_line) - (unit >> LINE_PER_UNITS) as i64;
        *line != 0 && (away > FAR.0 || away <= FAR.1)
    })
}

/// Whether the bytecode loops over an iterator: LINE at such a loop would make it call a generator through C.
pub fn has_loop(code: &[u8], ops: &Opcodes) -> bool {
    decode(code, ops).iter().any(|i| i.op == ops.for_iter)
}

/// Handlers of the exception table: the code units `[start, end)` that each serves, and its first code unit.
///
/// Format: CPython `InternalDocs/exception_handling.md` (3.11 and later).
fn handlers(table: &[u8]) -> Vec<(usize, usize, usize)> {
    let mut bytes = table.iter();
    let mut number = || -> Option<usize> {
        let mut n = 0usize;
        loop {
            let byte = *bytes.next()?;
            n = (n << 6) | usize::from(byte & 63);
            if byte & 64 == 0 {
                return Some(n);
            }
        }
    };
    let mut out = Vec::new();
    while let (Some(start), Some(length), Some(handler), Some(_depth)) =
        (number(), number(), number(), number())
    {
        out.push((start, start.saturating_add(length), handler));
    }
    out
}

/// Which instructions each handler serves.
struct Served {
    /// First instruction of a range, the one after it, and the handler's first.
    ranges: Vec<(usize, usize, usize)>,
}

impl Served {
    fn new(code: &[Instruction], exceptions: &[u8]) -> Self {
        let at = |unit: usize| code.partition_point(|i| i.start < unit);
        let ranges = handlers(exceptions)
            .into_iter()
            .map(|(start, end, handler)| (at(start), at(end), at(handler)))
            .filter(|(_, _, handler)| *handler < code.len())
            .collect();
        Self { ranges }
    }

    fn handlers(&self) -> BTreeSet<usize> {
        self.ranges.iter().map(|(_, _, handler)| *handler).collect()
    }

    /// The instructions whose exception the handler at `handler` receives. One that raises again with the place of the
    /// first raise stands for those whose exceptions its own handler received; the others without a line raise nothing.
    fn raising(
        &self,
        handler: usize,
        code: &[Instruction],
        lines: &[u32],
        ops: &Opcodes,
    ) -> BTreeSet<usize> {
        let handlers = self.handlers();
        let mut out = BTreeSet::new();
        let mut seen = BTreeSet::from([handler]);
        let mut open = vec![handler];
        while let Some(of) = open.pop() {
            for (start, end, _) in self.ranges.iter().filter(|(_, _, to)| *to == of) {
                for (n, i) in code.iter().enumerate().take(*end).skip(*start) {
                    if i.op != ops.reraise || i.arg == 0 {
                        if line_of(lines, i) != 0 {
                            out.insert(n);
                        }
                    } else if let Some(own) = handlers.range(..=n).next_back()
                        && seen.insert(*own)
                    {
                        open.push(*own);
                    }
                }
            }
        }
        out
    }
}

/// The edges of the control flow, and where a LINE event can happen.
struct Flow {
    before: Vec<Vec<usize>>,
    candidate: Vec<bool>,
    is_handler: Vec<bool>,
}

impl Flow {
    fn new(code: &[Instruction], lines: &[u32], exceptions: &[u8], ops: &Opcodes) -> Self {
        let mut flow = Self {
            before: vec![Vec::new(); code.len()],
            candidate: vec![false; code.len()],
            is_handler: vec![false; code.len()],
        };
        let index = |unit: usize| code.binary_search_by_key(&unit, |i| i.start).ok();
        let has_line = |n: usize| code.get(n).is_some_and(|i| line_of(lines, i) != 0);
        let first = code.iter().position(|i| i.op == ops.resume).unwrap_or(0);
        let mut line = 0;
        for (n, i) in code.iter().enumerate() {
            if n >= first && !ops.never_begins_a_line(i.op) {
                flow.candidate[n] |= has_line(n) && line != line_of(lines, i);
                line = line_of(lines, i);
            }
            if !ops.never_falls_through(i.op) && n + 1 < code.len() {
                flow.before[n + 1].push(n);
            }
            let Some(to) = ops.jump_target(i).and_then(index) else {
                continue;
            };
            flow.before[to].push(n);
            // At the target of these stands the instruction that drops the iterator; it begins no line.
            let begins = if i.op == ops.for_iter || i.op == ops.send {
                to + 1
            } else {
                to
            };
            if i.op == ops.for_iter && begins < code.len() {
                flow.before[begins].push(n);
            }
            if has_line(begins) {
                flow.candidate[begins] = true;
            }
        }
        let served = Served::new(code, exceptions);
        for to in served.handlers() {
            flow.candidate[to] |= has_line(to) && code[to].op != ops.end_async_for;
            flow.is_handler[to] = true;
            flow.before[to].extend(served.raising(to, code, lines, ops));
        }
        flow
    }
}

fn line_of(lines: &[u32], i: &Instruction) -> u32 {
    lines.get(i.start).copied().unwrap_or(0)
}

/// What to do with INSTRUCTION at each code unit, so that the lines recorded are those of LINE. `exceptions` is
/// `co_exceptiontable`.
pub fn plan(code: &[Instruction], lines: &[u32], exceptions: &[u8], ops: &Opcodes) -> Vec<u8> {
    let flow = Flow::new(code, lines, exceptions, ops);
    let line = |n: usize| line_of(lines, &code[n]);
    let mut watched: Vec<u8> = (0..code.len())
        .map(|n| {
            let stays = |before: &usize| line(*before) == line(n) && !ops.goes_on(code[*before].op);
            let surely = |before: &usize| stays(before) && !ops.may_leave_no_line(code[*before].op);
            let before = &flow.before[n];
            if !flow.candidate[n] {
                watch::OFF
            } else if !before.iter().any(stays) {
                watch::LINE
            } else if before.iter().all(surely) {
                watch::OFF
            } else {
                watch::LINE_IF_CHANGED
            }
        })
        .collect();
    for n in 1..code.len() {
        let at_jumps = flow.before[n]
            .iter()
            .all(|before| *before + 1 == n || code[*before].op == ops.jump_backward);
        if watched[n] == watch::LINE_IF_CHANGED
            && code[n].op == ops.for_iter
            && code[n].start == code[n].unit
            && at_jumps
            && line(n - 1) == line(n)
        {
            watched[n] = watch::BY_JUMP;
        }
    }
    let known = lines_known(&flow, &watched, &line, |n| ops.goes_on(code[n].op));
    for n in 0..code.len() {
        // The line that an exception comes from is known when its handler is entered.
        let told_by_event = ops.calls_leave_no_line && flow.is_handler[n];
        if watched[n] != watch::LINE_IF_CHANGED || told_by_event {
            continue;
        }
        for before in &flow.before[n] {
            // A frame that has just started or gone on has no last watched line.
            let told = known[*before] && line(*before) != 0 || ops.goes_on(code[*before].op);
            if !told && watched[*before] == watch::OFF {
                watched[*before] = watch::PASSES;
            }
        }
    }
    let mut out = vec![watch::OFF; lines.len()];
    for (n, i) in code.iter().enumerate() {
        if let Some(place) = out.get_mut(i.start) {
            *place = watched[n];
        }
        if ops.may_leave_no_line(i.op)
            && let Some(place) = out.get_mut(i.next - 1)
        {
            *place = match watched.get(n + 1) {
                Some(&watch::LINE_IF_CHANGED) => watch::NO_LINE_BEFORE,
                _ => watch::NO_LINE,
            };
        }
    }
    out
}

/// For each instruction, whether the last watched line is its own line whenever it has been executed.
fn lines_known(
    flow: &Flow,
    watched: &[u8],
    line: &impl Fn(usize) -> u32,
    resumes: impl Fn(usize) -> bool,
) -> Vec<bool> {
    let mut known = vec![true; watched.len()];
    let mut changed = true;
    while std::mem::take(&mut changed) {
        for n in 0..known.len() {
            let holds = watched[n] != watch::OFF
                || (!resumes(n)
                    && !flow.before[n].is_empty()
                    && flow.before[n]
                        .iter()
                        .all(|before| known[*before] && line(*before) == line(n)));
            if known[n] && !holds {
                known[n] = false;
                changed = true;
            }
        }
    }
    known
}

#[cfg(test)]
mod tests;
