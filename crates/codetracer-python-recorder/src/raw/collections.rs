//! `collections.deque`, weak references, functions written in C, descriptors, generators, matches: fields by offset.
//!
//! Sources: `Modules/_collectionsmodule.c` (`dequeobject`, `BLOCK`), `Include/cpython/weakrefobject.h`,
//! `Include/cpython/methodobject.h`, `Include/descrobject.h`, `Include/internal/pycore_genobject.h`,
//! `Modules/_sre/sre.h` of CPython 3.12 and 3.13, alike in both unless said otherwise. `structure` has checked the types.

use std::ffi::CStr;

use pyo3::ffi;

use super::object::{Obj, read_at};

/// `BLOCKLEN` of a deque.
const BLOCK: usize = 64;

/// Whether a generator runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It has not begun.
    Created,
    /// It waits at a `yield` or `await`.
    Suspended,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
}

impl<'a> Obj<'a> {
    /// Up to `limit` items of a deque, from the left.
    pub fn deque_items(self, limit: usize, mut each: impl FnMut(Option<Obj<'a>>)) {
        let mut block: *const u8 = self.read(24);
        let mut index = self.read::<isize>(40).max(0) as usize;
        for _ in 0..self.size().min(limit) {
            if index >= BLOCK {
                // SAFETY: a block is a link, 64 items, a link; more items follow, so there is a block to the right.
                block = unsafe { read_at(block, 8 + BLOCK * 8) };
                index = 0;
            }
            // SAFETY: the items lie from the left index on, in as many blocks as they need.
            each(unsafe { Obj::new(read_at(block, 8 + index * 8)) });
            index += 1;
        }
    }

    /// `maxlen` of a deque.
    pub fn deque_limit(self) -> Option<i64> {
        Some(self.read::<isize>(64) as i64).filter(|limit| *limit >= 0)
    }

    /// The one object that a mapping proxy, a view of a dict, or a bound method of C code refers to first.
    pub fn referent(self) -> Option<Obj<'a>> {
        self.field(16)
    }

    /// What a weak reference refers to while that is alive.
    pub fn weak_target(self) -> Option<Obj<'a>> {
        let target = self.field(16)?;
        // SAFETY: the target's memory is valid until its deallocation has cleared this field; a count of zero says that
        // this has begun.
        let alive = unsafe { ffi::Py_REFCNT(target.as_ptr()) } > 0;
        // SAFETY: comparing with the address of a singleton.
        (alive && target.as_ptr() != unsafe { ffi::Py_None() }).then_some(target)
    }

    /// Name of a function written in C, and what it is bound to unless that is a module.
    pub fn c_function(self) -> (&'a str, Option<Obj<'a>>) {
        let definition: *const ffi::PyMethodDef = self.read(16);
        // SAFETY: a function's definition and its name live as long as the function.
        let name = unsafe { CStr::from_ptr((*definition).ml_name) };
        let bound = self.field(24).filter(|to| {
            // SAFETY: reads the flags of a type.
            unsafe { ffi::PyModule_Check(to.as_ptr()) == 0 }
        });
        (name.to_str().unwrap_or("?"), bound)
    }

    /// Class and name of a descriptor that C code made.
    pub fn descriptor(self) -> (Option<Obj<'a>>, Option<Obj<'a>>) {
        (self.field(16), self.field(24))
    }

    /// Qualified name of a generator, coroutine or asynchronous generator, and how far it is.
    pub fn generator(self) -> (Option<Obj<'a>>, Progress) {
        let progress = match self.read::<i8>(67) {
            1.. => Progress::Ended,
            0 => Progress::Running,
            state if state == if cfg!(Py_3_13) { -3 } else { -2 } => Progress::Created,
            _ => Progress::Suspended,
        };
        (self.field(32), progress)
    }

    /// Where a match begins and ends.
    pub fn match_span(self) -> (i64, i64) {
        (self.read::<isize>(80) as i64, self.read::<isize>(88) as i64)
    }
}
