//! The texts of the tree: headers, results, lines, exceptions.

use trace_model::{CodeDef, Event, EventKind};

use super::frames::Pending;
use crate::View;
use crate::follow::Follow;
use crate::json_events::{Changed, changed, latest};
use crate::repr::Repr;
use crate::style::{self, Style};
use crate::text;

/// A row of `--lines` without a line: for values that became known later.
pub const EMPTY_ROW: &str = "     |";

/// Column at which values stand beside a line, if the line leaves room.
const VALUES_AT: usize = 44;
/// Longest source text of a line.
const SOURCE_WIDTH: usize = 100;
/// Longest result, changed value, or exception message.
const VALUE_WIDTH: usize = 80;

const COROUTINE: u32 = 0x80;

/// Makes texts out of events.
pub struct Render<'a> {
    view: &'a View<'a>,
    follow: &'a Follow,
    repr: Repr<'a>,
    colour: bool,
}

impl<'a> Render<'a> {
    pub fn new(view: &'a View<'a>, follow: &'a Follow, colour: bool) -> Self {
        let names = view.names;
        Self {
            view,
            follow,
            repr: Repr {
                names,
                table: follow.table(),
            },
            colour,
        }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        let mut out = String::new();
        style::put(&mut out, self.colour, style, text);
        out
    }

    fn code(&self, event: &Event) -> Option<&'a CodeDef> {
        self.view.names.code(event.code)
    }

    /// Qualified name of the event's function.
    pub fn function(&self, event: &Event) -> String {
        match self.code(event) {
            Some(code) => text::clean(&code.qualname).into_owned(),
            None => format!("code {}", event.code),
        }
    }

    /// The header of a call, a resumption, or a frame that was running before.
    pub fn header(&self, event: &Event, level: u32) -> Pending {
        let name = self.function(event);
        let mut head = self.paint(Style::Function, &name);
        match event.kind {
            EventKind::Call => head.push_str(&self.arguments(event, &name)),
            EventKind::Resume => head.push_str(&self.paint(Style::Quiet, " resumes")),
            EventKind::Throw => {
                head.push_str(&self.paint(Style::Quiet, " resumes with "));
                head.push_str(&self.exception(event));
            }
            _ => head.push_str(&self.paint(Style::Quiet, " already running")),
        }
        Pending {
            level,
            head,
            place: self.place(event),
            is_call: event.kind == EventKind::Call,
            raised: None,
        }
    }

    fn arguments(&self, event: &Event, name: &str) -> String {
        let bound = latest(self.view.names, event);
        let expected = self.code(event).is_some_and(|code| code.arguments > 0);
        if bound.is_empty() {
            return match (expected, name.starts_with('<')) {
                (true, _) => "(\u{2026})".into(),
                (false, true) => String::new(),
                (false, false) => "()".into(),
            };
        }
        let width = (VALUE_WIDTH / bound.len()).max(16);
        format!("({})", self.bindings(&bound, "=", width))
    }

    fn bindings(&self, bound: &[Changed<'_>], equals: &str, width: usize) -> String {
        let one = |(name, value): &Changed<'_>| {
            let name = text::clean(name);
            match value {
                Some(value) => {
                    let value = self.repr.value(value, width);
                    format!("{name}{equals}{}", self.paint(Style::Value, &value))
                }
                None => format!("del {name}"),
            }
        };
        bound.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn place(&self, event: &Event) -> String {
        let code = self.code(event);
        let path = code.and_then(|code| self.view.names.path(code.path));
        let mut out = match path {
            Some(path) => format!("[{}:{}]", text::clean(short(&path.path)), event.line),
            None => format!("[line {}]", event.line),
        };
        if event.task != 0 && code.is_some_and(|code| code.flags & COROUTINE != 0) {
            let task = self.view.names.task(event.task);
            match task.map(|task| task.name.as_str()) {
                Some(name) if !name.is_empty() => out.push_str(&format!(" {}", text::clean(name))),
                _ => out.push_str(&format!(" task {}", event.task)),
            }
        }
        out
    }

    /// How a frame ended; empty where nothing is known but that it did.
    pub fn ending(&self, event: &Event, hidden: u64) -> String {
        let result = event.result.as_ref();
        let result = result.map(|value| self.repr.value(value, VALUE_WIDTH));
        let value = result.map(|text| self.paint(Style::Value, &text));
        let code = self.code(event);
        let awaits = code.is_some_and(|code| code.flags & COROUTINE != 0);
        let mut out = match (event.kind, value) {
            (EventKind::Return, Some(value)) => format!("-> {value}"),
            (EventKind::Yield, _) if awaits => self.paint(Style::Quiet, "awaits"),
            (EventKind::Yield, Some(value)) => format!("yields {value}"),
            (EventKind::Yield, None) => "yields".into(),
            (EventKind::Unwind, _) => format!("raises {}", self.exception(event)),
            _ => String::new(),
        };
        if hidden > 0 {
            let plural = if hidden == 1 { "" } else { "s" };
            let note = format!("+{hidden} call{plural}");
            if !out.is_empty() {
                out.push_str("  ");
            }
            out.push_str(&self.paint(Style::Quiet, &note));
        }
        out
    }

    /// A header with the ending beside it, if there is one.
    pub fn one_line(&self, pending: &Pending, ending: &str) -> String {
        let space = match ending {
            "" => "",
            _ if pending.is_call || ending.starts_with("->") => " ",
            _ => ", ",
        };
        let place = self.paint(Style::Quiet, &pending.place);
        format!("{}{space}{ending}  {place}", pending.head)
    }

    fn exception(&self, event: &Event) -> String {
        let text = match &event.exception {
            Some(exception) => self.repr.exception(exception, VALUE_WIDTH),
            None => "an exception".into(),
        };
        self.paint(Style::Error, &text)
    }

    /// An exception raised in this frame.
    pub fn raised(&self, event: &Event) -> String {
        let at = self.paint(Style::Quiet, &format!("at line {}", event.line));
        format!("raise {}  {at}", self.exception(event))
    }

    /// An exception that ended in this frame.
    pub fn handled(&self, event: &Event) -> String {
        let at = self.paint(Style::Quiet, &format!("at line {}", event.line));
        format!("caught {}  {at}", self.exception(event))
    }

    /// Something the program wrote.
    pub fn output(&self, event: &Event) -> String {
        let (stream, bytes) = match &event.output {
            Some((stream, bytes)) => (*stream, bytes.as_slice()),
            None => (1, &[][..]),
        };
        let name = match stream {
            0 => "stdin",
            2 => "stderr",
            _ => "stdout",
        };
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let text = text::string(bytes, false, SOURCE_WIDTH);
        format!("{} {text}", self.paint(Style::Quiet, name))
    }

    /// Events that are missing.
    pub fn gap(&self, event: &Event) -> String {
        let count = event.gap.map_or(0, |(_, count)| count);
        let text = match count {
            0 => "\u{2026} events are missing here".into(),
            1 => "\u{2026} 1 event is missing here".into(),
            n => format!("\u{2026} {n} events are missing here"),
        };
        self.paint(Style::Error, &text)
    }

    /// A heading for a thread.
    pub fn heading(&self, id: u32) -> String {
        let thread = self.view.names.thread(id);
        match thread.map(|thread| thread.name.as_str()) {
            Some(name) if !name.is_empty() => format!("-- thread {id} {} --", text::clean(name)),
            _ => format!("-- thread {id} --"),
        }
    }

    /// The row of a line, with its text where it is known. `indent` remembers the function's indentation.
    pub fn source(&self, event: &Event, indent: &mut Option<(u32, usize)>) -> String {
        let mut row = format!("{:>4} |", event.line);
        let Some(code) = self.code(event) else {
            return row;
        };
        let body = match *indent {
            Some((id, body)) if id == code.id => body,
            _ => {
                let first = (self.view.source)(code.path, code.first_line);
                let body = match first {
                    Some(first) if &*code.qualname != "<module>" => indentation(&first) + 4,
                    _ => 0,
                };
                *indent = Some((code.id, body));
                body
            }
        };
        if let Some(text) = (self.view.source)(code.path, event.line) {
            let text = text::clean(text.trim_end()).into_owned();
            let strip = indentation(&text).min(body);
            row.push(' ');
            row.extend(text.chars().skip(strip).take(SOURCE_WIDTH));
        }
        row
    }

    /// Names that changed, with their values.
    pub fn changes(&self, event: &Event) -> String {
        let bound = changed(self.view.names, event, self.follow);
        self.bindings(&bound, " = ", VALUE_WIDTH)
    }

    /// A row with values beside it.
    pub fn beside(&self, mut row: String, values: &str) -> String {
        if values.is_empty() {
            return row.trim_end().into();
        }
        let width = row.chars().count();
        for _ in width..VALUES_AT.max(width + 2) {
            row.push(' ');
        }
        row.push_str(&self.paint(Style::Quiet, "# "));
        row.push_str(values);
        row
    }
}

fn indentation(text: &str) -> usize {
    text.chars().take_while(|c| *c == ' ').count()
}

/// The last component of a path, with the one before it where it alone says nothing.
fn short(path: &str) -> &str {
    let mut starts = path.rmatch_indices(['/', '\\']).map(|(at, _)| at + 1);
    let last = starts.next().unwrap_or(0);
    let name = path.get(last..).unwrap_or(path);
    if !matches!(name, "__init__.py" | "__main__.py") {
        return name;
    }
    path.get(starts.next().unwrap_or(0)..).unwrap_or(path)
}
