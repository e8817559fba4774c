//! How a recording ended: what ended it, and where each thread stood by then.
//!
//! Owns the verdict, from what is on disk. Refuses to guess: what left no word of itself is unknown.

use recorder_errors::prelude::*;
use trace_model::block::BlockReader;
use trace_model::{OpenFrame, ThreadState};

use super::{Recording, Status};
use crate::error::malformed;
use crate::last_words::LastWords;

/// What ended a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended<'a> {
    /// Nothing yet: its writer is alive.
    Running,
    /// The end of the program, with this exit status.
    Exit(i32),
    /// A signal that the process had time to write down.
    Signal(&'a LastWords),
    /// A failure of the recorder, by its code.
    Failure(&'a str),
    /// A call that ended it while the program went on, or an exit of which no status is known.
    Stopped,
    /// What leaves no word: SIGKILL, `os._exit`, the machine.
    Unknown,
}

impl Ended<'_> {
    /// The word used in output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ended::Running => "running",
            Ended::Exit(_) => "exit",
            Ended::Signal(_) => "signal",
            Ended::Failure(_) => "failure",
            Ended::Stopped => "stop",
            Ended::Unknown => "unknown",
        }
    }
}

/// Where a thread stood after its last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The thread.
    pub thread: u32,
    /// Step of its last event.
    pub step: Option<u64>,
    /// Open frames, outermost first; `None` where the block that tells them is damaged.
    pub frames: Option<Vec<OpenFrame>>,
}

impl Recording {
    /// What ended the recording.
    pub fn ended(&self) -> Ended<'_> {
        let metadata = self.metadata();
        // These say what a recording lacks, and not why it ended.
        let incomplete = [ErrorCode::TRACE_CORRUPT, ErrorCode::TRACE_INCOMPLETE];
        let failure = metadata.reason.as_deref().filter(|reason| {
            reason.starts_with("ERR_") && !incomplete.iter().any(|code| code.name() == *reason)
        });
        if self.source().status == Status::Running {
            return Ended::Running;
        }
        if let Some(words) = &metadata.last_words {
            return Ended::Signal(words);
        }
        match (failure, metadata.exit_status) {
            (Some(code), _) => Ended::Failure(code),
            (None, Some(status)) => Ended::Exit(status),
            (None, None) if metadata.partial => Ended::Unknown,
            (None, None) => Ended::Stopped,
        }
    }

    /// Where each thread stood after its last event, in the order of threads. Reads one block of each.
    ///
    /// # Errors
    /// What the system says; a damaged block is none.
    pub fn standings(&self) -> RecorderResult<Vec<Standing>> {
        let mut standings = Vec::with_capacity(self.by_thread.len());
        for (thread, numbers) in &self.by_thread {
            let entries = numbers
                .iter()
                .rev()
                .filter_map(|number| self.entry(*number));
            let step = entries
                .filter(|entry| entry.events() > 0)
                .map(|entry| entry.end_step.saturating_sub(1))
                .next();
            let state = numbers.last().map(|number| self.state_after(*number));
            let frames = match state.transpose() {
                Ok(state) => state.map(|state| state.stack),
                Err(error) if error.code() == ErrorCode::TRACE_CORRUPT => None,
                Err(error) => return Err(error),
            };
            standings.push(Standing {
                thread: *thread,
                step,
                frames,
            });
        }
        Ok(standings)
    }

    fn state_after(&self, number: usize) -> RecorderResult<ThreadState> {
        let bytes = self.bytes(number)?;
        let (path, offset) = self.place(number);
        let fail = |error| malformed(path, offset, error);
        let mut rows = BlockReader::new(&bytes).map_err(fail)?;
        let mut state = rows.header().start.clone();
        while let Some(row) = rows.next().map_err(fail)? {
            state.advance(&row, self.lines()).map_err(fail)?;
        }
        Ok(state)
    }
}
