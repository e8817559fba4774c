//! What processes that the program starts are told, so that they are recorded as members of the family.

use std::ffi::CString;

use pyo3::prelude::*;
use recorder_core::{Kin, Options, Origin};

use super::Session;
use crate::raw::following;

/// What such a process finds begins so; the options follow.
const FOLLOWS: &str = "follow:";

/// Has calls noticed that start a process with an environment of its own.
pub(super) fn prepare(py: Python<'_>) -> PyResult<()> {
    const MODULE: &str = "_posixsubprocess";
    let modules = py.import("sys")?.getattr("modules")?;
    let was_there = modules.contains(MODULE)?;
    py.import(MODULE)?;
    following::watch();
    if !was_there {
        // The program's own import makes it; the functions' definitions are the same.
        modules.del_item(MODULE)?;
    }
    Ok(())
}

/// Has processes that are started from now on follow the recording of `session`, if it is asked to.
pub(super) fn hand_on(session: &Session) {
    if !session.options.follow {
        return;
    }
    let options = Options {
        dir: session.family.0.clone(),
        family: Some(Kin {
            place: session.family.0.clone(),
            run_id: session.family.1.clone(),
            parent: session.run_id.clone(),
        }),
        origin: Origin::Launch,
        target: None,
        argv: Vec::new(),
        next_command: None,
        require_trace: false,
        ..session.options.clone()
    };
    let text = serde_json::to_string(&options).unwrap_or_default();
    if let Ok(text) = CString::new(format!("{FOLLOWS}{text}")) {
        following::hand_on(Some(&text));
    }
}

/// Has processes that are started from now on go unrecorded.
pub(super) fn end() {
    following::hand_on(None);
}
