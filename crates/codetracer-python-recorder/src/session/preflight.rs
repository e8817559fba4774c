//! What is asked of the interpreter and the environment before anything is recorded.

use recorder_core::diagnostics;
use recorder_errors::{RecorderResult, enverr};
use trace_store::{Metadata, Warning};

use crate::code::facts::LinesBy;
use crate::raw::{access, allocator, extra, preflight, process};

/// What must hold before the first hook is installed.
pub(super) fn holds(metadata: &mut Metadata) -> RecorderResult<()> {
    if cfg!(Py_GIL_DISABLED) {
        return Err(enverr!(
            UNSUPPORTED_PYTHON,
            "this interpreter is built without the GIL"
        ));
    }
    if !process::in_main_interpreter() {
        return Err(enverr!(
            SUBINTERPRETER,
            "recording can only be started in the main interpreter"
        ));
    }
    if !extra::reserve() {
        return Err(enverr!(
            OUT_OF_MEMORY,
            "cannot reserve a slot in code objects"
        ));
    }
    allocator::set_aside();
    access::set_direct(true);
    let holds = preflight::layout_holds();
    access::set_direct(holds && !frames_by_public_api());
    if !holds {
        let error = enverr!(FRAME_LAYOUT, "frames are read through the public interface");
        diagnostics::warning(&error, "recording goes on, more slowly");
        metadata.warnings.push(Warning {
            code: error.code().name().to_owned(),
            message: error.message().to_owned(),
        });
    }
    process::watch_forks();
    Ok(())
}

/// Whether the environment asks for the public interface (`CODETRACER_FRAME_ACCESS=public`).
fn frames_by_public_api() -> bool {
    recorder_policy::env::read("CODETRACER_FRAME_ACCESS").is_some_and(|value| value == "public")
}

/// Which event tells the lines; the environment may insist on one (`CODETRACER_LINE_EVENTS=line` or `instruction`).
pub(super) fn lines_by() -> LinesBy {
    match recorder_policy::env::read("CODETRACER_LINE_EVENTS") {
        Some(value) if value == "line" => LinesBy::Line,
        Some(value) if value == "instruction" => LinesBy::Instruction,
        _ => LinesBy::Cheapest,
    }
}
