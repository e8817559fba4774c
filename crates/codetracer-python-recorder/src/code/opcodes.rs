//! Numbers of the opcodes that the analysis knows, one table per interpreter version.
//!
//! Source: the `opcode` module of each CPython version; a test compares the compiled table with it.

use super::instructions::Instruction;

/// Opcode numbers and inline cache sizes of one version. 255 means the version has no such opcode.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Opcodes {
    pub store_fast: u8,
    pub delete_fast: u8,
    pub store_deref: u8,
    pub delete_deref: u8,
    pub store_name: u8,
    pub delete_name: u8,
    pub store_global: u8,
    pub delete_global: u8,
    pub store_fast_load_fast: u8,
    pub store_fast_store_fast: u8,
    pub load_fast_and_clear: u8,
    pub extended_arg: u8,
    pub jump_backward: u8,
    pub pop_jump_if_false: u8,
    pub pop_jump_if_true: u8,
    pub pop_jump_if_none: u8,
    pub check_exc_match: u8,
    pub check_eg_match: u8,
    pub with_except_start: u8,
    pub push_exc_info: u8,
    pub pop_top: u8,
    pub pop_except: u8,
    pub call_intrinsic_1: u8,
    pub for_iter: u8,
    pub send: u8,
    pub resume: u8,
    pub end_for: u8,
    pub end_send: u8,
    pub end_async_for: u8,
    pub pop_jump_if_not_none: u8,
    pub jump_forward: u8,
    pub jump_backward_no_interrupt: u8,
    pub return_value: u8,
    pub return_const: u8,
    pub reraise: u8,
    pub raise_varargs: u8,
    pub yield_value: u8,
    pub load_fast: u8,
    pub load_fast_check: u8,
    pub load_fast_load_fast: u8,
    pub load_deref: u8,
    pub load_from_dict_or_deref: u8,
    pub load_global: u8,
    pub load_name: u8,
    pub load_attr: u8,
    pub load_const: u8,
    pub binary_subscr: u8,
    pub binary_op: u8,
    pub store_subscr: u8,
    pub delete_subscr: u8,
    pub store_attr: u8,
    pub delete_attr: u8,
    pub store_slice: u8,
    pub call: u8,
    pub call_kw: u8,
    pub call_function_ex: u8,
    pub kw_names: u8,
    pub push_null: u8,
    pub copy: u8,
    pub swap: u8,
    pub load_super_attr: u8,
    /// Whether a frame that an exception is thrown into counts as gone on, for LINE.
    pub throw_goes_on: bool,
    /// Whether a frame that goes on after a Python function that it called without C code between comes from a place
    /// without a line, for LINE.
    pub calls_leave_no_line: bool,
    /// Whether the null beside a callable stands above it on the stack.
    pub null_is_above: bool,
    /// (opcode, code units of inline cache after it).
    pub caches: &'static [(u8, u8)],
}

impl Opcodes {
    /// Code units of inline cache after an instruction.
    pub const fn cache_of(&self, op: u8) -> u8 {
        let mut i = 0;
        while i < self.caches.len() {
            let (other, units) = self.caches[i];
            if other == op {
                return units;
            }
            i += 1;
        }
        0
    }

    /// Code unit that a jump goes to; `None` for anything else.
    pub fn jump_target(&self, i: &Instruction) -> Option<usize> {
        let forward = [
            self.pop_jump_if_false,
            self.pop_jump_if_true,
            self.pop_jump_if_none,
            self.pop_jump_if_not_none,
            self.jump_forward,
            self.for_iter,
            self.send,
        ];
        if forward.contains(&i.op) {
            return i.next.checked_add(i.arg as usize);
        }
        [self.jump_backward, self.jump_backward_no_interrupt]
            .contains(&i.op)
            .then(|| i.next.checked_sub(i.arg as usize))
            .flatten()
    }

    /// Whether the instruction behind it is never the next one.
    pub fn never_falls_through(&self, op: u8) -> bool {
        [
            self.return_value,
            self.return_const,
            self.reraise,
            self.raise_varargs,
            self.jump_forward,
            self.jump_backward,
            self.jump_backward_no_interrupt,
        ]
        .contains(&op)
    }

    /// Whether a frame that comes from it has just started or gone on, so that LINE fires whatever the line.
    pub fn goes_on(&self, op: u8) -> bool {
        op == self.resume || (self.throw_goes_on && op == self.yield_value)
    }

    /// Whether it can call a Python function such that the caller goes on from a place without a line.
    pub fn may_leave_no_line(&self, op: u8) -> bool {
        self.calls_leave_no_line && [self.call, self.load_attr, self.binary_subscr].contains(&op)
    }

    /// Whether CPython fires no LINE at it, and does not count its line.
    pub fn never_begins_a_line(&self, op: u8) -> bool {
        [self.resume, self.end_for, self.end_send, self.end_async_for].contains(&op)
    }
}

/// Operand of `CALL_INTRINSIC_1` for `from module import *`.
pub const INTRINSIC_IMPORT_STAR: u32 = 2;

/// CPython 3.12.
pub const V312: Opcodes = Opcodes {
    store_fast: 125,
    delete_fast: 126,
    store_deref: 138,
    delete_deref: 139,
    store_name: 90,
    delete_name: 91,
    store_global: 97,
    delete_global: 98,
    store_fast_load_fast: 255,
    store_fast_store_fast: 255,
    load_fast_and_clear: 143,
    extended_arg: 144,
    jump_backward: 140,
    pop_jump_if_false: 114,
    pop_jump_if_true: 115,
    pop_jump_if_none: 129,
    check_exc_match: 36,
    check_eg_match: 37,
    with_except_start: 49,
    push_exc_info: 35,
    pop_top: 1,
    pop_except: 89,
    call_intrinsic_1: 173,
    for_iter: 93,
    send: 123,
    resume: 151,
    end_for: 4,
    end_send: 5,
    end_async_for: 54,
    pop_jump_if_not_none: 128,
    jump_forward: 110,
    jump_backward_no_interrupt: 134,
    return_value: 83,
    return_const: 121,
    reraise: 119,
    raise_varargs: 130,
    yield_value: 150,
    load_fast: 124,
    load_fast_check: 127,
    load_fast_load_fast: 255,
    load_deref: 137,
    load_from_dict_or_deref: 176,
    load_global: 116,
    load_name: 101,
    load_attr: 106,
    load_const: 100,
    binary_subscr: 25,
    binary_op: 122,
    store_subscr: 60,
    delete_subscr: 61,
    store_attr: 95,
    delete_attr: 96,
    store_slice: 27,
    call: 171,
    call_kw: 255,
    call_function_ex: 142,
    kw_names: 172,
    push_null: 2,
    copy: 120,
    swap: 99,
    load_super_attr: 141,
    throw_goes_on: false,
    calls_leave_no_line: true,
    null_is_above: false,
    caches: &[
        (25, 1),
        (60, 1),
        (92, 1),
        (93, 1),
        (95, 4),
        (106, 9),
        (107, 1),
        (116, 4),
        (122, 1),
        (123, 1),
        (141, 1),
        (171, 3),
    ],
};
/// CPython 3.13.
pub const V313: Opcodes = Opcodes {
    store_fast: 110,
    delete_fast: 65,
    store_deref: 109,
    delete_deref: 64,
    store_name: 114,
    delete_name: 67,
    store_global: 113,
    delete_global: 66,
    store_fast_load_fast: 111,
    store_fast_store_fast: 112,
    load_fast_and_clear: 86,
    extended_arg: 71,
    jump_backward: 77,
    pop_jump_if_false: 97,
    pop_jump_if_true: 100,
    pop_jump_if_none: 98,
    check_exc_match: 7,
    check_eg_match: 6,
    with_except_start: 44,
    push_exc_info: 33,
    pop_top: 32,
    pop_except: 31,
    call_intrinsic_1: 55,
    for_iter: 72,
    send: 104,
    resume: 149,
    end_for: 11,
    end_send: 12,
    end_async_for: 10,
    pop_jump_if_not_none: 99,
    jump_forward: 79,
    jump_backward_no_interrupt: 78,
    return_value: 36,
    return_const: 103,
    reraise: 102,
    raise_varargs: 101,
    yield_value: 118,
    load_fast: 85,
    load_fast_check: 87,
    load_fast_load_fast: 88,
    load_deref: 84,
    load_from_dict_or_deref: 89,
    load_global: 91,
    load_name: 92,
    load_attr: 82,
    load_const: 83,
    binary_subscr: 5,
    binary_op: 45,
    store_subscr: 39,
    delete_subscr: 9,
    store_attr: 108,
    delete_attr: 63,
    store_slice: 38,
    call: 53,
    call_kw: 57,
    call_function_ex: 54,
    kw_names: 255,
    push_null: 34,
    copy: 61,
    swap: 115,
    load_super_attr: 93,
    throw_goes_on: true,
    calls_leave_no_line: false,
    null_is_above: true,
    caches: &[
        (5, 1),
        (39, 1),
        (40, 3),
        (45, 1),
        (53, 3),
        (58, 1),
        (59, 1),
        (72, 1),
        (77, 1),
        (82, 9),
        (91, 4),
        (93, 1),
        (97, 1),
        (98, 1),
        (99, 1),
        (100, 1),
        (104, 1),
        (108, 4),
        (117, 1),
    ],
};

/// The table of the interpreter this extension is compiled for; `None` where it is not known.
pub const OPCODES: Option<&Opcodes> = if cfg!(Py_3_14) {
    None
} else if cfg!(Py_3_13) {
    Some(&V313)
} else {
    Some(&V312)
};
