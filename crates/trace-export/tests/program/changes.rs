//! A recording of a program whose objects change: lists, dicts and instances shared by frames, a generator and two
//! threads.

use trace_model::{Form, Op, Row, Value};

use super::{
    AREA, COUNT, DICT, INIT, LIST, LOCK, MODULE, POINT, Recording, Rows, definitions, object,
    replay, string,
};

const XS: (u64, u32) = (30, LIST);
const ENTRIES: (u64, u32) = (31, DICT);
const PLACE: (u64, u32) = (32, POINT);
const INNER: (u64, u32) = (33, LIST);

impl Rows {
    fn change(
        &mut self,
        (object, type_id): (u64, u32),
        form: Form,
        len: u64,
        (at, removed): (u32, u32),
        items: Vec<Value<'static>>,
    ) -> &mut Self {
        self.0.push(Row::Change {
            object,
            type_id,
            form,
            len,
            at,
            removed,
            count: items.len() as u32,
        });
        self.0.extend(items.into_iter().map(Row::Item));
        self
    }
}

fn held((id, type_id): (u64, u32)) -> Value<'static> {
    object(id, type_id)
}

fn main_rows() -> Vec<Row<'static>> {
    let int = Value::Int;
    let mut rows = Rows(Vec::new());
    let r = &mut rows;
    r.call(MODULE).line(20);
    r.line(1)
        .state(INNER, Form::Items, 0, vec![])
        .state(XS, Form::Items, 2, vec![int(1), held(INNER)])
        .bind(1, held(XS));
    // A name of this frame, and beside it an object that only the list leads to.
    r.line(1)
        .change(XS, Form::Items, 3, (2, 0), vec![int(5)])
        .change(INNER, Form::Items, 1, (0, 0), vec![int(6)]);
    // Only the inner list.
    r.line(1)
        .change(INNER, Form::Items, 2, (1, 0), vec![int(7)]);
    r.line(-1).change(XS, Form::Items, 2, (0, 1), vec![]);
    // The callee changes what the caller holds; its own name is another one.
    r.call(AREA).bind(0, held(XS)).line(1);
    r.line(1)
        .state(ENTRIES, Form::Entries, 1, vec![string("a"), int(1)])
        .change(
            ENTRIES,
            Form::Entries,
            2,
            (0, 0),
            vec![string("a"), int(2), string("b"), held(XS)],
        )
        .bind(2, held(ENTRIES));
    r.line(1)
        .change(
            ENTRIES,
            Form::Entries,
            1,
            (0, 0),
            vec![string("a"), Value::Removed],
        )
        .change(XS, Form::Items, 3, (2, 0), vec![int(8)]);
    r.returns(Value::None)
        .change(XS, Form::Items, 4, (3, 0), vec![int(9)]);
    r.line(1);
    // Described anew, as a new block does, and unbound at once.
    r.line(1).state(XS, Form::Items, 1, vec![int(1)]);
    r.0.push(Row::Unbind { slot: 1 });
    // Attributes, of an argument and of a name that two slots have.
    r.call(INIT)
        .state(PLACE, Form::Attrs, 0, vec![])
        .bind(0, held(PLACE))
        .bind(1, int(3))
        .bind(2, held(PLACE));
    r.line(1);
    r.line(1)
        .change(PLACE, Form::Attrs, 1, (0, 0), vec![Value::Name(0), int(3)]);
    r.returns(Value::None)
        .change(PLACE, Form::Attrs, 1, (0, 0), vec![Value::Name(0), int(4)]);
    // A generator keeps its names while it is suspended.
    r.call(COUNT).bind(0, held(XS)).line(1);
    r.op(Op::Yield).result(held(XS));
    r.line(1).change(XS, Form::Items, 2, (1, 0), vec![int(2)]);
    r.op(Op::Resume {
        code: COUNT,
        line: 18,
        call: 3,
    })
    .change(XS, Form::Items, 3, (2, 0), vec![int(3)]);
    r.returns(Value::None);
    // What was never described, and what has no content, is not shown.
    r.line(1)
        .bind(2, object(99, LIST))
        .bind(3, object(98, LOCK));
    r.line(1)
        .change((99, LIST), Form::Items, 3, (2, 0), vec![int(3)])
        .state((98, LOCK), Form::Opaque, 0, vec![]);
    rows.0
}

/// Another thread changes the list that the first one described.
fn worker_rows() -> Vec<Row<'static>> {
    let mut rows = Rows(vec![Row::Sync { step: 40, call: 40 }]);
    let r = &mut rows;
    r.call(AREA).bind(0, held(XS)).line(1);
    r.line(1)
        .change(XS, Form::Items, 4, (3, 0), vec![Value::Int(4)])
        .returns(Value::None);
    rows.0
}

pub fn recording() -> Recording {
    let definitions = definitions();
    let mut events = replay(&definitions, 0, &main_rows());
    events.extend(replay(&definitions, 1, &worker_rows()));
    Recording {
        definitions,
        events,
    }
}
