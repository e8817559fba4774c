//! Items of containers by a key that is an exact `int` or `str`, found without running any `__hash__` or `__eq__`.

use super::layout::object as at;
use super::object::{Kind, Obj, Unreadable, read_at};
use super::unicode;

/// Modulus of the hash of an `int`.
const MODULUS: u64 = (1 << 61) - 1;
/// How many entries with the same hash are looked at before the table is given up.
const PROBES: usize = 256;

/// The value under `key` in a dict, or an instance of a subclass that keeps a dict's layout.
pub fn find<'a>(dict: Obj<'a>, key: Obj<'_>) -> Result<Option<Obj<'a>>, Unreadable> {
    let Some(hash) = hash_of(key) else {
        return Err(Unreadable);
    };
    let keys: *const u8 = dict.read(at::DICT_KEYS);
    // SAFETY: `ma_keys` of a dict is never null; the table has 2^log2 indices of the width that its size needs, then
    // its entries; an index that is not negative counts an entry.
    unsafe {
        let general = read_at::<u8>(keys, at::KEYS_KIND) == at::KEYS_GENERAL;
        if !general {
            // A table of strings, shared between instances perhaps: the interpreter compares strings only.
            return if unicode::is_str(key) {
                dict.dict_get_str(key)
            } else {
                Ok(None)
            };
        }
        let log2: u8 = read_at(keys, at::KEYS_LOG2_SIZE);
        let mask = (1usize << log2) - 1;
        let indices = keys.add(at::KEYS_INDICES);
        let entries = indices.add(1 << read_at::<u8>(keys, at::KEYS_LOG2_INDEX_BYTES));
        let index = |i: usize| -> isize {
            match log2 {
                0..8 => read_at::<i8>(indices, i) as isize,
                8..16 => read_at::<i16>(indices, i * 2) as isize,
                16..32 => read_at::<i32>(indices, i * 4) as isize,
                _ => read_at::<isize>(indices, i * 8),
            }
        };
        let mut perturb = hash as usize;
        let mut i = perturb & mask;
        for _ in 0..PROBES {
            match usize::try_from(index(i)) {
                Ok(entry) => {
                    let entry = entries.add(entry * 24);
                    if let Some(known) = Obj::new(read_at(entry, 8)) {
                        if known.address() == key.address() {
                            return Ok(Obj::new(read_at(entry, 16)));
                        }
                        if read_at::<isize>(entry, 0) == hash {
                            match same(known, key) {
                                Some(true) => return Ok(Obj::new(read_at(entry, 16))),
                                Some(false) => {}
                                None => return Err(Unreadable),
                            }
                        }
                    }
                }
                // -1 is an index that was never used, -2 one whose entry was deleted.
                Err(_) if index(i) == -1 => return Ok(None),
                Err(_) => {}
            }
            perturb >>= 5;
            i = i.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1) & mask;
        }
    }
    Err(Unreadable)
}

/// Whether two keys of equal hash are equal; `None` where only the program's code could tell.
fn same(known: Obj<'_>, key: Obj<'_>) -> Option<bool> {
    match (known.kind(), key.kind()) {
        (Kind::Int, Kind::Int) => Some(known.int_digits() == key.int_digits()),
        (Kind::Str, Kind::Str) => Some(unicode::equal(known, key)),
        (Kind::Int, Kind::Str) | (Kind::Str, Kind::Int | Kind::Float | Kind::Bool) => Some(false),
        _ => None,
    }
}

/// The hash of an exact `int` of at most two digits, or of an exact `str` that was hashed before.
fn hash_of(key: Obj<'_>) -> Option<isize> {
    match key.kind() {
        Kind::Int => {
            let (negative, digits) = key.int_digits();
            let magnitude = match *digits {
                [] => 0,
                [low] => u64::from(low),
                [low, high] => u64::from(low) | u64::from(high) << 30,
                _ => return None,
            };
            let hash = (magnitude % MODULUS) as isize;
            Some(match (negative, hash) {
                (false, hash) => hash,
                (true, 1) => -2,
                (true, hash) => -hash,
            })
        }
        Kind::Str => match key.read::<isize>(at::STR_HASH) {
            -1 => None,
            hash => Some(hash),
        },
        _ => None,
    }
}

/// An item by an exact `int` (of lists and tuples) or by a key (of exact dicts).
pub fn item<'a>(of: Obj<'a>, key: Obj<'_>) -> Option<Obj<'a>> {
    match of.kind() {
        Kind::Dict => find(of, key).ok().flatten(),
        kind @ (Kind::List | Kind::Tuple) if key.kind() == Kind::Int => {
            let (negative, digits) = key.int_digits();
            let n = match *digits {
                [] => 0,
                [low] => low as usize,
                _ => return None,
            };
            let at = if negative {
                of.size().checked_sub(n)?
            } else {
                n
            };
            match kind {
                Kind::List => of.list_item(at),
                _ => of.tuple_item(at),
            }
        }
        _ => None,
    }
}
