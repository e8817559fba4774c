//! Blocks: one thread's rows, column by column, small before compression and smaller after it.
//!
//! Owns the bytes of a block: [`BlockBuilder`] writes them, [`BlockReader`] and [`BlockHeader::decode`] read them.
//! Refuses definitions (they are stored beside blocks), compression and checksums (the container has both), and
//! judging sequences: rows come back exactly as they went in, [`crate::replay`] says what they mean.
//!
//! Every guess that both sides make (the previous integer of a name, the last object, suspended frames) lives in
//! `guess`, so that writer and reader cannot disagree.

mod builder;
mod column;
mod guess;
mod header;
mod object;
mod op;
mod read_value;
mod reader;
mod write_value;

pub use builder::{BlockBuilder, BlockMeta};
pub use header::BlockHeader;
pub use reader::BlockReader;

#[cfg(test)]
mod tests;
