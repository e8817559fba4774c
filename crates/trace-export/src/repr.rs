//! Values in one short line, as Python's `repr` would have them where that is known.

use trace_model::event::ObjectState;
use trace_model::{Form, Names, Value};

use crate::content::{Parts, attribute};
use crate::objects::ObjectTable;
use crate::text;

const ELLIPSIS: char = '\u{2026}';
const MAX_DEPTH: usize = 6;

/// Writes values, each in about `limit` characters.
#[derive(Clone, Copy)]
pub struct Repr<'a> {
    /// Definitions by id.
    pub names: &'a dyn Names,
    /// Latest states of objects.
    pub table: &'a ObjectTable,
}

struct Short {
    out: String,
    limit: usize,
    open: Vec<u64>,
}

impl Short {
    fn left(&self) -> usize {
        self.limit.saturating_sub(self.out.chars().count())
    }

    fn is_full(&self) -> bool {
        self.out.len() >= self.limit && self.left() == 0
    }
}

impl Repr<'_> {
    /// The value in about `limit` characters.
    pub fn value(&self, value: &Value<'_>, limit: usize) -> String {
        let mut short = Short {
            out: String::new(),
            limit,
            open: Vec::new(),
        };
        self.put(&mut short, value);
        short.out
    }

    /// An exception as the last line of a traceback has it: `ValueError: message`.
    pub fn exception(&self, value: &Value<'_>, limit: usize) -> String {
        let Value::Ref { object, type_id } = value else {
            return self.value(value, limit);
        };
        let ty = self.type_name(*type_id);
        match attribute(self.names, self.table.get(*object), "__message__") {
            Some(Value::Str { text, .. }) if !text.is_empty() => {
                let text = String::from_utf8_lossy(text);
                let first = text.lines().next().unwrap_or_default();
                let mut kept: String = text::clean(first).chars().take(limit).collect();
                if kept.len() < text.trim_end().len() {
                    kept.push(ELLIPSIS);
                }
                format!("{ty}: {kept}")
            }
            _ => ty,
        }
    }

    fn type_name(&self, type_id: u32) -> String {
        match self.names.type_def(type_id) {
            Some(ty) => text::clean(&ty.qualname).into_owned(),
            None => "object".into(),
        }
    }

    fn put(&self, s: &mut Short, value: &Value<'_>) {
        match value {
            Value::None => s.out.push_str("None"),
            Value::Bool(b) => s.out.push_str(if *b { "True" } else { "False" }),
            Value::Int(n) => s.out.push_str(&n.to_string()),
            Value::BigInt {
                negative,
                bits,
                magnitude,
            } => {
                if !text::is_whole_int(*bits, magnitude) {
                    s.out.push_str(&format!("<int of {bits} bits>"));
                    return;
                }
                let digits = text::big_int(*negative, magnitude);
                let room = s.left().max(12);
                if digits.len() <= room {
                    s.out.push_str(&digits);
                } else {
                    s.out.extend(digits.chars().take(room - 1));
                    s.out.push(ELLIPSIS);
                }
            }
            Value::Float(f) => s.out.push_str(&text::float(*f)),
            Value::Complex(re, im) => s.out.push_str(&text::complex(*re, *im)),
            Value::Str { text, cut_hash, .. } => {
                let room = s.left().max(8);
                let text = text::string(text, cut_hash.is_some(), room);
                s.out.push_str(&text);
            }
            Value::Bytes { len, data } => {
                let room = s.left().max(8);
                let kept = data.get(..room).unwrap_or(data);
                s.out.push_str(&text::bytes(kept));
                if *len > kept.len() as u64 {
                    s.out.push(ELLIPSIS);
                }
            }
            Value::Ellipsis => s.out.push_str("Ellipsis"),
            Value::NotImplemented => s.out.push_str("NotImplemented"),
            Value::EnumMember { type_id, name } => {
                let name = String::from_utf8_lossy(name);
                s.out.push_str(&self.type_name(*type_id));
                s.out.push('.');
                s.out.push_str(&text::clean(&name));
            }
            Value::Name(id) => s
                .out
                .push_str(&text::clean(self.names.name(*id).unwrap_or("?"))),
            Value::Unknown(_) | Value::Removed => s.out.push(ELLIPSIS),
            Value::Ref { object, type_id } => self.object(s, *object, *type_id),
        }
    }

    fn object(&self, s: &mut Short, object: u64, type_id: u32) {
        let ty = self.type_name(type_id);
        let state = self.table.get(object);
        let Some(state) = state.filter(|state| state.form != Form::Opaque) else {
            s.out.push_str(&format!("<{ty}>"));
            return;
        };
        if s.open.len() >= MAX_DEPTH || s.open.contains(&object) {
            s.out.push_str(match ty.as_str() {
                "list" => "[...]",
                "dict" | "set" => "{...}",
                "tuple" => "(...)",
                _ => "...",
            });
            return;
        }
        s.open.push(object);
        match state.form {
            Form::Attrs => self.attrs(s, &ty, state),
            Form::Content => self.wrapped(s, &ty, state),
            _ => self.container(s, &ty, state),
        }
        s.open.pop();
    }

    fn wrapped(&self, s: &mut Short, ty: &str, state: &ObjectState) {
        s.out.push_str(ty);
        s.out.push('(');
        let parts = Parts::of(self.names, state);
        if let Some(content) = parts.own.first() {
            self.put(s, content);
        }
        if parts.has_attributes() {
            s.out.push_str(", ");
        }
        self.further(s, &parts);
        s.out.push(')');
    }

    fn container(&self, s: &mut Short, ty: &str, state: &ObjectState) {
        let empty = state.len == 0;
        let (open, close) = match ty {
            "list" => ("[", "]"),
            "tuple" if state.len == 1 => ("(", ",)"),
            "tuple" => ("(", ")"),
            "dict" => ("{", "}"),
            "set" if empty => ("set(", ")"),
            "set" => ("{", "}"),
            "range" | "slice" => ("(", ")"),
            _ if empty => ("(", ")"),
            _ if state.form == Form::Entries => ("({", "})"),
            "frozenset" => ("({", "})"),
            _ => ("([", "])"),
        };
        if !matches!(ty, "list" | "tuple" | "dict" | "set") {
            s.out.push_str(ty);
        }
        let parts = if state.form == Form::Entries { 2 } else { 1 };
        let all = Parts::of(self.names, state);
        let mut items = all.own;
        let fields = self.fields(state);
        let (open, close) = match fields {
            Some(_) => ("(", ")"),
            None => (open, close),
        };
        s.out.push_str(open);
        // A range is written without a step of one.
        if let ("range", [start, stop, Value::Int(1)]) = (ty, items) {
            self.put(s, start);
            s.out.push_str(", ");
            self.put(s, stop);
            items = &[];
        }
        let mut kept = 0;
        for entry in items.chunks_exact(parts) {
            if kept > 0 {
                s.out.push_str(", ");
            }
            if s.is_full() {
                s.out.push(ELLIPSIS);
                kept = u64::MAX;
                break;
            }
            let field = fields.and_then(|fields| fields.get(kept as usize));
            if let Some(Value::Str { text, .. }) = field {
                s.out.push_str(&text::clean(&String::from_utf8_lossy(text)));
                s.out.push('=');
            }
            kept += 1;
            for (at, part) in entry.iter().enumerate() {
                if at > 0 {
                    s.out.push_str(": ");
                }
                self.put(s, part);
            }
        }
        if !items.is_empty() && kept < state.len {
            s.out.push_str(", ");
            s.out.push(ELLIPSIS);
        }
        s.out.push_str(close);
        if all.attribute_count() > usize::from(fields.is_some()) {
            s.out.push('<');
            self.further(s, &all);
            s.out.push('>');
        }
    }

    /// Names of the items of a named tuple.
    fn fields(&self, state: &ObjectState) -> Option<&[Value<'static>]> {
        match attribute(self.names, Some(state), "_fields") {
            Some(Value::Ref { object, .. }) if state.form == Form::Items => {
                Some(self.table.get(*object)?.items.as_slice())
            }
            _ => None,
        }
    }

    /// Attributes that an object has beside its content.
    fn further(&self, s: &mut Short, parts: &Parts<'_>) {
        let shown = s.out.len();
        for (name, value) in parts.attributes(self.names) {
            if s.out.len() > shown {
                s.out.push_str(", ");
            }
            if s.is_full() {
                s.out.push(ELLIPSIS);
                return;
            }
            s.out
                .push_str(&text::clean(&String::from_utf8_lossy(&name)));
            s.out.push('=');
            self.put(s, value);
        }
    }

    fn attrs(&self, s: &mut Short, ty: &str, state: &ObjectState) {
        let own_name = |name| match attribute(self.names, Some(state), name) {
            Some(Value::Str { text, .. }) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        };
        let kind = match ty {
            "function" | "builtin_function_or_method" => "function",
            "generator" | "coroutine" | "async_generator" | "module" => ty,
            _ => "class",
        };
        let name = match kind {
            "module" => own_name("__name__"),
            _ => own_name("__qualname__"),
        };
        if let Some(name) = name {
            s.out.push_str(&format!("<{kind} {}>", text::clean(&name)));
            return;
        }
        let parts = Parts::of(self.names, state);
        s.out.push_str(ty);
        s.out.push('(');
        if let Some(message) = attribute(self.names, Some(state), "__message__") {
            self.put(s, message);
        } else {
            self.further(s, &parts);
            if (parts.attribute_count() as u64) < state.len || parts.more {
                s.out
                    .push_str(if parts.has_attributes() { ", " } else { "" });
                s.out.push(ELLIPSIS);
            }
        }
        s.out.push(')');
    }
}
