//! Names of classes, read from the type object.

use pyo3::ffi;

use super::layout::LAYOUT;
use super::layout::object as at;
use super::layout::object::FLAG_HEAPTYPE;
use super::object::{Kind, Obj};
use super::structure::{base_of, flags, is_made_in_c};
use super::unicode;

/// A number that changes when another class takes the address of the type of `obj`.
#[inline(always)]
pub fn mark(obj: Obj<'_>) -> usize {
    // SAFETY: the type of a live object.
    unsafe { (*obj.type_ptr()).tp_name as usize }
}

/// The version tag of a class, which every change of its attributes replaces; 0 without one, and of what is no class.
#[inline]
pub fn version(obj: Obj<'_>) -> u32 {
    if obj.type_flags() & at::FLAG_TYPE == 0 {
        return 0;
    }
    // SAFETY: the flag says that the object is a type.
    unsafe { (*obj.as_ptr().cast::<ffi::PyTypeObject>()).tp_version_tag }
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

/// Whether reading an item or an attribute of such an object may store it: a dict with `__missing__`, or an instance of
/// a class with a cached property.
pub fn stores_what_is_read(obj: Obj<'_>) -> bool {
    if obj.is_dict() {
        return obj.type_ptr() != &raw mut ffi::PyDict_Type && super::function::has_missing(obj);
    }
    let mut ty = obj.type_ptr();
    for _ in 0..DEEPEST {
        if ty.is_null() || is_made_in_c(ty) {
            return false;
        }
        let mut found = false;
        // SAFETY: the classes of an object live as long as the object.
        if let Some(space) = unsafe { Obj::new(ty.cast()) }.and_then(namespace) {
            space.dict_entries(usize::MAX, |_, value| {
                found |=
                    !is_made_in_c(value.type_ptr()) && names(value).1.ends_with("cached_property");
            });
        }
        if found {
            return true;
        }
        ty = base_of(ty);
    }
    false
}

/// Longest chain of bases that is followed.
const DEEPEST: usize = 128;

/// The namespace of a class; `None` of one made in C.
pub fn namespace(class: Obj<'_>) -> Option<Obj<'_>> {
    let ty = class.as_ptr().cast::<ffi::PyTypeObject>();
    if is_made_in_c(ty) {
        return None;
    }
    // SAFETY: a class made in Python owns its namespace.
    unsafe { Obj::new((*ty).tp_dict) }
}

/// `__module__` of a class made in Python.
pub fn module_of(class: Obj<'_>) -> Option<String> {
    super::threads::dict_text(namespace(class)?, c"__module__")
}

/// Whether the class of an object has another class than `type`.
#[inline(always)]
fn has_metaclass(obj: Obj<'_>) -> bool {
    // SAFETY: the class of a live object is a live object.
    unsafe { ffi::Py_TYPE(obj.type_ptr().cast()) != &raw mut ffi::PyType_Type }
}

/// Whether an object is a member of an enum.
#[inline(always)]
pub fn is_enum_member(obj: Obj<'_>) -> bool {
    // SAFETY: the class of a live object is a live object.
    has_metaclass(obj) && unsafe { Obj::new(obj.type_ptr().cast()) }.is_some_and(is_enum_class)
}

/// Whether the class of the class is that of enums.
pub fn is_enum_class(class: Obj<'_>) -> bool {
    let mut ty = class.type_ptr();
    for _ in 0..DEEPEST {
        // SAFETY: a metaclass is a type, which lives as long as its instances.
        let Some(meta) = (unsafe { Obj::new(ty.cast()) }) else {
            return false;
        };
        if is_made_in_c(ty) {
            return false;
        }
        // SAFETY: a type's name is a C string: no byte after one that differs is read.
        let is_named = |(i, byte)| unsafe { (*ty).tp_name.cast::<u8>().add(i).read() } == byte;
        if (0..).zip(*b"EnumType\0").all(is_named) && module_of(meta).as_deref() == Some("enum") {
            return true;
        }
        ty = base_of(ty);
        if ty.is_null() {
            return false;
        }
    }
    false
}

/// `_fields` of the class of a tuple, where they name its items.
pub fn tuple_fields(tuple: Obj<'_>) -> Option<Obj<'_>> {
    let mut ty = tuple.type_ptr();
    for _ in 0..DEEPEST {
        if ty.is_null() || is_made_in_c(ty) {
            return None;
        }
        // SAFETY: the classes of an object live as long as the object.
        let found = unsafe { Obj::new(ty.cast()) }
            .and_then(namespace)
            .and_then(|space| space.dict_named(c"_fields"));
        if let Some(found) = found {
            let named = found.kind() == Kind::Tuple
                && found.size() == tuple.size()
                && (0..found.size()).all(|i| found.tuple_item(i).is_some_and(unicode::is_str));
            return named.then_some(found);
        }
        ty = base_of(ty);
    }
    None
}

impl<'a> Obj<'a> {
    /// The qualified name of a function or class, the name of a module.
    pub fn own_qualname(self) -> Option<Obj<'a>> {
        let found = match self.kind() {
            Kind::Function => self.field(at::FUNCTION_QUALNAME),
            Kind::Type if self.read::<u64>(at::TYPE_FLAGS) & FLAG_HEAPTYPE != 0 => {
                self.field(at::TYPE_QUALNAME)
            }
            // SAFETY: reads the flags of a type.
            _ if unsafe { ffi::PyModule_Check(self.as_ptr()) } != 0 => {
                super::threads::module_item(self, c"__name__")
            }
            _ => None,
        };
        found.filter(|name| unicode::is_str(*name))
    }

    /// The name of a class made in C, without its module.
    pub fn c_class_name(self) -> Option<&'a str> {
        let ty = self.as_ptr().cast::<ffi::PyTypeObject>();
        if flags(ty) & FLAG_HEAPTYPE != 0 {
            return None;
        }
        let name = std::str::from_utf8(super::structure::c_name(ty)).ok()?;
        name.rsplit('.').next()
    }

    /// Default values of a function: of its positional and of its keyword parameters.
    pub fn function_defaults(self) -> (Option<Obj<'a>>, Option<Obj<'a>>) {
        if LAYOUT.is_none() {
            return (None, None);
        }
        (
            self.field(at::FUNCTION_DEFAULTS),
            self.field(at::FUNCTION_KWDEFAULTS),
        )
    }

    /// This, if it has the structure of a tuple.
    pub fn as_tuple(self) -> Option<Self> {
        (self.type_flags() & at::FLAG_TUPLE != 0).then_some(self)
    }

    /// Whether this is one of the descriptors that make methods, properties and fields of classes.
    pub fn is_descriptor(self) -> bool {
        let ty = self.type_ptr();
        [
            &raw mut ffi::PyProperty_Type,
            &raw mut ffi::PyStaticMethod_Type,
            &raw mut ffi::PyClassMethod_Type,
            &raw mut ffi::PyMemberDescr_Type,
            &raw mut ffi::PyGetSetDescr_Type,
            &raw mut ffi::PyMethodDescr_Type,
            &raw mut ffi::PyWrapperDescr_Type,
        ]
        .contains(&ty)
    }
}
