//! The only code of the recorder that writes to stderr: one line for people per failure or notice, one of JSON for
//! programs where that is asked for. What is said is logged too; see [`log`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use recorder_errors::{Context, ErrorCode, RecorderError, RecorderResult};
use serde_json::{Map, Value, json};

use crate::identity::{Identity, run_id};
use crate::options::Options;

pub mod log;
mod stream;

pub use stream::{release, release_in_child, taken};

/// What the recording that runs, or ran last, asked for.
struct Asked {
    json: bool,
    trace_id: Option<String>,
}

static ASKED: Mutex<Asked> = Mutex::new(Asked {
    json: false,
    trace_id: None,
});

fn asked() -> MutexGuard<'static, Asked> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Follows the options of a recording that is about to start.
///
/// # Errors
/// The log file cannot be opened.
pub fn configure(options: &Options, identity: &Identity) -> RecorderResult<()> {
    log::configure(options)?;
    stream::hold();
    *asked() = Asked {
        json: options.json_errors,
        trace_id: Some(identity.trace_id.clone()),
    };
    Ok(())
}

/// As [`configure`], in a process that another one may wait for by a pipe that this one closes: no descriptor of the
/// program's is held.
///
/// # Errors
/// The log file cannot be opened.
pub fn configure_member(options: &Options, identity: &Identity) -> RecorderResult<()> {
    log::configure(options)?;
    stream::look();
    *asked() = Asked {
        json: options.json_errors,
        trace_id: Some(identity.trace_id.clone()),
    };
    Ok(())
}

/// Whether failures are lines of JSON as well, where no recording can start.
pub fn ask_for_json(json: bool) {
    asked().json = json;
}

/// The id of the recording that runs, or ran last.
pub(crate) fn trace_id() -> Option<String> {
    asked().trace_id.clone()
}

/// The line of JSON of a failure, without a line end.
pub fn trailer<'a>(
    code: ErrorCode,
    message: &str,
    context: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let context: Map<String, Value> = context
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    json!({
        "error_code": code.name(),
        "error_kind": code.kind().name(),
        "message": message,
        "context": context,
        "exit_status": code.exit_status(),
        "run_id": run_id(),
        "trace_id": trace_id(),
    })
    .to_string()
}

/// Writes one line; a stderr that is closed or full is no failure of ours.
fn line(text: &str) {
    let mut out = String::with_capacity(text.len() + 1);
    out.push_str(text);
    out.push('\n');
    stream::write(out.as_bytes());
}

/// The line of JSON of a failure, where it is asked for.
fn tell_programs(error: &RecorderError) {
    if asked().json {
        let context: &Context = error.context();
        line(&trailer(error.code(), error.message(), context.iter()));
    }
}

/// A failure that is reported as an error.
pub fn failure(error: &RecorderError) {
    line(&error.human_line());
    tell_programs(error);
    log::failure(error);
}

/// A failure that the policy turns into a warning.
pub fn warning(error: &RecorderError, consequence: &str) {
    line(&format!("{} [{consequence}]", error.human_line()));
    tell_programs(error);
    log::warning(error, consequence);
}

/// A failure that somebody else tells, as an exception.
pub fn raised(error: &RecorderError) {
    log::failure(error);
}

/// A notice.
pub fn notice(text: &str) {
    line(&format!("recorder: {text}"));
    log::notice(text);
}

/// A progress bar on a terminal's stderr; `done` and `total` in any unit.
pub fn progress(done: u64, total: u64) {
    const WIDTH: u64 = 24;
    let share = |of: u64| (done.min(total) * of).checked_div(total).unwrap_or(of);
    let filled = share(WIDTH);
    let bar: String = (0..WIDTH)
        .map(|i| if i < filled { '#' } else { '.' })
        .collect();
    let percent = share(100);
    stream::write(format!("\rrecorder: saving [{bar}] {percent:3} %").as_bytes());
}

/// Removes the progress bar.
pub fn progress_end() {
    stream::write(b"\r\x1b[K");
}

/// Whether stderr is a terminal.
pub fn stderr_is_terminal() -> bool {
    stream::is_terminal()
}

/// Writes a line of the log to stderr.
pub(crate) fn log_line(text: &str) {
    line(text);
}
