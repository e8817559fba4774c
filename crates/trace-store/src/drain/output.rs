//! Where blocks go: one container that grows, or the ring of a flight recorder.
//!
//! Owns the choice. Refuses to know more of either than what both can do.

use std::collections::HashMap;

use recorder_errors::prelude::*;
use trace_model::{Definition, ThreadState};

use super::ring::Ring;
use crate::container::BlockEntry;
use crate::container::writer::ContainerWriter;
use crate::metadata::Metadata;

/// One of the two.
#[derive(Debug)]
pub(crate) enum Output {
    Whole(Box<ContainerWriter>),
    Ring(Box<Ring>),
}

impl Output {
    const fn container(&self) -> &ContainerWriter {
        match self {
            Output::Whole(container) => container,
            Output::Ring(ring) => ring.current(),
        }
    }

    /// The one descriptor that is kept open from one segment to the next; -1 where it is opened when needed.
    pub fn descriptor(&self) -> i32 {
        match self {
            Output::Whole(container) => container.descriptor(),
            Output::Ring(_) => -1,
        }
    }

    /// Another thread, with descriptors of its own, goes on.
    pub fn moved(&self) {
        if let Output::Ring(ring) = self {
            ring.current().moved();
        }
    }

    /// Bytes in the container that is being written.
    pub fn position(&self) -> u64 {
        self.container().position()
    }

    /// Makes room before a segment, while threads stand at `states`.
    pub fn prepare(&mut self, states: &HashMap<u32, ThreadState>) -> RecorderResult<()> {
        match self {
            Output::Whole(_) => Ok(()),
            Output::Ring(ring) => ring.prepare(states),
        }
    }

    /// Takes a definition.
    pub fn define(&mut self, definition: &Definition) {
        match self {
            Output::Whole(container) => container.define(definition),
            Output::Ring(ring) => ring.define(definition),
        }
    }

    /// Stores a block, whose last event is at `last`.
    pub fn block(
        &mut self,
        block: &[u8],
        entry: BlockEntry,
        last: Option<u64>,
    ) -> RecorderResult<BlockEntry> {
        match self {
            Output::Whole(container) => container.block(block, entry),
            Output::Ring(ring) => ring.block(block, entry, last),
        }
    }

    /// Stores definitions that no block needed yet.
    pub fn store_definitions(&mut self) -> RecorderResult<()> {
        match self {
            Output::Whole(container) => container.store_definitions(),
            Output::Ring(ring) => ring.store_definitions(),
        }
    }

    /// Ends it; the bytes of the one container.
    pub fn finish(self, metadata: &Metadata, durable: bool) -> RecorderResult<Option<u64>> {
        match self {
            Output::Whole(container) => container.finish(metadata, durable).map(Some),
            Output::Ring(mut ring) => ring.finish().map(|()| None),
        }
    }
}
