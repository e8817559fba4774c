//! Events of many threads in the one order of steps.
//!
//! Owns the merge and its memory: a block is opened when its first step is due, closed after its last, and given up
//! when too much is open. Refuses to interpret events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use recorder_errors::prelude::*;
use trace_model::{Event, OpenFrame};

use super::Recording;
use super::cursor::Cursor;
use crate::container::BlockEntry;

/// Bytes of rows that may be open at once.
const OPEN_BYTES: usize = 48 * 1024 * 1024;

/// Which events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// One thread, or all.
    pub thread: Option<u32>,
    /// First step wanted.
    pub from_step: u64,
    /// Step after the last wanted.
    pub to_step: u64,
}

impl Default for Selection {
    /// All events.
    fn default() -> Self {
        Self {
            thread: None,
            from_step: 0,
            to_step: u64::MAX,
        }
    }
}

/// The selected events in the order of steps. An error ends it.
#[derive(Debug)]
pub struct Events<'a> {
    recording: &'a Recording,
    selection: Selection,
    cursors: Vec<Cursor>,
    /// Cursors by the step before which they have nothing.
    due: BinaryHeap<Reverse<(u64, usize)>>,
    open_bytes: usize,
    limit: usize,
    clock: u64,
    /// The cursor of the last event.
    last: Option<usize>,
    ended: bool,
}

impl Recording {
    /// The selected events of all threads in the order of steps.
    pub fn events(&self, selection: Selection) -> Events<'_> {
        self.events_in(selection, |_| true)
    }

    /// As [`Recording::events`], reading only blocks that `wanted` says yes to.
    pub fn events_in(
        &self,
        selection: Selection,
        wanted: impl Fn(&BlockEntry) -> bool,
    ) -> Events<'_> {
        let mut events = Events {
            recording: self,
            selection,
            cursors: Vec::new(),
            due: BinaryHeap::new(),
            open_bytes: 0,
            limit: OPEN_BYTES,
            clock: 0,
            last: None,
            ended: false,
        };
        for (thread, numbers) in &self.by_thread {
            if selection.thread.is_some_and(|only| only != *thread) {
                continue;
            }
            let numbers = numbers.iter().copied().filter(|number| {
                self.entry(*number).is_some_and(|entry| {
                    entry.end_step > selection.from_step
                        && entry.first_step < selection.to_step
                        && wanted(entry)
                })
            });
            let cursor = Cursor::new(numbers.collect());
            if let Some(step) = cursor.due(self) {
                let number = events.cursors.len();
                events.due.push(Reverse((step, number)));
                events.cursors.push(cursor);
            }
        }
        events
    }
}

impl Events<'_> {
    /// The next event.
    pub fn next_event(&mut self) -> RecorderResult<Option<Event>> {
        if self.ended {
            return Ok(None);
        }
        let result = self.advance();
        if !matches!(result, Ok(Some(_))) {
            self.ended = true;
        }
        result
    }

    /// Open frames of the thread of the last event, outermost first; the next event's changes may be in it already.
    pub fn stack(&self) -> &[OpenFrame] {
        let cursor = self.last.and_then(|number| self.cursors.get(number));
        cursor.map_or(&[], Cursor::stack)
    }

    fn advance(&mut self) -> RecorderResult<Option<Event>> {
        while let Some(Reverse((_, number))) = self.due.pop() {
            let before = self.held(number);
            let Some(cursor) = self.cursors.get_mut(number) else {
                continue;
            };
            self.clock += 1;
            cursor.used = self.clock;
            if cursor.head.is_none() {
                let opens = cursor.is_closed();
                cursor.fill(self.recording)?;
                let after = cursor.held();
                self.open_bytes = self.open_bytes.saturating_sub(before) + after;
                if opens {
                    self.make_room(number);
                }
            }
            let Some(cursor) = self.cursors.get_mut(number) else {
                continue;
            };
            let Some(event) = cursor.head.take() else {
                continue;
            };
            // What was due may be later than it looked, and another thread's event come before it.
            let other = self.due.peek().map(|Reverse((step, _))| *step);
            if other.is_some_and(|other| other < event.step) {
                self.due.push(Reverse((event.step, number)));
                cursor.head = Some(event);
                continue;
            }
            if event.step >= self.selection.to_step {
                continue;
            }
            self.due
                .push(Reverse((event.step.saturating_add(1), number)));
            if event.step < self.selection.from_step {
                continue;
            }
            self.last = Some(number);
            return Ok(Some(event));
        }
        Ok(None)
    }

    fn held(&self, number: usize) -> usize {
        self.cursors.get(number).map_or(0, Cursor::held)
    }

    /// Gives up the blocks not used for longest until the open ones fit the limit.
    fn make_room(&mut self, keep: usize) {
        if self.open_bytes <= self.limit {
            return;
        }
        let mut open: Vec<(u64, usize)> = self
            .cursors
            .iter()
            .enumerate()
            .filter(|(number, cursor)| *number != keep && cursor.held() > 0)
            .map(|(number, cursor)| (cursor.used, number))
            .collect();
        open.sort_unstable();
        for (_, number) in open {
            // Half, so that many blocks are opened before the next look.
            if self.open_bytes <= self.limit / 2 {
                return;
            }
            if let Some(cursor) = self.cursors.get_mut(number) {
                self.open_bytes = self.open_bytes.saturating_sub(cursor.held());
                cursor.release();
            }
        }
    }

    /// Holds at most `bytes` of rows open, for callers with less memory than usual.
    #[must_use]
    pub fn limited(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

impl Iterator for Events<'_> {
    type Item = RecorderResult<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}
