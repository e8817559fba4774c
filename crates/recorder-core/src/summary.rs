//! The closing line of a recording: what was recorded, how long, how big, what to type next.

use std::path::PathBuf;

/// What a finished recording holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Where it is.
    pub dir: PathBuf,
    /// Events.
    pub events: u64,
    /// Calls.
    pub calls: u64,
    /// Threads.
    pub threads: u64,
    /// Duration in nanoseconds.
    pub duration_ns: u64,
    /// Size on disk in bytes.
    pub bytes: u64,
    /// Whether it is partial.
    pub partial: bool,
    /// The command that shows it, without the directory.
    pub next_command: String,
}

fn count(n: u64, one: &str) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    format!("{grouped} {one}{}", if n == 1 { "" } else { "s" })
}

fn duration(ns: u64) -> String {
    match ns {
        0..1_000_000 => format!("{} us", ns / 1_000),
        1_000_000..1_000_000_000 => format!("{} ms", ns / 1_000_000),
        1_000_000_000..60_000_000_000 => format!("{:.1} s", ns as f64 / 1e9),
        _ => format!("{} min {} s", ns / 60_000_000_000, ns / 1_000_000_000 % 60),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// `text` as a POSIX shell takes it for one word.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

impl Summary {
    /// The line, without its prefix.
    pub fn line(&self) -> String {
        let threads = if self.threads > 1 {
            format!(" in {}", count(self.threads, "thread"))
        } else {
            String::new()
        };
        format!(
            "recorded {} ({}){threads}, {}, {}{}; next: {} {}",
            count(self.events, "event"),
            count(self.calls, "call"),
            duration(self.duration_ns),
            size(self.bytes),
            if self.partial { ", partial" } else { "" },
            self.next_command,
            quoted(&self.dir.to_string_lossy()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_names_counts_time_size_and_the_next_command() {
        let summary = Summary {
            dir: PathBuf::from("/tmp/my traces"),
            events: 1_234_567,
            calls: 1,
            threads: 3,
            duration_ns: 2_340_000_000,
            bytes: 345_678,
            partial: false,
            next_command: "codetracer-python-recorder print".to_owned(),
        };
        assert_eq!(
            summary.line(),
            "recorded 1,234,567 events (1 call) in 3 threads, 2.3 s, 346 kB; \
             next: codetracer-python-recorder print '/tmp/my traces'"
        );
    }
}
