//! `print`: the calls of a program as an indented tree, in the order in which they happened.
//!
//! A call that calls nothing shown is one line with its result; any other is a header, its children, and its result.
//! At most one line per thread is held back, so that memory does not grow with the recording.

mod frames;
mod render;

use std::collections::HashMap;
use std::io::{self, Write};

use trace_model::{Event, EventKind};

use crate::View;
use crate::follow::Follow;
use crate::style::{self, Style};
use frames::{Frame, Level, Thread};
use render::Render;

/// What to print.
#[derive(Debug, Clone, Default)]
pub struct TreeOptions {
    /// Print lines and the values that changed, too.
    pub lines: bool,
    /// How many levels of calls; the first is 1.
    pub depth: Option<u32>,
    /// Print only calls of functions whose qualified name, or its last component, matches; and what they call.
    pub function: Option<String>,
    /// Print only this thread.
    pub thread: Option<u32>,
    /// Colour for a terminal.
    pub colour: bool,
}

/// Prints events as a tree, in the order of their steps.
#[derive(Debug, Default)]
pub struct Tree {
    options: TreeOptions,
    follow: Follow,
    threads: HashMap<u32, Thread>,
    /// Thread of the latest event, and of the latest line printed.
    current: Option<u32>,
    printed: Option<u32>,
}

impl Tree {
    /// A printer that has seen nothing.
    pub fn new(options: TreeOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Takes the next event.
    pub fn write(&mut self, event: &Event, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.follow.apply(event);
        if self.options.thread.is_some_and(|only| only != event.thread) {
            return Ok(());
        }
        if self.current != Some(event.thread) {
            self.flush_current(view, out)?;
            self.current = Some(event.thread);
        }
        let mut thread = self.threads.remove(&event.thread).unwrap_or_default();
        let done = Printer {
            options: &self.options,
            render: Render::new(view, &self.follow, self.options.colour),
            printed: &mut self.printed,
            id: event.thread,
            out,
        }
        .event(&mut thread, event);
        self.threads.insert(event.thread, thread);
        done
    }

    /// Writes what is held back, after the last event.
    pub fn finish(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.flush_current(view, out)
    }

    fn flush_current(&mut self, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Some(id) = self.current else {
            return Ok(());
        };
        let Some(thread) = self.threads.get_mut(&id) else {
            return Ok(());
        };
        Printer {
            options: &self.options,
            render: Render::new(view, &self.follow, self.options.colour),
            printed: &mut self.printed,
            id,
            out,
        }
        .flush(thread)
    }
}

/// Levels that are indented; deeper ones carry their number.
const INDENTED: u32 = 40;

/// Printing one event of one thread.
struct Printer<'a> {
    options: &'a TreeOptions,
    render: Render<'a>,
    printed: &'a mut Option<u32>,
    id: u32,
    out: &'a mut dyn Write,
}

impl Printer<'_> {
    fn event(&mut self, thread: &mut Thread, event: &Event) -> io::Result<()> {
        if event.call == Event::NO_CALL {
            thread.stack.clear();
            return self.outside(thread, event);
        }
        let enters = matches!(
            event.kind,
            EventKind::Call | EventKind::Resume | EventKind::Throw
        );
        self.align(thread, event, enters)?;
        if enters {
            return self.enter(thread, event);
        }
        let Some(Level::Shown(level)) = thread.stack.last().map(|frame| frame.level) else {
            if matches!(
                event.kind,
                EventKind::Return | EventKind::Yield | EventKind::Unwind
            ) {
                thread.leave();
            }
            return match event.kind {
                EventKind::Gap => self.outside(thread, event),
                _ => Ok(()),
            };
        };
        match event.kind {
            EventKind::Line if self.options.lines => self.line(thread, event, level),
            EventKind::Return | EventKind::Yield | EventKind::Unwind => {
                self.values(thread, event, level)?;
                self.leave(thread, event, level)
            }
            EventKind::Raise if event.origin => {
                let text = self.render.raised(event);
                match &mut thread.pending {
                    Some(pending) => pending.raised = Some(text),
                    None => {
                        self.flush(thread)?;
                        self.put(level + 1, &text)?;
                    }
                }
                Ok(())
            }
            EventKind::Handled => {
                self.flush(thread)?;
                self.put(level + 1, &self.render.handled(event))
            }
            EventKind::Output | EventKind::Gap => self.outside(thread, event),
            _ => Ok(()),
        }
    }

    /// Makes the stack what the event says it is: frames that were lost leave, frames never seen to begin join.
    fn align(&mut self, thread: &mut Thread, event: &Event, enters: bool) -> io::Result<()> {
        let below = event.depth as usize;
        let lost = thread.stack.len() > below + usize::from(!enters)
            || !enters
                && thread
                    .stack
                    .get(below)
                    .is_some_and(|top| top.call != event.call);
        if lost {
            self.flush(thread)?;
            thread.stack.truncate(below);
        }
        while thread.stack.len() < below && thread.stack.len() < frames::MOST_UNSEEN {
            let frame = Frame::new(Event::NO_CALL, thread.level(self.options, None));
            thread.stack.push(frame);
        }
        if !enters && thread.stack.len() <= below {
            let name = self.render.function(event);
            let level = thread.level(self.options, Some(&name));
            thread.stack.push(Frame::new(event.call, level));
            if let Level::Shown(level) = level {
                self.flush(thread)?;
                thread.pending = Some(self.render.header(event, level));
            }
        }
        Ok(())
    }

    fn enter(&mut self, thread: &mut Thread, event: &Event) -> io::Result<()> {
        let name = self.render.function(event);
        let level = thread.level(self.options, Some(&name));
        if let Level::Shown(level) = level {
            self.flush(thread)?;
            thread.pending = Some(self.render.header(event, level));
        } else if event.kind == EventKind::Call {
            thread.count_hidden();
        }
        thread.stack.push(Frame::new(event.call, level));
        Ok(())
    }

    fn leave(&mut self, thread: &mut Thread, event: &Event, level: u32) -> io::Result<()> {
        let hidden = thread.leave();
        let ending = self.render.ending(event, hidden);
        if let Some(pending) = thread.pending.take() {
            let text = self.render.one_line(&pending, &ending);
            return self.put(level, &text);
        }
        self.flush(thread)?;
        if ending.is_empty() {
            return Ok(());
        }
        self.put(level + 1, &ending)
    }

    fn line(&mut self, thread: &mut Thread, event: &Event, level: u32) -> io::Result<()> {
        self.values(thread, event, level)?;
        self.flush(thread)?;
        let text = self.render.source(event, &mut thread.indent);
        thread.line = Some((level + 1, text));
        Ok(())
    }

    /// Writes the values that the line before this event made: beside it where nothing was printed since.
    fn values(&mut self, thread: &mut Thread, event: &Event, level: u32) -> io::Result<()> {
        if !self.options.lines {
            return Ok(());
        }
        let changed = self.render.changes(event);
        match thread.line.take() {
            Some((level, row)) => {
                let text = self.render.beside(row, &changed);
                self.put(level, &text)
            }
            None if !changed.is_empty() => {
                self.flush(thread)?;
                let text = self.render.beside(render::EMPTY_ROW.into(), &changed);
                self.put(level + 1, &text)
            }
            None => Ok(()),
        }
    }

    /// Output and gaps, inside a frame or not.
    fn outside(&mut self, thread: &mut Thread, event: &Event) -> io::Result<()> {
        let level = match thread.stack.last().map(|frame| frame.level) {
            Some(Level::Shown(level)) => level + 1,
            None if self.options.function.is_none() => 0,
            _ if event.kind == EventKind::Gap => 0,
            _ => return Ok(()),
        };
        self.flush(thread)?;
        match event.kind {
            EventKind::Output => self.put(level, &self.render.output(event)),
            EventKind::Gap => self.put(level, &self.render.gap(event)),
            _ => Ok(()),
        }
    }

    /// Writes what is held back.
    fn flush(&mut self, thread: &mut Thread) -> io::Result<()> {
        if let Some((level, row)) = thread.line.take() {
            self.put(level, row.trim_end())?;
        }
        if let Some(pending) = thread.pending.take() {
            let text = self.render.one_line(&pending, "");
            self.put(pending.level, &text)?;
            if let Some(raised) = &pending.raised {
                self.put(pending.level + 1, raised)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, level: u32, text: &str) -> io::Result<()> {
        let mut line = String::with_capacity(text.len() + 100);
        if *self.printed != Some(self.id) {
            if self.printed.is_some() || self.id != 0 {
                let heading = self.render.heading(self.id);
                style::put(&mut line, self.options.colour, Style::Heading, &heading);
                line.push('\n');
            }
            *self.printed = Some(self.id);
        }
        for _ in 0..level.min(INDENTED) {
            line.push_str("  ");
        }
        if level > INDENTED {
            let number = format!("[{}] ", level + 1);
            style::put(&mut line, self.options.colour, Style::Quiet, &number);
        }
        line.push_str(text);
        line.push('\n');
        self.out.write_all(line.as_bytes())
    }
}
