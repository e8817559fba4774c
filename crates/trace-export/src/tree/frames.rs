//! Which frames of a thread are open, and which of them are shown.

use super::TreeOptions;
use crate::glob;

/// Frames that are taken as open because an event says that it stands above them.
pub const MOST_UNSEEN: usize = 100_000;

/// Whether a frame is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Shown, so many levels in.
    Shown(u32),
    /// Below the last level that is shown.
    TooDeep,
    /// Not below a function that was asked for.
    Outside,
}

/// An open frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub call: u64,
    pub level: Level,
    /// Calls below it that are not shown.
    pub hidden: u64,
}

impl Frame {
    pub const fn new(call: u64, level: Level) -> Self {
        Self {
            call,
            level,
            hidden: 0,
        }
    }
}

/// A header that is held back until it is known whether its call is a leaf.
#[derive(Debug, Default)]
pub struct Pending {
    pub level: u32,
    /// The call with its arguments.
    pub head: String,
    /// Where the function stands.
    pub place: String,
    /// Whether the frame begins here.
    pub is_call: bool,
    /// The exception it raised, if that is all that happened.
    pub raised: Option<String>,
}

/// What is known about a thread.
#[derive(Debug, Default)]
pub struct Thread {
    pub stack: Vec<Frame>,
    pub pending: Option<Pending>,
    /// A line that is held back until its changes are known: level and text.
    pub line: Option<(u32, String)>,
    /// Code and indentation of the function whose lines were printed last.
    pub indent: Option<(u32, usize)>,
}

impl Thread {
    /// Whether a frame that joins the stack is shown; `name` is its function's, if known.
    pub fn level(&self, options: &TreeOptions, name: Option<&str>) -> Level {
        let level = match self.stack.last().map(|frame| frame.level) {
            Some(Level::Shown(level)) => level + 1,
            Some(Level::TooDeep) => return Level::TooDeep,
            Some(Level::Outside) | None => match (&options.function, name) {
                (None, _) => 0,
                (Some(pattern), Some(name)) if glob::names_function(pattern, name) => 0,
                _ => return Level::Outside,
            },
        };
        match options.depth {
            Some(depth) if level >= depth => Level::TooDeep,
            _ => Level::Shown(level),
        }
    }

    /// A call that is not shown began.
    pub fn count_hidden(&mut self) {
        let shown = |frame: &&mut Frame| matches!(frame.level, Level::Shown(_));
        if let Some(Level::TooDeep) | Some(Level::Shown(_)) = self.stack.last().map(|f| f.level)
            && let Some(frame) = self.stack.iter_mut().rev().find(shown)
        {
            frame.hidden += 1;
        }
    }

    /// The top frame left; gives how many calls below it were not shown.
    pub fn leave(&mut self) -> u64 {
        self.stack.pop().map_or(0, |frame| frame.hidden)
    }
}
