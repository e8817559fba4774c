//! Which objects a line can change in place: the receivers of its stores, and the receivers and arguments of its calls,
//! each by the path of loads that leads to it.
//!
//! Pure: follows the operand stack of straight code by symbols, and knows nothing where it cannot. Reads no object.

use super::analysis::Target;
use super::instructions::Instruction;
use super::opcodes::Opcodes;
use follow::Follower;

/// How an item is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// By the value of a name.
    Name(Target),
    /// By a constant.
    Const(u32),
}

/// One step from an object to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Attribute, by index of `co_names`.
    Attr(u32),
    /// Item.
    Item(Key),
}

/// A way from a name to an object, without anything that could run code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// The name.
    pub root: Target,
    /// The way on.
    pub steps: Vec<Step>,
}

/// What a method of its name does to an object of a built-in container type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads it.
    Reads,
    /// Adds an item at the end of a list.
    Appends,
    /// Anything.
    Any,
}

/// What a line does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Binds or deletes this attribute.
    Attr(u32),
    /// Stores or deletes an item or a slice; the item, where it is one that can be told.
    Item(Option<Key>),
    /// Calls its method.
    Method(Method),
    /// Passes it to a call, or changes it by an operator.
    Passes,
    /// Calls it.
    Calls,
}

/// An object that a line can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Touch {
    /// Index of its path.
    pub path: u32,
    /// What is done.
    pub deed: Deed,
    /// Path of what is called, for `Passes` and `Method`, where it is known.
    pub callee: Option<u32>,
}

/// What the lines of a code object do to objects.
#[derive(Debug, Default)]
pub struct Touches {
    /// Paths that touches refer to.
    pub paths: Vec<Path>,
    /// Touches of all lines, one run per line.
    pub touches: Vec<Touch>,
    /// Lines with what they do, in order.
    pub lines: Vec<Line>,
    /// Line and path of objects of which an item or an attribute is read, sorted.
    pub reads: Vec<(u32, u32)>,
    /// Line of the first entry of `index`.
    base: u32,
    /// Per line from `base`, one more than the place in `lines`; 0 for none.
    index: Vec<u32>,
}

/// What one line does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub line: u32,
    /// Range of `touches`.
    pub touches: (u32, u32),
    /// Calls and operators of the line whose result may be a structure that was never seen.
    pub makers: u32,
    /// Whether the line calls anything.
    pub calls: bool,
}

/// What leaves nothing to look for: names whose calls neither change an argument nor give a structure that was never
/// seen, asked by index of `co_names`.
pub struct Harmless<'a> {
    /// For a function by its global name.
    pub function: &'a dyn Fn(u32) -> bool,
    /// For the result of a function by its global name.
    pub passes_on: &'a dyn Fn(u32) -> bool,
    /// For the result of a method by its name.
    pub method: &'a dyn Fn(u32) -> bool,
    /// What a method does, by its name.
    pub deed: &'a dyn Fn(u32) -> Method,
    /// For a name that a line binds.
    pub bound: &'a dyn Fn(u32, Target) -> bool,
}

impl Touches {
    /// Follows the instructions. `effect` is the change of the operand stack's depth by an instruction.
    pub fn new(
        code: &[Instruction],
        lines: &[u32],
        ops: &Opcodes,
        harmless: &Harmless<'_>,
        effect: impl Fn(u8, u32) -> i32,
    ) -> Self {
        let mut joins = vec![false; lines.len() + 1];
        for to in code.iter().filter_map(|i| ops.jump_target(i)) {
            if let Some(join) = joins.get_mut(to) {
                *join = true;
            }
        }
        let mut follower = Follower::new(ops, harmless);
        for i in code {
            if joins.get(i.start) == Some(&true) {
                follower.lose_track();
            }
            match lines.get(i.start) {
                Some(0) | None => {}
                Some(line) => follower.line = *line,
            }
            follower.step(i, &effect);
            if ops.never_falls_through(i.op) {
                follower.lose_track();
            }
        }
        follower.finish()
    }

    /// What a line does; `None` when that is nothing.
    #[inline(always)]
    pub fn of_line(&self, line: u32) -> Option<&Line> {
        let place = *self.index.get(line.wrapping_sub(self.base) as usize)?;
        self.lines.get((place as usize).wrapping_sub(1))
    }

    /// Paths of objects of which a line reads an item or an attribute.
    pub fn reads_of(&self, line: u32) -> impl Iterator<Item = u32> + '_ {
        let from = self.reads.partition_point(|(at, _)| *at < line);
        let rest = self.reads.get(from..).unwrap_or_default().iter();
        rest.take_while(move |(at, _)| *at == line)
            .map(|(_, path)| *path)
    }

    /// The touches of a line.
    #[inline(always)]
    pub fn touches_of(&self, line: &Line) -> &[Touch] {
        let (from, to) = line.touches;
        self.touches
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }
}

mod follow;
#[cfg(test)]
mod tests;
