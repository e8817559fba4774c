//! The current asyncio task, from `_asyncio`'s own table, without any hash or comparison of program objects.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi;

use super::object::Obj;
use super::threads::{loaded_module, module_item};

/// What is used of the `_asyncio` module, kept alive for the process.
struct Module {
    running_loop: usize,
    current_tasks: usize,
    task_type: usize,
    get_name: usize,
    /// The attribute `_coro`: up to CPython 3.12.4 `get_coro` crashes for a task that ended while it was made.
    coroutine: usize,
}

static MODULE: OnceLock<Module> = OnceLock::new();
/// Looks that found the module without all that is used of it: it is being imported, or another one by that name.
static FAILED_LOOKS: AtomicU32 = AtomicU32::new(0);
/// After so many failed looks the module is another one.
const MOST_LOOKS: u32 = 1_000;

fn keep(obj: Option<Obj<'_>>) -> Option<usize> {
    let obj = obj?;
    // SAFETY: takes a reference that is never given back, so that the address stays valid.
    unsafe { ffi::Py_INCREF(obj.as_ptr()) };
    Some(obj.address())
}

fn module() -> Option<&'static Module> {
    if let Some(known) = MODULE.get() {
        return Some(known);
    }
    if FAILED_LOOKS.load(Ordering::Relaxed) >= MOST_LOOKS {
        return None;
    }
    let loaded = loaded_module(c"_asyncio")?;
    match look(loaded) {
        Some(found) => Some(MODULE.get_or_init(|| found)),
        None => {
            FAILED_LOOKS.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

fn look(loaded: Obj<'_>) -> Option<Module> {
    let task = module_item(loaded, c"Task")?;
    // SAFETY: comparing with the address of a static type.
    let is_function = |o: &Obj<'_>| o.type_ptr() == &raw mut ffi::PyCFunction_Type;
    let is_table = |o: &Obj<'_>| o.type_ptr() == &raw mut ffi::PyDict_Type;
    let running_loop = module_item(loaded, c"_get_running_loop").filter(is_function)?;
    let current_tasks = module_item(loaded, c"_current_tasks").filter(is_table)?;
    // SAFETY: `Task` is a type whose dict is read by a string key; a new reference that is kept for good.
    let item = |name: &std::ffi::CStr| unsafe {
        let found = ffi::PyObject_GetAttrString(task.as_ptr(), name.as_ptr());
        if found.is_null() {
            ffi::PyErr_Clear();
        }
        (!found.is_null()).then_some(found as usize)
    };
    // SAFETY: comparing with the address of a static type; what `item` gave is alive.
    let coroutine = item(c"_coro").filter(|found| unsafe {
        ffi::Py_TYPE(*found as *mut _) == &raw mut ffi::PyGetSetDescr_Type
    });
    Some(Module {
        get_name: item(c"get_name")?,
        coroutine: coroutine?,
        running_loop: keep(Some(running_loop))?,
        current_tasks: keep(Some(current_tasks))?,
        task_type: keep(Some(task))?,
    })
}

/// Whether `_asyncio` is imported.
#[inline(always)]
pub fn is_loaded() -> bool {
    module().is_some()
}

/// The task that the current thread runs.
pub fn current_task<'a>() -> Option<Obj<'a>> {
    let module = module()?;
    // SAFETY: calls a C function of `_asyncio` that reads thread state; kept objects are alive; the loop is kept alive
    // by the thread that runs it.
    unsafe {
        let running = ffi::PyObject_CallNoArgs(module.running_loop as *mut _);
        let Some(running_loop) = Obj::new(running) else {
            ffi::PyErr_Clear();
            return None;
        };
        ffi::Py_DECREF(running);
        if running == ffi::Py_None() {
            return None;
        }
        let mut found = None;
        Obj::new(module.current_tasks as *mut _)?.dict_entries(usize::MAX, |of, task| {
            if of == running_loop {
                found = Some(task);
            }
        });
        found
    }
}

/// Whether `obj` is a task of `_asyncio`'s class or a subclass.
pub fn is_task(obj: Obj<'_>) -> bool {
    // SAFETY: walks the MRO of a type.
    module().is_some_and(|m| unsafe {
        ffi::PyType_IsSubtype(obj.type_ptr(), m.task_type as *mut _) != 0
    })
}

/// The task's name, by `_asyncio.Task`'s own method whatever a subclass defines.
pub fn name_of(task: Obj<'_>) -> Option<String> {
    if !is_task(task) {
        return None;
    }
    let module = module()?;
    // SAFETY: calls a method descriptor of `_asyncio.Task` with a task: C code that reads the task.
    let answer = unsafe { ffi::PyObject_CallOneArg(module.get_name as *mut _, task.as_ptr()) };
    // SAFETY: a new reference, given back below.
    let Some(name) = (unsafe { Obj::new(answer) }) else {
        // SAFETY: drops the exception that was just set.
        unsafe { ffi::PyErr_Clear() };
        return None;
    };
    let text = super::unicode::is_str(name).then(|| super::unicode::text(name));
    // SAFETY: as above.
    unsafe { ffi::Py_DECREF(answer) };
    text
}

/// Address of the task's coroutine, which tells a task from an ended one at the same address.
pub fn coroutine_of(task: Obj<'_>) -> usize {
    let Some(module) = module().filter(|_| is_task(task)) else {
        return 0;
    };
    // SAFETY: calls the getter of a C attribute with a task. It answers with a new reference, None for a task without a
    // coroutine; the task keeps the coroutine alive.
    unsafe {
        let descriptor = module.coroutine as *mut ffi::PyObject;
        let Some(get) = (*ffi::Py_TYPE(descriptor)).tp_descr_get else {
            return 0;
        };
        let answer = get(descriptor, task.as_ptr(), task.type_ptr().cast());
        if answer.is_null() {
            ffi::PyErr_Clear();
        }
        ffi::Py_XDECREF(answer);
        answer as usize
    }
}
