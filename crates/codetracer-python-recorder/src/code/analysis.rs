//! Static facts of a code object's bytecode: which names each line can rebind, where an exception is matched, whether a
//! line jumps back to itself.
//!
//! Pure: bytes in, facts out. Knows no Python object.

use std::ops::Range;

use super::instructions::{Instruction, decode};
use super::line_starts;
use super::lines::Location;
use super::opcodes::Opcodes;

/// A name that a line can rebind or unbind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Slot of `co_localsplus` (a local or a cell).
    Local(u32),
    /// Index into `co_names`, kept in the frame's namespace (module and class bodies).
    Namespace(u32),
    /// Index into `co_names`, kept in the globals.
    Global(u32),
}

/// How a conditional jump tells that an exception was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// `except X`: the fall-through is the clause; the jump goes to `bare`'s clause when that is a bare `except`.
    Clause {
        /// Byte offset the jump goes to when the clause does not match.
        otherwise: u32,
        /// Whether a bare `except:` stands there.
        bare: bool,
    },
    /// `except* X`: the fall-through is the clause.
    Group {
        /// Byte offset the jump goes to when nothing matched.
        otherwise: u32,
    },
    /// `with`: the jump is taken when `__exit__` suppressed the exception.
    Suppress {
        /// Byte offset the jump goes to.
        suppressed: u32,
    },
}

/// Facts of one code object.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Line of each code unit; 0 for none.
    pub lines: Vec<u32>,
    /// Lowest line of the code; `stores` starts there.
    pub base_line: u32,
    /// Per line from `base_line`: range of `targets`.
    pub stores: Vec<(u32, u32)>,
    /// Targets of all lines, one run per line, sorted and without repeats.
    pub targets: Vec<Target>,
    /// Whether a jump goes back to its own line.
    pub loops_on_a_line: bool,
    /// Whether JUMP tells lines.
    pub jumps_begin_lines: bool,
    /// Whether a frame that goes on after a call may begin a line where it would not otherwise.
    pub calls_begin_lines: bool,
    /// Byte offsets of handlers that a bare `except:` alone makes up.
    pub bare_handlers: Vec<u32>,
    /// Conditional jumps that decide about an exception, by byte offset, sorted.
    pub matches: Vec<(u32, Match)>,
    /// Byte offsets of the instructions that take a `StopIteration` as the end of an iterator, sorted.
    pub ends_iteration: Vec<u32>,
    /// What INSTRUCTION is kept for at each code unit ([`line_starts::watch`]); empty where LINE tells the lines.
    pub watched: Vec<u8>,
}

impl Analysis {
    /// Analyses bytecode without instrumentation (`co_code`) with the location of each code unit.
    pub fn new(code: &[u8], locations: &[Location], ops: &Opcodes) -> Self {
        Self::of(&decode(code, ops), locations, ops)
    }

    /// Like [`Analysis::new`], for code whose lines are told by INSTRUCTION events.
    pub fn by_instructions(
        code: &[u8],
        locations: &[Location],
        exceptions: &[u8],
        ops: &Opcodes,
    ) -> Self {
        let instructions = decode(code, ops);
        let mut out = Self::of(&instructions, locations, ops);
        out.watched = line_starts::plan(&instructions, &out.lines, exceptions, ops);
        out.jumps_begin_lines =
            out.loops_on_a_line || out.watched.contains(&line_starts::watch::BY_JUMP);
        out.calls_begin_lines = out.watched.contains(&line_starts::watch::NO_LINE_BEFORE);
        out
    }

    fn of(instructions: &[Instruction], locations: &[Location], ops: &Opcodes) -> Self {
        let mut out = Self::without_code(locations);
        out.find_stores(instructions, ops);
        out.find_jumps(instructions, locations, ops);
        out.jumps_begin_lines = out.loops_on_a_line;
        out
    }

    /// Lines alone, where the bytecode of this interpreter is not known.
    pub fn without_code(locations: &[Location]) -> Self {
        Self {
            lines: locations.iter().map(|location| location.line).collect(),
            ..Self::default()
        }
    }

    /// Which of `targets` the line can rebind.
    #[inline(always)]
    pub fn stores_of(&self, line: u32) -> Range<usize> {
        let i = line.wrapping_sub(self.base_line) as usize;
        self.stores
            .get(i)
            .map_or(0..0, |(start, end)| *start as usize..*end as usize)
    }

    /// Line of the instruction at byte `offset`; 0 when it has none.
    pub fn line_at(&self, offset: u32) -> u32 {
        self.lines.get(offset as usize / 2).copied().unwrap_or(0)
    }

    /// What INSTRUCTION is kept for at byte `offset`.
    #[inline(always)]
    pub fn watched_at(&self, offset: u32) -> u8 {
        let unit = offset as usize / 2;
        self.watched
            .get(unit)
            .copied()
            .unwrap_or(line_starts::watch::OFF)
    }

    /// Line that LINE takes a frame to come from that executed the code unit at byte `offset` last; 0 for none.
    pub fn line_left_at(&self, offset: u32) -> u32 {
        match self.watched_at(offset) {
            line_starts::watch::NO_LINE | line_starts::watch::NO_LINE_BEFORE => 0,
            _ => self.line_at(offset),
        }
    }

    /// What the line can rebind.
    #[inline(always)]
    pub fn targets_of(&self, line: u32) -> &[Target] {
        let i = line.wrapping_sub(self.base_line) as usize;
        match self.stores.get(i) {
            Some((start, end)) => self
                .targets
                .get(*start as usize..*end as usize)
                .unwrap_or(&[]),
            None => &[],
        }
    }

    /// The decision at the conditional jump at byte `offset`.
    pub fn match_at(&self, offset: u32) -> Option<Match> {
        let i = self
            .matches
            .binary_search_by_key(&offset, |(at, _)| *at)
            .ok()?;
        self.matches.get(i).map(|(_, m)| *m)
    }

    fn find_stores(&mut self, instructions: &[Instruction], ops: &Opcodes) {
        let mut found: Vec<(u32, Target)> = Vec::new();
        let mut line = 0;
        for i in instructions {
            // An instruction without a line works for the line before it (the `del e` that ends an `except ... as e`).
            match self.lines.get(i.unit) {
                Some(0) | None => {}
                Some(own) => line = *own,
            }
            let mut add = |target| found.push((line, target));
            match i.op {
                op if op == ops.store_fast
                    || op == ops.delete_fast
                    || op == ops.load_fast_and_clear =>
                {
                    add(Target::Local(i.arg));
                }
                op if op == ops.store_deref || op == ops.delete_deref => add(Target::Local(i.arg)),
                op if op == ops.store_fast_load_fast => add(Target::Local(i.arg >> 4)),
                op if op == ops.store_fast_store_fast => {
                    add(Target::Local(i.arg >> 4));
                    add(Target::Local(i.arg & 15));
                }
                op if op == ops.store_name || op == ops.delete_name => {
                    add(Target::Namespace(i.arg))
                }
                op if op == ops.store_global || op == ops.delete_global => {
                    add(Target::Global(i.arg))
                }
                _ => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        let lines = || self.lines.iter().copied().filter(|line| *line != 0);
        let (Some(low), Some(high)) = (lines().min(), lines().max()) else {
            return;
        };
        self.base_line = low;
        self.stores = vec![(0, 0); (high - low + 1) as usize];
        for (line, target) in found {
            let at = self.targets.len() as u32;
            self.targets.push(target);
            if let Some(range) = line
                .checked_sub(low)
                .and_then(|i| self.stores.get_mut(i as usize))
            {
                if range.1 == 0 {
                    range.0 = at;
                }
                range.1 = at + 1;
            }
        }
    }

    fn find_jumps(&mut self, instructions: &[Instruction], locations: &[Location], ops: &Opcodes) {
        let op_at = |unit: usize| {
            instructions
                .binary_search_by_key(&unit, |i| i.unit)
                .ok()
                .map(|i| instructions[i].op)
        };
        for (n, i) in instructions.iter().enumerate() {
            let following = instructions.get(n + 1);
            let target = |jump: &Instruction| (jump.next + jump.arg as usize) as u32 * 2;
            if i.op == ops.jump_backward {
                let to = i.next.wrapping_sub(i.arg as usize);
                if self.lines.get(to) == self.lines.get(i.unit) && self.lines.get(to) != Some(&0) {
                    self.loops_on_a_line = true;
                }
            } else if i.op == ops.for_iter || i.op == ops.send {
                self.ends_iteration.push(i.unit as u32 * 2);
            } else if i.op == ops.push_exc_info {
                // A `return`, `break` or `continue` in a `finally` drops the exception too, all in one piece of source;
                // the clause of a bare `except:` is a larger piece than its body.
                let place = |n: usize| instructions.get(n).and_then(|i| locations.get(i.unit));
                let leaves_finally = instructions
                    .get(n + 2)
                    .is_some_and(|f| f.op == ops.pop_except)
                    && place(n + 1) == place(n + 2);
                if following.is_some_and(|f| f.op == ops.pop_top) && !leaves_finally {
                    self.bare_handlers.push(i.unit as u32 * 2);
                }
            } else if i.op == ops.check_exc_match {
                if let Some(jump) = following.filter(|f| f.op == ops.pop_jump_if_false) {
                    let otherwise = target(jump);
                    let bare = op_at(otherwise as usize / 2) == Some(ops.pop_top);
                    self.matches
                        .push((jump.unit as u32 * 2, Match::Clause { otherwise, bare }));
                }
            } else if i.op == ops.check_eg_match {
                if let Some(jump) = instructions
                    .get(n + 2)
                    .filter(|f| f.op == ops.pop_jump_if_none)
                {
                    self.matches.push((
                        jump.unit as u32 * 2,
                        Match::Group {
                            otherwise: target(jump),
                        },
                    ));
                }
            } else if i.op == ops.with_except_start {
                let jump = instructions[n..]
                    .iter()
                    .find(|f| f.op == ops.pop_jump_if_true);
                if let Some(jump) = jump {
                    self.matches.push((
                        jump.unit as u32 * 2,
                        Match::Suppress {
                            suppressed: target(jump),
                        },
                    ));
                }
            }
        }
        self.matches.sort_unstable_by_key(|(offset, _)| *offset);
    }
}

#[cfg(test)]
mod tests;
