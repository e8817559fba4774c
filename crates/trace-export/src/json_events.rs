//! `print --json`: one object per event and line.
//!
//! Every line has `kind step ns thread task file line function call depth values exception origin`, with null where
//! there is none; `after` where the values are the work of a line; `objects` where objects changed that no name of the
//! frame refers to; `stream` and `text` on output, `reason` and `count` on a gap; `truncated` where the byte limit cut the
//! event's values.

use std::collections::HashSet;
use std::io::{self, Write};

use trace_model::{Event, EventKind, Names, Value};

use crate::View;
use crate::content::attribute;
use crate::follow::Follow;
use crate::json::{Open, put_text};
use crate::json_values::ValueWriter;
use crate::objects::ObjectTable;

/// Writes events as JSON lines, in the order of their steps.
#[derive(Debug, Default)]
pub struct JsonEvents {
    follow: Follow,
    seen: HashSet<u64>,
    line: String,
}

impl JsonEvents {
    /// A writer that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that goes on with what is known.
    pub fn resume(follow: Follow) -> Self {
        Self {
            follow,
            ..Self::default()
        }
    }

    /// What is known after the events so far.
    pub fn into_follow(self) -> Follow {
        self.follow
    }

    /// What is known after the events so far, to be completed.
    pub const fn follow(&mut self) -> &mut Follow {
        &mut self.follow
    }

    /// Takes an event without writing it: for events before the first one wanted, or filtered out.
    pub fn skip(&mut self, event: &Event) {
        self.follow.apply(event);
    }

    /// Takes the next event and writes it.
    pub fn write(&mut self, event: &Event, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.follow.apply(event);
        self.write_last(event, view, out)
    }

    /// Writes the event that was taken last.
    pub fn write_last(
        &mut self,
        event: &Event,
        view: &View<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let table = self.follow.table();
        self.seen.clear();
        self.line.clear();
        let line = &mut self.line;
        let names = view.names;
        let code = names.code(event.code);
        let path = code.and_then(|code| names.path(code.path));
        let mut o = Open::object(line);
        o.str(line, "kind", event.kind.as_str());
        o.plain(line, "step", event.step);
        o.plain(line, "ns", (view.ns)(event.tick));
        o.plain(line, "thread", event.thread);
        o.maybe(line, "task", Some(event.task).filter(|task| *task != 0));
        o.maybe_str(line, "file", path.map(|path| path.path.as_str()));
        o.maybe(line, "line", code.map(|_| event.line));
        o.maybe_str(line, "function", code.map(|code| &*code.qualname));
        let call = Some(event.call).filter(|call| *call != Event::NO_CALL);
        o.maybe(line, "call", call);
        o.plain(line, "depth", event.depth);
        if let Some(after) = event.after {
            o.plain(line, "after", after);
        }
        let mut values = ValueWriter::new(names, table, &mut self.seen);
        o.key(line, "values");
        write_values(line, event, names, &self.follow, &mut values);
        write_objects(line, &mut o, event, &self.follow, &mut values);
        o.key(line, "exception");
        match &event.exception {
            Some(exception) => write_exception(line, exception, names, table, &values),
            None => line.push_str("null"),
        }
        let origin = event.kind == EventKind::Raise && event.origin;
        o.plain(line, "origin", origin);
        if event.truncated {
            o.plain(line, "truncated", true);
        }
        if let Some((stream, bytes)) = &event.output {
            let name = match stream {
                0 => "stdin",
                1 => "stdout",
                2 => "stderr",
                _ => "other",
            };
            o.str(line, "stream", name);
            o.key(line, "text");
            put_text(line, bytes);
        }
        if let Some((reason, count)) = event.gap {
            o.plain(line, "reason", reason);
            o.plain(line, "count", count);
        }
        o.end(line);
        line.push('\n');
        out.write_all(line.as_bytes())
    }
}

/// The name of a slot of a code; a number where the code is not known.
pub(crate) fn name_of(names: &dyn Names, code: u32, slot: u16) -> String {
    let code = names.code(code);
    match code.and_then(|code| code.names.get(usize::from(slot))) {
        Some(name) => name.to_string(),
        None => format!("#{slot}"),
    }
}

/// The latest value of every name that the event binds, in the order in which names were bound first; `None` is a name
/// that is not bound any more.
pub(crate) fn latest<'a>(names: &dyn Names, event: &'a Event) -> Vec<Changed<'a>> {
    let mut out: Vec<Changed<'a>> = Vec::with_capacity(event.bindings.len());
    for binding in &event.bindings {
        let name = name_of(names, event.code, binding.slot);
        let value = binding.value.as_ref();
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = value,
            None => out.push((name, value)),
        }
    }
    out
}

/// A name and its value now.
pub(crate) type Changed<'a> = (String, Option<&'a Value<'static>>);

/// As [`latest`], and after them the names whose objects the event describes.
pub(crate) fn changed<'a>(
    names: &dyn Names,
    event: &'a Event,
    follow: &'a Follow,
) -> Vec<Changed<'a>> {
    let mut out = latest(names, event);
    for (slot, value) in follow.changed(event) {
        let name = name_of(names, event.code, slot);
        if out.iter().all(|(known, _)| *known != name) {
            out.push((name, Some(value)));
        }
    }
    out
}

fn write_values(
    line: &mut String,
    event: &Event,
    names: &dyn Names,
    follow: &Follow,
    values: &mut ValueWriter<'_>,
) {
    let mut o = Open::object(line);
    for (name, value) in changed(names, event, follow) {
        o.key(line, &name);
        values.binding(line, value);
    }
    if let Some(result) = &event.result {
        o.key(line, "return");
        values.value(line, result);
    }
    o.end(line);
}

/// The objects that the event describes and that are not among its values.
fn write_objects(
    line: &mut String,
    o: &mut Open,
    event: &Event,
    follow: &Follow,
    values: &mut ValueWriter<'_>,
) {
    let mut list: Option<Open> = None;
    for object in follow.described(event) {
        let Some(state) = follow.table().get(object) else {
            continue;
        };
        if values.has(object) {
            continue;
        }
        let list = list.get_or_insert_with(|| {
            o.key(line, "objects");
            Open::array(line)
        });
        list.item(line);
        let type_id = state.type_id;
        values.value(line, &Value::Ref { object, type_id });
    }
    if let Some(list) = list {
        list.end(line);
    }
}

fn write_exception(
    line: &mut String,
    exception: &Value<'_>,
    names: &dyn Names,
    table: &ObjectTable,
    values: &ValueWriter<'_>,
) {
    let mut o = Open::object(line);
    let Value::Ref { object, type_id } = exception else {
        if let Value::Unknown(reason) = exception {
            o.str(line, "unknown", reason.as_str());
        }
        return o.end(line);
    };
    values.type_of(line, &mut o, *type_id);
    o.plain(line, "id", object);
    let state = table.get(*object);
    match attribute(names, state, "__message__") {
        Some(Value::Str { text, .. }) => {
            o.key(line, "message");
            put_text(line, text);
        }
        _ => o.plain(line, "message", "null"),
    }
    let trace = attribute(names, state, "__traceback__");
    let entries = trace.map(|trace| traceback(trace, names, table));
    if let Some(entries) = entries.filter(|entries| !entries.is_empty()) {
        o.key(line, "traceback");
        let mut list = Open::array(line);
        for entry in entries {
            list.item(line);
            let mut o = Open::object(line);
            o.str(line, "file", &entry.file);
            o.maybe(line, "line", entry.line);
            o.str(line, "function", &entry.function);
            o.end(line);
        }
        list.end(line);
    }
    for (link, key) in [("__cause__", "cause"), ("__context__", "context")] {
        if let Some(Value::Ref { object, type_id }) = attribute(names, state, link) {
            o.key(line, key);
            let mut other = Open::object(line);
            values.type_of(line, &mut other, *type_id);
            other.plain(line, "id", object);
            other.end(line);
        }
    }
    o.end(line);
}

struct Entry {
    file: String,
    line: Option<i64>,
    function: String,
}

/// Entries of a recorded traceback, outermost first: lines of `file:line function`, or a list of such lines or of
/// tuples of file, line and function.
fn traceback(value: &Value<'_>, names: &dyn Names, table: &ObjectTable) -> Vec<Entry> {
    match value {
        Value::Name(id) => {
            let text = names.name(*id).unwrap_or_default();
            text.lines().map(entry_of_line).collect()
        }
        Value::Str { text, .. } => {
            let text = String::from_utf8_lossy(text);
            text.lines().map(entry_of_line).collect()
        }
        Value::Ref { object, .. } => {
            let items = table.get(*object).map(|state| state.items.as_slice());
            let items = items.unwrap_or_default();
            items.iter().filter_map(|v| entry(v, table)).collect()
        }
        _ => Vec::new(),
    }
}

fn entry_of_line(line: &str) -> Entry {
    let (place, function) = line.rsplit_once(' ').unwrap_or((line, ""));
    let (file, number) = match place.rsplit_once(':') {
        Some((file, number)) => (file, number.parse().ok()),
        None => (place, None),
    };
    Entry {
        file: file.into(),
        line: number,
        function: function.into(),
    }
}

fn entry(value: &Value<'_>, table: &ObjectTable) -> Option<Entry> {
    let object = match value {
        Value::Str { text, .. } => return Some(entry_of_line(&String::from_utf8_lossy(text))),
        Value::Ref { object, .. } => *object,
        _ => return None,
    };
    let state = table.get(object)?;
    let mut texts = state.items.iter().filter_map(|item| match item {
        Value::Str { text, .. } => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    });
    let line = state.items.iter().find_map(|item| match item {
        Value::Int(line) => Some(*line),
        _ => None,
    });
    Some(Entry {
        file: texts.next().unwrap_or_default(),
        line,
        function: texts.next().unwrap_or_default(),
    })
}
