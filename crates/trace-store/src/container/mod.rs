//! The container, `trace.mcap`: an MCAP file of compressed, checksummed chunks with one message each.
//!
//! Owns channel names, the layout of index entries and definition batches, and reading and writing them. Refuses to
//! look inside blocks beyond their header.
//!
//! | channel | encoding | message |
//! | --- | --- | --- |
//! | `metadata` | `json` | the fields of `trace_metadata.json`; the first message is written at the start, the last one counts |
//! | `definitions` | `x-codetracer-definitions` | definitions, each with its length (`u32`, little endian) before it; none is used by a block before it is stored |
//! | `blocks` | `x-codetracer-block` | one block of one thread's rows |
//! | `index` | `x-codetracer-index` | index entries of the blocks since the page before, each with its length (varint) before it |

pub(crate) mod chain;
pub(crate) mod index;
pub(crate) mod reader;
mod scan;

pub(crate) mod writer;

pub use index::BlockEntry;

use trace_model::SCHEMA_VERSION;

/// File name of the container.
pub const CONTAINER: &str = "trace.mcap";

/// What the profile of our containers begins with; the schema version follows.
pub(crate) const PROFILE: &str = "codetracer-python/";

/// The profile that this version writes.
pub(crate) fn profile() -> String {
    format!("{PROFILE}{SCHEMA_VERSION}")
}

/// Largest chunk, compressed or not, that a reader accepts.
pub(crate) const LARGEST_CHUNK: usize = 64 * 1024 * 1024;

/// The channels, by their fixed ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Metadata,
    Definitions,
    Blocks,
    Index,
}

impl Channel {
    pub const ALL: [Channel; 4] = [
        Channel::Metadata,
        Channel::Definitions,
        Channel::Blocks,
        Channel::Index,
    ];

    pub const fn topic(self) -> &'static str {
        match self {
            Channel::Metadata => "metadata",
            Channel::Definitions => "definitions",
            Channel::Blocks => "blocks",
            Channel::Index => "index",
        }
    }

    pub const fn encoding(self) -> &'static str {
        match self {
            Channel::Metadata => "json",
            Channel::Definitions => "x-codetracer-definitions",
            Channel::Blocks => "x-codetracer-block",
            Channel::Index => "x-codetracer-index",
        }
    }

    pub const fn id(self) -> u16 {
        match self {
            Channel::Metadata => 1,
            Channel::Definitions => 2,
            Channel::Blocks => 3,
            Channel::Index => 4,
        }
    }

    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.id() == id)
    }
}
