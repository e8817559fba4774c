//! Last words: which signal ended the process, written by the process itself in its last moment.
//!
//! Owns the layout of the words, which stand in the lock file of a staging directory, and whether they still hold;
//! `signals` knows what numbers mean.
//! Refuses to handle signals; `raw::last_words` does.

mod signals;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use trace_model::Definitions;

use crate::container::BlockEntry;
use crate::container::reader::le;
use crate::metadata::{ClockPair, Metadata};
use signals::Signals;
pub use signals::name;

/// Bytes of the file that words are written to.
pub(crate) const BYTES: usize = 4096;

pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"CTWORDS\n");

/// The words were written whole.
pub(crate) const SAID: u64 = 2;

/// Numbers of the words, of 64 bits and little endian.
pub(crate) mod word {
    pub const MAGIC: usize = 0;
    /// 0 nothing was said, 1 it is being said, 2 it was said.
    pub const STATE: usize = 1;
    /// Signal below, its `si_code` above.
    pub const SIGNAL: usize = 2;
    /// The low half of the kernel's id of the thread below; above the process that sent it, 0 where none did.
    pub const THREAD: usize = 3;
    /// Where memory was accessed, for signals that tell.
    pub const ADDRESS: usize = 4;
    pub const TICK: usize = 5;
    /// Monotonic clock.
    pub const NS: usize = 6;
    pub const COUNT: usize = 7;
}

/// The reason of a recording that a signal ended.
pub(crate) const REASON: &str = "signal";

/// What a process said when a signal ended it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LastWords {
    /// The signal.
    pub signal: i32,
    /// Why it was sent: `si_code` of the kernel.
    pub code: i32,
    /// The kernel's id of the thread that it reached, the low half of it.
    pub native_thread: u32,
    /// The recording's id of this thread; none where nothing was recorded of it.
    pub thread: Option<u32>,
    /// The process that sent it; none where the kernel did.
    pub sender: Option<u32>,
    /// What could not be accessed or run; none where nothing was, or the kernel does not say.
    pub address: Option<u64>,
    /// When.
    pub at: ClockPair,
}

/// Tick units by which the counters of two cores may differ.
const TICKS_APART: u64 = 1 << 10;

impl LastWords {
    /// What the process said that wrote to this lock file on this platform, if anything.
    fn read(lock: &Path, platform: &str) -> Option<Self> {
        let mut bytes = [0; 8 * word::COUNT];
        File::open(lock).ok()?.read_exact_at(&mut bytes, 0).ok()?;
        let get = |index: usize| le(bytes.get(index * 8..index * 8 + 8).unwrap_or_default());
        if get(word::MAGIC) != MAGIC || get(word::STATE) != SAID {
            return None;
        }
        let (signal, thread) = (get(word::SIGNAL), get(word::THREAD));
        let (number, code) = (signal as u32 as i32, (signal >> 32) as u32 as i32);
        let sender = (thread >> 32) as u32;
        let by_fault = Signals::of(platform).tells_place(number, code);
        Some(Self {
            signal: number,
            code,
            native_thread: thread as u32,
            thread: None,
            sender: (sender != 0).then_some(sender),
            address: by_fault.then(|| get(word::ADDRESS)),
            at: ClockPair {
                tick: get(word::TICK),
                ns: get(word::NS),
            },
        })
    }

    /// The thread's number in the recording: of several with this id of the kernel, one after another, the last.
    fn find_thread(&self, definitions: &Definitions) -> Option<u32> {
        let threads = definitions.threads();
        let own = threads.filter(|thread| thread.native as u32 == self.native_thread);
        own.map(|thread| thread.id).max()
    }
}

/// Takes the last words of an interrupted recording into its metadata. Words are forgotten where their thread went on
/// afterwards: it survived that signal.
pub(crate) fn settle<'a>(
    metadata: &mut Metadata,
    lock: &Path,
    definitions: &Definitions,
    entries: impl Iterator<Item = &'a BlockEntry>,
) {
    let Some(mut words) = LastWords::read(lock, &metadata.platform) else {
        return;
    };
    words.thread = words.find_thread(definitions);
    let mut of_thread =
        entries.filter(|entry| Some(entry.thread) == words.thread && entry.events() > 0);
    let went_on = of_thread.any(|entry| entry.end_tick > words.at.tick.saturating_add(TICKS_APART));
    if words.at.tick != 0 && went_on {
        return;
    }
    // A recording that was being saved is whole, or says why it is not.
    if metadata.reason.as_deref() == Some(crate::reader::Status::Interrupted.reason()) {
        metadata.set_partial(REASON);
        if let Some(flight) = &mut metadata.flight {
            flight.reason = name(words.signal, &metadata.platform);
        }
    }
    metadata.last_words = Some(words);
}

#[cfg(test)]
mod tests {
    use trace_model::{Definition, ThreadDef};

    use super::*;

    fn lock_with(words: [u64; word::COUNT]) -> std::path::PathBuf {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("trace-store-words-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn definitions() -> Definitions {
        let mut definitions = Definitions::new();
        for (id, native) in [(0, 100), (1, 107), (2, 107)] {
            definitions.add(Definition::Thread(ThreadDef {
                id,
                ident: 0,
                native,
                name: String::new(),
            }));
        }
        definitions
    }

    /// The metadata of a recording whose thread 2 recorded its last event at `tick`.
    fn settled(words: [u64; word::COUNT], tick: u64) -> Metadata {
        let mut entry = BlockEntry::default();
        (entry.thread, entry.end_tick, entry.counts[0]) = (2, tick, 1);
        let mut metadata = Metadata::default();
        metadata.set_partial("killed");
        let lock = lock_with(words);
        settle(&mut metadata, &lock, &definitions(), [entry].iter());
        std::fs::remove_file(lock).unwrap();
        metadata
    }

    const SEGV: [u64; word::COUNT] = [MAGIC, SAID, 11 | 1 << 32, 107, 64, 5000, 77];

    #[test]
    fn words_name_the_last_thread_with_that_id() {
        let metadata = settled(SEGV, 5000);
        assert_eq!(metadata.reason.as_deref(), Some("signal"));
        let expected = LastWords {
            signal: 11,
            code: 1,
            native_thread: 107,
            thread: Some(2),
            sender: None,
            address: Some(64),
            at: ClockPair { tick: 5000, ns: 77 },
        };
        assert_eq!(metadata.last_words, Some(expected));
    }

    #[test]
    fn words_whose_thread_went_on_are_forgotten() {
        let metadata = settled(SEGV, 5001 + TICKS_APART);
        assert_eq!(metadata.reason.as_deref(), Some("killed"));
        assert_eq!(metadata.last_words, None);
        assert!(settled(SEGV, 5000 + TICKS_APART).last_words.is_some());
    }

    #[test]
    fn words_that_were_not_finished_are_none() {
        for (at, value) in [(word::STATE, 0), (word::STATE, 1), (word::MAGIC, 0)] {
            let mut words = SEGV;
            words[at] = value;
            assert_eq!(settled(words, 0).last_words, None);
        }
    }

    #[test]
    fn a_sender_is_told_and_an_address_only_with_a_fault() {
        let mut words = SEGV;
        words[word::SIGNAL] = 15;
        words[word::THREAD] = 100 | 4242 << 32;
        let said = settled(words, 0).last_words.unwrap();
        assert_eq!((said.thread, said.sender), (Some(0), Some(4242)));
        assert_eq!(said.address, None);
    }
}
