//! Everything the hooks need to know of a traced code object, computed once and kept with it.

use std::cell::Cell;
use std::sync::Arc;

use trace_model::{CodeDef, Definition};

use super::analysis::{Analysis, Target};
use super::harmless;
use super::instructions::decode;
use super::line_starts::{has_far_lines, has_loop};
use super::lines::locations;
use super::opcodes::{OPCODES, Opcodes};
use super::shared::Shared;
use super::touches::{Harmless, Key, Method, Path, Step, Touches};
use crate::raw::frame::{Code, stack_effect};
use crate::raw::object::Obj;
use crate::raw::unicode;

const CELL: u8 = 0x40;
const FREE: u8 = 0x80;
const HIDDEN: u8 = 0x10;
/// Flag of code whose names are fast locals.
const OPTIMIZED: u32 = 1;

/// Where a name's value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Fast local slot.
    Fast(u32),
    /// Cell in a fast local slot.
    Cell(u32),
    /// The frame's namespace (module and class bodies), by the key at this index of `co_names`.
    Namespace(u32),
    /// The globals, by the key at this index of `co_names`.
    Global(u32),
    /// The globals, by the key at this address, which the code object keeps.
    Key(usize),
}

/// A name that a row can refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// Slot in the code's definition.
    pub slot: u16,
    /// Where its value is.
    pub source: Source,
}

/// Which event tells the lines of a code object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinesBy {
    /// INSTRUCTION where lines are far from the first one and in generators with a loop, else LINE.
    Cheapest,
    /// LINE.
    Line,
    /// INSTRUCTION.
    Instruction,
}

/// What is recorded of code objects.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Which event tells the lines.
    pub lines_by: LinesBy,
    /// Whether values are recorded.
    pub values: bool,
}

/// One step from an object to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Attribute; the address of its name, which the code object keeps.
    Attr(usize),
    /// Item by the value of a name.
    ItemBy(Source),
    /// Item by a constant; its address, which the code object keeps.
    ItemAt(usize),
}

/// A way from a name to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Where it begins.
    pub root: Source,
    /// Steps.
    pub steps: Vec<Reach>,
}

/// Facts of a traced code object.
#[derive(Debug)]
pub struct CodeFacts {
    /// Session in which `id` is valid.
    pub session: u32,
    /// Code id of that session.
    pub id: u32,
    /// First line.
    pub first_line: u32,
    /// Whether its frames can be suspended.
    pub suspendable: bool,
    /// Whether it is an `__init__`, which the creation of an instance calls through C.
    pub initialises: bool,
    /// Whether it is a coroutine or an asynchronous generator.
    pub asynchronous: bool,
    /// Number of slots in its definition.
    pub slots: usize,
    /// Its arguments.
    pub arguments: Vec<Name>,
    /// Lines, handlers and jumps.
    pub analysis: Analysis,
    /// `analysis.targets`, each with where it is read.
    pub targets: Vec<Name>,
    /// What lines do to objects.
    pub touches: Touches,
    /// `touches.paths`, each with where it is read.
    pub ways: Vec<Way>,
    /// Names that other frames can rebind.
    pub captured: Vec<Name>,
    captured_slots: Vec<u32>,
    /// Names of the globals that other frames can rebind.
    pub shared: Vec<Name>,
    /// Lines that reach for the dict of globals, sorted.
    pub opens_globals: Vec<u32>,
    /// Whether BRANCH is armed for it.
    pub watches_matches: Cell<bool>,
    /// Place in the list of code objects with local events.
    pub armed_at: Cell<Option<usize>>,
}

impl CodeFacts {
    /// Computes the facts of `code`, and its definition for the recording.
    pub fn new(
        code: Code<'_>,
        session: u32,
        id: u32,
        path: u32,
        module: String,
        wanted: Wanted,
    ) -> (Self, Definition) {
        let bytecode = code.bytecode();
        let places = locations(code.line_table(), code.first_line(), bytecode.len() / 2);
        let is_generator = code.flags() & (0x20 | 0x200) != 0;
        let by_instructions = match wanted.lines_by {
            LinesBy::Line => false,
            LinesBy::Instruction => true,
            LinesBy::Cheapest => {
                let lines: Vec<u32> = places.iter().map(|place| place.line).collect();
                let loops = OPCODES.is_some_and(|ops| has_loop(&bytecode, ops));
                has_far_lines(&lines, code.first_line()) || (is_generator && loops)
            }
        };
        let analysis = match OPCODES {
            Some(ops) if by_instructions => {
                Analysis::by_instructions(&bytecode, &places, code.exception_table(), ops)
            }
            Some(ops) => Analysis::new(&bytecode, &places, ops),
            None => Analysis::without_code(&places),
        };
        let flags = code.flags();
        let kinds = code.locals_kinds();
        let locals = code.locals_count().min(kinds.len());
        let source_of_local = |slot: u32| {
            if kinds
                .get(slot as usize)
                .is_some_and(|kind| kind & (CELL | FREE) != 0)
            {
                Source::Cell(slot)
            } else {
                Source::Fast(slot)
            }
        };
        let text = |tuple: Option<Obj<'_>>, i: usize| {
            tuple
                .and_then(|names| names.tuple_item(i))
                .map(unicode::text)
                .unwrap_or_default()
        };
        let mut names: Vec<String> = (0..locals).map(|i| text(code.locals_names(), i)).collect();
        let mut outer: Vec<(Source, u16)> = Vec::new();
        let mut slot_of = |target: &Target| -> Option<Name> {
            let source = match *target {
                Target::Local(slot) => {
                    let hidden = kinds
                        .get(slot as usize)
                        .is_none_or(|kind| kind & HIDDEN != 0);
                    return (!hidden).then(|| Name {
                        slot: slot as u16,
                        source: source_of_local(slot),
                    });
                }
                Target::Namespace(i) => Source::Namespace(i),
                Target::Global(i) => Source::Global(i),
            };
            if let Some((_, slot)) = outer.iter().find(|(known, _)| *known == source) {
                return Some(Name {
                    slot: *slot,
                    source,
                });
            }
            let slot = u16::try_from(names.len()).ok()?;
            let (Source::Namespace(i) | Source::Global(i)) = source else {
                return None;
            };
            names.push(text(code.names(), i as usize));
            outer.push((source, slot));
            Some(Name { slot, source })
        };
        let unread = Name {
            slot: u16::MAX,
            source: Source::Fast(u32::MAX),
        };
        let targets = analysis
            .targets
            .iter()
            .map(|t| slot_of(t).unwrap_or(unread))
            .collect();
        let found = match OPCODES {
            Some(ops) if wanted.values => Shared::new(code, &bytecode, &analysis.lines, ops),
            _ => Shared::default(),
        };
        let first_outer = locals.min(names.len());
        let shared = found
            .names
            .iter()
            .filter_map(|key| {
                let outer = names.iter().skip(first_outer);
                let known = outer.clone().position(|name| *name == key.text);
                let slot = u16::try_from(known.map_or(names.len(), |at| first_outer + at)).ok()?;
                if known.is_none() {
                    names.push(key.text.clone());
                }
                let source = Source::Key(key.address);
                Some(Name { slot, source })
            })
            .collect();
        let touches = match OPCODES {
            Some(ops) if wanted.values => touches_of(code, &bytecode, &analysis, ops),
            _ => Touches::default(),
        };
        let ways = touches
            .paths
            .iter()
            .map(|path| way(code, path, &source_of_local))
            .collect();
        let captured_slots: Vec<u32> = (0..locals as u32)
            .filter(|slot| matches!(source_of_local(*slot), Source::Cell(_)))
            .collect();
        // A class body sees the names around it, and has none of them.
        let own = if flags & OPTIMIZED == 0 {
            0
        } else {
            captured_slots.len()
        };
        let captured = captured_slots
            .iter()
            .take(own)
            .map(|slot| Name {
                slot: *slot as u16,
                source: Source::Cell(*slot),
            })
            .collect();
        let count = code.arg_count()
            + code.kwonly_count()
            + u32::from(flags & 4 != 0)
            + u32::from(flags & 8 != 0);
        let arguments: Vec<Name> = (0..count.min(locals as u32))
            .map(|slot| Name {
                slot: slot as u16,
                source: source_of_local(slot),
            })
            .collect();
        let suspendable = flags & (0x20 | 0x80 | 0x200) != 0;
        let definition = CodeDef {
            id,
            path,
            first_line: code.first_line(),
            flags,
            qualname: code
                .qualname()
                .map(unicode::text)
                .unwrap_or_default()
                .into(),
            module: module.into(),
            arguments: arguments.len() as u16,
            names: within(names),
        };
        let facts = Self {
            session,
            id,
            first_line: code.first_line(),
            initialises: definition.qualname.ends_with("__init__"),
            suspendable,
            asynchronous: flags & (0x80 | 0x200) != 0,
            slots: definition.names.len(),
            arguments,
            analysis,
            targets,
            touches,
            ways,
            captured,
            captured_slots,
            shared,
            opens_globals: found.opens,
            watches_matches: Cell::new(false),
            armed_at: Cell::new(None),
        };
        (facts, Definition::Code(definition))
    }

    /// Where the value of a name is read.
    pub fn source(&self, name: Target) -> Source {
        match name {
            Target::Local(slot) if self.captured_slots.contains(&slot) => Source::Cell(slot),
            Target::Local(slot) => Source::Fast(slot),
            Target::Namespace(name) => Source::Namespace(name),
            Target::Global(name) => Source::Global(name),
        }
    }

    /// What the line can rebind.
    #[inline(always)]
    pub fn names_of_line(&self, line: u32) -> &[Name] {
        self.targets
            .get(self.analysis.stores_of(line))
            .unwrap_or_default()
    }
}

fn name(code: Code<'_>, i: u32) -> Option<String> {
    code.names()?.tuple_item(i as usize).map(unicode::text)
}

fn touches_of(code: Code<'_>, bytecode: &[u8], analysis: &Analysis, ops: &Opcodes) -> Touches {
    let is = |i: u32, test: fn(&str) -> bool| name(code, i).is_some_and(|name| test(&name));
    let harmless = Harmless {
        function: &|name| is(name, harmless::function),
        passes_on: &|name| is(name, harmless::passes_on),
        method: &|name| is(name, harmless::result),
        bound: &|line, name| analysis.targets_of(line).contains(&name),
        deed: &|i| name(code, i).map_or(Method::Any, |name| harmless::method(&name)),
    };
    let instructions = decode(bytecode, ops);
    Touches::new(&instructions, &analysis.lines, ops, &harmless, stack_effect)
}

/// A path with where each of its parts is read.
fn way(code: Code<'_>, path: &Path, local: &impl Fn(u32) -> Source) -> Way {
    let at = |tuple: Option<Obj<'_>>, i: u32| {
        tuple
            .and_then(|tuple| tuple.tuple_item(i as usize))
            .map_or(0, Obj::address)
    };
    let source = |target| match target {
        Target::Local(slot) => local(slot),
        Target::Namespace(name) => Source::Namespace(name),
        Target::Global(name) => Source::Global(name),
    };
    let steps = path.steps.iter().map(|step| match *step {
        Step::Attr(name) => Reach::Attr(at(code.names(), name)),
        Step::Item(Key::Name(name)) => Reach::ItemBy(source(name)),
        Step::Item(Key::Const(n)) => Reach::ItemAt(at(code.constants(), n)),
    });
    Way {
        root: source(path.root),
        steps: steps.collect(),
    }
}

/// Bytes of names that one definition may hold, so that it fits any segment.
const NAME_BYTES: usize = 12 << 10;

/// Cuts names so that the definition fits; what is cut reads as an empty name.
fn within(names: Vec<String>) -> Arc<[Arc<str>]> {
    let mut left = NAME_BYTES;
    names
        .into_iter()
        .map(|name| {
            let cost = name.len() + 4;
            if cost > left {
                left = left.saturating_sub(4);
                return Arc::default();
            }
            left -= cost;
            name.into()
        })
        .collect()
}
