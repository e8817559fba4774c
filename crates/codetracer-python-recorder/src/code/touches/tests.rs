use super::super::instructions::decode;
use super::super::opcodes::V312 as OPS;
use super::*;

const NAMES: [&str; 4] = ["xs", "append", "len", "load"];

fn touches(code: &[(u8, u32)], lines: &[u32]) -> Touches {
    let mut bytes = Vec::new();
    let mut all = Vec::new();
    for ((op, arg), line) in code.iter().zip(lines) {
        let caches = OPS.caches.iter().find(|(with, _)| with == op);
        let units = 1 + usize::from(caches.map_or(0, |(_, n)| *n));
        bytes.extend([*op, *arg as u8]);
        bytes.extend(std::iter::repeat_n(0, (units - 1) * 2));
        all.extend(std::iter::repeat_n(*line, units));
    }
    let harmless = Harmless {
        function: &|n| NAMES[n as usize] == "len",
        passes_on: &|_| false,
        method: &|n| NAMES[n as usize] == "append",
        deed: &|_| Method::Any,
        bound: &|line, name| (line, name) == (9, Target::Local(0)),
    };
    Touches::new(&decode(&bytes, &OPS), &all, &OPS, &harmless, |_, _| 0)
}

/// Each touch of `line` as root, steps and deed.
fn of(touches: &Touches, line: u32) -> Vec<(Target, Vec<Step>, Deed)> {
    let Some(line) = touches.of_line(line) else {
        return Vec::new();
    };
    touches
        .touches_of(line)
        .iter()
        .map(|touch| {
            let path = &touches.paths[touch.path as usize];
            (path.root, path.steps.clone(), touch.deed)
        })
        .collect()
}

#[test]
fn a_stored_attribute_touches_its_object() {
    // self.x = 1
    let found = touches(
        &[(OPS.load_const, 0), (OPS.load_fast, 0), (OPS.store_attr, 2)],
        &[5, 5, 5],
    );
    assert_eq!(of(&found, 5), [(Target::Local(0), vec![], Deed::Attr(2))]);
    assert!(!found.of_line(5).is_some_and(|line| line.calls));
}

#[test]
fn an_item_of_an_item_touches_the_inner_container() {
    // c[i][0] = v
    let found = touches(
        &[
            (OPS.load_fast, 3),
            (OPS.load_fast, 0),
            (OPS.load_fast, 1),
            (OPS.binary_subscr, 0),
            (OPS.load_const, 7),
            (OPS.store_subscr, 0),
        ],
        &[2; 6],
    );
    let inner = vec![Step::Item(Key::Name(Target::Local(1)))];
    let deed = Deed::Item(Some(Key::Const(7)));
    assert_eq!(of(&found, 2), [(Target::Local(0), inner, deed)]);
}

#[test]
fn a_method_call_touches_receiver_and_arguments() {
    // self.xs.append(y)
    let found = touches(
        &[
            (OPS.load_fast, 0),
            (OPS.load_attr, 0 << 1),
            (OPS.load_attr, 1 << 1 | 1),
            (OPS.load_fast, 2),
            (OPS.call, 1),
            (OPS.pop_top, 0),
        ],
        &[9; 6],
    );
    let receiver = vec![Step::Attr(0)];
    assert_eq!(
        of(&found, 9),
        [
            (Target::Local(0), receiver, Deed::Method(Method::Any)),
            (Target::Local(2), vec![], Deed::Passes)
        ]
    );
    assert_eq!(
        found.of_line(9).map(|line| (line.makers, line.calls)),
        Some((0, true))
    );
}

#[test]
fn a_call_of_a_base_class_s_method_touches_the_object() {
    // super().append(y)
    let found = touches(
        &[
            (OPS.load_global, 2 << 1),
            (OPS.load_deref, 4),
            (OPS.load_fast, 0),
            (OPS.load_super_attr, 1 << 2 | 1),
            (OPS.load_fast, 2),
            (OPS.call, 1),
        ],
        &[3; 6],
    );
    assert_eq!(
        of(&found, 3),
        [0, 2].map(|slot| (Target::Local(slot), vec![], Deed::Passes))
    );
}

#[test]
fn an_operator_in_place_touches_what_its_line_does_not_bind_again() {
    // x += y, once bound again on line 9 and once on no line.
    for (line, touched) in [(9, 0), (8, 1)] {
        let found = touches(
            &[
                (OPS.load_fast, 0),
                (OPS.load_fast, 1),
                (OPS.binary_op, 13),
                (OPS.store_fast, 0),
            ],
            &[line; 4],
        );
        assert_eq!(of(&found, line).len(), touched);
    }
}

#[test]
fn a_harmless_function_touches_nothing_and_makes_nothing() {
    let call = |name: u32| {
        touches(
            &[
                (OPS.load_global, name << 1 | 1),
                (OPS.load_fast, 0),
                (OPS.call, 1),
            ],
            &[1; 3],
        )
    };
    assert_eq!(of(&call(2), 1), []);
    assert_eq!(call(2).of_line(1).map(|line| line.makers), Some(0));
    assert_eq!(
        of(&call(3), 1),
        [
            (Target::Global(3), vec![], Deed::Calls),
            (Target::Local(0), vec![], Deed::Passes)
        ]
    );
    assert_eq!(call(3).of_line(1).map(|line| line.makers), Some(1));
}

#[test]
fn nothing_is_claimed_across_a_join() {
    // Both branches leave a value: which one is stored to is unknown.
    let found = touches(
        &[
            (OPS.load_fast, 0),
            (OPS.pop_jump_if_false, 2),
            (OPS.load_fast, 1),
            (OPS.jump_forward, 1),
            (OPS.load_fast, 2),
            (OPS.store_attr, 0),
        ],
        &[1; 6],
    );
    assert_eq!(of(&found, 1), []);
}
