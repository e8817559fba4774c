//! Where recordings go, and what is never touched.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use recorder_errors::ErrorCode;
use support::{Dir, Program, all, names, options, record};
use trace_store::{Metadata, Recording, Writer, check_output};

fn refused(place: &Path) -> ErrorCode {
    Writer::create(options(place, "r1")).unwrap_err().code()
}

#[test]
fn a_place_that_is_not_ours_is_refused_and_nothing_is_left() {
    let dir = Dir::new("foreign");
    fs::write(dir.join("file"), "mine").unwrap();
    fs::create_dir(dir.join("full")).unwrap();
    fs::write(dir.join("full/thesis.tex"), "mine").unwrap();
    fs::create_dir(dir.join("alike")).unwrap();
    fs::write(dir.join("alike/trace_metadata.json"), "{}").unwrap();
    symlink("nowhere", dir.join("dangling")).unwrap();
    fs::create_dir(dir.join("locked")).unwrap();
    fs::set_permissions(dir.join("locked"), fs::Permissions::from_mode(0o500)).unwrap();
    let before = dir.names();
    for (place, code) in [
        ("file", ErrorCode::OUTPUT_NOT_DIRECTORY),
        ("full", ErrorCode::OUTPUT_FOREIGN),
        ("alike", ErrorCode::OUTPUT_FOREIGN),
        ("dangling", ErrorCode::OUTPUT_NOT_DIRECTORY),
        ("missing/out", ErrorCode::NOT_FOUND),
        ("file/out", ErrorCode::TRACE_DIR_CREATE_FAILED),
    ] {
        assert_eq!(refused(&dir.join(place)), code, "{place}");
        let checked = check_output(&dir.join(place)).map_err(|error| error.code());
        assert_eq!(checked.unwrap_err(), code, "{place}");
    }
    assert_eq!(refused(Path::new("/")), ErrorCode::OUTPUT_FOREIGN);
    // Root may write anywhere; for everybody else the directory is closed.
    if fs::write(dir.join("locked/probe"), "").is_err() {
        assert_eq!(refused(&dir.join("locked/out")), ErrorCode::PERMISSION);
    }
    check_output(&dir.join("new")).unwrap();
    assert_eq!(dir.names(), before);
    assert_eq!(
        fs::read_to_string(dir.join("full/thesis.tex")).unwrap(),
        "mine"
    );
}

#[test]
fn an_older_recording_is_replaced_at_the_end_and_not_before() {
    let dir = Dir::new("replace");
    let place = dir.join("out");
    let old = record(&place, "old", 1, 5);
    let writer = Writer::create(options(&place, "new")).unwrap();
    assert_eq!(dir.names(), [".out.new.partial", "out"]);
    let mut program = Program::new(&writer);
    program.function(0, 50);
    // The older one started later here: it is what the place means until the commit.
    assert_eq!(
        all(&Recording::open(place.join("trace.mcap")).unwrap()),
        old
    );
    let segments = program.segments();
    let expected = program.expected;
    writer.finish(segments, Metadata::default()).unwrap();
    assert_eq!(dir.names(), ["out"]);
    assert_eq!(all(&Recording::open(&place).unwrap()), expected);
}

#[test]
fn a_discarded_recording_leaves_the_older_one() {
    let dir = Dir::new("discard");
    let place = dir.join("out");
    let old = record(&place, "old", 1, 5);
    let writer = Writer::create(options(&place, "new")).unwrap();
    let mut program = Program::new(&writer);
    program.function(0, 5000);
    drop(program.segments());
    writer.discard().unwrap();
    assert_eq!(dir.names(), ["out"]);
    assert_eq!(all(&Recording::open(&place).unwrap()), old);
}

#[test]
fn a_place_that_became_foreign_is_left_alone_and_the_recording_kept() {
    let dir = Dir::new("became");
    let place = dir.join("out");
    let writer = Writer::create(options(&place, "r1")).unwrap();
    let mut program = Program::new(&writer);
    program.function(0, 5);
    let segments = program.segments();
    fs::create_dir(&place).unwrap();
    fs::write(place.join("thesis.tex"), "mine").unwrap();
    let error = writer.finish(segments, Metadata::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OUTPUT_FOREIGN);
    assert_eq!(names(&place), ["thesis.tex"]);
    let kept = Recording::open(dir.join(".out.r1.partial")).unwrap();
    assert_eq!(all(&kept), program.expected);
}

#[test]
fn an_empty_directory_and_a_link_to_one_are_taken() {
    let dir = Dir::new("links");
    fs::create_dir(dir.join("real")).unwrap();
    symlink("real", dir.join("link")).unwrap();
    let first = record(&dir.join("link"), "r1", 1, 3);
    assert!(fs::symlink_metadata(dir.join("link")).unwrap().is_symlink());
    assert_eq!(all(&Recording::open(dir.join("real")).unwrap()), first);
    let second = record(&dir.join("link"), "r2", 2, 4);
    assert_eq!(all(&Recording::open(dir.join("link")).unwrap()), second);
    assert_eq!(dir.names(), ["link", "real"]);
}

#[test]
fn what_is_no_recording_is_said_to_be_none() {
    let dir = Dir::new("none");
    fs::create_dir(dir.join("empty")).unwrap();
    fs::create_dir(dir.join("full")).unwrap();
    fs::write(dir.join("full/x"), "x").unwrap();
    fs::write(dir.join("text"), "hello, this is text").unwrap();
    fs::write(dir.join("nothing"), "").unwrap();
    for (path, code) in [
        ("missing", ErrorCode::TRACE_NOT_FOUND),
        ("empty", ErrorCode::TRACE_NOT_FOUND),
        ("full", ErrorCode::NOT_A_TRACE),
        ("text", ErrorCode::NOT_A_TRACE),
        ("nothing", ErrorCode::NOT_A_TRACE),
    ] {
        let error = Recording::open(dir.join(path)).unwrap_err();
        assert_eq!(error.code(), code, "{path}");
        let error = trace_store::recover(dir.join(path)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::TRACE_NOT_FOUND, "{path}");
    }
    let error = Recording::open("/dev/zero").unwrap_err();
    assert_eq!(error.code(), ErrorCode::NOT_A_TRACE);
}

#[test]
fn another_schema_is_refused_by_its_number() {
    let dir = Dir::new("version");
    record(&dir.join("out"), "r1", 1, 3);
    let path = dir.join("out/trace.mcap");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes
        .windows(18)
        .position(|part| part == b"codetracer-python/")
        .unwrap();
    bytes[at + 18] = b'7';
    fs::write(&path, bytes).unwrap();
    let error = Recording::open(dir.join("out")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TRACE_VERSION);
    assert!(error.message().contains("\"7\""), "{error}");
}
