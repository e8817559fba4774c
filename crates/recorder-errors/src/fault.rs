//! Fault points: places where a test makes the cause of a failure happen. Only in builds with `failure-fixtures`.
//!
//! Owns which faults are armed and when each strikes. Refuses to make errors: a point gives an error number, damages
//! bytes or panics, and the code around it finds the failure as it would find a real one.
//!
//! A fault is `POINT=CAUSE`, `POINT#N=CAUSE` for the N-th time the point is passed, or `POINT#N+=CAUSE` from then on;
//! several are separated by commas. `POINT` may end in `*`. The cause is the name of an error number, `panic`, `damage`,
//! `sleep:MILLISECONDS` where code could panic, or `log:PATH`, which adds the point's name to a file.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{RecorderResult, ensure_internal, usage};

/// The environment variable that arms faults.
pub const VARIABLE: &str = "CODETRACER_TEST_INJECT_FAILURE";

/// Error numbers by name, those of Linux.
const NUMBERS: [(&str, i32); 12] = [
    ("EPERM", 1),
    ("ENOENT", 2),
    ("EINTR", 4),
    ("EIO", 5),
    ("EAGAIN", 11),
    ("ENOMEM", 12),
    ("EACCES", 13),
    ("EMFILE", 24),
    ("EFBIG", 27),
    ("ENOSPC", 28),
    ("EROFS", 30),
    ("EOPNOTSUPP", 95),
];

/// Names of the test builds of release 0.3.0.
const FORMER: [(&[&str], &str); 5] = [
    (&["py_start", "py-start"], "entry:PyStart=panic"),
    (
        &["line", "panic", "panic_callback", "panic-callback"],
        LINES,
    ),
    (&["finish"], "store.commit.rename=EIO"),
    (
        &["target", "target_args", "target-args"],
        "hooks.tool=EPERM",
    ),
    (
        &["suppress", "suppress_events", "suppress-events"],
        "hooks.event#1+=ENOENT",
    ),
];

/// Lines are told by either event.
const LINES: &str = "entry:Line=panic,entry:Instruction=panic";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Cause {
    Number(i32),
    Panic,
    Damage,
    Sleep(u64),
    Log(String),
}

#[derive(Debug)]
struct Fault {
    point: String,
    first: u64,
    on: bool,
    cause: Cause,
    passed: AtomicU64,
}

static ARMED: OnceLock<Vec<Fault>> = OnceLock::new();

/// Arms the faults that `text` describes. Once per process.
pub fn arm(text: &str) -> RecorderResult<()> {
    let faults = text
        .split(',')
        .flat_map(|word| now(word).split(','))
        .map(parse)
        .collect::<RecorderResult<Vec<_>>>()?;
    ensure_internal!(
        ARMED.set(faults).is_ok(),
        INTERNAL,
        "faults were armed before"
    );
    Ok(())
}

/// What a name of release 0.3.0 stands for.
fn now(word: &str) -> &str {
    let found = FORMER.iter().find(|(former, _)| former.contains(&word));
    found.map_or(word, |(_, now)| now)
}

fn parse(word: &str) -> RecorderResult<Fault> {
    let bad = || usage!(INVALID_POLICY_VALUE, "{word:?} is no fault"; key = VARIABLE, value = word);
    let (place, cause) = word.split_once('=').ok_or_else(bad)?;
    let (place, on) = match place.strip_suffix('+') {
        Some(place) => (place, true),
        None => (place, false),
    };
    let (point, first) = match place.split_once('#') {
        Some((point, first)) => (point, first.parse().map_err(|_| bad())?),
        None => (place, 1),
    };
    let number = NUMBERS.iter().find(|(name, _)| *name == cause);
    let cause = match (cause, number) {
        (_, Some((_, number))) => Cause::Number(*number),
        ("panic", _) => Cause::Panic,
        ("damage", _) => Cause::Damage,
        _ if cause.starts_with("sleep:") => {
            Cause::Sleep(cause["sleep:".len()..].parse().map_err(|_| bad())?)
        }
        _ => Cause::Log(cause.strip_prefix("log:").ok_or_else(bad)?.to_owned()),
    };
    Ok(Fault {
        point: point.to_owned(),
        first,
        on,
        cause,
        passed: AtomicU64::new(0),
    })
}

impl Fault {
    fn stands_at(&self, point: &str) -> bool {
        match self.point.strip_suffix('*') {
            Some(beginning) => point.starts_with(beginning),
            None => self.point == point,
        }
    }

    /// Whether this pass is one that it strikes.
    fn strikes(&self) -> bool {
        let pass = self.passed.fetch_add(1, Ordering::Relaxed) + 1;
        pass == self.first || (self.on && pass > self.first)
    }
}

/// The cause that strikes at `point` now.
fn passes(point: impl Display) -> Option<Cause> {
    let armed = ARMED.get()?;
    let point = point.to_string();
    let mut found = None;
    for fault in armed.iter().filter(|fault| fault.stands_at(&point)) {
        match &fault.cause {
            Cause::Log(path) => note(path, &point),
            cause if fault.strikes() => found = found.or(Some(cause.clone())),
            _ => {}
        }
    }
    found
}

fn note(path: &str, point: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let _ = file.and_then(|mut file| writeln!(file, "{point}"));
}

#[track_caller]
fn fall(point: &str, strikes: bool) {
    assert!(!strikes, "injected at {point}");
}

/// A call of the operating system is about to be made: what it fails with, instead.
#[track_caller]
pub fn call(point: &str) -> io::Result<()> {
    match passes(point) {
        Some(Cause::Number(number)) => Err(io::Error::from_raw_os_error(number)),
        cause => {
            fall(point, cause == Some(Cause::Panic));
            Ok(())
        }
    }
}

/// Code that could panic.
#[track_caller]
pub fn panic(kind: &str, name: impl Display) {
    let point = format!("{kind}:{name}");
    match passes(&point) {
        Some(Cause::Sleep(ms)) => std::thread::sleep(std::time::Duration::from_millis(ms)),
        cause => fall(&point, cause == Some(Cause::Panic)),
    }
}

/// Bytes on their way to or from the disk.
pub fn bytes(point: &str, bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    if passes(point) == Some(Cause::Damage)
        && let Some(byte) = bytes.get_mut(middle)
    {
        *byte ^= 0x40;
    }
}

/// Whether a condition of the machine that should hold is to be found not to hold.
pub fn absent(point: &str) -> bool {
    matches!(passes(point), Some(Cause::Number(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_faults() {
        let cases = [
            ("store.a=ENOSPC", "store.a", 1, false, Cause::Number(28)),
            ("store.*#7=EIO", "store.*", 7, false, Cause::Number(5)),
            ("entry:Line#2+=panic", "entry:Line", 2, true, Cause::Panic),
            (now("py_start"), "entry:PyStart", 1, false, Cause::Panic),
            ("a=damage", "a", 1, false, Cause::Damage),
            ("a#1+=sleep:9", "a", 1, true, Cause::Sleep(9)),
            ("*=log:/x", "*", 1, false, Cause::Log("/x".to_owned())),
        ];
        for (text, point, first, on, cause) in cases {
            let fault = parse(text).unwrap();
            assert_eq!(
                (fault.point.as_str(), fault.first, fault.on, &fault.cause),
                (point, first, on, &cause),
                "{text}"
            );
        }
        for text in [
            "",
            "store.a",
            "store.a=",
            "a#x=EIO",
            "a=EWHATEVER",
            "a=sleep:x",
        ] {
            assert_eq!(
                parse(text).unwrap_err().code().name(),
                "ERR_INVALID_POLICY_VALUE",
                "{text}"
            );
        }
    }

    #[test]
    fn a_fault_strikes_the_pass_that_it_names() {
        let struck = |text: &str| {
            let fault = parse(text).unwrap();
            (1..=4).filter(|_| fault.strikes()).count()
        };
        assert_eq!(struck("a=EIO"), 1);
        assert_eq!(struck("a#3=EIO"), 1);
        assert_eq!(struck("a#3+=EIO"), 2);
        assert_eq!(struck("a#5+=EIO"), 0);
        assert!(parse("a.*=EIO").unwrap().stands_at("a.b"));
        assert!(!parse("a.*=EIO").unwrap().stands_at("ab"));
        assert!(!parse("a=EIO").unwrap().stands_at("a.b"));
    }
}
