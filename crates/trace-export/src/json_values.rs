//! Values as JSON: scalars by type and value, objects by id with their latest known state, each once per event.

use std::collections::HashSet;

use trace_model::event::ObjectState;
use trace_model::{Form, Names, Value};

use crate::content::Parts;
use crate::json::{Open, put_text};
use crate::objects::ObjectTable;
use crate::text;

/// How deep objects are written inside each other.
const MAX_DEPTH: usize = 64;

/// Integers up to this magnitude are JSON numbers, which many readers keep as doubles.
const EXACT: u64 = 1 << 53;

/// Writes the values of one event.
pub struct ValueWriter<'a> {
    names: &'a dyn Names,
    table: &'a ObjectTable,
    seen: &'a mut HashSet<u64>,
    depth: usize,
}

impl<'a> ValueWriter<'a> {
    /// A writer that has written the objects in `seen` for this event.
    pub fn new(names: &'a dyn Names, table: &'a ObjectTable, seen: &'a mut HashSet<u64>) -> Self {
        Self {
            names,
            table,
            seen,
            depth: 0,
        }
    }

    /// Whether the object's state was written.
    pub fn has(&self, object: u64) -> bool {
        self.seen.contains(&object)
    }

    /// Writes a value; `None` is a name that is not bound.
    pub fn binding(&mut self, out: &mut String, value: Option<&Value<'_>>) {
        match value {
            Some(value) => self.value(out, value),
            None => out.push_str("{\"unbound\":true}"),
        }
    }

    /// Writes a value.
    pub fn value(&mut self, out: &mut String, value: &Value<'_>) {
        if let Value::Ref { object, type_id } = value {
            return self.object(out, *object, *type_id);
        }
        let mut o = Open::object(out);
        match value {
            Value::None => {
                o.str(out, "type", "NoneType");
                o.plain(out, "value", "null");
            }
            Value::Bool(b) => {
                o.str(out, "type", "bool");
                o.plain(out, "value", b);
            }
            Value::Int(n) => {
                o.str(out, "type", "int");
                if n.unsigned_abs() <= EXACT {
                    o.plain(out, "value", n);
                } else {
                    o.str(out, "value", &n.to_string());
                }
            }
            Value::BigInt {
                negative,
                bits,
                magnitude,
            } => {
                o.str(out, "type", "int");
                if text::is_whole_int(*bits, magnitude) {
                    o.str(out, "value", &text::big_int(*negative, magnitude));
                } else {
                    o.plain(out, "value", "null");
                    o.plain(out, "bits", bits);
                    o.plain(out, "cut", true);
                }
            }
            Value::Float(f) => {
                o.str(out, "type", "float");
                if f.is_finite() {
                    o.plain(out, "value", text::float(*f));
                } else {
                    o.str(out, "value", &text::float(*f));
                }
            }
            Value::Complex(re, im) => {
                o.str(out, "type", "complex");
                o.str(out, "value", &text::complex(*re, *im));
            }
            Value::Str {
                len,
                text,
                cut_hash,
            } => {
                o.str(out, "type", "str");
                o.key(out, "value");
                put_text(out, text);
                if cut_hash.is_some() {
                    o.plain(out, "len", len);
                    o.plain(out, "cut", true);
                }
            }
            Value::Bytes { len, data } => {
                o.str(out, "type", "bytes");
                o.str(out, "value", &text::bytes(data));
                if *len > data.len() as u64 {
                    o.plain(out, "len", len);
                    o.plain(out, "cut", true);
                }
            }
            Value::Ellipsis => {
                o.str(out, "type", "ellipsis");
                o.str(out, "value", "Ellipsis");
            }
            Value::NotImplemented => {
                o.str(out, "type", "NotImplementedType");
                o.str(out, "value", "NotImplemented");
            }
            Value::EnumMember { type_id, name } => {
                self.type_of(out, &mut o, *type_id);
                o.key(out, "value");
                put_text(out, name);
            }
            Value::Name(id) => {
                o.str(out, "type", "str");
                o.maybe_str(out, "value", self.names.name(*id));
            }
            Value::Unknown(reason) => o.str(out, "unknown", reason.as_str()),
            Value::Ref { .. } | Value::Removed => {}
        }
        o.end(out);
    }

    /// The members `type` and, for a class that is not built in, `module`.
    pub fn type_of(&self, out: &mut String, o: &mut Open, type_id: u32) {
        let ty = self.names.type_def(type_id);
        o.maybe_str(out, "type", ty.map(|ty| ty.qualname.as_str()));
        if let Some(ty) = ty
            && !ty.module.is_empty()
            && ty.module != "builtins"
        {
            o.str(out, "module", &ty.module);
        }
    }

    fn object(&mut self, out: &mut String, object: u64, type_id: u32) {
        let mut o = Open::object(out);
        self.type_of(out, &mut o, type_id);
        o.plain(out, "id", object);
        if self.seen.contains(&object) {
            return o.end(out);
        }
        let table = self.table;
        match table.get(object) {
            Some(state) if state.form != Form::Opaque && self.depth < MAX_DEPTH => {
                self.seen.insert(object);
                self.depth += 1;
                self.state(out, &mut o, state);
                self.depth -= 1;
            }
            _ => o.plain(out, "cut", true),
        }
        o.end(out);
    }

    fn state(&mut self, out: &mut String, o: &mut Open, state: &ObjectState) {
        let parts = Parts::of(self.names, state);
        o.plain(out, "len", state.len);
        let kept = match state.form {
            Form::Entries => {
                o.key(out, "entries");
                let mut entries = Open::array(out);
                for entry in parts.own.chunks_exact(2) {
                    entries.item(out);
                    let mut pair = Open::array(out);
                    for part in entry {
                        pair.item(out);
                        self.value(out, part);
                    }
                    pair.end(out);
                }
                entries.end(out);
                parts.own.len() / 2
            }
            Form::Attrs => parts.attribute_count(),
            Form::Items | Form::Content | Form::Opaque => {
                o.key(out, "items");
                let mut items = Open::array(out);
                for item in parts.own {
                    items.item(out);
                    self.value(out, item);
                }
                items.end(out);
                parts.own.len()
            }
        };
        if state.form == Form::Attrs || parts.has_attributes() {
            o.key(out, "attrs");
            let mut attrs = Open::object(out);
            for (name, value) in parts.attributes(self.names) {
                attrs.item(out);
                put_text(out, name.as_ref());
                out.push(':');
                self.value(out, value);
            }
            attrs.end(out);
        }
        let cut = match state.form {
            // A content's length is not counted in items; the content itself says whether it is cut.
            Form::Content => parts.own.iter().any(is_cut),
            _ => (kept as u64) < state.len,
        };
        o.plain(out, "cut", cut || parts.more);
    }
}

/// Whether a scalar was cut.
fn is_cut(value: &Value<'_>) -> bool {
    match value {
        Value::Str { cut_hash, .. } => cut_hash.is_some(),
        Value::Bytes { len, data } => *len > data.len() as u64,
        Value::BigInt {
            bits, magnitude, ..
        } => !text::is_whole_int(*bits, magnitude),
        Value::Unknown(_) => true,
        _ => false,
    }
}
