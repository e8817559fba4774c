//! Items of containers by a key that is an exact `int` or `str`, found without running any `__hash__` or `__eq__`.

use pyo3::ffi;

use super::layout::object as at;
use super::mapping::{Sought, Table};
use super::object::{Kind, Obj, Unreadable};
use super::unicode;

/// Modulus of the hash of an `int`.
const MODULUS: u64 = (1 << 61) - 1;

/// The value under `key` in a dict, or an instance of a subclass that keeps a dict's layout.
pub fn find<'a>(dict: Obj<'a>, key: Obj<'_>) -> Result<Option<Obj<'a>>, Unreadable> {
    let Some(hash) = hash_of(key) else {
        return Err(Unreadable);
    };
    let Some(table) = Table::of(dict) else {
        // A table of strings that instances share: the interpreter compares strings only.
        return if unicode::is_str(key) {
            dict.dict_get_str(key)
        } else {
            Ok(None)
        };
    };
    match seek(table, key, hash) {
        Sought::Found(i) => Ok(table.value(i)),
        Sought::Missing => Ok(None),
        Sought::Unknown => Err(Unreadable),
    }
}

/// Which of a dict's entries, in their order, has `key`, with the key as the dict holds it and its value. Nothing where
/// entries were deleted since the table was made, and where the key is not found.
pub fn place<'a>(dict: Obj<'a>, key: Obj<'_>) -> Option<(usize, Obj<'a>, Obj<'a>)> {
    let table = Table::of(dict).filter(|table| table.len() == dict.dict_len())?;
    let Sought::Found(i) = seek(table, key, hash_of(key)?) else {
        return None;
    };
    Some((i, table.key(i)?, table.value(i)?))
}

#[inline]
fn seek<'a>(table: Table<'a>, key: Obj<'_>, hash: isize) -> Sought {
    table.seek(hash, |known, known_hash| {
        if known.address() == key.address() {
            return Some(true);
        }
        match known_hash.or_else(|| hash_of(known)) {
            Some(other) if other == hash => same(known, key),
            _ => Some(false),
        }
    })
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

/// The index of a list or tuple that an exact `int` stands for.
pub fn index(of: Obj<'_>, key: Obj<'_>) -> Option<usize> {
    if key.kind() != Kind::Int {
        return None;
    }
    let (negative, digits) = key.int_digits();
    let n = match *digits {
        [] => 0,
        [low] => low as usize,
        _ => return None,
    };
    if negative {
        of.size().checked_sub(n)
    } else {
        Some(n)
    }
}

/// Whether a dict of another class looks items up as dicts do.
fn looks_up_as_dicts_do(of: Obj<'_>) -> bool {
    // SAFETY: the type of a live object; a dict's has the functions of mappings.
    unsafe {
        let subscript = |ty: *mut ffi::PyTypeObject| {
            (*ty)
                .tp_as_mapping
                .as_ref()
                .and_then(|mapping| mapping.mp_subscript)
        };
        let own = subscript(of.type_ptr()).map(|f| f as usize);
        own.is_some() && own == subscript(&raw mut ffi::PyDict_Type).map(|f| f as usize)
    }
}

/// An item by an exact `int` (of lists and tuples) or by a key (of dicts, and of subclasses without `__getitem__`).
pub fn item<'a>(of: Obj<'a>, key: Obj<'_>) -> Option<Obj<'a>> {
    match of.kind() {
        Kind::Dict => find(of, key).ok().flatten(),
        Kind::Instance | Kind::Other if of.is_dict() && looks_up_as_dicts_do(of) => {
            find(of, key).ok().flatten()
        }
        Kind::List => of.list_item(index(of, key)?),
        Kind::Tuple => of.tuple_item(index(of, key)?),
        _ => None,
    }
}
