//! What the numbers of signals mean on the system that a recording was made on, which need not be the reader's.
//!
//! Owns names, and which signals tell the place of a fault. Refuses to know what a signal does.

use std::ops::Range;

/// The facts of one system.
pub(super) struct Signals {
    /// By number, from 1.
    names: [&'static str; 31],
    /// SIGILL, SIGBUS, SIGFPE, SIGSEGV: they tell where the fault is.
    faults: [i32; 4],
    /// `si_code` of faults whose place is told.
    codes: Range<i32>,
    /// Numbers of the real-time signals of programs.
    real_time: Range<i32>,
}

static LINUX: Signals = Signals {
    names: [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ],
    faults: [4, 7, 8, 11],
    // From SI_KERNEL on there are no further facts.
    codes: 1..128,
    real_time: 34..65,
};

static MACOS: Signals = Signals {
    names: [
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGEMT",
        "SIGFPE",
        "SIGKILL",
        "SIGBUS",
        "SIGSEGV",
        "SIGSYS",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGURG",
        "SIGSTOP",
        "SIGTSTP",
        "SIGCONT",
        "SIGCHLD",
        "SIGTTIN",
        "SIGTTOU",
        "SIGIO",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGINFO",
        "SIGUSR1",
        "SIGUSR2",
    ],
    faults: [4, 8, 10, 11],
    // From SI_USER on processes sent the signal.
    codes: 1..0x10001,
    real_time: 0..0,
};

impl Signals {
    /// Those of a recording's platform; of Linux where it is not told.
    pub fn of(platform: &str) -> &'static Self {
        if platform.starts_with("macos-") {
            &MACOS
        } else {
            &LINUX
        }
    }

    /// Whether a signal with this `si_code` tells where the fault is.
    pub fn tells_place(&self, signal: i32, code: i32) -> bool {
        self.faults.contains(&signal) && self.codes.contains(&code)
    }
}

/// The name of a signal of a recording with this platform; that of a real-time signal counts from the first.
pub fn name(signal: i32, platform: &str) -> String {
    let signals = Signals::of(platform);
    let at = usize::try_from(signal - 1).ok();
    match at.and_then(|at| signals.names.get(at)) {
        Some(name) => (*name).to_owned(),
        None if signals.real_time.contains(&signal) => {
            format!("SIGRTMIN+{}", signal - signals.real_time.start)
        }
        None => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(platform: &str) -> Vec<String> {
        let numbers = [1, 10, 11, 15, 31, 34, 64, 65];
        numbers.map(|signal| name(signal, platform)).to_vec()
    }

    #[test]
    fn signals_have_the_names_of_the_system_of_the_recording() {
        let linux = [
            "SIGHUP",
            "SIGUSR1",
            "SIGSEGV",
            "SIGTERM",
            "SIGSYS",
            "SIGRTMIN+0",
            "SIGRTMIN+30",
            "signal 65",
        ];
        assert_eq!(names("linux-x86_64"), linux);
        assert_eq!(names(""), linux);
        let macos = [
            "SIGHUP",
            "SIGBUS",
            "SIGSEGV",
            "SIGTERM",
            "SIGUSR2",
            "signal 34",
            "signal 64",
            "signal 65",
        ];
        assert_eq!(names("macos-aarch64"), macos);
    }

    #[test]
    fn places_are_told_by_faults_that_nobody_sent() {
        let told = |platform, signal, code| Signals::of(platform).tells_place(signal, code);
        for (signal, code, linux, macos) in [
            (11, 1, true, true),
            (7, 1, true, false),
            (10, 1, false, true),
            (11, 0, false, false),
            (11, -6, false, false),
            (11, 128, false, true),
            (11, 0x10001, false, false),
        ] {
            assert_eq!(told("linux-x86_64", signal, code), linux, "{signal} {code}");
            assert_eq!(
                told("macos-aarch64", signal, code),
                macos,
                "{signal} {code}"
            );
        }
    }
}
