//! Bytecode as instructions.

use super::opcodes::Opcodes;

/// One instruction with its whole operand.
#[derive(Debug, Clone, Copy)]
pub struct Instruction {
    /// Code unit where it begins, with its extended operands.
    pub start: usize,
    /// Code unit of the opcode itself, after its extended operands.
    pub unit: usize,
    /// Opcode.
    pub op: u8,
    /// Operand.
    pub arg: u32,
    /// Code unit after its inline cache.
    pub next: usize,
}

/// The instructions of `co_code`, in order.
pub fn decode(code: &[u8], ops: &Opcodes) -> Vec<Instruction> {
    let mut caches = [0u8; 256];
    for (op, n) in ops.caches {
        caches[usize::from(*op)] = *n;
    }
    let mut out = Vec::with_capacity(code.len() / 4);
    let (mut start, mut unit, mut arg) = (0, 0, 0u32);
    while let Some([op, low]) = code.get(unit * 2..unit * 2 + 2) {
        arg = arg << 8 | u32::from(*low);
        if *op == ops.extended_arg {
            unit += 1;
            continue;
        }
        let next = unit + 1 + usize::from(caches[usize::from(*op)]);
        out.push(Instruction {
            start,
            unit,
            op: *op,
            arg,
            next,
        });
        (start, unit, arg) = (next, next, 0);
    }
    out
}
