//! Attributes of plain instances, read from their inline values or dictionary without creating one.

use pyo3::ffi;

use super::layout::{LAYOUT, object as at};
use super::object::{Obj, read_at};
use super::unicode;

/// Where an instance keeps its attributes.
enum Storage<'a> {
    /// Values beside the keys shared by the class.
    Inline {
        keys: *const u8,
        values: *const *mut ffi::PyObject,
        count: usize,
    },
    /// A dictionary.
    Dict(Obj<'a>),
    /// None.
    Nothing,
}

fn storage(obj: Obj<'_>) -> Storage<'_> {
    let flags = obj.type_flags();
    let Some(layout) = LAYOUT else {
        return Storage::Nothing;
    };
    if flags & at::FLAG_MANAGED_DICT == 0 {
        return dict_slot(obj);
    }
    let base = obj.as_ptr().cast_const().cast::<u8>();
    // SAFETY: an instance of a class with a managed dict has the slot before its header; 3.12 marks inline values by
    // the slot's low bit, 3.13 by the `valid` byte of the values after the object.
    unsafe {
        let slot: usize = base.offset(at::MANAGED_DICT).cast::<usize>().read();
        let keys: *const u8 = read_at(obj.type_ptr().cast_const().cast(), at::TYPE_CACHED_KEYS);
        let values = if layout.dict_values == 0 {
            (slot & 1 == 1).then(|| (slot + 1) as *const u8)
        } else if flags & at::FLAG_INLINE_VALUES != 0 {
            let inline = base.add((*obj.type_ptr()).tp_basicsize as usize);
            (read_at::<u8>(inline, 3) != 0).then_some(inline)
        } else {
            None
        };
        match values {
            Some(values) if !keys.is_null() => Storage::Inline {
                keys,
                values: values.add(layout.dict_values).cast(),
                count: read_at::<isize>(keys, at::KEYS_NENTRIES).max(0) as usize,
            },
            _ if layout.dict_values == 0 && slot & 1 == 1 => Storage::Nothing,
            _ => Obj::new(slot as *mut ffi::PyObject).map_or(Storage::Nothing, Storage::Dict),
        }
    }
}

fn dict_slot(obj: Obj<'_>) -> Storage<'_> {
    // SAFETY: `tp_dictoffset` of a live object's type; positive offsets only, and the slot holds a dict or null.
    unsafe {
        let offset = (*obj.type_ptr()).tp_dictoffset;
        if offset <= 0 {
            return Storage::Nothing;
        }
        let dict = Obj::new(read_at(obj.as_ptr().cast_const().cast(), offset as usize));
        dict.map_or(Storage::Nothing, Storage::Dict)
    }
}

/// Calls `each` with name and value of up to `limit` attributes, and returns how many there are.
#[inline(always)]
pub fn attributes<'a>(obj: Obj<'a>, limit: usize, mut each: impl FnMut(Obj<'a>, Obj<'a>)) -> usize {
    match storage(obj) {
        Storage::Nothing => 0,
        Storage::Dict(dict) => {
            if !dict.is_dict() {
                return 0;
            }
            dict.dict_entries(limit, each);
            dict.dict_len()
        }
        Storage::Inline {
            keys,
            values,
            count,
        } => {
            let mut total = 0;
            for i in 0..count {
                // SAFETY: shared key tables hold `count` entries of (key, value) after the index; `values` holds one
                // object or null per entry.
                let (key, value) = unsafe {
                    let index_bytes = 1usize << read_at::<u8>(keys, at::KEYS_LOG2_INDEX_BYTES);
                    let entry = keys.add(at::KEYS_INDICES + index_bytes + i * 16);
                    (Obj::new(read_at(entry, 0)), Obj::new(values.add(i).read()))
                };
                if let (Some(key), Some(value)) = (key, value) {
                    if total < limit {
                        each(key, value);
                    }
                    total += 1;
                }
            }
            total
        }
    }
}

/// One attribute by its name, an interned `str`.
pub fn attribute_named<'a>(obj: Obj<'a>, name: Obj<'_>) -> Option<Obj<'a>> {
    match storage(obj) {
        Storage::Nothing => None,
        Storage::Dict(dict) => {
            if !dict.is_dict() {
                return None;
            }
            super::dict::find(dict, name).ok().flatten()
        }
        Storage::Inline {
            keys,
            values,
            count,
        } => {
            for i in 0..count {
                // SAFETY: as in `attributes`.
                unsafe {
                    let index_bytes = 1usize << read_at::<u8>(keys, at::KEYS_LOG2_INDEX_BYTES);
                    let entry = keys.add(at::KEYS_INDICES + index_bytes + i * 16);
                    if read_at::<usize>(entry, 0) == name.address() {
                        return Obj::new(values.add(i).read());
                    }
                }
            }
            None
        }
    }
}

/// Whether a store of an attribute changes that attribute and nothing else, but for what a descriptor's code does.
pub fn stores_plainly(obj: Obj<'_>) -> bool {
    // SAFETY: reads a field of the type of a live object.
    let store = unsafe { (*obj.type_ptr()).tp_setattro };
    store.is_some_and(|store| {
        std::ptr::fn_addr_eq(store, ffi::PyObject_GenericSetAttr as ffi::setattrofunc)
    })
}

/// One attribute by name.
pub fn attribute<'a>(obj: Obj<'a>, name: &str) -> Option<Obj<'a>> {
    let mut found = None;
    attributes(obj, 256, |key, value| {
        if unicode::is_str(key) && unicode::text(key) == name {
            found = Some(value);
        }
    });
    found
}
