//! Flight recorders: what the writer is told, and recordings that are saved while the program runs.

use std::path::Path;
use std::time::Duration;

use pyo3::prelude::*;
use recorder_core::{Options, identity};
use recorder_errors::{RecorderResult, bug, usage};
use recorder_policy::Window;
use trace_store::metadata::Flight;
use trace_store::{FlightOptions, Window as Kept};

use crate::boundary::Failure;
use crate::raw::slot;

/// Signals that can be asked for, by the words of the switch.
const SIGNALS: [(&str, i32); 4] = [
    ("SIGUSR1", libc::SIGUSR1),
    ("SIGUSR2", libc::SIGUSR2),
    ("SIGHUP", libc::SIGHUP),
    ("SIGQUIT", libc::SIGQUIT),
];

/// What the options say of a flight recorder, for the writer and for the metadata.
pub(super) fn asked_for(options: &Options) -> RecorderResult<Option<(FlightOptions, Flight)>> {
    let Some(window) = Window::read(&options.flight_recorder) else {
        return Err(bug!(
            INTERNAL,
            "a window came through the policy that is none: {:?}",
            options.flight_recorder
        ));
    };
    let kept = match (window, window.bytes()) {
        (Window::Seconds(seconds), _) => Kept::Time(Duration::from_secs(seconds)),
        (_, Some(bytes)) => Kept::Bytes(bytes),
        _ if options.dump_on == "none" => return Ok(None),
        _ => {
            return Err(usage!(
                INVALID_POLICY_VALUE,
                "dump_on can be {:?} for a flight recorder only; give flight_recorder too", options.dump_on;
                key = "dump_on",
                value = &options.dump_on,
                allowed = "none"
            ));
        }
    };
    let signal = SIGNALS.iter().find(|(name, _)| *name == options.dump_on);
    let told = FlightOptions {
        window: kept,
        signal: signal.map(|(name, number)| (*number, (*name).to_owned())),
        new_id: identity::new_trace_id,
    };
    let flight = Flight {
        window: window.to_string(),
        reason: Flight::RUNNING.to_owned(),
        ..Flight::default()
    };
    Ok(Some((told, flight)))
}

/// Saves what the flight recorder holds as a recording at `dir`; the answer is as that of `stop`.
pub fn dump(py: Python<'_>, dir: &Path, reason: &str) -> Result<String, Failure> {
    let dumper = slot::with(|recorder| recorder.dumper()).flatten();
    let Some(dumper) = dumper else {
        return Err(usage!(NO_FLIGHT_RECORDER, "no recording is running").into());
    };
    // The program's other threads go on.
    let committed = py.detach(|| dumper.dump(dir, reason))?;
    Ok(super::answer(&committed))
}
