//! Thread states: the current one, all of them, and what each is called.

use pyo3::ffi;

use super::frame::Frame;
use super::layout::LAYOUT;
use super::object::{Obj, read_at};
use super::unicode;

/// Identity of a thread: the address of its state and the state's number (addresses are reused).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadKey {
    /// Address of the thread state.
    pub state: usize,
    /// `PyThreadState.id`.
    pub id: u64,
}

/// The current thread state.
#[derive(Clone, Copy)]
pub struct Current {
    tstate: *mut ffi::PyThreadState,
}

impl Current {
    /// The thread that runs this callback.
    ///
    /// # Safety
    /// The GIL must be held.
    #[inline(always)]
    pub unsafe fn get() -> Self {
        // SAFETY: the GIL is held, so there is a current thread state.
        let tstate = unsafe { ffi::PyThreadState_Get() };
        Self { tstate }
    }

    /// The thread that calls into this crate; the GIL is held wherever this module is used.
    pub fn of_callback() -> Self {
        // SAFETY: the GIL is held.
        unsafe { Self::get() }
    }

    /// Its identity.
    #[inline(always)]
    pub fn key(self) -> ThreadKey {
        let id = match LAYOUT {
            // SAFETY: the current thread state is alive.
            Some(layout) => unsafe {
                read_at(self.tstate.cast_const().cast(), layout.thread_state_id)
            },
            // SAFETY: as above.
            None => unsafe { ffi::PyThreadState_GetID(self.tstate) as u64 },
        };
        ThreadKey {
            state: self.tstate as usize,
            id,
        }
    }

    /// The frame it runs.
    #[inline(always)]
    pub fn frame<'a>(self) -> Option<Frame<'a>> {
        if super::access::is_direct() {
            // SAFETY: a live thread state whose frame does not change during the callback.
            return LAYOUT.and_then(|layout| unsafe { Frame::current(self.tstate, &layout) });
        }
        // SAFETY: the interpreter frame keeps its frame object alive.
        unsafe {
            let object = ffi::PyThreadState_GetFrame(self.tstate).cast();
            ffi::Py_XDECREF(object);
            Frame::of_object(object)
        }
    }

    /// `threading.get_ident()` and the kernel's id.
    pub fn numbers(self) -> (u64, u64) {
        match LAYOUT {
            // SAFETY: both fields are unsigned longs of a live thread state.
            Some(layout) => unsafe {
                let base = self.tstate.cast_const().cast();
                (
                    read_at(base, layout.thread_id),
                    read_at(base, layout.native_thread_id),
                )
            },
            None => (0, 0),
        }
    }
}

fn each_thread(mut each: impl FnMut(Current)) {
    // SAFETY: the GIL, held by every caller of this module, keeps the list of thread states still.
    unsafe {
        let mut tstate = ffi::PyInterpreterState_ThreadHead(ffi::PyInterpreterState_Get());
        while !tstate.is_null() {
            each(Current { tstate });
            tstate = ffi::PyThreadState_Next(tstate);
        }
    }
}

/// Calls `each` with the identity of every thread of the interpreter.
pub fn live_threads(mut each: impl FnMut(ThreadKey)) {
    each_thread(|thread| each(thread.key()));
}

/// Calls `each` with every frame that runs in any thread, innermost first.
pub fn each_live_frame(mut each: impl FnMut(Frame<'_>)) {
    each_thread(|thread| {
        let mut at = thread.frame();
        while let Some(frame) = at {
            if !frame.is_entry() {
                each(frame);
            }
            at = frame.caller().0;
        }
    });
}

/// A module of `sys.modules`, if it is an exact module object; nothing is imported.
pub fn loaded_module<'a>(name: &std::ffi::CStr) -> Option<Obj<'a>> {
    // SAFETY: borrows `sys.modules`, which the interpreter keeps alive.
    let modules = unsafe { Obj::new(ffi::PyImport_GetModuleDict()) }?;
    let found = modules.dict_named(name)?;
    // SAFETY: comparing with the address of a static type.
    (found.type_ptr() == &raw mut ffi::PyModule_Type).then_some(found)
}

/// A name in a module's namespace.
pub fn module_item<'a>(module: Obj<'a>, name: &std::ffi::CStr) -> Option<Obj<'a>> {
    // SAFETY: `module` is an exact module object, whose dict is borrowed.
    unsafe { Obj::new(ffi::PyModule_GetDict(module.as_ptr())) }?.dict_named(name)
}

/// What a module's namespace has under a `str`.
pub fn module_attribute<'a>(module: Obj<'a>, name: Obj<'_>) -> Option<Obj<'a>> {
    // SAFETY: comparing with the address of a static type.
    if module.type_ptr() != &raw mut ffi::PyModule_Type {
        return None;
    }
    // SAFETY: `module` is an exact module object, whose dict is borrowed.
    let dict = unsafe { Obj::new(ffi::PyModule_GetDict(module.as_ptr())) }?;
    super::dict::find(dict, name).ok().flatten()
}

/// A string in a module's namespace.
pub fn module_text(module: Obj<'_>, name: &std::ffi::CStr) -> Option<String> {
    module_item(module, name)
        .filter(|text| unicode::is_str(*text))
        .map(unicode::text)
}

/// A string in an exact dict.
pub fn dict_text(dict: Obj<'_>, name: &std::ffi::CStr) -> Option<String> {
    let found = dict.dict_named(name)?;
    unicode::is_str(found).then(|| unicode::text(found))
}

/// The name that `threading` has for the thread `ident`.
pub fn thread_name(ident: u64) -> Option<String> {
    let active = module_item(loaded_module(c"threading")?, c"_active")?;
    let mut found = None;
    active.dict_entries(usize::MAX, |key, thread| {
        let (_, digits) = key.int_digits();
        let number = digits
            .iter()
            .rev()
            .fold(0u64, |n, digit| n << 30 | u64::from(*digit));
        if number == ident {
            found = super::instance::attribute(thread, "_name");
        }
    });
    found
        .filter(|name| unicode::is_str(*name))
        .map(unicode::text)
}

/// The name of a thread that `threading` does not know: the main thread before anything imported it.
pub fn default_name(native: u64) -> &'static str {
    if native == u64::from(std::process::id()) {
        "MainThread"
    } else {
        ""
    }
}

/// The exception that the running code is handling, borrowed from the thread's exception stack.
pub fn handled_exception<'a>() -> Option<Obj<'a>> {
    // SAFETY: the reference is given back at once: the thread's exception stack keeps the object alive while the
    // handler runs, and nothing runs before the callback ends.
    unsafe {
        let exc = ffi::PyErr_GetHandledException();
        let found = Obj::new(exc);
        ffi::Py_XDECREF(exc);
        found
    }
}
