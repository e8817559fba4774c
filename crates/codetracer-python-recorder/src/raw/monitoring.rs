//! `sys.monitoring`, called by its C functions: tool ids, callbacks, event masks.

use pyo3::ffi;

use super::frame::Code;
use super::object::Obj;

/// Event numbers as `sys.monitoring.events` has them.
pub mod event {
    /// `PY_START`.
    pub const PY_START: u32 = 1 << 0;
    /// `PY_RESUME`.
    pub const PY_RESUME: u32 = 1 << 1;
    /// `PY_RETURN`.
    pub const PY_RETURN: u32 = 1 << 2;
    /// `PY_YIELD`.
    pub const PY_YIELD: u32 = 1 << 3;
    /// `CALL`.
    pub const CALL: u32 = 1 << 4;
    /// `LINE`.
    pub const LINE: u32 = 1 << 5;
    /// `INSTRUCTION`.
    pub const INSTRUCTION: u32 = 1 << 6;
    /// `JUMP`.
    pub const JUMP: u32 = 1 << 7;
    /// `BRANCH`.
    pub const BRANCH: u32 = 1 << 8;
    /// `RAISE`.
    pub const RAISE: u32 = 1 << 10;
    /// `EXCEPTION_HANDLED`.
    pub const EXCEPTION_HANDLED: u32 = 1 << 11;
    /// `PY_UNWIND`.
    pub const PY_UNWIND: u32 = 1 << 12;
    /// `PY_THROW`.
    pub const PY_THROW: u32 = 1 << 13;
}

/// An owned reference, released with the GIL held.
struct Owned(*mut ffi::PyObject);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: owned by this value; the GIL is held wherever `Monitoring` lives and dies.
        unsafe { ffi::Py_XDECREF(self.0) }
    }
}

fn integer(n: u32) -> Owned {
    // SAFETY: makes a new int; null on out of memory, which the call below then reports.
    Owned(unsafe { ffi::PyLong_FromUnsignedLong(n.into()) })
}

/// The functions of `sys.monitoring` and the number they are called with.
pub struct Monitoring {
    tool: Owned,
    number: u32,
    register_callback: Owned,
    set_events: Owned,
    set_local_events: Owned,
    restart_events: Owned,
    free_tool_id: Owned,
    get_tool: Owned,
    use_tool_id: Owned,
    disable: Owned,
}

/// What stands in the way of a tool id: the holders' names, by number.
#[derive(Debug, Default)]
pub struct Holders(pub Vec<(u32, String)>);

/// Order in which tool ids are tried.
const TOOL_ORDER: [u32; 6] = [4, 3, 5, 2, 1, 0];

/// Name under which the tool id is held.
pub const TOOL_NAME: &std::ffi::CStr = c"codetracer-python-recorder";

fn call(function: &Owned, args: &[*mut ffi::PyObject]) -> Option<Owned> {
    if args.iter().any(|arg| arg.is_null()) {
        return None;
    }
    // SAFETY: calls a C function of the interpreter with live arguments; a raised error is cleared, nothing of ours
    // reaches the program.
    unsafe {
        let result =
            ffi::PyObject_Vectorcall(function.0, args.as_ptr(), args.len(), std::ptr::null_mut());
        if result.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(Owned(result))
    }
}

impl Monitoring {
    /// Takes a free tool id. `Err(None)` when the interpreter has no `sys.monitoring`.
    pub fn acquire() -> Result<Self, Option<Holders>> {
        // SAFETY: borrows `sys.monitoring` and reads attributes of that module.
        unsafe {
            let Some(module) = Obj::new(ffi::PySys_GetObject(c"monitoring".as_ptr())) else {
                return Err(None);
            };
            let get = |name: &std::ffi::CStr| {
                let found = ffi::PyObject_GetAttrString(module.as_ptr(), name.as_ptr());
                if found.is_null() {
                    ffi::PyErr_Clear();
                    return Err(None);
                }
                Ok(Owned(found))
            };
            let use_tool_id = get(c"use_tool_id")?;
            let get_tool = get(c"get_tool")?;
            let mut holders = Holders::default();
            for number in TOOL_ORDER {
                let tool = integer(number);
                let holder = call(&get_tool, &[tool.0]);
                if let Some(holder) = holder.as_ref().and_then(|h| Obj::new(h.0))
                    && super::unicode::is_str(holder)
                {
                    holders.0.push((number, super::unicode::text(holder)));
                    continue;
                }
                let name = Owned(ffi::PyUnicode_FromString(TOOL_NAME.as_ptr()));
                if call(&use_tool_id, &[tool.0, name.0]).is_none() {
                    continue;
                }
                return Ok(Self {
                    tool,
                    number,
                    register_callback: get(c"register_callback")?,
                    set_events: get(c"set_events")?,
                    set_local_events: get(c"set_local_events")?,
                    restart_events: get(c"restart_events")?,
                    free_tool_id: get(c"free_tool_id")?,
                    get_tool,
                    use_tool_id,
                    disable: get(c"DISABLE")?,
                });
            }
            Err(Some(holders))
        }
    }

    /// The tool id.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether the tool id is still held under our name.
    pub fn is_ours(&self) -> bool {
        let Some(holder) = call(&self.get_tool, &[self.tool.0]) else {
            return false;
        };
        // SAFETY: owned by `holder`.
        let Some(name) = (unsafe { Obj::new(holder.0) }) else {
            return false;
        };
        super::unicode::is_str(name)
            && super::unicode::text(name).as_bytes() == TOOL_NAME.to_bytes()
    }

    /// Takes the tool id back if the program freed it and nobody else holds it.
    pub fn reclaim(&self) -> bool {
        // SAFETY: makes a new string; null on out of memory, which the call then reports.
        let name = Owned(unsafe { ffi::PyUnicode_FromString(TOOL_NAME.as_ptr()) });
        call(&self.use_tool_id, &[self.tool.0, name.0]).is_some()
    }

    /// Registers `callback` for one event; `None` unregisters.
    pub fn register(&self, event: u32, callback: Option<Obj<'_>>) -> bool {
        let number = integer(event);
        // SAFETY: the address of a singleton.
        let callback = callback.map_or(unsafe { ffi::Py_None() }, Obj::as_ptr);
        call(&self.register_callback, &[self.tool.0, number.0, callback]).is_some()
    }

    /// Sets the global events.
    pub fn set_events(&self, mask: u32) -> bool {
        let mask = integer(mask);
        call(&self.set_events, &[self.tool.0, mask.0]).is_some()
    }

    /// Sets the local events of `code`.
    pub fn set_local_events(&self, code: Code<'_>, mask: u32) -> bool {
        self.set_local_events_ptr(code.obj(), mask)
    }

    fn set_local_events_ptr(&self, code: Obj<'_>, mask: u32) -> bool {
        let mask = integer(mask);
        call(
            &self.set_local_events,
            &[self.tool.0, code.as_ptr(), mask.0],
        )
        .is_some()
    }

    /// Clears the local events of every code object that had some.
    pub fn clear_local_events(&self) {
        // SAFETY: the GIL is held and nothing below frees a code object.
        for ptr in unsafe { super::extra::take_armed() } {
            // SAFETY: alive, as its entry would have been zeroed.
            if let Some(code) = unsafe { Obj::new(ptr) } {
                self.set_local_events_ptr(code, 0);
            }
        }
    }

    /// Arms again what earlier sessions disabled.
    pub fn restart_events(&self) {
        call(&self.restart_events, &[]);
    }

    /// Gives the tool id back.
    pub fn release(&self) {
        call(&self.free_tool_id, &[self.tool.0]);
    }

    /// A new reference to `sys.monitoring.DISABLE`.
    #[inline(always)]
    pub fn disable(&self) -> *mut ffi::PyObject {
        // SAFETY: owned by this value.
        unsafe { ffi::Py_NewRef(self.disable.0) }
    }
}
