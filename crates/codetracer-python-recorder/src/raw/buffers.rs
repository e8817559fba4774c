//! Memory of numbers: `array.array`, `memoryview`, `numpy.ndarray`, read in place where it is sure to be there.
//!
//! Sources: `Modules/arraymodule.c` (`arrayobject`, `arraydescr`), `Include/cpython/memoryobject.h` of CPython 3.12 and
//! 3.13; `numpy/core/include/numpy/ndarraytypes.h` (`PyArrayObject_fields`, `PyArray_Descr`) of numpy 1.22 to 2.x.
//! `structure` has checked the types.

use std::ffi::CStr;

use pyo3::ffi;

use super::object::{Kind, Obj, read_at};
use super::structure::{self, Structure};

/// Longest chain of owners of memory that is followed.
const OWNERS: usize = 8;
/// Most dimensions that numpy allows.
const DIMENSIONS: usize = 64;
/// `NPY_ARRAY_OWNDATA`.
const OWN_DATA: i32 = 4;

/// Elements of one size that lie in memory by strides.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    data: *const u8,
    /// Length of each dimension.
    pub shape: &'a [isize],
    strides: &'a [isize],
    /// Bytes of one element.
    pub size: usize,
}

impl Elements<'_> {
    /// How many elements there are.
    pub fn count(&self) -> usize {
        let lengths = self.shape.iter().map(|n| n.max(&0).unsigned_abs());
        lengths.fold(1, usize::saturating_mul)
    }

    /// The bytes of element `i`, counted along the last dimension first.
    pub fn bytes(&self, mut i: usize) -> &[u8] {
        let mut offset = 0;
        for (length, stride) in self.shape.iter().zip(self.strides).rev() {
            let length = length.unsigned_abs().max(1);
            offset += (i % length) as isize * stride;
            i /= length;
        }
        // SAFETY: callers pass `i` below `count`, so the offset is that of an element; its memory is owned by an object
        // that keeps it, as `steady` found.
        unsafe { std::slice::from_raw_parts(self.data.offset(offset), self.size) }
    }
}

/// Who lends its memory to a view or an array, and who lends it to that one.
pub fn lenders(of: Obj<'_>) -> impl Iterator<Item = Obj<'_>> {
    std::iter::successors(lender(of), |owner| lender(*owner)).take(OWNERS)
}

fn lender(of: Obj<'_>) -> Option<Obj<'_>> {
    match structure::of(of).structure {
        Structure::NumpyArray => of.field(48),
        Structure::MemoryView => owner_of(&of.view()?),
        _ => None,
    }
}

/// Whether the memory that `owner` lends is allocated and stays so: it is not that of a mapped file or of foreign code.
fn steady(mut owner: Obj<'_>) -> bool {
    for _ in 0..OWNERS {
        match structure::of(owner).structure {
            Structure::Builtin(Kind::Bytes | Kind::ByteArray) | Structure::Array => return true,
            Structure::NumpyArray => {
                if owner.read::<i32>(64) & OWN_DATA != 0 {
                    return true;
                }
            }
            Structure::MemoryView => {}
            _ => return false,
        }
        let Some(lender) = lender(owner) else {
            return false;
        };
        owner = lender;
    }
    false
}

fn owner_of<'a>(view: &ffi::Py_buffer) -> Option<Obj<'a>> {
    // SAFETY: the buffer holds a reference to its owner, or null.
    unsafe { Obj::new(view.obj) }
}

/// What a `memoryview` says of its memory.
pub struct View<'a> {
    /// `format`.
    pub format: &'a str,
    /// `shape`.
    pub shape: &'a [isize],
    /// `readonly`.
    pub readonly: bool,
    /// Length in bytes.
    pub len: usize,
    /// The first bytes, where they lie together and are sure to be there.
    pub bytes: Option<&'a [u8]>,
}

/// What a numpy array says of its elements.
pub struct NumpyArray<'a> {
    /// `dtype.num`.
    pub number: i32,
    /// `dtype.byteorder` is not that of this machine.
    pub swapped: bool,
    /// The elements, with `size` zero where the type of the elements does not tell it.
    pub elements: Elements<'a>,
    /// Whether their memory is sure to be there.
    pub steady: bool,
}

impl<'a> Obj<'a> {
    /// Type code and elements of an `array.array`.
    pub fn array(self) -> (char, Elements<'a>) {
        let description: *const u8 = self.read(40);
        // SAFETY: an array's description is static: a type code, the size of an item. Its length follows the header, and
        // serves as the one dimension.
        unsafe {
            let code = read_at::<u8>(description, 0);
            let size = read_at::<i32>(description, 4).max(0) as usize;
            let shape = std::slice::from_raw_parts(self.as_ptr().cast::<u8>().add(16).cast(), 1);
            let elements = Elements {
                data: self.read(24),
                shape,
                strides: stride_of(size),
                size,
            };
            (char::from(code), elements)
        }
    }

    fn view(self) -> Option<ffi::Py_buffer> {
        let managed = self.field(24)?;
        // The low bit says "released", of the view itself and of the buffer below it.
        if self.read::<i32>(40) & 1 != 0 || managed.read::<i32>(16) & 1 != 0 {
            return None;
        }
        // SAFETY: a view that is not released has a filled buffer at this offset; the copy owns nothing.
        Some(unsafe { read_raw(self, 56) })
    }

    /// What a `memoryview` shows, up to `limit` bytes; `None` when it is released.
    pub fn memory_view(self, limit: usize) -> Option<View<'a>> {
        let view = self.view()?;
        let dimensions = usize::try_from(view.ndim).unwrap_or(0).min(DIMENSIONS);
        let len = view.len.max(0) as usize;
        // SAFETY: `shape` and `strides` have `ndim` numbers, kept by the view; format is a C string or null.
        unsafe {
            let list = |numbers: *mut isize| {
                if numbers.is_null() || dimensions == 0 {
                    &[][..]
                } else {
                    std::slice::from_raw_parts(numbers.cast_const(), dimensions)
                }
            };
            let (shape, strides) = (list(view.shape), list(view.strides));
            let format = if view.format.is_null() {
                "B"
            } else {
                CStr::from_ptr(view.format).to_str().unwrap_or("?")
            };
            let mut expected = view.itemsize;
            let mut together = view.suboffsets.is_null() && strides.len() == shape.len();
            for (length, stride) in shape.iter().zip(strides).rev() {
                together &= *stride == expected || *length <= 1;
                expected *= *length;
            }
            let readable = together && !view.buf.is_null() && owner_of(&view).is_some_and(steady);
            Some(View {
                format,
                shape,
                readonly: view.readonly != 0,
                len,
                bytes: readable
                    .then(|| std::slice::from_raw_parts(view.buf.cast(), len.min(limit))),
            })
        }
    }

    /// What a `numpy.ndarray` shows.
    pub fn numpy_array(self) -> Option<NumpyArray<'a>> {
        let dimensions = usize::try_from(self.read::<i32>(24)).unwrap_or(0);
        let (shape, strides): (*const isize, *const isize) = (self.read(32), self.read(40));
        let description = self.field(56)?;
        if dimensions > DIMENSIONS || (dimensions > 0 && (shape.is_null() || strides.is_null())) {
            return None;
        }
        let number = description.read::<i32>(28);
        let order: u8 = description.read(26);
        // SAFETY: an array has as many lengths and strides as dimensions.
        let list = |numbers: *const isize| unsafe {
            match dimensions {
                0 => &[][..],
                _ => std::slice::from_raw_parts(numbers, dimensions),
            }
        };
        Some(NumpyArray {
            number,
            swapped: order
                == if cfg!(target_endian = "little") {
                    b'>'
                } else {
                    b'<'
                },
            elements: Elements {
                data: self.read(16),
                shape: list(shape),
                strides: list(strides),
                size: numpy_size(number, description),
            },
            steady: steady(self),
        })
    }

    /// The bytes of a scalar of numpy: at most `size` after the header.
    pub fn numpy_scalar(self, size: usize) -> &'a [u8] {
        // SAFETY: `structure` has checked that the instance is larger than the header by at least 8 bytes, 16 for a
        // complex of that size.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast::<u8>().add(16), size.min(16)) }
    }
}

/// The stride of items that lie side by side.
fn stride_of(size: usize) -> &'static [isize] {
    match size {
        1 => &[1],
        2 => &[2],
        4 => &[4],
        _ => &[8],
    }
}

/// Bytes of an element: by the number of its type, for text and raw bytes as the description says.
fn numpy_size(number: i32, description: Obj<'_>) -> usize {
    match number {
        0..=2 => 1,
        3 | 4 | 23 => 2,
        5 | 6 | 11 => 4,
        7..=10 | 12 | 14 | 17 | 21 | 22 => 8,
        13 | 15 => 16,
        18 | 19 => match super::threads::loaded_module(c"numpy")
            .and_then(|numpy| super::threads::module_text(numpy, c"__version__"))
        {
            Some(version) if version.starts_with("1.") => {
                description.read::<i32>(32).max(0) as usize
            }
            Some(version) if version.starts_with("2.") => {
                description.read::<isize>(40).max(0) as usize
            }
            _ => 0,
        },
        _ => 0,
    }
}

/// A copy of the structure at `offset`.
///
/// # Safety
/// The object must have a filled `T` there.
unsafe fn read_raw<T>(obj: Obj<'_>, offset: usize) -> T {
    // SAFETY: forwarded to the caller.
    unsafe { obj.as_ptr().cast::<u8>().add(offset).cast::<T>().read() }
}
