//! Names of the globals that other code rebinds: by a `global` statement in a function, or through the dict itself.
//!
//! Owns which names those are, as far as the code object and the code within it tell. Refuses to know what code of other
//! modules does.

use super::instructions::{Instruction, decode};
use super::opcodes::{INTRINSIC_IMPORT_STAR, Opcodes};
use crate::raw::frame::Code;
use crate::raw::object::Obj;
use crate::raw::unicode;

/// What a code object says of globals.
#[derive(Debug, Default)]
pub struct Shared {
    /// Names that others can rebind, in the order of first sight.
    pub names: Vec<Key>,
    /// Lines that reach for the dict of globals, sorted.
    pub opens: Vec<u32>,
}

/// A key of the globals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Its address; the code object keeps it.
    pub address: usize,
}

/// Code within code that is looked at, in levels and in number.
const WITHIN: (u32, u32) = (8, 4096);

impl Shared {
    /// What `code` says; `lines` are those of its code units.
    pub fn new(code: Code<'_>, bytecode: &[u8], lines: &[u32], ops: &Opcodes) -> Self {
        let mut out = Self::default();
        let instructions = decode(bytecode, ops);
        out.opens = opens(code, &instructions, lines, ops);
        let is_module = code.is_named("<module>");
        if is_module {
            let mut left = WITHIN.1;
            let others_open = out.within(code, ops, WITHIN.0, &mut left);
            if others_open || !out.opens.is_empty() {
                let named = [ops.load_name, ops.store_name, ops.delete_name];
                out.add(code, &instructions, &named);
            }
        } else {
            out.add(code, &instructions, &[ops.store_global, ops.delete_global]);
        }
        out
    }

    /// Adds what code in the constants rebinds; answers whether any of it reaches for the dict of globals.
    fn within(&mut self, code: Code<'_>, ops: &Opcodes, levels: u32, left: &mut u32) -> bool {
        let mut open = false;
        let Some(constants) = code.constants().filter(|_| levels > 0) else {
            return open;
        };
        for i in 0..constants.size() {
            let Some(inner) = constants.tuple_item(i).and_then(Code::from_obj) else {
                continue;
            };
            if *left == 0 {
                return open;
            }
            *left -= 1;
            let bytecode = inner.bytecode();
            let is_one = |op: &u8| [ops.store_global, ops.delete_global].contains(op);
            let opens_by_name = names(inner).any(|(_, name)| is_door(&name));
            // Some of these bytes may be no opcodes: what they seem to be is looked at again.
            if opens_by_name || bytecode.iter().step_by(2).any(is_one) {
                let instructions = decode(&bytecode, ops);
                self.add(inner, &instructions, &[ops.store_global, ops.delete_global]);
                open |= opens_by_name;
            }
            open |= self.within(inner, ops, levels - 1, left);
        }
        open
    }

    /// Adds the operands of instructions of these kinds.
    fn add(&mut self, code: Code<'_>, instructions: &[Instruction], kinds: &[u8]) {
        for i in instructions.iter().filter(|i| kinds.contains(&i.op)) {
            let Some(name) = name(code, i.arg) else {
                continue;
            };
            let text = unicode::text(name);
            if self.names.iter().all(|known| known.text != text) {
                let address = name.address();
                self.names.push(Key { text, address });
            }
        }
    }
}

fn name(code: Code<'_>, i: u32) -> Option<Obj<'_>> {
    code.names()?.tuple_item(i as usize)
}

fn names(code: Code<'_>) -> impl Iterator<Item = (u32, String)> {
    let count = code.names().map_or(0, Obj::size) as u32;
    (0..count).filter_map(move |i| Some((i, unicode::text(name(code, i)?))))
}

/// Whether a function of this name gives the dict of globals away, or runs code in it.
fn is_door(name: &str) -> bool {
    matches!(name, "exec" | "eval" | "globals" | "locals" | "vars")
}

/// Lines that load a name of a door, or import all names of a module.
fn opens(code: Code<'_>, instructions: &[Instruction], lines: &[u32], ops: &Opcodes) -> Vec<u32> {
    let doors: Vec<u32> = names(code)
        .filter(|(_, name)| is_door(name))
        .map(|(i, _)| i)
        .collect();
    let is_open = |i: &&Instruction| {
        (i.op == ops.load_name && doors.contains(&i.arg))
            || (i.op == ops.load_global && doors.contains(&(i.arg >> 1)))
            || (i.op == ops.call_intrinsic_1 && i.arg == INTRINSIC_IMPORT_STAR)
    };
    let mut found: Vec<u32> = instructions
        .iter()
        .filter(is_open)
        .filter_map(|i| lines.get(i.unit).copied())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
