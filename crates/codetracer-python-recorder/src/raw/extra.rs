//! Facts kept in a code object's `co_extra` slot, and the list of code objects that have local events.
//!
//! The slot holds nothing, an odd number (skipped in that session), or a boxed [`CodeFacts`], freed with the code object.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicIsize, Ordering};

use pyo3::ffi;

use super::frame::Code;
use super::layout::LAYOUT;
use super::object::read_at;
use crate::code::facts::CodeFacts;

static INDEX: AtomicIsize = AtomicIsize::new(-1);

/// Code objects with local events, and code objects that are gone.
struct Lists {
    /// Addresses; 0 at places that are free.
    armed: Vec<usize>,
    /// Places in `armed` that are free.
    free: Vec<usize>,
    /// The session whose code objects are told of when they are gone; 0 for none.
    session: u32,
    /// Ids of code objects of that session that are gone.
    gone: Vec<u32>,
}

struct Shared(UnsafeCell<Lists>);

// SAFETY: touched with the GIL held only; code objects are created and freed under the GIL.
unsafe impl Sync for Shared {}

static LISTS: Shared = Shared(UnsafeCell::new(Lists {
    armed: Vec::new(),
    free: Vec::new(),
    session: 0,
    gone: Vec::new(),
}));

fn lists<R>(f: impl FnOnce(&mut Lists) -> R) -> R {
    // SAFETY: under the GIL and not re-entered, as `f` only edits the vectors.
    f(unsafe { &mut *LISTS.0.get() })
}

/// Notes from now on which code objects of `session` are freed; 0 for none.
pub fn tell_gone(session: u32) {
    lists(|lists| {
        lists.session = session;
        lists.gone = Vec::new();
    });
}

/// How many code objects were freed since [`take_gone`].
pub fn count_gone() -> usize {
    lists(|lists| lists.gone.len())
}

/// Ids of the code objects that were freed.
pub fn take_gone() -> Vec<u32> {
    lists(|lists| std::mem::take(&mut lists.gone))
}

/// What the slot of a code object says.
pub enum Extra<'a> {
    /// Not seen yet.
    Unknown,
    /// Skipped in the session of this number.
    Skipped(u32),
    /// Known.
    Facts(&'a CodeFacts),
}

unsafe extern "C" fn free(slot: *mut std::ffi::c_void) {
    let number = slot as usize;
    if number == 0 || number & 1 == 1 {
        return;
    }
    // SAFETY: an even non-zero slot is a box made by `store`; the code object that owned it is going away.
    let facts = unsafe { Box::from_raw(slot.cast::<CodeFacts>()) };
    lists(|lists| {
        if let Some(at) = facts.armed_at.get()
            && let Some(entry) = lists.armed.get_mut(at)
        {
            *entry = 0;
            lists.free.push(at);
        }
        if facts.session == lists.session {
            lists.gone.push(facts.id);
        }
    });
}

/// Reserves the slot index; once per process.
pub fn reserve() -> bool {
    if INDEX.load(Ordering::Relaxed) < 0 {
        // SAFETY: the GIL is held; `free` stays valid for the life of the process, as extensions are never unloaded.
        let index = unsafe { ffi::PyUnstable_Eval_RequestCodeExtraIndex(free) };
        INDEX.store(index, Ordering::Relaxed);
    }
    INDEX.load(Ordering::Relaxed) >= 0
}

unsafe extern "C" {
    fn PyUnstable_Code_GetExtra(
        code: *mut ffi::PyObject,
        index: isize,
        extra: *mut *mut std::ffi::c_void,
    ) -> std::ffi::c_int;
    fn PyUnstable_Code_SetExtra(
        code: *mut ffi::PyObject,
        index: isize,
        extra: *mut std::ffi::c_void,
    ) -> std::ffi::c_int;
}

#[inline(always)]
fn slot(code: Code<'_>) -> usize {
    let index = INDEX.load(Ordering::Relaxed);
    if let Some(layout) = LAYOUT {
        // SAFETY: `co_extra` is null or points at { count, slots[count] }.
        unsafe {
            let extra: *const u8 = read_at(code.base(), layout.co_extra);
            if extra.is_null() || read_at::<isize>(extra, 0) <= index {
                return 0;
            }
            return read_at::<usize>(extra, 8 + index as usize * 8);
        }
    }
    let mut out = std::ptr::null_mut();
    // SAFETY: a live code object and a reserved index.
    unsafe { PyUnstable_Code_GetExtra(code.obj().as_ptr(), index, &mut out) };
    out as usize
}

/// What is known of `code`.
#[inline(always)]
pub fn lookup<'a>(code: Code<'a>) -> Extra<'a> {
    let number = slot(code);
    if number == 0 {
        Extra::Unknown
    } else if number & 1 == 1 {
        Extra::Skipped((number >> 1) as u32)
    } else {
        // SAFETY: an even non-zero slot is a box made by `store`, alive as long as the code object.
        Extra::Facts(unsafe { &*(number as *const CodeFacts) })
    }
}

/// Gives a code object without any slots those up to ours. CPython would make as many as were ever reserved, and call
/// the free function of every other holder for code objects that holder never saw.
fn make_room(code: Code<'_>, index: isize) {
    let Some(layout) = LAYOUT else { return };
    let Ok(slots) = usize::try_from(index + 1) else {
        return;
    };
    // SAFETY: `co_extra` is null or points at { count, slots[count] } from `PyMem_Malloc`, which the code object frees.
    unsafe {
        if !read_at::<*const u8>(code.base(), layout.co_extra).is_null() {
            return;
        }
        let made: *mut usize = ffi::PyMem_Calloc(slots + 1, size_of::<usize>()).cast();
        if !made.is_null() {
            made.write(slots);
            code.base()
                .cast_mut()
                .add(layout.co_extra)
                .cast::<*mut usize>()
                .write(made);
        }
    }
}

/// Fills the slot; CPython frees what was there by [`free`].
fn set(code: Code<'_>, number: usize) -> bool {
    let index = INDEX.load(Ordering::Relaxed);
    make_room(code, index);
    // SAFETY: a live code object and a reserved index.
    let failed =
        unsafe { PyUnstable_Code_SetExtra(code.obj().as_ptr(), index, number as *mut _) } != 0;
    if failed {
        // SAFETY: clears the MemoryError that SetExtra may have set.
        unsafe { ffi::PyErr_Clear() };
    }
    !failed
}

/// Remembers that `code` is skipped in `session`.
pub fn store_skip(code: Code<'_>, session: u32) {
    set(code, (session as usize) << 1 | 1);
}

/// Keeps `facts` with `code`; `None` when memory ran out.
pub fn store(code: Code<'_>, facts: CodeFacts) -> Option<&CodeFacts> {
    let boxed = Box::into_raw(Box::new(facts));
    if set(code, boxed as usize) {
        // SAFETY: just made, owned by the code object's slot from here on.
        Some(unsafe { &*boxed })
    } else {
        // SAFETY: the slot did not take it.
        drop(unsafe { Box::from_raw(boxed) });
        None
    }
}

/// Puts `code` on the list of code objects with local events.
pub fn mark_armed(code: Code<'_>, facts: &CodeFacts) {
    if facts.armed_at.get().is_some() {
        return;
    }
    let address = code.obj().address();
    let at = lists(|lists| {
        let free = lists.free.pop();
        match free.and_then(|at| Some((at, lists.armed.get_mut(at)?))) {
            Some((at, entry)) => {
                *entry = address;
                at
            }
            None => {
                lists.armed.push(address);
                lists.armed.len() - 1
            }
        }
    });
    facts.armed_at.set(Some(at));
}

/// Takes every live code object off the list.
///
/// # Safety
/// The GIL must be held; the result must be used before any code object can be freed.
pub unsafe fn take_armed() -> Vec<*mut ffi::PyObject> {
    let list = lists(|lists| {
        lists.free = Vec::new();
        std::mem::take(&mut lists.armed)
    });
    list.into_iter()
        .filter(|address| *address != 0)
        .map(|address| {
            let ptr = address as *mut ffi::PyObject;
            // SAFETY: entries of freed code objects are zeroed by `free`, so this one is alive.
            if let Some(code) = unsafe { super::object::Obj::new(ptr) }.and_then(Code::from_obj)
                && let Extra::Facts(facts) = lookup(code)
            {
                facts.armed_at.set(None);
            }
            ptr
        })
        .collect()
}
