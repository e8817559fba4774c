use crate::{ErrorCode, ErrorKind, RecorderError, catalog, prelude::*};
use std::collections::HashSet;
use std::error::Error;
use std::io;

#[test]
fn every_entry_is_complete_and_named_once() {
    let mut seen = HashSet::new();
    for entry in catalog::entries() {
        assert!(seen.insert(entry.name), "{} is declared twice", entry.name);
        assert!(
            entry.name.starts_with("ERR_")
                && entry
                    .name
                    .chars()
                    .all(|c| c == '_' || c.is_ascii_uppercase()),
            "{} is no code name",
            entry.name
        );
        for (field, text) in [
            ("summary", entry.summary),
            ("why", entry.why),
            ("fix", entry.fix),
            ("example", entry.example),
        ] {
            assert!(!text.trim().is_empty(), "{}: {field} is empty", entry.name);
            assert!(!text.contains('\n'), "{}: {field} has lines", entry.name);
        }
        assert!(entry.summary.ends_with('.'), "{}", entry.name);
    }
}

#[test]
fn retired_names_are_found_and_not_constructible() {
    let cases = [
        ("ERR_UNKNOWN", true, None),
        ("ERR_PANIC", true, Some(ErrorCode::PANIC)),
        ("ERR_NOTHING", false, None),
        ("PANIC", false, None),
    ];
    for (name, explained, code) in cases {
        assert_eq!(catalog::find(name).is_some(), explained, "{name}");
        assert_eq!(ErrorCode::from_name(name), code, "{name}");
    }
}

#[test]
fn the_kind_decides_the_exit_status() {
    let cases = [
        (usage!(INVALID_ARGUMENT, "m"), ErrorKind::Usage, 2),
        (enverr!(NO_SPACE, "m"), ErrorKind::Environment, 10),
        (target!(TOOL_ID_TAKEN, "m"), ErrorKind::Target, 20),
        (bug!(PANIC, "m"), ErrorKind::Internal, 70),
    ];
    for (error, kind, status) in cases {
        assert_eq!((error.kind(), error.exit_status()), (kind, status));
    }
}

#[test]
fn errors_show_code_message_and_context() {
    let name = "x";
    let cases = [
        (
            bug!(INTERNAL, "plain"),
            "[ERR_INTERNAL] plain",
            "recorder: ERR_INTERNAL: plain",
        ),
        (
            usage!(INVALID_ARGUMENT, "bad {name} {}", 1; key = name, n = 2),
            "[ERR_INVALID_ARGUMENT] bad x 1 (key=x, n=2)",
            "recorder: ERR_INVALID_ARGUMENT: bad x 1 (key=x, n=2)",
        ),
        (
            usage!(INVALID_ARGUMENT, "m"; key = 1).with("key", 2),
            "[ERR_INVALID_ARGUMENT] m (key=2)",
            "recorder: ERR_INVALID_ARGUMENT: m (key=2)",
        ),
        (
            usage!(INVALID_ARGUMENT, "a\nb\x1b[0m"),
            "[ERR_INVALID_ARGUMENT] a\nb\x1b[0m",
            "recorder: ERR_INVALID_ARGUMENT: a\\nb\\u{1b}[0m",
        ),
    ];
    for (error, display, line) in cases {
        assert_eq!(error.to_string(), display);
        assert_eq!(error.human_line(), line);
    }
}

#[test]
fn ensure_returns_only_when_the_condition_is_false() {
    fn usage_(ok: bool) -> RecorderResult<()> {
        ensure_usage!(ok, INVALID_ARGUMENT, "m");
        Ok(())
    }
    fn env_(ok: bool) -> RecorderResult<()> {
        ensure_env!(ok, NO_SPACE, "m {}", 1);
        Ok(())
    }
    fn target_(ok: bool) -> RecorderResult<()> {
        ensure_target!(ok, FD_TAKEN, "m"; fd = 3);
        Ok(())
    }
    fn internal_(ok: bool) -> RecorderResult<()> {
        ensure_internal!(ok, INTERNAL, "m");
        Ok(())
    }
    for (check, code) in [
        (usage_ as fn(bool) -> _, ErrorCode::INVALID_ARGUMENT),
        (env_, ErrorCode::NO_SPACE),
        (target_, ErrorCode::FD_TAKEN),
        (internal_, ErrorCode::INTERNAL),
    ] {
        assert!(check(true).is_ok());
        assert_eq!(check(false).unwrap_err().code(), code);
    }
}

/// `EDQUOT`, the one number here that systems give differently.
const QUOTA: i32 = if cfg!(target_os = "macos") { 69 } else { 122 };

#[test]
fn error_numbers_pick_the_precise_code() {
    let cases = [
        (28, ErrorCode::NO_SPACE),
        (QUOTA, ErrorCode::NO_SPACE),
        (13, ErrorCode::PERMISSION),
        (1, ErrorCode::PERMISSION),
        (30, ErrorCode::READ_ONLY),
        (24, ErrorCode::TOO_MANY_FILES),
        (23, ErrorCode::TOO_MANY_FILES),
        (27, ErrorCode::FILE_TOO_LARGE),
        (2, ErrorCode::NOT_FOUND),
        (12, ErrorCode::OUT_OF_MEMORY),
        (5, ErrorCode::IO),
    ];
    for (errno, code) in cases {
        let error = RecorderError::io("/a/b", io::Error::from_raw_os_error(errno));
        assert_eq!(error.code(), code, "errno {errno}");
        assert_eq!(error.errno(), Some(errno));
        assert_eq!(error.context().get("path"), Some("/a/b"));
        assert!(error.source().is_some());
        assert!(error.cause().is_some());
        let bare = RecorderError::from(io::Error::from_raw_os_error(errno));
        assert_eq!((bare.code(), bare.errno()), (code, Some(errno)));
    }
}

#[cfg_attr(miri, ignore = "Miri's strerror adds the number")]
#[test]
fn io_errors_say_what_was_tried() {
    let error = RecorderError::io_while("write x", "p", io::Error::from_raw_os_error(28));
    assert_eq!(
        error.to_string(),
        "[ERR_NO_SPACE] cannot write x: No space left on device (os error 28) (path=p, errno=28)"
    );
    let too_long = io::Error::from_raw_os_error(36);
    let error = RecorderError::io_or(
        ErrorCode::TRACE_DIR_CREATE_FAILED,
        "create it",
        "p",
        too_long,
    );
    assert_eq!(error.code(), ErrorCode::TRACE_DIR_CREATE_FAILED);
}
