use super::*;

fn state(form: Form, len: u64, items: &[Value<'static>]) -> ObjectState {
    ObjectState {
        object: 1,
        type_id: 2,
        form,
        len,
        items: items.to_vec(),
    }
}

fn ints<const N: usize>(ints: [i64; N]) -> Vec<Value<'static>> {
    ints.map(Value::Int).to_vec()
}

/// The items after the change (index, removed) of `before`.
fn splice(before: &ObjectState, len: u64, at: u32, removed: u32, items: &[i64]) -> ObjectState {
    let mut after = before.clone();
    assert!(after.change(&ObjectChange {
        object: 1,
        type_id: 2,
        form: Form::Items,
        len,
        at,
        removed,
        count: items.len() as u32,
        items: items.iter().copied().map(Value::Int).collect(),
    }));
    after
}

#[test]
fn items_are_spliced_and_cut_to_the_length() {
    let whole = state(Form::Items, 4, &ints([1, 2, 3, 4]));
    let cut = state(Form::Items, 9, &ints([1, 2, 3, 4]));
    type Case<'a> = (
        &'a ObjectState,
        u64,
        u32,
        u32,
        &'a [i64],
        Vec<Value<'static>>,
    );
    let cases: [Case<'_>; 11] = [
        (&whole, 5, 4, 0, &[5], ints([1, 2, 3, 4, 5])),
        (&whole, 3, 3, 1, &[], ints([1, 2, 3])),
        (&whole, 3, 0, 1, &[], ints([2, 3, 4])),
        (&whole, 4, 1, 2, &[8, 9], ints([1, 8, 9, 4])),
        (&whole, 6, 0, 0, &[8, 9], ints([8, 9, 1, 2, 3, 4])),
        (&whole, 0, 0, 0, &[], ints([])),
        // Beyond what is kept nothing can be known.
        (&cut, 10, 9, 0, &[5], ints([1, 2, 3, 4])),
        (&cut, 9, 3, 4, &[8, 9], ints([1, 2, 3, 8, 9])),
        (&cut, 9, u32::MAX, u32::MAX, &[5], ints([1, 2, 3, 4])),
        (&cut, 2, 0, 0, &[], ints([1, 2])),
        (&cut, u64::MAX, 0, u32::MAX, &[5], ints([5])),
    ];
    for (before, len, at, removed, items, expected) in cases {
        let after = splice(before, len, at, removed, items);
        assert_eq!(after, state(Form::Items, len, &expected), "{at} {removed}");
    }
}

#[test]
fn items_after_a_cut_change_are_not_known() {
    let mut list = state(Form::Items, 3, &ints([1, 2, 3]));
    assert!(list.change(&ObjectChange {
        object: 1,
        type_id: 2,
        form: Form::Items,
        len: 5,
        at: 1,
        removed: 0,
        count: 2,
        items: ints([8]),
    }));
    assert_eq!(list, state(Form::Items, 5, &ints([1, 8])));
}

fn pairs(form: Form, before: &[Value<'static>], len: u64, pairs: &[Value<'static>]) -> ObjectState {
    let mut after = state(form, before.len() as u64 / 2, before);
    assert!(after.change(&ObjectChange {
        object: 1,
        type_id: 2,
        form,
        len,
        at: 0,
        removed: 0,
        count: pairs.len() as u32,
        items: pairs.to_vec(),
    }));
    after
}

fn reference(object: u64, type_id: u32) -> Value<'static> {
    Value::Ref { object, type_id }
}

#[test]
fn pairs_are_replaced_in_place_added_at_the_end_and_removed() {
    let name = Value::Name;
    let before = [name(1), Value::Int(1), name(2), Value::Int(2)];
    let set = [name(1), Value::None, name(3), Value::Int(3)];
    let expected = [
        name(1),
        Value::None,
        name(2),
        Value::Int(2),
        name(3),
        Value::Int(3),
    ];
    let after = pairs(Form::Attrs, &before, 3, &set);
    assert_eq!(after, state(Form::Attrs, 3, &expected));
    let gone = [name(1), Value::Removed, name(9), Value::Removed];
    let after = pairs(Form::Attrs, &before, 1, &gone);
    assert_eq!(after, state(Form::Attrs, 1, &before[2..]));
    // Removed and set again stands last.
    let again = [name(1), Value::Removed, name(1), Value::Int(7)];
    let after = pairs(Form::Attrs, &before, 2, &again);
    let expected = [name(2), Value::Int(2), name(1), Value::Int(7)];
    assert_eq!(after, state(Form::Attrs, 2, &expected));
}

#[test]
fn keys_are_the_same_by_type_and_value_or_by_identity() {
    let nan = Value::Float(f64::NAN);
    let same = [
        (Value::Int(1), Value::Int(1)),
        (Value::Float(0.0), Value::Float(-0.0)),
        (nan.clone(), nan),
        (reference(5, 1), reference(5, 1)),
        (Value::None, Value::None),
    ];
    for (known, key) in same {
        let after = pairs(
            Form::Entries,
            &[known.clone(), Value::Int(0)],
            1,
            &[key, Value::None],
        );
        assert_eq!(
            format!("{:?}", after.items),
            format!("{:?}", [known, Value::None])
        );
    }
    let other = [
        (Value::Int(1), Value::Float(1.0)),
        (Value::Int(1), Value::Bool(true)),
        (reference(5, 1), reference(6, 1)),
    ];
    for (known, key) in other {
        let before = [known, Value::Int(0)];
        let after = pairs(Form::Entries, &before, 2, &[key, Value::None]);
        assert_eq!(after.items.len(), 4);
    }
}

#[test]
fn a_change_of_something_else_is_refused() {
    let change = |form, type_id| ObjectChange {
        object: 1,
        type_id,
        form,
        len: 1,
        at: 0,
        removed: 0,
        count: 1,
        items: ints([9]),
    };
    let mut content = state(Form::Content, 3, &ints([1]));
    assert!(content.change(&change(Form::Content, 2)));
    assert_eq!(content, state(Form::Content, 1, &ints([9])));
    assert!(!content.change(&change(Form::Items, 2)));
    assert!(!content.change(&change(Form::Content, 3)));
    assert!(!state(Form::Opaque, 0, &[]).change(&change(Form::Opaque, 2)));
}

#[test]
fn attributes_beside_items_stay_where_items_change() {
    let beside = [Value::Name(3), Value::Int(7)];
    let with = |items: &[Value<'static>]| [items, &beside].concat();
    let before = state(Form::Items, 3, &with(&ints([1, 2, 3])));
    for (len, at, removed, items, expected) in [
        (4, 3, 0, &[4][..], ints([1, 2, 3, 4])),
        (1, 1, 2, &[], ints([1])),
        (0, 0, 0, &[], ints([])),
    ] {
        let after = splice(&before, len, at, removed, items);
        assert_eq!(after, state(Form::Items, len, &with(&expected)));
    }
    let before = with(&ints([1, 10, 2, 20]));
    let after = |len, pair: [Value<'static>; 2]| pairs(Form::Entries, &before, len, &pair).items;
    let [five, two] = [5, 2].map(Value::Int);
    assert_eq!(
        after(3, [five.clone(), Value::None]),
        with(&[ints([1, 10, 2, 20]), vec![five, Value::None]].concat())
    );
    assert_eq!(after(1, [two, Value::Removed]), with(&ints([1, 10])));
}
