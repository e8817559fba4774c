//! Code objects and interpreter frames, read in place.

use std::marker::PhantomData;

use pyo3::ffi;

use super::layout::{LAYOUT, Layout, code as code_at, frame as frame_at};
use super::object::{Obj, read_at};

unsafe extern "C" {
    fn PyCode_GetCode(code: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

/// A code object that stays alive for `'a`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code<'a>(Obj<'a>);

impl<'a> Code<'a> {
    /// The object as a code object, if it is one.
    #[inline(always)]
    pub fn from_obj(obj: Obj<'a>) -> Option<Self> {
        // SAFETY: comparing with the address of a static type.
        if obj.type_ptr() == &raw mut ffi::PyCode_Type { Some(Self(obj)) } else { None }
    }

    /// The object.
    #[inline(always)]
    pub fn obj(self) -> Obj<'a> {
        self.0
    }

    #[inline(always)]
    pub(super) fn base(self) -> *const u8 {
        self.0.as_ptr().cast_const().cast()
    }

    #[inline(always)]
    fn read<T: Copy>(self, offset: usize) -> T {
        // SAFETY: `offset` is one of the code object's fields for this version.
        unsafe { read_at(self.base(), offset) }
    }

    fn object(self, offset: usize) -> Option<Obj<'a>> {
        // SAFETY: the field holds an object that the code object owns.
        unsafe { Obj::new(self.read(offset)) }
    }

    /// `co_flags`.
    pub fn flags(self) -> u32 {
        self.read::<i32>(code_at::FLAGS) as u32
    }
    /// `co_argcount`.
    pub fn arg_count(self) -> u32 {
        self.read::<i32>(code_at::ARGCOUNT) as u32
    }
    /// `co_kwonlyargcount`.
    pub fn kwonly_count(self) -> u32 {
        self.read::<i32>(code_at::KWONLYARGCOUNT) as u32
    }
    /// `co_firstlineno`.
    pub fn first_line(self) -> u32 {
        u32::try_from(self.read::<i32>(code_at::FIRSTLINENO)).unwrap_or(0)
    }
    /// `co_nlocalsplus`.
    pub fn locals_count(self) -> usize {
        self.read::<i32>(code_at::NLOCALSPLUS).max(0) as usize
    }
    /// `co_localsplusnames`.
    pub fn locals_names(self) -> Option<Obj<'a>> {
        self.object(code_at::LOCALSPLUSNAMES)
    }
    /// `co_localspluskinds`.
    pub fn locals_kinds(self) -> &'a [u8] {
        self.object(code_at::LOCALSPLUSKINDS).map_or(&[], |kinds| kinds.bytes(usize::MAX))
    }
    /// Whether its qualified name is `name`.
    pub fn is_named(self, name: &str) -> bool {
        self.qualname().is_some_and(|q| super::unicode::text(q) == name)
    }
    /// `co_names`.
    pub fn names(self) -> Option<Obj<'a>> {
        self.object(code_at::NAMES)
    }
    /// `co_filename`.
    pub fn filename(self) -> Option<Obj<'a>> {
        self.object(code_at::FILENAME)
    }
    /// `co_qualname`.
    pub fn qualname(self) -> Option<Obj<'a>> {
        self.object(code_at::QUALNAME)
    }
    /// `co_linetable`.
    pub fn line_table(self) -> &'a [u8] {
        self.object(code_at::LINETABLE).map_or(&[], |table| table.bytes(usize::MAX))
    }
    /// The bytecode without instrumentation and specialisation (`co_code`).
    pub fn bytecode(self) -> Vec<u8> {
        // SAFETY: returns a new bytes object, which is released here.
        unsafe {
            let bytes = PyCode_GetCode(self.0.as_ptr());
            let Some(obj) = Obj::new(bytes) else {
                ffi::PyErr_Clear();
                return Vec::new();
            };
            let out = obj.bytes(usize::MAX).to_vec();
            ffi::Py_DECREF(bytes);
            out
        }
    }
}

/// An interpreter frame that is on a thread's stack, or suspended, for `'a`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    ptr: *const u8,
    life: PhantomData<&'a ()>,
}

impl<'a> Frame<'a> {
    /// The frame that `tstate` runs now.
    ///
    /// # Safety
    /// `tstate` must be a live thread state, the GIL held, and `layout` proven for this interpreter.
    #[inline(always)]
    pub unsafe fn current(tstate: *mut ffi::PyThreadState, layout: &Layout) -> Option<Self> {
        // SAFETY: the layout's offsets hold for this interpreter.
        unsafe {
            let base: *const u8 = match layout.cframe {
                Some(offset) => read_at(tstate.cast_const().cast(), offset),
                None => tstate.cast_const().cast(),
            };
            Self::new(read_at(base, layout.current_frame))
        }
    }

    /// # Safety
    /// A non-null `ptr` must be a frame for `'a`.
    #[inline(always)]
    unsafe fn new(ptr: *const u8) -> Option<Self> {
        if ptr.is_null() { None } else { Some(Self { ptr, life: PhantomData }) }
    }

    #[inline(always)]
    fn read<T: Copy>(self, offset: usize) -> T {
        // SAFETY: `offset` is one of the frame's fields.
        unsafe { read_at(self.ptr, offset) }
    }

    /// The address: the identity of the frame while it runs or is suspended.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.ptr as usize
    }

    /// Whether C code pushed this entry frame; it has no code of its own.
    #[inline(always)]
    pub fn is_entry(self) -> bool {
        self.read::<u8>(frame_at::OWNER) == frame_at::OWNED_BY_CSTACK
    }

    /// The frame below, entry frames skipped, and whether one was skipped (C code called this frame).
    #[inline(always)]
    pub fn caller(self) -> (Option<Frame<'a>>, bool) {
        let mut through_c = false;
        // SAFETY: `previous` is a frame of the same stack, or null.
        let mut below = unsafe { Self::new(self.read(frame_at::PREVIOUS)) };
        while let Some(frame) = below {
            if !frame.is_entry() {
                break;
            }
            through_c = true;
            // SAFETY: as above.
            below = unsafe { Self::new(frame.read(frame_at::PREVIOUS)) };
        }
        (below, through_c)
    }

    /// The line it is at, computed by the interpreter.
    pub fn line(self) -> Option<u32> {
        // SAFETY: a live frame of this interpreter.
        u32::try_from(unsafe { ffi::PyUnstable_InterpreterFrame_GetLine(self.ptr.cast_mut().cast()) }).ok()
    }

    /// The code that runs.
    #[inline(always)]
    pub fn code(self) -> Option<Code<'a>> {
        // SAFETY: the frame owns its code object.
        unsafe { Obj::new(self.read(frame_at::CODE)) }.and_then(Code::from_obj)
    }

    /// `f_globals`.
    pub fn globals(self) -> Option<Obj<'a>> {
        // SAFETY: borrowed from the running function.
        unsafe { Obj::new(self.read(frame_at::GLOBALS)) }
    }

    /// `f_locals`: the namespace of a module or class body.
    pub fn namespace(self) -> Option<Obj<'a>> {
        // SAFETY: owned by the frame, may be null.
        unsafe { Obj::new(self.read(frame_at::LOCALS)) }
    }

    /// Fast local `slot`; the caller keeps `slot` below the code's `co_nlocalsplus`.
    #[inline(always)]
    pub fn local(self, slot: usize) -> Option<Obj<'a>> {
        // SAFETY: `localsplus` holds `co_nlocalsplus` object pointers or nulls while the frame lives.
        unsafe { Obj::new(self.read(frame_at::LOCALSPLUS + slot * 8)) }
    }
}

/// The layout of this interpreter, if one is compiled in.
pub fn compiled_layout() -> Option<Layout> {
    LAYOUT
}
