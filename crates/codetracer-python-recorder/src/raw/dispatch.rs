//! The door through which CPython's monitoring events come in: `extern "C"` functions that catch panics, never raise,
//! and answer `None` or `DISABLE`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::ffi;
use recorder_errors::{fault_absent, fault_panic};

use super::frame::Code;
use super::gil::GilCell;
use super::monitoring::event;
use super::object::Obj;
use super::threads::Current;
use crate::boundary::Entry;
use crate::hooks::{Answer, Recorder, events};

/// The running session, if any.
static RECORDER: GilCell<Recorder> = GilCell::empty();

/// Runs `f` on the session slot; `None` when a callback is under way on this very stack.
///
/// # Safety
/// The GIL must be held, and `f` must neither release it nor run Python code.
pub unsafe fn with_recorder<R>(f: impl FnOnce(&mut Option<Box<Recorder>>) -> R) -> Option<R> {
    // SAFETY: forwarded to the caller.
    unsafe { RECORDER.enter(f) }
}

#[inline(always)]
fn none() -> *mut ffi::PyObject {
    // SAFETY: a new reference to the singleton.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

/// One call of a hook: the recorder, the thread, the code and the event's two further arguments.
#[inline(always)]
unsafe fn dispatch(
    entry: Entry,
    args: *const *mut ffi::PyObject,
    f: impl FnOnce(&mut Recorder, Current, Code<'_>, Obj<'_>, Obj<'_>) -> Answer,
) -> *mut ffi::PyObject {
    // SAFETY: CPython calls hooks with the GIL held; the arguments (at least two; a missing third reads as the second)
    // stay alive for the call.
    unsafe {
        RECORDER
            .enter(|slot| {
                let Some(recorder) = slot.as_deref_mut() else {
                    return none();
                };
                if !recorder.is_active() {
                    return none();
                }
                let (Some(code), Some(a)) = (Obj::new(*args), Obj::new(*args.add(1))) else {
                    return none();
                };
                let Some(code) = Code::from_obj(code) else {
                    return none();
                };
                let b = match entry {
                    Entry::PyStart | Entry::PyResume | Entry::Line | Entry::Instruction => a,
                    _ => Obj::new(*args.add(2)).unwrap_or(a),
                };
                if fault_absent!("hooks.event") {
                    return none();
                }
                if fault_absent!("hooks.tool") {
                    recorder.monitoring().release();
                }
                let answer = catch_unwind(AssertUnwindSafe(|| {
                    fault_panic!("entry", format_args!("{entry:?}"));
                    f(recorder, Current::get(), code, a, b)
                }));
                match answer {
                    Ok(Answer::Continue) => none(),
                    Ok(Answer::Disable) => recorder.monitoring().disable(),
                    Err(panic) => {
                        recorder.panicked(entry, &*panic);
                        none()
                    }
                }
            })
            .unwrap_or_else(none)
    }
}

macro_rules! hooks {
    ($($name:ident $entry:ident $event:ident $body:expr;)*) => {
        $(
            unsafe extern "C" fn $name(
                _hook: *mut ffi::PyObject,
                args: *const *mut ffi::PyObject,
                _count: ffi::Py_ssize_t,
                _names: *mut ffi::PyObject,
            ) -> *mut ffi::PyObject {
                // SAFETY: called by CPython for this event.
                unsafe { dispatch(Entry::$entry, args, $body) }
            }
        )*

        /// Event number and callable of every hook.
        pub fn callables() -> Option<Vec<(u32, Obj<'static>)>> {
            static MADE: std::sync::OnceLock<Option<Vec<(u32, usize)>>> = std::sync::OnceLock::new();
            let made = MADE.get_or_init(|| {
                Some(vec![$((event::$event, super::callable::hook(vectorcall($name))?.address()),)*])
            });
            made.as_ref().map(|list| {
                list.iter()
                    // SAFETY: hooks are never released.
                    .filter_map(|(event, at)| unsafe { Obj::new(*at as *mut _) }.map(|o| (*event, o)))
                    .collect()
            })
        }
    };
}

type HookFn = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

fn vectorcall(f: HookFn) -> ffi::vectorcallfunc {
    // SAFETY: `vectorcallfunc` has this very signature but for the signedness of the count, which hooks ignore.
    unsafe { std::mem::transmute::<HookFn, ffi::vectorcallfunc>(f) }
}

hooks! {
    py_start PyStart PY_START |r, t, code, _, _| events::start(r, t, code);
    py_resume PyResume PY_RESUME |r, t, code, offset, _| events::resume(r, t, code, offset.small_int());
    py_return PyReturn PY_RETURN |r, t, code, _, value| events::leave(r, t, code, value);
    py_yield PyYield PY_YIELD |r, t, code, _, value| events::suspend(r, t, code, value);
    py_throw PyThrow PY_THROW |r, t, code, offset, exc| events::throw(r, t, code, offset.small_int(), exc);
    py_unwind PyUnwind PY_UNWIND |r, t, code, _, exc| events::unwind(r, t, code, exc);
    call Call CALL |r, t, code, offset, callee| events::call(r, t, code, offset.small_int(), callee);
    line Line LINE |r, t, code, line, _| events::line(r, t, code, line.small_int());
    instruction Instruction INSTRUCTION |r, t, code, offset, _| events::instruction(r, t, code, offset.small_int());
    jump Jump JUMP |r, t, code, from, to| events::jump(r, t, code, from.small_int(), to.small_int());
    branch Branch BRANCH |r, t, code, from, to| events::branch(r, t, code, from.small_int(), to.small_int());
    raise Raise RAISE |r, t, code, offset, exc| events::raise(r, t, code, offset.small_int(), exc);
    handled Handled EXCEPTION_HANDLED |r, t, code, offset, exc| events::handler(r, t, code, offset.small_int(), exc);
}
