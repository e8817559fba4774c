//! Frames of generators and coroutines that are suspended: which call each belongs to.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::thread::Seen;

/// Entries kept at most; beyond them the oldest half is unknowable and all are dropped (their calls reopen).
const CAPACITY: usize = 1 << 18;

/// Hashes an address by multiplication.
#[derive(Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u64(u64::from(*b));
        }
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0 ^ n)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(26);
    }
}

/// A map keyed by addresses.
pub type AddressMap<V> = HashMap<usize, V, BuildHasherDefault<AddressHasher>>;

/// What a suspended frame goes on as.
#[derive(Debug, Default)]
pub struct Suspension {
    /// Its call id.
    pub call: u64,
    /// Its code id.
    pub code: u32,
    /// What its names were last recorded as.
    pub seen: Vec<Seen>,
}

/// Suspended frames by address. A frame that goes on keeps its entry until it ends.
#[derive(Debug, Default)]
pub struct Suspended {
    frames: AddressMap<Suspension>,
}

impl Suspended {
    /// Remembers a frame that is being suspended.
    #[inline]
    pub fn save(&mut self, frame: usize, call: u64, code: u32, seen: &[Seen]) {
        if self.frames.len() >= CAPACITY {
            self.frames.clear();
        }
        let entry = self.frames.entry(frame).or_default();
        entry.call = call;
        entry.code = code;
        entry.seen.clear();
        entry.seen.extend_from_slice(seen);
    }

    /// The frame of `code` that goes on; `None` when it was never seen to be suspended.
    #[inline]
    pub fn get(&self, frame: usize, code: u32) -> Option<&Suspension> {
        self.frames.get(&frame).filter(|s| s.code == code)
    }

    /// Forgets all: frames may have gone on unseen.
    pub fn clear(&mut self) {
        self.frames.clear();
    }

    /// Forgets a frame that ended.
    #[inline]
    pub fn remove(&mut self, frame: usize) {
        self.frames.remove(&frame);
    }
}
