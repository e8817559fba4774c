//! Check words of what is in a segment, so that a bit that changed on the disk is not taken for what the program did.
//!
//! Owns what a check word is of and which value it has: of the head of a use, of each whole part of the rows, and of the
//! rows from the first on, which goes with their number. Refuses to say where less than a part is damaged.

use super::word;

/// Bytes of rows that have a check word together.
pub const PART: usize = 1024;

/// Check words of a segment file of `bytes`.
pub(super) const fn count(bytes: usize) -> usize {
    // A multiple of a cache line, so that rows begin at one.
    bytes.div_ceil(PART).next_multiple_of(16)
}

/// The check word of a part; 0 stands for one that was not noted.
pub(super) fn of(part: &[u8]) -> u32 {
    crc32fast::hash(part).max(1)
}

/// The check word of a head.
pub(super) fn of_head(get: impl Fn(usize) -> u64) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    for index in word::CHECKED {
        hasher.update(&get(index).to_le_bytes());
    }
    u64::from(hasher.finalize().max(1))
}

/// How many bytes of rows there are, with a check of them: one word, so that both are of the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Bytes of whole events.
    pub len: u64,
    /// Of these, bytes at the end that the check is not of: those of the last event, and less than a word before it.
    pub open: u64,
    /// The check of the bytes before.
    pub check: u64,
}

/// Bits of the number of bytes, and of that of bytes that are not checked.
const LEN: u32 = 24;
const CHECK_AT: u32 = 2 * LEN;

/// Bytes that are taken into the check at a time.
pub const WORD: usize = 8;

impl Published {
    /// As it stands in the segment.
    #[inline(always)]
    pub const fn word(self) -> u64 {
        self.len | self.open << LEN | self.check << CHECK_AT
    }

    /// From the word in the segment.
    #[inline(always)]
    pub const fn of(word: u64) -> Self {
        Self {
            len: word & ((1 << LEN) - 1),
            open: word >> LEN & ((1 << LEN) - 1),
            check: word >> CHECK_AT,
        }
    }

    /// Of rows that are all there is, checked as far as they are whole words.
    pub(super) fn whole(rows: &[u8]) -> Self {
        Self {
            len: rows.len() as u64,
            open: rows.len() as u64 % WORD as u64,
            check: Running::over(rows).check(),
        }
    }

    /// Whether the check is that of the first bytes of `rows`.
    fn fits(self, rows: &[u8]) -> bool {
        let checked = usize::try_from(self.len.saturating_sub(self.open)).unwrap_or(usize::MAX);
        let checked = rows.get(..checked).filter(|_| checked % WORD == 0);
        checked.is_some_and(|checked| Running::over(checked).check() == self.check)
    }
}

/// The check of rows from the first on, word by word.
#[derive(Debug, Clone, Copy, Default)]
pub struct Running(u64);

impl Running {
    /// Of the whole words of `rows`.
    fn over(rows: &[u8]) -> Self {
        let mut running = Self::default();
        for word in rows.chunks_exact(WORD) {
            running.add(word.try_into().map_or(0, u64::from_le_bytes));
        }
        running
    }

    /// Takes the next eight bytes in, the first of them lowest. Two runs that differ in one bit stay different.
    #[inline(always)]
    pub const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(25) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// What [`Published`] has of it.
    #[inline(always)]
    pub const fn check(self) -> u64 {
        self.0 >> CHECK_AT
    }
}

/// How many of the first bytes of `rows` are sound, as far as `table` tells and the word by which they were `published`, and
/// whether rows are missing behind them. A writer that is still at work may have published `by_now` bytes.
pub(super) fn sound(rows: &[u8], table: &[u8], published: Published, by_now: u64) -> (usize, bool) {
    let words = || {
        table
            .chunks_exact(4)
            .map(|word| word.try_into().map_or(0, u32::from_le_bytes))
    };
    let mut noted = words();
    let parts = rows.chunks_exact(PART);
    let whole = parts.len();
    let damaged = parts
        .zip(noted.by_ref())
        .position(|(part, noted)| noted != 0 && noted != of(part));
    // Words of rows that nobody published: the number is damaged.
    let beyond = (by_now / PART as u64).saturating_sub(whole as u64);
    let lost = noted
        .skip(usize::try_from(beyond).unwrap_or(usize::MAX))
        .any(|noted| noted != 0);
    if let Some(part) = damaged {
        return (part * PART, true);
    }
    if lost || (rows.len() as u64) < published.len {
        return (rows.len(), true);
    }
    if published.fits(rows) {
        return (rows.len(), false);
    }
    let known = words().take_while(|noted| *noted != 0).count();
    ((known * PART).min(rows.len()), true)
}
