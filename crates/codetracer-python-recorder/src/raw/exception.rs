//! Exceptions and tracebacks, read from their objects.

use pyo3::ffi;

use super::layout::object as at;
use super::object::{Obj, read_at};

impl<'a> Obj<'a> {
    /// `args` of an exception.
    pub fn exception_args(self) -> Option<Obj<'a>> {
        self.field(at::EXCEPTION_ARGS)
    }

    /// `__traceback__` of an exception.
    pub fn exception_traceback(self) -> Option<Traceback<'a>> {
        self.field(at::EXCEPTION_TRACEBACK).map(Traceback)
    }

    /// `__cause__` of an exception.
    pub fn exception_cause(self) -> Option<Obj<'a>> {
        self.field(at::EXCEPTION_CAUSE)
    }

    /// `__context__` of an exception.
    pub fn exception_context(self) -> Option<Obj<'a>> {
        self.field(at::EXCEPTION_CONTEXT)
    }

    /// `__suppress_context__` of an exception.
    pub fn exception_suppresses(self) -> bool {
        self.read::<u8>(at::EXCEPTION_SUPPRESS) != 0
    }

    /// `code` of a `SystemExit` (or a subclass).
    pub fn system_exit_code(self) -> Option<Obj<'a>> {
        self.field(at::SYSTEM_EXIT_CODE)
    }

    /// Whether this is an instance of the exception class at `class`, subclasses included.
    pub fn is_exception_of(self, class: *mut ffi::PyObject) -> bool {
        // SAFETY: walks the MRO of a type, no Python code.
        unsafe { ffi::PyType_IsSubtype(self.type_ptr(), class.cast()) != 0 }
    }
}

/// One entry of a traceback.
#[derive(Clone, Copy)]
pub struct Traceback<'a>(Obj<'a>);

impl<'a> Traceback<'a> {
    /// The entry one frame nearer to where the exception was raised.
    pub fn next(self) -> Option<Traceback<'a>> {
        self.0.field(at::TRACEBACK_NEXT).map(Traceback)
    }

    /// The line; 0 where there is none. The interpreter computes it late, from the instruction.
    pub fn line(self) -> u32 {
        let known = self.0.read::<i32>(at::TRACEBACK_LINE);
        let line = match self.code() {
            Some(code) if known < 0 => {
                // SAFETY: a live code object and the offset of one of its instructions.
                unsafe {
                    ffi::PyCode_Addr2Line(
                        code.obj().as_ptr().cast(),
                        self.0.read::<i32>(at::TRACEBACK_OFFSET),
                    )
                }
            }
            _ => known,
        };
        u32::try_from(line).unwrap_or(0)
    }

    /// Byte offset of the instruction.
    pub fn offset(self) -> u32 {
        u32::try_from(self.0.read::<i32>(at::TRACEBACK_OFFSET)).unwrap_or(0)
    }

    /// The code object of the entry's frame.
    pub fn code(self) -> Option<super::frame::Code<'a>> {
        let frame = self.0.field(at::TRACEBACK_FRAME)?;
        let interpreter_frame: *const u8 = frame.read(at::FRAME_INTERPRETER_FRAME);
        // SAFETY: a frame object always points at its interpreter frame (its own copy once the frame has ended).
        let code: *mut ffi::PyObject =
            unsafe { read_at(interpreter_frame, super::layout::frame::CODE) };
        // SAFETY: the frame object keeps its code alive.
        unsafe { Obj::new(code) }.and_then(super::frame::Code::from_obj)
    }
}

/// `PyOSErrorObject`: the fields after the exception header are `myerrno`, `strerror`, `filename`.
const OS_ERROR_FILENAME: usize = 88;

impl<'a> Obj<'a> {
    /// Whether this exception is a `SystemExit`.
    pub fn is_system_exit(self) -> bool {
        // SAFETY: reads the address of a static exception class.
        self.is_exception_of(unsafe { ffi::PyExc_SystemExit })
    }

    /// Whether this exception is a `StopIteration`.
    pub fn is_stop_iteration(self) -> bool {
        // SAFETY: reads the address of a static exception class.
        self.is_exception_of(unsafe { ffi::PyExc_StopIteration })
    }

    /// Whether this exception is a `KeyboardInterrupt`.
    pub fn is_keyboard_interrupt(self) -> bool {
        // SAFETY: reads the address of a static exception class.
        self.is_exception_of(unsafe { ffi::PyExc_KeyboardInterrupt })
    }

    /// Whether this exception is a `KeyError`.
    pub fn is_key_error(self) -> bool {
        // SAFETY: reads the address of a static exception class.
        self.is_exception_of(unsafe { ffi::PyExc_KeyError })
    }

    /// Whether this exception is an `OSError`.
    pub fn is_os_error(self) -> bool {
        // SAFETY: reads the address of a static exception class.
        self.is_exception_of(unsafe { ffi::PyExc_OSError })
    }

    /// What an asynchronous generator yielded: CPython wraps it in an object of its own.
    pub fn unwrapped(self) -> Self {
        let (_, name) = super::types::names(self);
        if name != "async_generator_wrapped_value" || self.type_flags() & at::FLAG_HEAPTYPE != 0 {
            return self;
        }
        self.field(at::WRAPPED_VALUE).unwrap_or(self)
    }

    /// `filename` of an `OSError`, when it has one.
    pub fn os_error_filename(self) -> Option<Obj<'a>> {
        // SAFETY: comparing with the address of a singleton.
        self.field(OS_ERROR_FILENAME)
            .filter(|name| name.as_ptr() != unsafe { ffi::Py_None() })
    }
}
