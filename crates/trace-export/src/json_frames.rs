//! Open frames as JSON: one object per frame with `call function file line values`, each object's state once.

use std::collections::{HashMap, HashSet};

use trace_model::Names;
use trace_model::event::ObjectState;

use crate::follow;
use crate::json::Open;
use crate::json_events::name_of;
use crate::json_values::ValueWriter;
use crate::objects::ObjectTable;

/// A frame to be written.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Call id.
    pub call: u64,
    /// Code id.
    pub code: u32,
    /// The line it is at.
    pub line: u32,
    /// Its names.
    pub names: &'a follow::Names,
}

/// The frames as a JSON array, in their order; `objects` are the states that their values lead to.
pub fn frames(
    frames: &[Frame<'_>],
    objects: HashMap<u64, ObjectState>,
    names: &dyn Names,
) -> String {
    let mut table = ObjectTable::with_limit(usize::MAX);
    for state in objects.into_values() {
        table.insert(state, 0);
    }
    let mut seen = HashSet::new();
    let mut values = ValueWriter::new(names, &table, &mut seen);
    let mut line = String::new();
    let out = &mut line;
    let mut list = Open::array(out);
    for frame in frames {
        list.item(out);
        let code = names.code(frame.code);
        let path = code.and_then(|code| names.path(code.path));
        let mut o = Open::object(out);
        o.plain(out, "call", frame.call);
        o.maybe_str(out, "function", code.map(|code| &*code.qualname));
        o.maybe_str(out, "file", path.map(|path| path.path.as_str()));
        o.plain(out, "line", frame.line);
        o.key(out, "values");
        let mut bound = Open::object(out);
        for (slot, value) in frame.names {
            bound.key(out, &name_of(names, frame.code, *slot));
            values.value(out, value);
        }
        bound.end(out);
        o.end(out);
    }
    list.end(out);
    line
}
