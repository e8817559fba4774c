//! Proves, on a frame and objects of known content, that this interpreter's structures lie where `layout` says.

use pyo3::ffi;

use super::frame::Code;
use super::instance;
use super::layout::LAYOUT;
use super::object::Obj;
use super::threads::Current;
use super::unicode;

/// Source of the known frame: a function with an argument, a cell, a free variable and an unbound local.
pub const PROBE: &std::ffi::CStr = c"class Probe: pass\ndef outer(check, argument):\n    cell = 'in a cell'\n    number = 1234567\n    instance = Probe()\n    instance.first = 'one'\n    instance.second = 22\n    def inner():\n        return cell\n    if not argument:\n        unbound = 1\n    return check()\n";

/// Values of the probe's names as the frame must show them.
fn frame_shows_known_content() -> bool {
    let Some(frame) = Current::of_callback().frame() else {
        return false;
    };
    let Some(code) = frame.code() else {
        return false;
    };
    if !code.is_named("outer") || frame.is_entry() {
        return false;
    }
    let names = code.locals_names();
    let local = |wanted: &str| {
        (0..code.locals_count())
            .find(|i| {
                names
                    .and_then(|n| n.tuple_item(*i))
                    .is_some_and(|n| unicode::text(n) == wanted)
            })
            .map(|i| frame.local(i))
    };
    let text = |o: Obj<'_>| {
        if unicode::is_str(o) {
            unicode::text(o)
        } else {
            String::new()
        }
    };
    let number = local("number")
        .flatten()
        .is_some_and(|n| n.small_int() == 1_234_567);
    let cell = local("cell")
        .flatten()
        .and_then(Obj::cell)
        .is_some_and(|c| text(c) == "in a cell");
    let argument = local("argument")
        .flatten()
        .is_some_and(|a| text(a) == "argument");
    let unbound = local("unbound") == Some(None);
    let attributes = local("instance").flatten().is_some_and(|probe| {
        instance::attribute(probe, "first").is_some_and(|v| text(v) == "one")
            && instance::attribute(probe, "second").is_some_and(|v| v.small_int() == 22)
            && instance::attribute(probe, "third").is_none()
    });
    let globals = frame.globals().is_some_and(|g| {
        super::threads::dict_text(g, c"__name__").as_deref() == Some("codetracer_preflight")
    });
    let outer = frame
        .caller()
        .0
        .and_then(|f| f.code())
        .is_some_and(|c| c.is_named("<module>"));
    let read = number && cell && argument && unbound && attributes && globals && outer;
    read && !recorder_errors::fault_absent!("frame.layout")
}

unsafe extern "C" fn check(
    _module: *mut ffi::PyObject,
    _args: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let shown = std::panic::catch_unwind(frame_shows_known_content).unwrap_or(false);
    // SAFETY: a new reference to a bool.
    unsafe { ffi::PyBool_FromLong(shown.into()) }
}

/// Whether the compiled layout holds in this interpreter.
pub fn layout_holds() -> bool {
    if LAYOUT.is_none() {
        return false;
    }
    // The names must outlive the function object, which keeps a pointer to its definition.
    static mut DEFINITION: ffi::PyMethodDef = ffi::PyMethodDef {
        ml_name: c"check".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: check },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: std::ptr::null(),
    };
    // SAFETY: runs our own source in a namespace of its own; every reference made here is released.
    unsafe {
        let globals = ffi::PyDict_New();
        let name = ffi::PyUnicode_FromString(c"codetracer_preflight".as_ptr());
        let function = ffi::PyCFunction_NewEx(
            &raw mut DEFINITION,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        );
        let mut holds = false;
        if !globals.is_null() && !name.is_null() && !function.is_null() {
            ffi::PyDict_SetItemString(globals, c"__name__".as_ptr(), name);
            ffi::PyDict_SetItemString(globals, c"check".as_ptr(), function);
            ffi::PyDict_SetItemString(globals, c"__builtins__".as_ptr(), ffi::PyEval_GetBuiltins());
            let source = [PROBE.to_bytes(), b"result = outer(check, 'argument')\n\0"].concat();
            let filename = c"<codetracer_preflight>".as_ptr();
            let code = ffi::Py_CompileString(source.as_ptr().cast(), filename, ffi::Py_file_input);
            if !code.is_null() {
                let ran = ffi::PyEval_EvalCode(code, globals, globals);
                let result = Obj::new(ffi::PyDict_GetItemString(globals, c"result".as_ptr()));
                let extras = Obj::new(code)
                    .and_then(Code::from_obj)
                    .is_some_and(extra_slot_holds);
                holds = !ran.is_null() && result.is_some_and(Obj::is_true) && extras;
                ffi::Py_XDECREF(ran);
            }
            ffi::Py_XDECREF(code);
        }
        ffi::PyErr_Clear();
        // A class is part of a cycle, and would be garbage for the program to collect: it is kept for good.
        ffi::Py_XINCREF(ffi::PyDict_GetItemString(globals, c"Probe".as_ptr()));
        ffi::PyDict_Clear(globals);
        ffi::Py_XDECREF(function);
        ffi::Py_XDECREF(name);
        ffi::Py_XDECREF(globals);
        holds
    }
}

/// Whether what is kept with a code object is read back.
fn extra_slot_holds(code: Code<'_>) -> bool {
    super::extra::reserve() && {
        super::extra::store_skip(code, 77);
        matches!(super::extra::lookup(code), super::extra::Extra::Skipped(77))
    }
}
