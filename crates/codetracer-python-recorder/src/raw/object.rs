//! A borrowed Python object and what can be read from it without running anything.

use std::marker::PhantomData;

use pyo3::ffi;

use super::layout::object as at;

/// An object that stays alive for `'a`: it was handed to a callback, or is reachable from one that was, and no Python
/// code runs meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Obj<'a> {
    ptr: *mut ffi::PyObject,
    life: PhantomData<&'a ()>,
}

impl std::fmt::Debug for Obj<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Obj({:p})", self.ptr)
    }
}

/// Reads a `T` at `offset` bytes from `base`.
///
/// # Safety
/// `base + offset` must be valid for reads of `T`.
#[inline(always)]
pub unsafe fn read_at<T: Copy>(base: *const u8, offset: usize) -> T {
    // SAFETY: forwarded to the caller; fields of CPython's structures are aligned.
    unsafe { base.add(offset).cast::<T>().read() }
}

/// Places of a set's table that are looked at for each element that is wanted.
const SET_HOLES: usize = 8;

/// A value that cannot be read without running code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Exact builtin types whose layout is read directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `None`.
    None,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// `complex`.
    Complex,
    /// `str`.
    Str,
    /// `bytes`.
    Bytes,
    /// `bytearray`.
    ByteArray,
    /// `list`.
    List,
    /// `tuple`.
    Tuple,
    /// `dict`.
    Dict,
    /// `set`.
    Set,
    /// `frozenset`.
    FrozenSet,
    /// `range`.
    Range,
    /// `slice`.
    Slice,
    /// `...`.
    Ellipsis,
    /// `NotImplemented`.
    NotImplemented,
    /// A function.
    Function,
    /// A class.
    Type,
    /// A module.
    Module,
    /// An exception instance.
    Exception,
    /// An instance of a heap type.
    Instance,
    /// Anything else.
    Other,
}

impl<'a> Obj<'a> {
    /// Wraps a pointer; `None` for null.
    ///
    /// # Safety
    /// A non-null `ptr` must be a live object for `'a`, with the GIL held.
    #[inline(always)]
    pub unsafe fn new(ptr: *mut ffi::PyObject) -> Option<Self> {
        if ptr.is_null() {
            None
        } else {
            Some(Self {
                ptr,
                life: PhantomData,
            })
        }
    }

    /// The address, the identity of the object.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.ptr as usize
    }

    /// The raw pointer.
    #[inline(always)]
    pub fn as_ptr(self) -> *mut ffi::PyObject {
        self.ptr
    }

    #[inline(always)]
    pub(super) fn read<T: Copy>(self, offset: usize) -> T {
        // SAFETY: callers below pass offsets of fields that the object's type has, after checking the type.
        unsafe { read_at(self.ptr.cast(), offset) }
    }

    #[inline(always)]
    pub(super) fn field(self, offset: usize) -> Option<Obj<'a>> {
        // SAFETY: the field holds an object pointer or null, and its owner lives for 'a.
        unsafe { Obj::new(self.read(offset)) }
    }

    /// The type's address.
    #[inline(always)]
    pub fn type_ptr(self) -> *mut ffi::PyTypeObject {
        // SAFETY: every live object has a type.
        unsafe { ffi::Py_TYPE(self.ptr) }
    }

    /// `tp_flags` of the type.
    #[inline(always)]
    pub fn type_flags(self) -> u64 {
        // SAFETY: every live object has a type, whose flags are always readable.
        unsafe { (*self.type_ptr()).tp_flags }
    }

    /// The kind by exact type.
    #[inline]
    pub fn kind(self) -> Kind {
        let ty = self.type_ptr();
        macro_rules! is {
            ($name:ident) => {
                ty == &raw mut ffi::$name
            };
        }
        // SAFETY: taking the addresses of CPython's static types and singletons.
        unsafe {
            if is!(PyLong_Type) {
                Kind::Int
            } else if is!(PyUnicode_Type) {
                Kind::Str
            } else if self.ptr == ffi::Py_None() {
                Kind::None
            } else if is!(PyFloat_Type) {
                Kind::Float
            } else if is!(PyBool_Type) {
                Kind::Bool
            } else if is!(PyTuple_Type) {
                Kind::Tuple
            } else if is!(PyList_Type) {
                Kind::List
            } else if is!(PyDict_Type) {
                Kind::Dict
            } else if self.type_flags() & at::FLAG_HEAPTYPE != 0 {
                // None of the types below is a heap type.
                self.kind_by_flags()
            } else if is!(PyFunction_Type) {
                Kind::Function
            } else if is!(PySet_Type) {
                Kind::Set
            } else if is!(PyFrozenSet_Type) {
                Kind::FrozenSet
            } else if is!(PyBytes_Type) {
                Kind::Bytes
            } else if is!(PyByteArray_Type) {
                Kind::ByteArray
            } else if is!(PyComplex_Type) {
                Kind::Complex
            } else if is!(PyRange_Type) {
                Kind::Range
            } else if is!(PySlice_Type) {
                Kind::Slice
            } else if is!(PyModule_Type) {
                Kind::Module
            } else if self.ptr == ffi::Py_Ellipsis() {
                Kind::Ellipsis
            } else if self.ptr == ffi::Py_NotImplemented() {
                Kind::NotImplemented
            } else {
                self.kind_by_flags()
            }
        }
    }

    #[inline(always)]
    fn kind_by_flags(self) -> Kind {
        let flags = self.type_flags();
        if flags & at::FLAG_TYPE != 0 {
            Kind::Type
        } else if flags & at::FLAG_EXCEPTION != 0 {
            Kind::Exception
        } else if flags & at::FLAG_HEAPTYPE != 0 {
            Kind::Instance
        } else {
            Kind::Other
        }
    }

    /// Whether this is `True`; only for `bool`.
    pub fn is_true(self) -> bool {
        // SAFETY: comparing with the singleton's address.
        unsafe { self.ptr == ffi::Py_True() }
    }

    /// A small non-negative `int` (line numbers, offsets), read from the object itself.
    #[inline(always)]
    pub fn small_int(self) -> u32 {
        self.read::<u32>(at::LONG_DIGITS)
    }

    /// The value of an `int` of at most one digit, as most are.
    #[inline(always)]
    pub fn one_digit_int(self) -> Option<i64> {
        let tag: usize = self.read(at::LONG_TAG);
        // The low bits are 0 for positive numbers, 1 for zero, 2 for negative ones; one digit is always there.
        let sign = 1 - (tag & 3) as i64;
        (tag < 2 << 3).then(|| sign * i64::from(self.read::<u32>(at::LONG_DIGITS)))
    }

    /// Sign and 30-bit digits of an `int`.
    pub fn int_digits(self) -> (bool, &'a [u32]) {
        let tag: usize = self.read(at::LONG_TAG);
        let count = tag >> 3;
        if count == 0 || tag & 3 == 1 {
            return (false, &[]);
        }
        // SAFETY: `lv_tag >> 3` digits follow the tag in every int; ints are immutable.
        let digits = unsafe {
            std::slice::from_raw_parts(self.ptr.cast::<u8>().add(at::LONG_DIGITS).cast(), count)
        };
        (tag & 3 == 2, digits)
    }

    /// The low 60 bits of an `int` or an instance of a subclass, which keeps the layout; `None` for other objects.
    pub fn integer(self) -> Option<i64> {
        if self.type_flags() & at::FLAG_INT == 0 {
            return None;
        }
        let (negative, digits) = self.int_digits();
        let digit = |i: usize| digits.get(i).copied().map_or(0, i64::from);
        let magnitude = digit(0) | digit(1) << 30;
        Some(if negative { -magnitude } else { magnitude })
    }

    /// The value of a `float`.
    #[inline(always)]
    pub fn float(self) -> f64 {
        self.read(at::FLOAT)
    }

    /// Real and imaginary part of a `complex`.
    pub fn complex(self) -> (f64, f64) {
        (self.read(at::COMPLEX), self.read(at::COMPLEX + 8))
    }

    /// `ob_size`.
    #[inline(always)]
    pub fn size(self) -> usize {
        self.read::<isize>(at::SIZE).max(0) as usize
    }

    /// Item `i` of a tuple.
    #[inline(always)]
    pub fn tuple_item(self, i: usize) -> Option<Obj<'a>> {
        if i >= self.size() {
            return None;
        }
        self.field(at::TUPLE_ITEMS + i * 8)
    }

    /// Item `i` of a list.
    #[inline(always)]
    pub fn list_item(self, i: usize) -> Option<Obj<'a>> {
        if i >= self.size() {
            return None;
        }
        let items: *const *mut ffi::PyObject = self.read(at::LIST_ITEMS);
        // SAFETY: a list of size n owns an array of at least n pointers.
        unsafe { Obj::new(items.add(i).read()) }
    }

    /// The first `limit` bytes of a `bytes`.
    pub fn bytes(self, limit: usize) -> &'a [u8] {
        // SAFETY: `ob_size` bytes follow the header of a bytes object, which is immutable.
        unsafe {
            std::slice::from_raw_parts(
                self.ptr.cast::<u8>().add(at::BYTES_DATA),
                self.size().min(limit),
            )
        }
    }

    /// The first `limit` bytes of a `bytearray`.
    pub fn bytearray(self, limit: usize) -> &'a [u8] {
        let start: *const u8 = self.read(at::BYTEARRAY_START);
        if start.is_null() {
            return &[];
        }
        // SAFETY: `ob_start` points at `ob_size` bytes while nothing runs that could resize it.
        unsafe { std::slice::from_raw_parts(start, self.size().min(limit)) }
    }

    /// Number of entries of a dict.
    pub fn dict_len(self) -> usize {
        self.size()
    }

    /// The value of `key` in a dict, where no key's `__eq__` can run: `Err` means the table holds other keys than
    /// strings and the key was not found by identity.
    pub fn dict_get(self, key: Obj<'a>) -> Result<Option<Obj<'a>>, Unreadable> {
        let keys: *const u8 = self.read(at::DICT_KEYS);
        // SAFETY: `ma_keys` of a dict is never null.
        let kind: u8 = unsafe { read_at(keys, at::KEYS_KIND) };
        if kind != at::KEYS_GENERAL {
            // SAFETY: all keys are exact strings, so the look-up compares strings only; an error cannot arise.
            return Ok(unsafe { Obj::new(ffi::PyDict_GetItemWithError(self.ptr, key.ptr)) });
        }
        let mut found = None;
        self.dict_entries(4096, |k, v| {
            if k == key {
                found = Some(v);
            }
        });
        if found.is_some() {
            Ok(found)
        } else {
            Err(Unreadable)
        }
    }

    /// The value of a `str` key in a dict whose keys are all exact strings.
    pub(super) fn dict_get_str(self, key: Obj<'_>) -> Result<Option<Obj<'a>>, Unreadable> {
        // SAFETY: the look-up compares strings only; an error cannot arise.
        Ok(unsafe { Obj::new(ffi::PyDict_GetItemWithError(self.ptr, key.ptr)) })
    }

    /// The value under a name in an exact dict; no key's `__eq__` runs.
    pub fn dict_named(self, name: &std::ffi::CStr) -> Option<Obj<'a>> {
        // SAFETY: comparing with the address of a static type.
        if self.type_ptr() != &raw mut ffi::PyDict_Type {
            return None;
        }
        let keys: *const u8 = self.read(at::DICT_KEYS);
        // SAFETY: `ma_keys` of a dict is never null; where all keys are exact strings a look-up compares strings only.
        unsafe {
            if read_at::<u8>(keys, at::KEYS_KIND) != at::KEYS_GENERAL {
                return Obj::new(ffi::PyDict_GetItemString(self.ptr, name.as_ptr()));
            }
        }
        let mut found = None;
        self.dict_entries(usize::MAX, |key, value| {
            if super::unicode::is_str(key)
                && super::unicode::text(key).as_bytes() == name.to_bytes()
            {
                found = Some(value);
            }
        });
        found
    }

    /// Number of elements of a set or frozenset.
    pub fn set_len(self) -> usize {
        self.read::<isize>(at::SET_USED).max(0) as usize
    }

    /// Calls `each` for up to `limit` elements of a set, in table order. A table that is mostly holes may show fewer.
    pub fn set_items(self, limit: usize, mut each: impl FnMut(Obj<'a>)) {
        let mask = self.read::<isize>(at::SET_MASK).max(0) as usize;
        let table: *const u8 = self.read(at::SET_TABLE);
        let mut left = limit.min(self.set_len());
        for i in 0..=mask.min(limit.saturating_mul(SET_HOLES)) {
            if left == 0 {
                return;
            }
            // SAFETY: the table has mask + 1 entries of (key, hash).
            let (key, hash): (*mut ffi::PyObject, isize) =
                unsafe { (read_at(table, i * 16), read_at(table, i * 16 + 8)) };
            // A deleted entry keeps a dummy key with hash -1.
            if key.is_null() || hash == -1 {
                continue;
            }
            // SAFETY: borrowed from the set, which lives for 'a.
            if let Some(item) = unsafe { Obj::new(key) } {
                each(item);
                left -= 1;
            }
        }
    }

    /// Start, stop and step of a `range` or `slice`, as their three object fields stand after the header.
    pub fn triple(self) -> [Option<Obj<'a>>; 3] {
        [self.field(16), self.field(24), self.field(32)]
    }

    /// What a cell holds; `None` when it is empty.
    #[inline(always)]
    pub fn cell(self) -> Option<Obj<'a>> {
        // SAFETY: comparing with the address of a static type.
        if self.type_ptr() != &raw mut ffi::PyCell_Type {
            return None;
        }
        self.field(at::CELL_REF)
    }
}

impl Obj<'_> {
    /// Whether this is a dict or of a subclass that keeps a dict's layout.
    pub fn is_dict(self) -> bool {
        // SAFETY: reads the type's flags.
        unsafe { ffi::PyDict_Check(self.as_ptr()) != 0 }
    }
}
