//! One thread's blocks, read one after another.
//!
//! Owns the rows of the block at hand and how far they were read. Refuses to hold more than one block, and gives even
//! that one up when asked.

use recorder_errors::prelude::*;
use trace_model::{Event, OpenFrame, Replay, RowReader};

use super::{Recording, rows};
use crate::error::malformed;

/// A place in the blocks of one thread.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Numbers of the blocks still to be read, the next one last.
    blocks: Vec<usize>,
    current: Option<Current>,
    /// The event that was read ahead.
    pub head: Option<Event>,
    /// When it was used last, for whoever chooses the one to give up.
    pub used: u64,
}

#[derive(Debug)]
struct Current {
    number: usize,
    /// None while given up.
    rows: Option<Vec<u8>>,
    at: usize,
    replay: Replay,
}

impl Cursor {
    /// A cursor before the first of `blocks`.
    pub fn new(mut blocks: Vec<usize>) -> Self {
        blocks.reverse();
        Self {
            blocks,
            current: None,
            head: None,
            used: 0,
        }
    }

    /// A step that the next event does not come before; `None` at the end.
    pub fn due(&self, recording: &Recording) -> Option<u64> {
        if let Some(event) = &self.head {
            return Some(event.step);
        }
        if let Some(current) = &self.current {
            return Some(current.replay.state().next_step.saturating_sub(1));
        }
        let next = self.blocks.last()?;
        recording.entry(*next).map(|entry| entry.first_step)
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.current
            .as_ref()
            .and_then(|current| current.rows.as_ref())
            .map_or(0, Vec::capacity)
    }

    /// Gives the rows up; they are read again when they are needed.
    pub fn release(&mut self) {
        if let Some(current) = &mut self.current {
            current.rows = None;
        }
    }

    /// Whether the next read opens a block.
    pub fn is_closed(&self) -> bool {
        self.head.is_none() && self.held() == 0
    }

    /// The thread's open frames.
    pub fn stack(&self) -> &[OpenFrame] {
        self.current
            .as_ref()
            .map_or(&[], |current| &current.replay.state().stack)
    }

    /// Reads the next event into `head`; none at the end.
    pub fn fill(&mut self, recording: &Recording) -> RecorderResult<()> {
        while self.head.is_none() {
            let Some(current) = &mut self.current else {
                let Some(number) = self.blocks.pop() else {
                    return Ok(());
                };
                self.current = Some(Current::open(recording, number)?);
                continue;
            };
            self.head = current.next(recording)?;
            if self.head.is_none() {
                self.current = None;
            }
        }
        Ok(())
    }
}

impl Current {
    fn open(recording: &Recording, number: usize) -> RecorderResult<Self> {
        let (state, rows) = recording.rows(number)?;
        Ok(Self {
            number,
            rows: Some(rows),
            at: 0,
            replay: Replay::new(state),
        })
    }

    /// The next event of the block.
    fn next(&mut self, recording: &Recording) -> RecorderResult<Option<Event>> {
        let (path, offset) = recording.place(self.number);
        let fail = |error| malformed(path, offset, error);
        let rows = match self.rows.take() {
            Some(rows) => rows,
            None => recording.rows(self.number)?.1,
        };
        let mut reader = RowReader::new(rows.get(self.at..).unwrap_or_default());
        let begun = self.at;
        let mut event = None;
        while event.is_none() {
            let Some(row) = reader.next().map_err(fail)? else {
                event = self.replay.finish();
                break;
            };
            event = self.replay.apply(&row, recording.lines()).map_err(fail)?;
        }
        self.at = begun + reader.offset();
        self.rows = Some(rows);
        Ok(event)
    }
}

impl Recording {
    /// Rows of a block and the state before them.
    pub(super) fn rows(
        &self,
        number: usize,
    ) -> RecorderResult<(trace_model::ThreadState, Vec<u8>)> {
        let offset = self.entry(number).map_or(0, |entry| entry.offset);
        rows::expand(&self.container, offset, &self.bytes(number)?)
    }

    /// File and offset of a block, for errors.
    pub(super) fn place(&self, number: usize) -> (&std::path::Path, u64) {
        let offset = self.entry(number).map_or(0, |entry| entry.offset);
        (&self.container.path, offset)
    }
}
