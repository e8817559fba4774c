//! Code objects and interpreter frames, read in place.

use std::marker::PhantomData;

use pyo3::ffi;

use super::access;
use super::layout::{Layout, code as code_at, frame as frame_at};
use super::object::{Obj, read_at};

unsafe extern "C" {
    fn PyCode_GetCode(code: *mut ffi::PyObject) -> *mut ffi::PyObject;
    fn PyCompile_OpcodeStackEffect(
        opcode: std::ffi::c_int,
        operand: std::ffi::c_int,
    ) -> std::ffi::c_int;
}

/// By how much an instruction changes the depth of the operand stack; 0 for what the interpreter does not know.
pub fn stack_effect(opcode: u8, operand: u32) -> i32 {
    // SAFETY: a table look-up.
    let effect = unsafe { PyCompile_OpcodeStackEffect(opcode.into(), operand as std::ffi::c_int) };
    // The interpreter's word for an invalid opcode is a very large number.
    if effect.abs() > 1 << 20 { 0 } else { effect }
}

/// A code object that stays alive for `'a`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code<'a>(Obj<'a>);

impl<'a> Code<'a> {
    /// The object as a code object, if it is one.
    #[inline(always)]
    pub fn from_obj(obj: Obj<'a>) -> Option<Self> {
        // SAFETY: comparing with the address of a static type.
        if obj.type_ptr() == &raw mut ffi::PyCode_Type {
            Some(Self(obj))
        } else {
            None
        }
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
        self.object(code_at::LOCALSPLUSKINDS)
            .map_or(&[], |kinds| kinds.bytes(usize::MAX))
    }
    /// Whether its qualified name is `name`.
    pub fn is_named(self, name: &str) -> bool {
        self.qualname()
            .is_some_and(|q| super::unicode::text(q) == name)
    }
    /// `co_names`.
    pub fn names(self) -> Option<Obj<'a>> {
        self.object(code_at::NAMES)
    }
    /// `co_consts`.
    pub fn constants(self) -> Option<Obj<'a>> {
        self.object(code_at::CONSTS)
    }
    /// `co_exceptiontable`.
    pub fn exception_table(self) -> &'a [u8] {
        self.object(code_at::EXCEPTIONTABLE)
            .map_or(&[], |table| table.bytes(usize::MAX))
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
        self.object(code_at::LINETABLE)
            .map_or(&[], |table| table.bytes(usize::MAX))
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

/// A frame that is on a thread's stack, or suspended, for `'a`: read in place, or through its frame object where this
/// interpreter's layout is not proven (`access::Mode::Public`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    ptr: *const u8,
    life: PhantomData<&'a ()>,
}

impl<'a> Frame<'a> {
    /// The frame that `tstate` runs now, in place.
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

    /// The frame of a frame object.
    ///
    /// # Safety
    /// A non-null `object` must be a frame object for `'a`.
    pub unsafe fn of_object(object: *mut ffi::PyObject) -> Option<Self> {
        // SAFETY: forwarded to the caller.
        unsafe { Self::new(object.cast_const().cast()) }
    }

    /// # Safety
    /// A non-null `ptr` must be a frame, of the form that the access mode says, for `'a`.
    #[inline(always)]
    unsafe fn new(ptr: *const u8) -> Option<Self> {
        if ptr.is_null() {
            None
        } else {
            Some(Self {
                ptr,
                life: PhantomData,
            })
        }
    }

    #[inline(always)]
    fn read<T: Copy>(self, offset: usize) -> T {
        // SAFETY: `offset` is one of the frame's fields; only called in direct mode.
        unsafe { read_at(self.ptr, offset) }
    }

    fn object(self) -> *mut ffi::PyFrameObject {
        self.ptr.cast_mut().cast()
    }

    /// The address: the identity of the frame while it runs or is suspended.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.ptr as usize
    }

    /// Whether C code pushed this entry frame; it has no code of its own.
    #[inline(always)]
    pub fn is_entry(self) -> bool {
        access::is_direct() && self.read::<u8>(frame_at::OWNER) == frame_at::OWNED_BY_CSTACK
    }

    /// The frame below, entry frames skipped, and whether one was skipped (C code called this frame; frame objects do
    /// not tell, so then it may be).
    #[inline(always)]
    pub fn caller(self) -> (Option<Frame<'a>>, bool) {
        if !access::is_direct() {
            // SAFETY: a live frame object; the frame below keeps its own frame object alive.
            return (
                unsafe { Self::of_object(kept(ffi::PyFrame_GetBack(self.object()).cast())) },
                true,
            );
        }
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
        // SAFETY: a live frame of this interpreter, in the form of the access mode.
        let line = unsafe {
            if access::is_direct() {
                ffi::PyUnstable_InterpreterFrame_GetLine(self.ptr.cast_mut().cast())
            } else {
                ffi::PyFrame_GetLineNumber(self.object())
            }
        };
        u32::try_from(line).ok()
    }

    /// Byte offset of the instruction it is at; `None` before the first one.
    pub fn offset(self) -> Option<u32> {
        if !access::is_direct() {
            // SAFETY: a live frame object.
            return u32::try_from(unsafe { ffi::PyFrame_GetLasti(self.object()) }).ok();
        }
        // SAFETY: a live frame of this interpreter.
        u32::try_from(unsafe {
            ffi::PyUnstable_InterpreterFrame_GetLasti(self.ptr.cast_mut().cast())
        })
        .ok()
    }

    /// The code that runs.
    #[inline(always)]
    pub fn code(self) -> Option<Code<'a>> {
        // SAFETY: the frame owns its code object.
        unsafe {
            if access::is_direct() {
                Obj::new(self.read(frame_at::CODE))
            } else {
                Obj::new(kept(ffi::PyFrame_GetCode(self.object()).cast()))
            }
        }
        .and_then(Code::from_obj)
    }

    /// `f_globals`.
    pub fn globals(self) -> Option<Obj<'a>> {
        // SAFETY: borrowed from the running function.
        unsafe {
            if access::is_direct() {
                Obj::new(self.read(frame_at::GLOBALS))
            } else {
                Obj::new(kept(ffi::PyFrame_GetGlobals(self.object())))
            }
        }
    }

    /// `f_locals`: the namespace of a module or class body.
    pub fn namespace(self) -> Option<Obj<'a>> {
        if access::is_direct() {
            // SAFETY: owned by the frame, may be null.
            return unsafe { Obj::new(self.read(frame_at::LOCALS)) };
        }
        // With fast locals or cells, CPython 3.12 would copy them into the namespace for the program to see.
        if self.code().is_none_or(|code| code.locals_count() != 0) {
            return None;
        }
        // SAFETY: the frame owns the namespace that is returned.
        unsafe { Obj::new(kept(ffi::PyFrame_GetLocals(self.object()))) }
    }

    /// What fast local `slot` holds (a cell for a captured name); the caller keeps `slot` below `co_nlocalsplus`.
    #[inline(always)]
    pub fn local(self, slot: usize) -> Option<Obj<'a>> {
        if access::is_direct() {
            // SAFETY: `localsplus` holds `co_nlocalsplus` object pointers or nulls while the frame lives.
            return unsafe { Obj::new(self.read(frame_at::LOCALSPLUS + slot * 8)) };
        }
        let name = self.code()?.locals_names()?.tuple_item(slot)?;
        // SAFETY: a live frame object and a string; an unbound name raises, which is cleared; the frame keeps a value
        // that is bound.
        unsafe {
            let value = ffi::PyFrame_GetVar(self.object(), name.as_ptr());
            if value.is_null() {
                ffi::PyErr_Clear();
            }
            Obj::new(kept(value))
        }
    }

    /// What the captured name in `slot` is bound to.
    #[inline(always)]
    pub fn captured(self, slot: usize) -> Option<Obj<'a>> {
        let held = self.local(slot);
        if access::is_direct() {
            held.and_then(Obj::cell)
        } else {
            held
        }
    }
}

/// Gives back a new reference to an object that something else keeps alive for the callback.
///
/// # Safety
/// `object` must be null, or owned by a live object beside the reference given back.
unsafe fn kept(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the caller's own reference.
    unsafe { ffi::Py_XDECREF(object) };
    object
}
