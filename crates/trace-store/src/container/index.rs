//! Index entries: what is known about a block without opening it.
//!
//! Owns their bytes. Refuses to store them; the container does.

use trace_model::block::BlockHeader;
use trace_model::event::EventKind;
use trace_model::wire::{Cursor, put_varint, unzigzag, zigzag};
use trace_model::{DecodeError, OpenFrame};

/// Number of event kinds.
pub const KINDS: usize = EventKind::ALL.len();

/// One block as the index has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockEntry {
    /// Thread id.
    pub thread: u32,
    /// Number of the segment among those of the thread.
    pub sequence: u64,
    /// Step of the first event; of the thread's next one where there is none.
    pub first_step: u64,
    /// Step after the last event.
    pub end_step: u64,
    /// Tick before the first event.
    pub first_tick: u64,
    /// Tick of the last event.
    pub end_tick: u64,
    /// Id of the next new frame at the start; new frames of the block have this id or a later one.
    pub first_call: u64,
    /// Id of the next new frame at the end.
    pub end_call: u64,
    /// A moment near the block as tick units and as nanoseconds since the recording's start.
    pub clock: (u64, u64),
    /// Smallest number of open frames from the start to the end.
    pub min_depth: u64,
    /// Events by `EventKind` number.
    pub counts: [u64; KINDS],
    /// `raise` events in the frame that raised.
    pub origins: u64,
    /// Where the block's chunk begins in the file.
    pub offset: u64,
    /// Bytes of the chunk.
    pub length: u64,
    /// Open frames at the start, outermost first, as stored.
    frames: u64,
    stack: Box<[u8]>,
}

const W: &str = "index entry";

impl BlockEntry {
    /// The entry of a block with this header.
    pub fn new(header: &BlockHeader, first_step: u64, origins: u64) -> Self {
        let mut stack = Vec::new();
        let mut before = 0u64;
        for frame in &header.start.stack {
            put_varint(&mut stack, zigzag(frame.call.wrapping_sub(before) as i64));
            before = frame.call;
            put_varint(&mut stack, u64::from(frame.code));
            put_varint(&mut stack, u64::from(frame.line));
            stack.push(u8::from(frame.opened_before) | u8::from(frame.started) << 1);
        }
        Self {
            thread: header.start.thread,
            sequence: header.sequence,
            first_step,
            end_step: header.end_step,
            first_tick: header.start.tick,
            end_tick: header.end_tick,
            first_call: header.start.next_call,
            end_call: header.end_call,
            clock: header.clock,
            min_depth: header.min_depth,
            counts: header.counts,
            origins,
            offset: 0,
            length: 0,
            frames: header.start.stack.len() as u64,
            stack: stack.into_boxed_slice(),
        }
    }

    /// Events in the block.
    pub fn events(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Events of one kind in the block.
    pub fn count(&self, kind: EventKind) -> u64 {
        self.counts[kind as usize]
    }

    /// Number of frames open at the start.
    pub const fn depth(&self) -> u64 {
        self.frames
    }

    /// Frames open at the start, outermost first.
    pub fn stack(&self) -> Result<Vec<OpenFrame>, DecodeError> {
        let mut frames = Vec::new();
        let c = &mut Cursor::new(&self.stack);
        let mut before = 0u64;
        while !c.is_empty() {
            let call = before.wrapping_add(unzigzag(c.varint(W)?) as u64);
            before = call;
            let (code, line, flags) = (small(c)?, small(c)?, c.u8(W)?);
            frames.push(OpenFrame {
                call,
                code,
                line,
                opened_before: flags & 1 != 0,
                started: flags & 2 != 0,
            });
        }
        Ok(frames)
    }

    /// Appends the entry and its length before it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut body = Vec::with_capacity(96 + self.stack.len());
        for n in [
            u64::from(self.thread),
            self.sequence,
            self.first_step,
            self.end_step,
            self.first_tick,
            self.end_tick,
            self.first_call,
            self.end_call,
            self.clock.0,
            self.clock.1,
            self.min_depth,
        ]
        .into_iter()
        .chain(self.counts)
        .chain([self.origins, self.offset, self.length, self.frames])
        {
            put_varint(&mut body, n);
        }
        body.extend_from_slice(&self.stack);
        put_varint(out, body.len() as u64);
        out.extend_from_slice(&body);
    }

    /// Reads every entry of a page.
    pub fn decode_page(page: &[u8]) -> Result<Vec<Self>, DecodeError> {
        let c = &mut Cursor::new(page);
        let mut entries = Vec::new();
        while !c.is_empty() {
            let len = usize::try_from(c.varint(W)?).unwrap_or(usize::MAX);
            entries.push(Self::decode(&mut Cursor::new(c.take(len, W)?))?);
        }
        Ok(entries)
    }

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let mut entry = Self {
            thread: small(c)?,
            sequence: c.varint(W)?,
            first_step: c.varint(W)?,
            end_step: c.varint(W)?,
            first_tick: c.varint(W)?,
            end_tick: c.varint(W)?,
            first_call: c.varint(W)?,
            end_call: c.varint(W)?,
            clock: (c.varint(W)?, c.varint(W)?),
            min_depth: c.varint(W)?,
            ..Self::default()
        };
        for count in &mut entry.counts {
            *count = c.varint(W)?;
        }
        entry.origins = c.varint(W)?;
        entry.offset = c.varint(W)?;
        entry.length = c.varint(W)?;
        entry.frames = c.varint(W)?;
        entry.stack = c.take(c.remaining(), W)?.into();
        if entry.end_step < entry.first_step {
            return Err(DecodeError::new(W, c.offset()));
        }
        Ok(entry)
    }
}

fn small(c: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let at = c.offset();
    u32::try_from(c.varint(W)?).map_err(|_| DecodeError::new(W, at))
}
