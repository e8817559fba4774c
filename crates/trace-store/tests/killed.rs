//! What a killed process leaves is read in place and recovered.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use recorder_errors::ErrorCode;
use support::{Dir, Program, all, options, record};
use trace_model::{Op, Row, Value};
use trace_store::{Metadata, Recording, Status, Writer, recover};

/// Runs one of the tests below as a program of its own, in `dir`.
fn command(dir: &Path, name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", name])
        .current_dir(dir)
        .stdout(Stdio::null());
    fs::write(dir.join("child"), "").unwrap();
    command
}

/// Only where [`command`] started this process.
fn is_child() -> bool {
    fs::metadata("child").is_ok()
}

#[test]
#[ignore = "started by other tests"]
fn child_records_until_it_is_killed() {
    if !is_child() {
        return;
    }
    let writer = Writer::create(options(Path::new("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    loop {
        for thread in 0..3 {
            program.function(thread, 40);
        }
        // What the parent may expect to find: everything before this was published.
        fs::write("published.new", program.step.to_string()).unwrap();
        fs::rename("published.new", "published").unwrap();
    }
}

fn kill_after(dir: &Dir, steps: u64) -> u64 {
    let mut child = command(&dir.0, "child_records_until_it_is_killed")
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let published = || -> u64 {
        fs::read_to_string(dir.join("published"))
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    while published() < steps {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let published = published();
    for name in ["child", "published", "published.new"] {
        let _ = fs::remove_file(dir.join(name));
    }
    published
}

fn check_events(recording: &Recording, published: u64) {
    let seen = all(recording);
    assert!(seen.len() as u64 >= published, "{} {published}", seen.len());
    for (step, seen) in seen.iter().enumerate() {
        assert_eq!(seen.step, step as u64);
    }
    assert_eq!(recording.metadata().events, seen.len() as u64);
    assert!(recording.metadata().partial);
    assert_eq!(recording.metadata().reason.as_deref(), Some("killed"));
}

#[test]
fn everything_published_before_sigkill_is_there() {
    for steps in [1, 2000, 60_000] {
        let dir = Dir::new("killed");
        let published = kill_after(&dir, steps);
        assert_eq!(dir.names(), [".out.r1.partial"]);
        let recording = Recording::open(dir.join("out")).unwrap();
        assert_eq!(recording.source().status, Status::Interrupted);
        check_events(&recording, published);
        let seen = all(&recording);
        drop(recording);
        let recovered = recover(dir.join("out")).unwrap();
        assert_eq!(recovered.recordings.len(), 1);
        let kept = &recovered.recordings[0];
        assert_eq!(kept.events, seen.len() as u64);
        assert_eq!((kept.cut_segments, kept.cut_bytes), (0, 0));
        assert!(kept.segment_events > 0);
        assert_eq!(dir.names(), ["out"]);
        let recording = Recording::open(dir.join("out")).unwrap();
        assert_eq!(recording.source().status, Status::Finished);
        check_events(&recording, published);
        assert_eq!(all(&recording), seen);
        assert_eq!(
            recover(dir.join("out")).unwrap_err().code(),
            ErrorCode::TRACE_NOT_FOUND
        );
    }
}

#[test]
fn a_recording_being_written_is_read_and_left_alone() {
    let dir = Dir::new("running");
    let old = record(&dir.join("out"), "old", 0, 3);
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    for _ in 0..2000 {
        program.function(0, 40);
    }
    let recording = Recording::open(dir.join("out")).unwrap();
    assert_eq!(recording.source().status, Status::Running);
    assert_eq!(recording.metadata().reason.as_deref(), Some("running"));
    assert_eq!(all(&recording), program.expected);
    let error = recover(dir.join("out")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TRACE_RUNNING);
    drop(program.segments());
    writer.discard().unwrap();
    assert_eq!(all(&Recording::open(dir.join("out")).unwrap()), old);
}

#[test]
fn recovery_keeps_every_recording_that_is_there() {
    let dir = Dir::new("several");
    let place = dir.join("out");
    let mut expected = Vec::new();
    for (run, started, lines) in [("r1", 10, 4), ("r2", 30, 6)] {
        let mut options = options(&place, run);
        options.metadata.started_unix_ns = started;
        let writer = Writer::create(options).unwrap();
        let mut program = Program::new(&writer);
        program.function(0, lines);
        expected.push(program.expected);
        // Dropped without an end, as by a crash.
    }
    expected.push(record(&place, "whole", 20, 9));
    let recovered = recover(&place).unwrap();
    assert_eq!(recovered.recordings.len(), 2);
    assert_eq!(dir.names(), ["out", "out-r1"]);
    assert_eq!(all(&Recording::open(&place).unwrap()), expected[1]);
    let aside = Recording::open(dir.join("out-r1")).unwrap();
    assert_eq!(all(&aside), expected[0]);
}

#[test]
fn a_recording_without_events_replaces_nothing() {
    let dir = Dir::new("hollow");
    let place = dir.join("out");
    let whole = record(&place, "whole", 20, 9);
    let mut late = options(&place, "late");
    late.metadata.started_unix_ns = 99;
    drop(Writer::create(late).unwrap());
    recover(&place).unwrap();
    assert_eq!(dir.names(), ["out", "out-late"]);
    assert_eq!(all(&Recording::open(&place).unwrap()), whole);
}

#[test]
#[ignore = "started by other tests"]
fn child_meets_its_file_size_limit() {
    if !is_child() {
        return;
    }
    let create = Writer::create(options(Path::new("out"), "r1"));
    let error = match create {
        Ok(writer) => {
            assert!(writer.failure().is_none());
            let mut program = Program::new(&writer);
            let mut noise = 1i64;
            program.enter(0);
            while !program.failed {
                assert!(program.step < 2_000_000);
                noise = noise.wrapping_mul(6_364_136_223_846_793_005) ^ 77;
                let value = Value::Int(noise);
                let bind = Row::Bind { slot: 0, value };
                program.event(0, Op::Line { delta: 0 }, &[bind]);
            }
            let error = writer.finish(Vec::new(), Metadata::default()).unwrap_err();
            writer.discard().unwrap();
            error
        }
        Err(error) => error,
    };
    fs::write("code", error.code().name()).unwrap();
}

#[test]
fn a_file_size_limit_is_an_error_and_no_signal() {
    // The first is too small for a segment, the second for the container.
    for blocks in [8, 300] {
        let dir = Dir::new("limit");
        let inner = command(&dir.0, "child_meets_its_file_size_limit");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("ulimit -f {blocks}; exec \"$0\" \"$@\"")])
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(&dir.0)
            .stdout(Stdio::null());
        let status = shell.status().unwrap();
        assert!(status.success(), "{status}");
        assert_eq!(
            fs::read_to_string(dir.join("code")).unwrap(),
            "ERR_FILE_TOO_LARGE"
        );
        assert_eq!(dir.names(), ["child", "code"]);
    }
}
