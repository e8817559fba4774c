//! Entries of dictionaries, in their own order, and of `OrderedDict` in the order of its list.
//!
//! Sources: `Include/internal/pycore_dict.h`, `Objects/dictobject.c` (`dictkeys_get_index`, the probe sequence) and
//! `Objects/odictobject.c` (`struct _odictobject`, `struct _odictnode`) of CPython 3.12 and 3.13.

use std::marker::PhantomData;

use pyo3::ffi;

use super::layout::{LAYOUT, object as at};
use super::object::{Obj, read_at};

/// Entries of a table that are looked at for each that is wanted: a table may be mostly holes.
const HOLES: usize = 8;

/// Most probes for one key.
const PROBES: usize = 256;

/// `PyDictObject.ma_values`.
const DICT_VALUES: usize = 40;
/// `PyDictKeysObject.dk_log2_size`.
const KEYS_LOG2_SIZE: usize = 8;
/// `PyODictObject.od_first`.
const FIRST: usize = 48;

/// The table of a dict that is not split, as `PyDictKeysObject` has it.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    keys: *const u8,
    entries: *const u8,
    general: bool,
    dict: PhantomData<Obj<'a>>,
}

impl<'a> Table<'a> {
    /// The table of a dict, unless it is one that instances share.
    pub fn of(dict: Obj<'a>) -> Option<Self> {
        LAYOUT?;
        let keys: *const u8 = dict.read(at::DICT_KEYS);
        let values: *const u8 = dict.read(DICT_VALUES);
        if !values.is_null() {
            return None;
        }
        // SAFETY: `ma_keys` of a dict is never null; the entries follow the indices.
        unsafe {
            let index_bytes = 1usize << read_at::<u8>(keys, at::KEYS_LOG2_INDEX_BYTES);
            Some(Self {
                keys,
                entries: keys.add(at::KEYS_INDICES + index_bytes),
                general: read_at::<u8>(keys, at::KEYS_KIND) == at::KEYS_GENERAL,
                dict: PhantomData,
            })
        }
    }

    /// Entries, deleted ones too.
    pub fn len(self) -> usize {
        // SAFETY: as in `of`.
        unsafe { read_at::<isize>(self.keys, at::KEYS_NENTRIES) }.max(0) as usize
    }

    /// Key and value of entry `i`, which is below `len`; null where it was deleted.
    fn entry(self, i: usize) -> (*mut ffi::PyObject, *mut ffi::PyObject) {
        // SAFETY: general entries are hash, key, value; others key, value.
        unsafe {
            if self.general {
                let entry = self.entries.add(i * 24);
                (read_at(entry, 8), read_at(entry, 16))
            } else {
                let entry = self.entries.add(i * 16);
                (read_at(entry, 0), read_at(entry, 8))
            }
        }
    }

    /// The key of entry `i`, which is below `len`.
    pub fn key(self, i: usize) -> Option<Obj<'a>> {
        // SAFETY: borrowed from the dict, which lives for 'a.
        unsafe { Obj::new(self.entry(i).0) }
    }

    /// The value of entry `i`, which is below `len`.
    pub fn value(self, i: usize) -> Option<Obj<'a>> {
        // SAFETY: as above.
        unsafe { Obj::new(self.entry(i).1) }
    }

    /// The entry that slot `i` of the index names: -1 for none, -2 for one that was deleted.
    fn index(self, i: usize) -> i64 {
        // SAFETY: the index has as many slots as `dk_log2_size` says, of the width that CPython gives such a table.
        unsafe {
            let base = self.keys.add(at::KEYS_INDICES);
            match read_at::<u8>(self.keys, KEYS_LOG2_SIZE) {
                0..8 => i64::from(read_at::<i8>(base, i)),
                8..16 => i64::from(read_at::<i16>(base, i * 2)),
                16..32 => i64::from(read_at::<i32>(base, i * 4)),
                _ => read_at::<i64>(base, i * 8),
            }
        }
    }

    /// The entry of the first key of this hash that `is` it; `is` answers nothing where only the program's code could tell.
    pub fn seek(self, hash: isize, is: impl Fn(Obj<'a>, Option<isize>) -> Option<bool>) -> Sought {
        // SAFETY: as in `of`.
        let log2 = unsafe { read_at::<u8>(self.keys, KEYS_LOG2_SIZE) };
        let mask = (1usize << log2) - 1;
        let mut perturb = hash as usize;
        let mut slot = perturb & mask;
        for _ in 0..PROBES {
            match self.index(slot) {
                -1 => return Sought::Missing,
                entry => {
                    let entry = usize::try_from(entry).ok().filter(|i| *i < self.len());
                    let key = entry.and_then(|i| self.key(i));
                    if let (Some(i), Some(key)) = (entry, key) {
                        match is(key, self.hash(i)) {
                            Some(true) => return Sought::Found(i),
                            Some(false) => {}
                            None => return Sought::Unknown,
                        }
                    }
                }
            }
            perturb >>= 5;
            slot = slot.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1) & mask;
        }
        Sought::Unknown
    }

    /// The hash that stands in entry `i`, where entries have one.
    fn hash(self, i: usize) -> Option<isize> {
        // SAFETY: as in `entry`.
        self.general
            .then(|| unsafe { read_at(self.entries.add(i * 24), 0) })
    }
}

/// What a search finds.
pub(super) enum Sought {
    /// This entry.
    Found(usize),
    /// There is no such key.
    Missing,
    /// Only the program's code could tell.
    Unknown,
}

impl<'a> Obj<'a> {
    /// Calls `each` for up to `limit` entries of a dict, in order. A table that is mostly holes may show fewer.
    #[inline]
    pub fn dict_entries(self, limit: usize, mut each: impl FnMut(Obj<'a>, Obj<'a>)) {
        let Some(table) = Table::of(self) else {
            return self.entries_by_api(limit, each);
        };
        let mut left = limit;
        for i in 0..table.len().min(limit.saturating_mul(HOLES)) {
            if left == 0 {
                return;
            }
            if let (Some(key), Some(value)) = (table.key(i), table.value(i)) {
                each(key, value);
                left -= 1;
            }
        }
    }

    fn entries_by_api(self, limit: usize, mut each: impl FnMut(Obj<'a>, Obj<'a>)) {
        let (mut pos, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        for _ in 0..limit {
            // SAFETY: PyDict_Next only reads, and nothing changes the dict meanwhile.
            let more = unsafe { ffi::PyDict_Next(self.as_ptr(), &mut pos, &mut key, &mut value) };
            if more == 0 {
                return;
            }
            // SAFETY: borrowed from the dict, which lives for 'a.
            if let (Some(k), Some(v)) = unsafe { (Obj::new(key), Obj::new(value)) } {
                each(k, v);
            }
        }
    }

    /// Calls `each` for up to `limit` keys of an `OrderedDict` in its order, with the value where it is found.
    pub fn ordered_entries(self, limit: usize, mut each: impl FnMut(Obj<'a>, Option<Obj<'a>>)) {
        let Some(table) = Table::of(self) else { return };
        let mut node: *const u8 = self.read(FIRST);
        for _ in 0..limit {
            if node.is_null() {
                return;
            }
            // SAFETY: a node is key, hash, next, and owns its key; the dict owns the value, and both live for 'a.
            unsafe {
                let (key, hash) = (read_at(node, 0), read_at(node, 8));
                let found = table.seek(hash, |known, _| Some(known.as_ptr() == key));
                let value = match found {
                    Sought::Found(i) => table.value(i),
                    Sought::Missing | Sought::Unknown => None,
                };
                if let Some(key) = Obj::new(key) {
                    each(key, value);
                }
                node = read_at(node, 16);
            }
        }
    }
}
