use super::super::lines::{Location, locations};
use super::super::opcodes::V312;
use super::*;

/// Bytecode of `(opcode, argument)` with the inline caches that CPython 3.12 leaves after each.
fn assemble(instructions: &[(u8, u8)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (op, arg) in instructions {
        out.extend([*op, *arg]);
        let caches = V312
            .caches
            .iter()
            .find(|(with, _)| with == op)
            .map_or(0, |(_, n)| *n);
        out.extend(std::iter::repeat_n(0, usize::from(caches) * 2));
    }
    out
}

const LOAD_CONST: u8 = 100;

fn at(lines: &[u32]) -> Vec<Location> {
    lines.iter().copied().map(Location::of_line).collect()
}

#[test]
fn each_line_has_the_names_it_can_rebind() {
    let code = assemble(&[
        (LOAD_CONST, 0),
        (V312.store_fast, 2),
        (LOAD_CONST, 0),
        (V312.store_deref, 1),
        (V312.delete_fast, 2),
        (V312.store_global, 7),
    ]);
    let analysis = Analysis::new(&code, &at(&[10, 10, 11, 11, 0, 12]), &V312);
    assert_eq!(analysis.targets_of(10), [Target::Local(2)]);
    // An instruction without a line belongs to the line before it.
    assert_eq!(
        analysis.targets_of(11),
        [Target::Local(1), Target::Local(2)]
    );
    assert_eq!(analysis.targets_of(12), [Target::Global(7)]);
    assert_eq!(analysis.targets_of(9), []);
    assert_eq!(analysis.targets_of(13), []);
}

#[test]
fn extended_arguments_name_the_whole_slot() {
    let code = assemble(&[(V312.extended_arg, 1), (V312.store_fast, 4)]);
    let analysis = Analysis::new(&code, &at(&[3, 3]), &V312);
    assert_eq!(analysis.targets_of(3), [Target::Local(260)]);
}

#[test]
fn a_jump_back_to_its_own_line_is_a_loop_on_a_line() {
    let same = assemble(&[(LOAD_CONST, 0), (V312.jump_backward, 2)]);
    assert!(Analysis::new(&same, &at(&[5, 5]), &V312).loops_on_a_line);
    assert!(!Analysis::new(&same, &at(&[5, 6]), &V312).loops_on_a_line);
}

#[test]
fn clauses_are_told_from_clean_up() {
    let code = assemble(&[
        (V312.push_exc_info, 0),
        (LOAD_CONST, 0),
        (V312.check_exc_match, 0),
        (V312.pop_jump_if_false, 1),
        (V312.pop_top, 0),
        (V312.pop_top, 0),
    ]);
    let analysis = Analysis::new(&code, &at(&[1; 6]), &V312);
    assert_eq!(
        analysis.match_at(6),
        Some(Match::Clause {
            otherwise: 10,
            bare: true
        })
    );
    assert_eq!(analysis.match_at(8), None);
    assert!(analysis.bare_handlers.is_empty());
    let bare = assemble(&[(V312.push_exc_info, 0), (V312.pop_top, 0)]);
    assert_eq!(Analysis::new(&bare, &at(&[1, 1]), &V312).bare_handlers, [0]);
}

#[test]
fn line_tables_give_every_code_unit_its_line() {
    // Short form (kind 0), one-line form with +1 (kind 11), no location (kind 15), no columns with -1 (kind 13).
    let table = [
        0x80,
        0x00,
        0x80 | 11 << 3,
        0,
        0,
        0x80 | 15 << 3,
        0x80 | 13 << 3 | 1,
        3,
    ];
    let lines: Vec<u32> = locations(&table, 7, 6).iter().map(|l| l.line).collect();
    assert_eq!(lines, [7, 8, 0, 7, 7, 0]);
}
