//! Names of classes, read from the type object.

use pyo3::ffi;

use super::layout::object::FLAG_HEAPTYPE;
use super::object::Obj;
use super::unicode;

/// A number that changes when another class takes the address of the type of `obj`.
#[inline(always)]
pub fn mark(obj: Obj<'_>) -> usize {
    // SAFETY: the type of a live object.
    unsafe { (*obj.type_ptr()).tp_name as usize }
}

/// A number that changes when other text takes the address of `s`.
pub fn text_mark(s: Obj<'_>) -> u64 {
    let length = unicode::length(s) as u64;
    let mut head = Vec::with_capacity(32);
    unicode::prefix(s, 8, &mut head);
    head.iter()
        .fold(length, |h, b| h.rotate_left(7) ^ u64::from(*b))
        | 1 << 63
}

/// Module (empty for builtins or when unknown) and qualified name of the type of `obj`.
pub fn names(obj: Obj<'_>) -> (String, String) {
    let ty = obj.type_ptr();
    // SAFETY: `ty` is the type of a live object: its name is a C string; a heap type has a qualified name and a dict.
    unsafe {
        let name = std::ffi::CStr::from_ptr((*ty).tp_name)
            .to_string_lossy()
            .into_owned();
        if (*ty).tp_flags & FLAG_HEAPTYPE == 0 {
            return match name.rsplit_once('.') {
                Some((module, name)) => (module.to_owned(), name.to_owned()),
                None => (String::new(), name),
            };
        }
        let heap = ty.cast::<ffi::PyHeapTypeObject>();
        let qualname = Obj::new((*heap).ht_qualname)
            .filter(|q| unicode::is_str(*q))
            .map_or(name, unicode::text);
        let module = Obj::new((*ty).tp_dict)
            .and_then(|dict| super::threads::dict_text(dict, c"__module__"))
            .filter(|module| module != "builtins")
            .unwrap_or_default();
        (module, qualname)
    }
}
