//! The only code of the recorder that writes to stderr: one human line per failure or notice.

use std::io::Write as _;

use recorder_errors::RecorderError;

/// Writes one line; a stderr that is closed or full is no failure of ours.
fn line(text: &str) {
    let mut out = String::with_capacity(text.len() + 1);
    out.push_str(text);
    out.push('\n');
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(out.as_bytes());
}

/// A failure that is reported as an error.
pub fn failure(error: &RecorderError) {
    line(&error.human_line());
}

/// A failure that the policy turns into a warning.
pub fn warning(error: &RecorderError, consequence: &str) {
    line(&format!("{} [{consequence}]", error.human_line()));
}

/// A notice.
pub fn notice(text: &str) {
    line(&format!("recorder: {text}"));
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
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "\rrecorder: saving [{bar}] {percent:3} %");
    let _ = stderr.flush();
}

/// Removes the progress bar.
pub fn progress_end() {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "\r\x1b[K");
    let _ = stderr.flush();
}

/// Whether stderr is a terminal.
pub fn stderr_is_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stderr().is_terminal()
}
