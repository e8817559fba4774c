//! Writing the container: a chunk per message, each in the file whole or not at all.
//!
//! Owns the order of chunks: definitions before the block that needs them, an index page every 64 blocks and at the
//! end, metadata first and last. Refuses to compress anything itself.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use mcap::records::MessageHeader;
use mcap::{Compression, WriteOptions};
use recorder_errors::prelude::*;
use trace_model::Definition;
use trace_model::wire::put_blob;

use super::{BlockEntry, Channel, profile};
use crate::error;
use crate::file::TraceFile;
use crate::metadata::Metadata;

/// Blocks per index page.
const PAGE_BLOCKS: usize = 64;
/// Bytes after which a page is written sooner.
const PAGE_BYTES: usize = 1024 * 1024;
/// Room reserved for a chunk; larger ones grow it.
const CHUNK_ROOM: u64 = 256 * 1024;

/// A container being written.
pub(crate) struct ContainerWriter {
    /// None only at the end: dropped, it would write a summary, and an unfinished file would look finished.
    mcap: Option<mcap::Writer<TraceFile>>,
    path: PathBuf,
    /// Bytes in the file, the position of the next chunk.
    stored: Arc<AtomicU64>,
    descriptor: Arc<AtomicI32>,
    elsewhere: Arc<AtomicBool>,
    sequences: [u32; Channel::ALL.len()],
    page: Vec<u8>,
    page_blocks: usize,
    definitions: Vec<u8>,
    /// A write failed: the summary would name what is not there.
    broken: bool,
}

impl std::fmt::Debug for ContainerWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContainerWriter")
            .field("path", &self.path)
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

impl ContainerWriter {
    /// Creates the file with what is known at the start.
    pub fn create(path: &Path, metadata: &Metadata) -> RecorderResult<Self> {
        Self::create_for(path, path, metadata)
    }

    /// As [`ContainerWriter::create`], for a file that is moved to `place` afterwards.
    pub fn create_for(path: &Path, place: &Path, metadata: &Metadata) -> RecorderResult<Self> {
        let fail = |error| error::writing(path, error);
        let file = TraceFile::create_for(path, place)?;
        let elsewhere = file.elsewhere();
        let stored = file.stored();
        let descriptor = file.descriptor();
        let mut mcap = WriteOptions::new()
            .profile(profile())
            .library(concat!("codetracer-python-recorder/", env!("CARGO_PKG_VERSION")).to_owned())
            .compression(Some(Compression::Zstd))
            .compression_level(1)
            .compression_threads(0)
            .chunk_size(Some(CHUNK_ROOM))
            .use_chunks(true)
            .disable_seeking(true)
            .create(file)
            .map_err(fail)?;
        for channel in Channel::ALL {
            let metadata = BTreeMap::new();
            mcap.add_channel_with_id(
                channel.id(),
                0,
                channel.topic(),
                channel.encoding(),
                &metadata,
            )
            .map_err(fail)?;
        }
        let mut writer = Self {
            mcap: Some(mcap),
            path: place.to_owned(),
            stored,
            descriptor,
            elsewhere,
            sequences: Default::default(),
            page: Vec::new(),
            page_blocks: 0,
            definitions: Vec::new(),
            broken: false,
        };
        writer.metadata(metadata)?;
        Ok(writer)
    }

    /// Bytes in the file.
    pub fn position(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// The descriptor of the file; -1 when it is gone.
    pub fn descriptor(&self) -> i32 {
        self.descriptor.load(Ordering::Relaxed)
    }

    /// Another thread, with descriptors of its own, goes on writing.
    pub fn moved(&self) {
        self.elsewhere.store(true, Ordering::Relaxed);
    }

    /// Adds a definition; it is stored with the next block or at the end.
    pub fn define(&mut self, definition: &Definition) {
        let mut body = Vec::new();
        definition.encode(&mut body);
        self.define_encoded(&body);
    }

    /// As [`ContainerWriter::define`], of an encoded definition.
    pub fn define_encoded(&mut self, body: &[u8]) {
        put_blob(&mut self.definitions, body);
    }

    /// Adds definitions as another container has them.
    pub fn define_batch(&mut self, batch: &[u8]) {
        self.definitions.extend_from_slice(batch);
    }

    /// Stores a block, the definitions before it, and its index entry in the current page.
    pub fn block(&mut self, block: &[u8], mut entry: BlockEntry) -> RecorderResult<BlockEntry> {
        self.store_definitions()?;
        entry.offset = self.position();
        self.message(Channel::Blocks, entry.clock.1, block)?;
        entry.length = self.position() - entry.offset;
        entry.encode(&mut self.page);
        self.page_blocks += 1;
        if self.page_blocks >= PAGE_BLOCKS || self.page.len() >= PAGE_BYTES {
            self.store_page()?;
        }
        Ok(entry)
    }

    /// Stores definitions that no block needed yet.
    pub fn store_definitions(&mut self) -> RecorderResult<()> {
        if self.definitions.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.definitions);
        self.message(Channel::Definitions, 0, &batch)
    }

    fn store_page(&mut self) -> RecorderResult<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        let page = std::mem::take(&mut self.page);
        self.page_blocks = 0;
        self.message(Channel::Index, 0, &page)
    }

    fn metadata(&mut self, metadata: &Metadata) -> RecorderResult<()> {
        let json = serde_json::to_vec(metadata)
            .map_err(|error| bug!(INTERNAL, "metadata does not serialise: {error}"))?;
        self.message(Channel::Metadata, 0, &json)
    }

    fn message(&mut self, channel: Channel, ns: u64, data: &[u8]) -> RecorderResult<()> {
        let sequence = &mut self.sequences[usize::from(channel.id() - 1)];
        let header = MessageHeader {
            channel_id: channel.id(),
            sequence: *sequence,
            log_time: ns,
            publish_time: ns,
        };
        *sequence = sequence.wrapping_add(1);
        let Some(mcap) = &mut self.mcap else {
            return Err(bug!(INTERNAL, "the container is closed"));
        };
        mcap.write_to_known_channel(&header, data)
            .and_then(|()| mcap.flush())
            .map_err(|error| {
                self.broken = true;
                error::writing(&self.path, error)
            })
    }

    /// Stores what is left, the last metadata and the summary, and makes the file survive a power failure if asked to.
    /// Gives its size.
    pub fn finish(mut self, metadata: &Metadata, durable: bool) -> RecorderResult<u64> {
        ensure_env!(
            !self.broken,
            IO,
            "the trace cannot be finished: writing it failed before"
        );
        self.store_definitions()?;
        self.store_page()?;
        self.metadata(metadata)?;
        let fail = |error| error::writing(&self.path, error);
        let Some(mut mcap) = self.mcap.take() else {
            return Err(bug!(INTERNAL, "the container is closed"));
        };
        let finished = mcap.finish();
        let mut file = mcap.into_inner();
        finished.map_err(fail)?;
        file.flush().map_err(|error| fail(error.into()))?;
        if durable {
            file.sync()?;
        }
        Ok(self.stored.load(Ordering::Relaxed))
    }
}

/// Leaves the file as it is, without a summary.
impl Drop for ContainerWriter {
    fn drop(&mut self) {
        if let Some(mcap) = self.mcap.take() {
            drop(mcap.into_inner());
        }
    }
}
