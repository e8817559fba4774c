//! Reading the container: what is in it, and its blocks one by one.
//!
//! Owns the checks that any bytes have to pass. Refuses to trust a length, and to read blocks before they are asked for
//! where the file has its summary. A file without one is read from the start (`scan`).

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use mcap::records::{Record, op};
use mcap::sans_io::{LinearReadEvent, LinearReader, LinearReaderOptions};
use mcap::{MAGIC, parse_record};
use recorder_errors::prelude::*;
use trace_model::block::BlockHeader;
use trace_model::wire::Cursor;
use trace_model::{Definition, Definitions, SCHEMA_VERSION};

use super::{BlockEntry, Channel, LARGEST_CHUNK, PROFILE};
use crate::error::{corrupt, malformed};
use crate::metadata::Metadata;

/// Opcode and length before each record.
pub(super) const RECORD_HEAD: u64 = 9;
/// Footer record and end magic.
const FOOTER: u64 = RECORD_HEAD + 20 + 8;
/// Largest first record.
const LARGEST_HEADER: u64 = 64 * 1024;
/// Largest summary: some ten million chunks.
const LARGEST_SUMMARY: u64 = 1 << 30;

/// Bytes that one byte of zstd can become: a block of 128 KiB in four.
const HIGHEST_RATIO: u64 = 32 * 1024;

/// An open container.
#[derive(Debug)]
pub(crate) struct Container {
    file: File,
    pub path: PathBuf,
    /// Bytes when it was opened.
    pub len: u64,
    /// The blocks in the order of the file.
    pub entries: Vec<BlockEntry>,
    pub definitions: Definitions,
    /// Where the definitions stand.
    pub definition_chunks: Vec<u64>,
    /// Bytes up to the end of the last good record.
    pub good: u64,
    /// The last metadata message.
    pub metadata: Option<Metadata>,
    /// Whether it was finished by its writer.
    pub finished: bool,
}

/// The messages of a chunk and where it ends.
#[derive(Debug)]
pub(super) struct Chunk {
    pub messages: Vec<(Channel, Vec<u8>)>,
    pub end: u64,
}

impl Container {
    /// Opens a file. Without `unfinished`, one that its writer did not finish is an error; with it, everything up to
    /// the last good record is there.
    pub fn open(path: &Path, unfinished: bool) -> RecorderResult<Self> {
        let mut container = Self::empty(path)?;
        if container.len == 0 && unfinished {
            return Ok(container);
        }
        let start = container.check_start()?;
        match container.read_summary() {
            Ok(()) => {
                container.finished = true;
                container.good = container.len;
                Ok(container)
            }
            Err(_) if unfinished => {
                container.scan(start)?;
                Ok(container)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens a file as far as it is sound: whole where its summary and every block hold, else up to the first damage.
    pub fn salvage(path: &Path) -> RecorderResult<Self> {
        let mut container = Self::open(path, true)?;
        if !container.finished {
            return Ok(container);
        }
        match container.verify() {
            Err(error) if error.code() == ErrorCode::TRACE_CORRUPT => {
                container.finished = false;
                let start = container.check_start()?;
                container.scan(start)?;
            }
            verified => verified?,
        }
        Ok(container)
    }

    /// Bytes at the end that cannot be read.
    pub fn cut_bytes(&self) -> u64 {
        self.len - self.good.min(self.len)
    }

    fn empty(path: &Path) -> RecorderResult<Self> {
        let fail = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                usage!(TRACE_NOT_FOUND, "there is no recording"; path = path.display())
            }
            _ => RecorderError::io_while("open the recording", path, error),
        };
        let data = std::fs::metadata(path).map_err(fail)?;
        ensure_usage!(
            data.is_file(),
            NOT_A_TRACE,
            "this is no file";
            path = path.display()
        );
        let file = File::open(path).map_err(fail)?;
        let len = file.metadata().map_err(fail)?.len();
        Ok(Self {
            file,
            path: path.to_owned(),
            len,
            entries: Vec::new(),
            definitions: Definitions::new(),
            definition_chunks: Vec::new(),
            good: 0,
            metadata: None,
            finished: false,
        })
    }

    /// Device and inode of the file.
    pub fn identity(&self) -> RecorderResult<(u64, u64)> {
        let data = self.file.metadata();
        let data = data
            .map_err(|error| RecorderError::io_while("look at the recording", &self.path, error))?;
        Ok((data.dev(), data.ino()))
    }

    /// Reads bytes that are in the file; more than are there is an error.
    pub(super) fn read(&self, at: u64, len: u64) -> RecorderResult<Vec<u8>> {
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(corrupt(&self.path, at, "it ends in the middle of a record"));
        }
        let len =
            usize::try_from(len).map_err(|_| corrupt(&self.path, at, "a record is too long"))?;
        let mut bytes = vec![0; len];
        match self.file.read_exact_at(&mut bytes, at) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(corrupt(
                &self.path,
                at,
                "it became shorter while it was read",
            )),
            Err(error) => Err(RecorderError::io_while(
                "read the recording",
                &self.path,
                error,
            )),
        }
    }

    /// Opcode and length of the record at `at`.
    pub(super) fn record_head(&self, at: u64) -> RecorderResult<(u8, u64)> {
        let head = self.read(at, RECORD_HEAD)?;
        Ok((
            head.first().copied().unwrap_or_default(),
            le(head.get(1..).unwrap_or_default()),
        ))
    }

    /// Checks magic and header; gives where the record after them begins.
    fn check_start(&self) -> RecorderResult<u64> {
        let foreign =
            || usage!(NOT_A_TRACE, "this is no recording of ours"; path = self.path.display());
        let magic = self.read(0, self.len.min(MAGIC.len() as u64))?;
        if !MAGIC.starts_with(&magic) || magic.is_empty() {
            return Err(foreign());
        }
        let at = MAGIC.len() as u64;
        let (opcode, len) = self.record_head(at)?;
        if opcode != op::HEADER || len > LARGEST_HEADER {
            return Err(corrupt(&self.path, at, "its first record is no header"));
        }
        let body = self.read(at + RECORD_HEAD, len)?;
        let mut fields = Cursor::new(&body);
        let mut text = || std::str::from_utf8(fields.blob("header").ok()?).ok();
        let (Some(profile), Some(library)) = (text(), text()) else {
            return Err(corrupt(&self.path, at, "its header is malformed"));
        };
        let version = profile.strip_prefix(PROFILE).ok_or_else(foreign)?;
        if version != SCHEMA_VERSION.to_string() {
            return Err(enverr!(
                TRACE_VERSION,
                "the recording has schema {:?}, and this version reads schema {}", version, SCHEMA_VERSION;
                path = self.path.display(),
                written_by = library
            ));
        }
        Ok(at + RECORD_HEAD + len)
    }

    /// Reads index, definitions and metadata through the summary at the end of the file.
    fn read_summary(&mut self) -> RecorderResult<()> {
        let footer_at = self
            .len
            .checked_sub(FOOTER)
            .ok_or_else(|| corrupt(&self.path, self.len, "its end is missing"))?;
        let footer = self.read(footer_at, FOOTER)?;
        let part = |from: usize, to: usize| footer.get(from..to).unwrap_or_default();
        let path = self.path.clone();
        let broken = |what: &str| corrupt(&path, footer_at, what);
        if part(0, 1) != [op::FOOTER] || le(part(1, 9)) != 20 || part(29, 37) != MAGIC {
            return Err(broken("its end is missing"));
        }
        let start = le(part(9, 17));
        if start == 0 || start > footer_at || footer_at - start > LARGEST_SUMMARY {
            return Err(broken("its summary is not where the footer says"));
        }
        let mut summary = self.read(start, footer_at - start)?;
        let body_len = summary.len();
        summary.extend_from_slice(part(0, 25));
        if u64::from(crc32fast::hash(&summary)) != le(part(25, 29)) {
            return Err(broken("the checksum of its summary does not hold"));
        }
        summary.truncate(body_len);
        let chunks = self.chunks_of(&summary, start)?;
        let mut seen = (self.entries.len(), None);
        for (at, channels) in chunks {
            if channels.iter().all(|id| *id == Channel::Blocks.id()) {
                seen.0 += usize::from(!channels.is_empty());
                continue;
            }
            for (channel, data) in self.chunk(at)?.messages {
                match channel {
                    Channel::Metadata => seen.1 = Some((at, data)),
                    Channel::Definitions => self.take_definitions(at, &data)?,
                    Channel::Index => {
                        let page = BlockEntry::decode_page(&data);
                        let page = page.map_err(|error| malformed(&self.path, at, error))?;
                        self.entries.extend(page);
                    }
                    Channel::Blocks => {}
                }
            }
        }
        if self.entries.len() != seen.0 {
            return Err(broken("its index does not name every block"));
        }
        if let Some((at, data)) = seen.1 {
            self.take_metadata(at, &data)?;
        }
        Ok(())
    }

    /// Positions of chunks and the channels in each.
    fn chunks_of(&self, summary: &[u8], start: u64) -> RecorderResult<Vec<(u64, Vec<u16>)>> {
        let mut chunks = Vec::new();
        let mut cursor = Cursor::new(summary);
        while !cursor.is_empty() {
            let at = start + cursor.offset() as u64;
            let fail = |error| malformed(&self.path, at, error);
            let opcode = cursor.u8("summary").map_err(fail)?;
            let len = cursor.u64("summary").map_err(fail)?;
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let body = cursor.take(len, "summary").map_err(fail)?;
            if opcode != op::CHUNK_INDEX {
                continue;
            }
            let index = chunk_index_holds(body).then(|| parse_record(opcode, body));
            match index {
                Some(Ok(Record::ChunkIndex(index))) => chunks.push((
                    index.chunk_start_offset,
                    index.message_index_offsets.into_keys().collect(),
                )),
                _ => return Err(corrupt(&self.path, at, "its summary is malformed")),
            }
        }
        Ok(chunks)
    }

    /// Reads and checks the chunk at `at`.
    pub(super) fn chunk(&self, at: u64) -> RecorderResult<Chunk> {
        let bad = |what: &str| corrupt(&self.path, at, what);
        let (opcode, len) = self.record_head(at)?;
        if opcode != op::CHUNK || len > LARGEST_CHUNK as u64 {
            return Err(bad("there is no chunk where one should be"));
        }
        let record = self.read(at, RECORD_HEAD + len)?;
        let body = record.get(RECORD_HEAD as usize..).unwrap_or_default();
        let chunk = chunk_holds(body).then(|| parse_record(op::CHUNK, body));
        let Some(Ok(Record::Chunk { header, data })) = chunk else {
            return Err(bad("a chunk is malformed"));
        };
        // Fields, compression name, and the compressed bytes fill the record: no padding.
        let fields = 8 + 8 + 8 + 4 + 4 + 8 + header.compression.len() as u64;
        if header.compression != "zstd"
            || header.uncompressed_crc == 0
            || header.uncompressed_size > LARGEST_CHUNK as u64
            || header.uncompressed_size > data.len() as u64 * HIGHEST_RATIO
            || fields + data.len() as u64 != len
        {
            return Err(bad("the head of a chunk is malformed"));
        }
        let mut reader = LinearReader::new_with_options(
            LinearReaderOptions::default()
                .with_skip_start_magic(true)
                .with_skip_end_magic(true)
                .with_prevalidate_chunk_crcs(true)
                .with_record_length_limit(header.uncompressed_size.max(len) as usize),
        );
        let mut rest = record.as_slice();
        let mut messages = Vec::new();
        while let Some(event) = reader.next_event() {
            match event {
                Ok(LinearReadEvent::ReadRequest(wanted)) => {
                    let n = wanted.min(rest.len());
                    let (now, later) = rest.split_at_checked(n).unwrap_or((rest, &[]));
                    reader.insert(n).copy_from_slice(now);
                    reader.notify_read(n);
                    rest = later;
                }
                Ok(LinearReadEvent::Record { data, opcode }) => {
                    if opcode != op::MESSAGE {
                        continue;
                    }
                    let Ok(Record::Message { header, data }) = parse_record(opcode, data) else {
                        return Err(bad("a message is malformed"));
                    };
                    if let Some(channel) = Channel::from_id(header.channel_id) {
                        messages.push((channel, data.into_owned()));
                    }
                }
                Err(error) => return Err(bad("a chunk does not hold").with_source(error)),
            }
        }
        Ok(Chunk {
            messages,
            end: at + RECORD_HEAD + len,
        })
    }

    /// The block of an entry.
    pub fn block(&self, entry: &BlockEntry) -> RecorderResult<Vec<u8>> {
        let chunk = self.chunk(entry.offset)?;
        let block = chunk
            .messages
            .into_iter()
            .find(|(channel, _)| *channel == Channel::Blocks);
        let Some((_, block)) = block else {
            return Err(corrupt(
                &self.path,
                entry.offset,
                "a block is not where the index says",
            ));
        };
        let header = BlockHeader::decode(&block);
        let header = header.map_err(|error| malformed(&self.path, entry.offset, error))?;
        if header.start.thread != entry.thread || header.sequence != entry.sequence {
            return Err(corrupt(
                &self.path,
                entry.offset,
                "a block is not the one that the index says",
            ));
        }
        Ok(block)
    }

    /// Takes a batch of definitions in.
    pub(super) fn take_definitions(&mut self, at: u64, batch: &[u8]) -> RecorderResult<()> {
        let mut cursor = Cursor::new(batch);
        while !cursor.is_empty() {
            let definition = cursor.blob("definitions").and_then(Definition::decode);
            let definition = definition.map_err(|error| malformed(&self.path, at, error))?;
            self.definitions.add(definition);
        }
        self.definition_chunks.push(at);
        Ok(())
    }

    /// The batches of definitions, in their order.
    pub fn definition_batches(&self) -> impl Iterator<Item = RecorderResult<Vec<u8>>> {
        self.definition_chunks.iter().map(|at| {
            let chunk = self.chunk(*at)?;
            let mut batch = Vec::new();
            for (channel, data) in chunk.messages {
                if channel == Channel::Definitions {
                    batch.extend(data);
                }
            }
            Ok(batch)
        })
    }

    /// Takes a metadata message in.
    pub(super) fn take_metadata(&mut self, at: u64, json: &[u8]) -> RecorderResult<()> {
        match serde_json::from_slice(json) {
            Ok(metadata) => {
                self.metadata = Some(metadata);
                Ok(())
            }
            Err(error) => Err(corrupt(
                &self.path,
                at,
                format_args!("its metadata is malformed: {error}"),
            )),
        }
    }
}

/// Whether the lengths in a chunk stay inside it. `parse_record` allocates what a length says before it looks.
fn chunk_holds(body: &[u8]) -> bool {
    let mut fields = Cursor::new(body);
    fields.take(28, "chunk").is_ok() && fields.blob("chunk").is_ok()
}

/// Whether the lengths in a chunk index stay inside it.
fn chunk_index_holds(body: &[u8]) -> bool {
    let mut fields = Cursor::new(body);
    let offsets = fields.take(32, "index").and_then(|_| fields.blob("index"));
    offsets.is_ok() && fields.u64("index").is_ok() && fields.blob("index").is_ok()
}

/// A little-endian number of up to eight bytes.
pub(crate) fn le(bytes: &[u8]) -> u64 {
    let append = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    bytes.iter().rev().fold(0, append)
}
