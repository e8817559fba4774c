//! Codes of earlier releases that nothing raises. They can be explained, not constructed.

use crate::{Entry, ErrorKind};

pub(super) static ENTRIES: &[&Entry] = &[
    &retired(
        "ERR_UNKNOWN",
        ErrorKind::Internal,
        "A failure without a code of its own.",
        "Version 0.3.0 used it for panics.",
        "Look for ERR_PANIC and ERR_INTERNAL.",
    ),
    &retired(
        "ERR_TRACE_DIR_CONFLICT",
        ErrorKind::Usage,
        "The place for the recording was not a directory.",
        "Version 0.3.0 used it for every conflict at that place.",
        "Look for ERR_OUTPUT_NOT_DIRECTORY and ERR_OUTPUT_FOREIGN.",
    ),
    &retired(
        "ERR_MISSING_POSITIONAL_ARG",
        ErrorKind::Usage,
        "A positional argument of a recorded call could not be found.",
        "Version 0.3.0 looked arguments up by name.",
        "Nothing: arguments are read from the frame itself.",
    ),
    &retired(
        "ERR_MISSING_KEYWORD_ARG",
        ErrorKind::Usage,
        "A keyword argument of a recorded call could not be found.",
        "Version 0.3.0 looked arguments up by name.",
        "Nothing: arguments are read from the frame itself.",
    ),
    &retired(
        "ERR_FRAME_INTROSPECTION_FAILED",
        ErrorKind::Environment,
        "The frame of a recorded function could not be read.",
        "Version 0.3.0 asked the interpreter for a frame object and a copy of its locals.",
        "Look for ERR_FRAME_LAYOUT: a check before recording decides how frames are read.",
    ),
    &retired(
        "ERR_GLOBALS_INTROSPECTION_FAILED",
        ErrorKind::Environment,
        "The globals of a recorded function could not be read.",
        "Version 0.3.0 copied them at every event.",
        "Nothing: globals are recorded where they are written.",
    ),
    &retired(
        "ERR_TRACER_INSTALL_CONFLICT",
        ErrorKind::Usage,
        "Hooks were already installed.",
        "Version 0.3.0 had one fixed tool id.",
        "Look for ERR_TOOL_ID_UNAVAILABLE and ERR_ALREADY_TRACING.",
    ),
];

const fn retired(
    name: &'static str,
    kind: ErrorKind,
    summary: &'static str,
    why: &'static str,
    fix: &'static str,
) -> Entry {
    Entry {
        name,
        kind,
        retired: true,
        summary,
        why,
        fix,
        example: "only version 0.3.0 and earlier lead here",
    }
}
