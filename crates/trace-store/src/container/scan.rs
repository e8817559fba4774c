//! Reading a container that was not finished: record by record up to the last good one.
//!
//! Owns where the good part ends. Refuses to search behind the first damage: what follows it has lost its context.

use mcap::records::op;
use recorder_errors::prelude::*;
use trace_model::block::{BlockHeader, BlockReader};
use trace_model::event::EventKind;
use trace_model::{Op, Row};

use super::reader::{Container, RECORD_HEAD};
use super::{BlockEntry, Channel};
use crate::error::malformed;

impl Container {
    /// Reads from `at` on, which forgets what the summary said. Only a failure of the system is an error.
    pub(super) fn scan(&mut self, mut at: u64) -> RecorderResult<()> {
        self.entries.clear();
        self.definitions = trace_model::Definitions::new();
        self.definition_chunks.clear();
        self.metadata = None;
        loop {
            self.good = at.min(self.len);
            match self.scan_record(at) {
                Ok(Some(next)) => at = next,
                Ok(None) => return Ok(()),
                Err(error) if error.code() == ErrorCode::TRACE_CORRUPT => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads every block.
    pub(super) fn verify(&self) -> RecorderResult<()> {
        for entry in &self.entries {
            let fail = |error| malformed(&self.path, entry.offset, error);
            let block = self.block(entry)?;
            let mut rows = BlockReader::new(&block).map_err(fail)?;
            while rows.next().map_err(fail)?.is_some() {}
        }
        Ok(())
    }

    fn scan_record(&mut self, at: u64) -> RecorderResult<Option<u64>> {
        if at >= self.len {
            return Ok(None);
        }
        let (opcode, len) = self.record_head(at)?;
        let end = at
            .checked_add(RECORD_HEAD)
            .and_then(|body| body.checked_add(len));
        match opcode {
            op::DATA_END | op::FOOTER => return Ok(None),
            op::CHUNK => {}
            // A record that ends beyond the file is torn.
            _ => return Ok(end.filter(|end| *end <= self.len)),
        }
        let chunk = self.chunk(at)?;
        for (channel, data) in chunk.messages {
            match channel {
                Channel::Metadata => self.take_metadata(at, &data)?,
                Channel::Definitions => self.take_definitions(at, &data)?,
                Channel::Blocks => {
                    let entry = entry_of(&data);
                    let mut entry = entry.map_err(|error| malformed(&self.path, at, error))?;
                    entry.offset = at;
                    entry.length = chunk.end - at;
                    self.entries.push(entry);
                }
                // Every entry was just made from its block.
                Channel::Index => {}
            }
        }
        Ok(Some(chunk.end))
    }
}

/// The index entry of a block, from the block alone.
pub(crate) fn entry_of(block: &[u8]) -> Result<BlockEntry, trace_model::DecodeError> {
    let header = BlockHeader::decode(block)?;
    let mut origins = 0;
    if header.count(EventKind::Raise) > 0 {
        let mut rows = BlockReader::new(block)?;
        while let Some(row) = rows.next()? {
            if let Row::Event {
                op: Op::Raise { origin: true },
                ..
            } = row
            {
                origins += 1;
            }
        }
    }
    Ok(BlockEntry::new(&header, header.start.next_step, origins))
}
