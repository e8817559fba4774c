//! Which structure an object has: found by its class and the classes that one extends, never by asking the object.
//!
//! A class made by a `class` statement adds slots to its base and nothing else. A class made in C may add anything: it is
//! known here by address, or by name and the size that CPython 3.12 and 3.13 give it. What is not known is `Opaque` or `hidden`.

use std::ffi::CStr;

use pyo3::ffi;

use super::layout::{LAYOUT, object as at};
use super::object::{Kind, Obj, read_at};

/// Longest chain of bases that is followed.
const DEEPEST: usize = 128;

unsafe extern "C" {
    static mut PyODict_Type: ffi::PyTypeObject;
    static mut PyMethod_Type: ffi::PyTypeObject;
    static mut _PyWeakref_ProxyType: ffi::PyTypeObject;
    static mut _PyWeakref_CallableProxyType: ffi::PyTypeObject;
}

/// A structure whose content can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    /// Attributes and slots are all there is.
    Plain,
    /// A C structure that is not known.
    Opaque,
    /// That of a built-in type.
    Builtin(Kind),
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `collections.defaultdict`: a `dict`, with members.
    DefaultDict,
    /// `collections.deque`.
    Deque,
    /// `array.array`.
    Array,
    /// `types.MappingProxyType`.
    MappingProxy,
    /// Keys, values or items of a dict.
    DictView,
    /// `datetime.date`.
    Date,
    /// `datetime.datetime`.
    DateTime,
    /// `datetime.time`.
    Time,
    /// `datetime.timedelta`.
    TimeDelta,
    /// `datetime.timezone`.
    TimeZone,
    /// `decimal.Decimal`.
    Decimal,
    /// `memoryview`.
    MemoryView,
    /// A cell.
    Cell,
    /// A weak reference or proxy.
    WeakRef,
    /// A function written in C, perhaps bound.
    BuiltinFunction,
    /// A method, member or wrapper of a class written in C.
    Descriptor,
    /// A generator, coroutine or asynchronous generator.
    Generator,
    /// A match of a regular expression: members, and what matched.
    Match,
    /// Has no content but the members that its type names.
    Members,
    /// `numpy.ndarray`.
    NumpyArray,
    /// A scalar of numpy.
    NumpyScalar,
    /// The array manager of pandas, seen through its references.
    References,
}

/// What is known of an object's structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The structure of the nearest base that has one.
    pub structure: Structure,
    /// Whether a class on the way there adds content that is not known.
    pub hidden: bool,
}

pub(super) fn base_of(ty: *mut ffi::PyTypeObject) -> *mut ffi::PyTypeObject {
    // SAFETY: the type of a live object and its bases are alive.
    unsafe { (*ty).tp_base }
}

pub(super) fn basic_size(ty: *mut ffi::PyTypeObject) -> isize {
    // SAFETY: as above.
    unsafe { (*ty).tp_basicsize }
}

pub(super) fn flags(ty: *mut ffi::PyTypeObject) -> u64 {
    // SAFETY: as above.
    unsafe { (*ty).tp_flags }
}

/// The class's name as C code gave it, module included.
pub(super) fn c_name<'a>(ty: *mut ffi::PyTypeObject) -> &'a [u8] {
    // SAFETY: the name is a C string that lives as long as the type.
    unsafe { CStr::from_ptr((*ty).tp_name) }.to_bytes()
}

/// Whether C code made the class: a static type, or a heap type whose name is a copy of C text.
pub(super) fn is_made_in_c(ty: *mut ffi::PyTypeObject) -> bool {
    if flags(ty) & at::FLAG_HEAPTYPE == 0 || LAYOUT.is_none() {
        return flags(ty) & at::FLAG_HEAPTYPE == 0;
    }
    // SAFETY: a heap type has the larger structure.
    let name: *const u8 = unsafe { read_at(ty.cast_const().cast(), at::TYPE_C_NAME) };
    !name.is_null()
}

/// The name of the numpy type whose structure a scalar of numpy has.
pub fn numpy_scalar<'a>(obj: Obj<'_>) -> &'a [u8] {
    let mut ty = obj.type_ptr();
    for _ in 0..DEEPEST {
        if known(ty) == Some(Structure::NumpyScalar) {
            return c_name(ty);
        }
        let base = base_of(ty);
        if base.is_null() {
            break;
        }
        ty = base;
    }
    b""
}

/// Whether an instance of the class of `obj` has attributes in a dictionary of its own or in inline values, and no more.
#[inline(always)]
pub fn is_plain(obj: Obj<'_>) -> bool {
    basic_size(obj.type_ptr()) == size_of::<ffi::PyObject>() as isize
}

/// The structure of an object of a type that is not met by its exact address in [`Obj::kind`].
pub fn of(obj: Obj<'_>) -> Found {
    let mut hidden = false;
    let mut ty = obj.type_ptr();
    for _ in 0..DEEPEST {
        if let Some(structure) = known(ty) {
            return Found { structure, hidden };
        }
        let base = base_of(ty);
        if base.is_null() {
            break;
        }
        let slots = super::members::slot_count(ty) * size_of::<usize>();
        hidden |= basic_size(ty) != basic_size(base) + slots as isize;
        ty = base;
    }
    Found {
        structure: Structure::Opaque,
        hidden: true,
    }
}

fn known(ty: *mut ffi::PyTypeObject) -> Option<Structure> {
    let flags = flags(ty);
    if !is_made_in_c(ty) {
        return None;
    }
    if flags & (at::FLAG_HEAPTYPE | at::FLAG_EXCEPTION) == 0
        && let Some(found) = static_type(ty)
    {
        let by_offset = !matches!(
            found,
            Structure::Plain | Structure::Members | Structure::Builtin(_)
        );
        return (LAYOUT.is_some() || !by_offset).then_some(found);
    }
    if flags & at::FLAG_EXCEPTION != 0 && flags & at::FLAG_HEAPTYPE == 0 {
        let builtin = !c_name(ty).contains(&b'.');
        return builtin.then_some(Structure::Builtin(Kind::Exception));
    }
    LAYOUT?;
    named(c_name(ty), basic_size(ty))
}

fn static_type(ty: *mut ffi::PyTypeObject) -> Option<Structure> {
    macro_rules! table {
        ($($name:ident => $structure:expr,)*) => {
            $(if ty == &raw mut ffi::$name { return Some($structure); })*
        };
    }
    let (ordered, method) = (&raw mut PyODict_Type, &raw mut PyMethod_Type);
    let (proxy, callable_proxy) = (
        &raw mut _PyWeakref_ProxyType,
        &raw mut _PyWeakref_CallableProxyType,
    );
    match ty {
        _ if ty == ordered => return Some(Structure::OrderedDict),
        _ if ty == method => return Some(Structure::Members),
        _ if ty == proxy || ty == callable_proxy => return Some(Structure::WeakRef),
        _ => {}
    }
    use Structure::{Builtin, Cell, Descriptor, DictView, Generator, Members, WeakRef};
    table! {
        PyBaseObject_Type => Structure::Plain,
        PyLong_Type => Builtin(Kind::Int),
        PyUnicode_Type => Builtin(Kind::Str),
        PyFloat_Type => Builtin(Kind::Float),
        PyTuple_Type => Builtin(Kind::Tuple),
        PyList_Type => Builtin(Kind::List),
        PyDict_Type => Builtin(Kind::Dict),
        PyCell_Type => Cell,
        PySet_Type => Builtin(Kind::Set),
        PyFrozenSet_Type => Builtin(Kind::FrozenSet),
        PyBytes_Type => Builtin(Kind::Bytes),
        PyByteArray_Type => Builtin(Kind::ByteArray),
        PyComplex_Type => Builtin(Kind::Complex),
        PyModule_Type => Builtin(Kind::Module),
        PyType_Type => Builtin(Kind::Type),
        PyDictProxy_Type => Structure::MappingProxy,
        PyDictKeys_Type => DictView,
        PyDictValues_Type => DictView,
        PyDictItems_Type => DictView,
        PyMemoryView_Type => Structure::MemoryView,
        PyCFunction_Type => Structure::BuiltinFunction,
        PyMethodDescr_Type => Descriptor,
        PyWrapperDescr_Type => Descriptor,
        PyMemberDescr_Type => Descriptor,
        PyGetSetDescr_Type => Descriptor,
        PyClassMethodDescr_Type => Descriptor,
        PyProperty_Type => Members,
        PyStaticMethod_Type => Members,
        PyClassMethod_Type => Members,
        PyGen_Type => Generator,
        PyCoro_Type => Generator,
        PyAsyncGen_Type => Generator,
        _PyWeakref_RefType => WeakRef,
    }
    None
}

fn named(name: &[u8], size: isize) -> Option<Structure> {
    use Structure::Members;
    let (structure, wanted) = match name {
        b"collections.deque" => (Structure::Deque, 216),
        b"collections.defaultdict" => (Structure::DefaultDict, 56),
        b"types.SimpleNamespace" => (Structure::Plain, 24),
        b"functools.partial" => (Members, 64),
        b"datetime.date" => (Structure::Date, 32),
        b"datetime.datetime" => (Structure::DateTime, 48),
        b"datetime.time" => (Structure::Time, 40),
        b"datetime.timedelta" => (Structure::TimeDelta, 40),
        b"datetime.timezone" => (Structure::TimeZone, 32),
        b"datetime.tzinfo" => (Structure::Plain, 16),
        b"decimal.Decimal" => (Structure::Decimal, 104),
        b"array.array" => (Structure::Array, 64),
        b"re.Pattern" => (Members, 96),
        b"re.Match" => (Structure::Match, 88),
        b"zoneinfo.ZoneInfo" => (Members, 208),
        b"numpy.ndarray" => (Structure::NumpyArray, 96),
        b"numpy.generic" => (Structure::Plain, 16),
        b"numpy.str_" => (Structure::Builtin(Kind::Str), 80),
        b"numpy.bytes_" => (Structure::Builtin(Kind::Bytes), 40),
        b"pandas._libs.internals.BlockManager" => return Some(Structure::References),
        _ => {
            return name
                .starts_with(b"numpy.")
                .then(|| numpy(name, size))
                .flatten();
        }
    };
    (size == wanted).then_some(structure)
}

/// Scalars whose value follows the header directly.
fn numpy(name: &[u8], size: isize) -> Option<Structure> {
    let wanted = match name {
        b"numpy.bool" | b"numpy.bool_" | b"numpy.int8" | b"numpy.uint8" | b"numpy.int16"
        | b"numpy.uint16" | b"numpy.int32" | b"numpy.uint32" | b"numpy.int64" | b"numpy.uint64"
        | b"numpy.longlong" | b"numpy.ulonglong" | b"numpy.float16" | b"numpy.float32"
        | b"numpy.float64" | b"numpy.complex64" => 24,
        b"numpy.complex128" => 32,
        _ => return None,
    };
    (size == wanted).then_some(Structure::NumpyScalar)
}
