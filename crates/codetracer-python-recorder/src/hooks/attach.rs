//! Puts the hooks in place: callbacks, the event mask once, and line events for frames that already run.

use recorder_errors::{RecorderResult, enverr};

use super::Recorder;
use crate::raw::dispatch::callables;
use crate::raw::extra;
use crate::raw::monitoring::event;
use crate::raw::threads::{self, Current};

/// Events with a callback.
pub const HOOKED: [u32; 13] = [
    event::PY_START,
    event::PY_RESUME,
    event::PY_RETURN,
    event::PY_YIELD,
    event::CALL,
    event::PY_THROW,
    event::PY_UNWIND,
    event::LINE,
    event::INSTRUCTION,
    event::JUMP,
    event::BRANCH,
    event::RAISE,
    event::EXCEPTION_HANDLED,
];

/// Events armed for all code; the others are armed per code object.
const GLOBAL: u32 = event::PY_START
    | event::PY_RESUME
    | event::PY_RETURN
    | event::PY_YIELD
    | event::PY_THROW
    | event::PY_UNWIND
    | event::RAISE
    | event::EXCEPTION_HANDLED;

/// Installs the hooks of `recorder`.
pub fn attach(recorder: &mut Recorder, restart: bool) -> RecorderResult<()> {
    let Some(callables) = callables() else {
        return Err(enverr!(OUT_OF_MEMORY, "cannot make the callbacks"));
    };
    for (number, callable) in callables {
        if !recorder.monitoring().register(number, Some(callable)) {
            return Err(enverr!(
                UNSUPPORTED_PYTHON,
                "sys.monitoring refused the callback of event {number}"
            ));
        }
    }
    extra::tell_gone(recorder.session);
    if restart {
        recorder.monitoring().restart_events();
    }
    let current = Current::of_callback();
    threads::each_live_frame(|frame| {
        if let Some(code) = frame.code() {
            recorder.decide(current, code, frame);
        }
    });
    if !recorder.monitoring().set_events(GLOBAL) {
        return Err(enverr!(
            UNSUPPORTED_PYTHON,
            "sys.monitoring refused the events"
        ));
    }
    Ok(())
}
