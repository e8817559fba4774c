//! Rows go here: the mapped memory of a thread's segment, published event by event.

use std::sync::atomic::{AtomicU64, Ordering};

use trace_model::wire::Sink;
use trace_store::{Published, Running, Segment, WORD};

/// Room kept free at the start of every event, for its rows and the definitions it needs.
const SLACK: usize = 24 << 10;

/// Bytes that the values of one event may take.
const EVENT_BYTES: usize = 16 << 10;

/// Bytes after which rows are looked at for their check words: those of one part.
const LOOK: usize = trace_store::PART;

/// Writes rows into a segment. What was written becomes visible to readers at [`RowSink::commit`].
pub struct RowSink {
    base: *mut u8,
    at: *mut u8,
    /// Up to here an event begins without more ado.
    next_look: *mut u8,
    /// Up to here an event fits for certain.
    soft_end: *mut u8,
    end: *mut u8,
    value_end: *mut u8,
    committed: *const AtomicU64,
    overflow: bool,
    /// Where the last event that was published ends.
    published: *mut u8,
    /// Where the first word is that is not in `running`.
    unchecked: *mut u8,
    /// The check of what was written before.
    running: Running,
    /// Bytes that have check words.
    noted: usize,
    segment: Option<Segment>,
}

impl RowSink {
    /// A sink without a segment: it has no room.
    pub fn empty() -> Self {
        let null = std::ptr::null_mut();
        Self {
            base: null,
            at: null,
            next_look: null,
            soft_end: null,
            end: null,
            value_end: null,
            committed: std::ptr::null(),
            overflow: false,
            published: null,
            unchecked: null,
            running: Running::default(),
            noted: 0,
            segment: None,
        }
    }

    /// Writes into `segment` from its start.
    pub fn attach(&mut self, segment: Segment) {
        let base = segment.row_area();
        let capacity = segment.capacity();
        self.base = base;
        self.at = base;
        // SAFETY: `rows_ptr` points at `capacity` bytes; all three ends lie within or one past them.
        unsafe {
            self.end = base.add(capacity);
            self.soft_end = base.add(capacity.saturating_sub(SLACK));
            self.next_look = base.add(capacity.saturating_sub(SLACK).min(LOOK));
        }
        self.published = base;
        self.unchecked = base;
        self.running = Running::default();
        self.noted = 0;
        self.value_end = self.end;
        self.committed = std::ptr::from_ref(segment.committed());
        self.overflow = false;
        self.segment = Some(segment);
    }

    /// Gives the segment back.
    pub fn detach(&mut self) -> Option<Segment> {
        let segment = self.segment.take();
        *self = Self::empty();
        segment
    }

    /// Whether there is a segment.
    pub fn is_attached(&self) -> bool {
        self.segment.is_some()
    }

    /// Whether an event can begin at once. Where not, [`RowSink::goes_on`] tells more.
    #[inline(always)]
    pub fn has_room(&self) -> bool {
        self.at < self.next_look
    }

    /// Notes check words of what was published, and tells whether another event fits for certain.
    #[cold]
    pub fn goes_on(&mut self) -> bool {
        if let Some(segment) = &self.segment {
            self.noted = segment.note_checks(self.noted);
        }
        let left = self.soft_end as usize - (self.at as usize).min(self.soft_end as usize);
        // Where the part that is being written ends.
        let part = LOOK - self.written() % LOOK;
        // SAFETY: between `at` and `soft_end`, or `at` itself, which is where the next byte goes.
        self.next_look = unsafe { self.at.add(left.min(part)) };
        left > 0
    }

    /// Bytes written since the segment began.
    pub fn written(&self) -> usize {
        self.at as usize - self.base as usize
    }

    /// Starts counting the byte limit of one event.
    #[inline(always)]
    pub fn begin_values(&mut self) {
        let left = self.end as usize - self.at as usize;
        // SAFETY: at + min(left, EVENT_BYTES) does not pass the end.
        self.value_end = unsafe { self.at.add(left.min(EVENT_BYTES)) };
    }

    /// Whether `n` more bytes of values fit the limit of this event.
    #[inline(always)]
    pub fn fits(&self, n: usize) -> bool {
        (self.value_end as usize).saturating_sub(self.at as usize) >= n
    }

    /// Publishes everything written so far. A record that did not fit is taken back whole: nothing of this event
    /// becomes visible.
    #[inline(always)]
    pub fn commit(&mut self) {
        // SAFETY: `committed` belongs to the attached segment; events are only written with one attached.
        if let Some(committed) = unsafe { self.committed.as_ref() } {
            if self.overflow {
                self.at = self.published;
                self.overflow = false;
                return;
            }
            self.check_published();
            self.published = self.at;
            let published = Published {
                len: self.at as u64 - self.base as u64,
                open: self.at as u64 - self.unchecked as u64,
                check: self.running.check(),
            };
            committed.store(published.word(), Ordering::Release);
        }
    }

    /// Takes the whole words of what was published before into the check. What was stored just now is not loaded again: the
    /// processor would wait for it.
    #[inline(always)]
    fn check_published(&mut self) {
        let (mut at, mut running) = (self.unchecked, self.running);
        while self.published as usize - at as usize >= WORD {
            // SAFETY: eight bytes that were written, in the segment that is attached.
            unsafe {
                running.add(at.cast::<u64>().read_unaligned().to_le());
                at = at.add(WORD);
            }
        }
        (self.unchecked, self.running) = (at, running);
    }
}

impl Sink for RowSink {
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        if self.end as usize - self.at as usize >= bytes.len() {
            // SAFETY: the bytes fit between `at` and `end`, and a slice never overlaps the segment being written.
            unsafe {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.at, bytes.len());
                self.at = self.at.add(bytes.len());
            }
        } else {
            self.overflow = true;
        }
    }
}
