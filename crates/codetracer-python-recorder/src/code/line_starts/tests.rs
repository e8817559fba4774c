use super::super::instructions::decode;
use super::super::opcodes::V312;
use super::watch::{BY_JUMP, LINE, LINE_IF_CHANGED, NO_LINE, NO_LINE_BEFORE, OFF, PASSES};
use super::*;

const NOP: u8 = 9;

fn planned(code: &[(u8, u8)], lines: &[u32], exceptions: &[u8]) -> Vec<u8> {
    let bytes: Vec<u8> = code.iter().flat_map(|(op, arg)| [*op, *arg]).collect();
    plan(&decode(&bytes, &V312), lines, exceptions, &V312)
}

#[test]
fn straight_code_keeps_the_first_instruction_of_each_line() {
    let code = [
        (V312.resume, 0),
        (NOP, 0),
        (NOP, 0),
        (NOP, 0),
        (V312.return_value, 0),
    ];
    assert_eq!(
        planned(&code, &[1, 2, 2, 3, 3], &[]),
        [OFF, LINE, OFF, LINE, OFF]
    );
}

#[test]
fn a_jump_target_that_only_its_own_line_reaches_is_not_watched() {
    let code = [
        (V312.resume, 0),
        (NOP, 0),
        (NOP, 0),
        (V312.jump_backward, 2),
    ];
    assert_eq!(planned(&code, &[1, 2, 2, 2], &[])[2], OFF);
}

#[test]
fn a_jump_target_that_two_lines_reach_depends_on_the_way() {
    let code = [
        (V312.resume, 0),
        (NOP, 0),
        (V312.pop_jump_if_false, 1),
        (NOP, 0),
        (NOP, 0),
        (V312.return_value, 0),
    ];
    // The last line is that of the condition, reached from it and from the line between.
    let plan = planned(&code, &[1, 2, 2, 3, 2, 2], &[]);
    assert_eq!(plan, [OFF, LINE, OFF, LINE, LINE_IF_CHANGED, OFF]);
}

#[test]
fn an_instruction_without_a_line_on_the_way_to_a_shared_target_is_watched() {
    let code = [
        (V312.resume, 0),
        (NOP, 0),
        (V312.pop_jump_if_false, 1),
        (NOP, 0),
        (NOP, 0),
        (V312.return_value, 0),
    ];
    let plan = planned(&code, &[1, 2, 2, 0, 2, 2], &[]);
    assert_eq!(plan, [OFF, LINE, OFF, PASSES, LINE_IF_CHANGED, OFF]);
}

#[test]
fn a_handler_is_reached_from_all_that_it_serves() {
    let code = [
        (V312.resume, 0),
        (NOP, 0),
        (NOP, 0),
        (V312.return_value, 0),
        (NOP, 0),
        (V312.reraise, 0),
    ];
    // One entry: units 1 to 3 are served by unit 4, depth 0.
    let plan = planned(&code, &[1, 2, 3, 3, 2, 2], &[0x80 | 1, 2, 4, 0]);
    assert_eq!(plan, [OFF, LINE, LINE, OFF, LINE_IF_CHANGED, OFF]);
}

#[test]
fn only_lines_out_of_reach_of_a_byte_are_far() {
    assert!(!has_far_lines(&[1, 128], 1));
    assert!(has_far_lines(&[1, 129], 1));
    assert!(!has_far_lines(&[200, 74], 200));
    assert!(has_far_lines(&[200, 73], 200));
    // Sixteen code units buy one line.
    let mut lines = vec![1; 16];
    lines.push(129);
    assert!(!has_far_lines(&lines, 1));
    // No line is never far.
    assert!(!has_far_lines(&[1000, 0], 1000));
}

#[test]
fn a_loop_begins_its_line_at_the_jump_back() {
    let code = [
        (V312.resume, 0),
        (NOP, 0),
        (V312.for_iter, 3),
        (0, 0),
        (NOP, 0),
        (V312.jump_backward, 4),
        (V312.end_for, 0),
        (V312.return_value, 0),
    ];
    let lines = [1, 2, 2, 2, 3, 3, 2, 4];
    let plan = planned(&code, &lines, &[]);
    assert_eq!(plan, [OFF, LINE, BY_JUMP, OFF, LINE, OFF, OFF, LINE]);
    // All on one line: nothing begins there but by the jumps of the loop.
    let plan = planned(&code, &[1, 2, 2, 2, 2, 2, 2, 2], &[]);
    assert_eq!(plan, [OFF, LINE, OFF, OFF, OFF, OFF, OFF, OFF]);
}

#[test]
fn ways_that_meet_behind_a_call_depend_on_what_was_called() {
    let code = [
        (V312.resume, 0),
        (NOP, 0),
        (V312.pop_jump_if_true, 4),
        (V312.call, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (NOP, 0),
        (V312.return_value, 0),
    ];
    let lines = [1, 2, 2, 2, 2, 2, 2, 2, 2];
    let known = [OFF, LINE, OFF, OFF, OFF, OFF];
    let plan = planned(&code, &lines, &[]);
    assert_eq!(plan[..6], known);
    assert_eq!(plan[6..], [NO_LINE_BEFORE, LINE_IF_CHANGED, OFF]);
    // Without a second way to it nothing begins behind a call.
    let mut code = code;
    code[2] = (NOP, 0);
    let plan = planned(&code, &lines, &[]);
    assert_eq!(plan[..6], known);
    assert_eq!(plan[6..], [NO_LINE, OFF, OFF]);
}

#[test]
fn a_handler_of_the_same_line_depends_on_where_its_exception_comes_from() {
    let code = [
        (V312.resume, 0),
        (V312.call, 0),
        (0, 0),
        (0, 0),
        (0, 0),
        (V312.return_value, 0),
        (NOP, 0),
        (V312.reraise, 0),
    ];
    // One entry: units 1 to 4 are served by unit 6, depth 0.
    let plan = planned(&code, &[1, 2, 2, 2, 2, 2, 2, 2], &[0x80 | 1, 4, 6, 0]);
    assert_eq!(
        plan,
        [OFF, LINE, OFF, OFF, NO_LINE, OFF, LINE_IF_CHANGED, OFF]
    );
}
