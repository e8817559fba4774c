//! Damaged files: a readable prefix or a coded error, and never anything else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::Path;

use recorder_errors::{ErrorCode, RecorderError};
use support::{Dir, Program, Seen, options, record};
use trace_model::Event;
use trace_store::{Metadata, Recording, Selection, Writer, recover};

/// Reads everything there is; gives the events before an error, if one comes.
fn read(path: &Path) -> Result<Vec<Event>, RecorderError> {
    let recording = Recording::open(path)?;
    let _ = recording.roots(0)?;
    let _ = recording.children(0)?;
    let _ = recording.state_at(5)?;
    recording.events(Selection::default()).collect()
}

fn allowed(error: &RecorderError) -> bool {
    let coded = [
        ErrorCode::TRACE_CORRUPT,
        ErrorCode::NOT_A_TRACE,
        ErrorCode::TRACE_VERSION,
        ErrorCode::TRACE_NOT_FOUND,
    ];
    coded.contains(&error.code()) && error.context().get("path").is_some()
}

fn recorded(dir: &Dir) -> (Vec<u8>, Vec<Event>) {
    let seen = record(&dir.join("out"), "r1", 1, 2500);
    let expected = read(&dir.join("out")).unwrap();
    assert_eq!(expected.iter().map(Seen::from).collect::<Vec<_>>(), seen);
    let bytes = fs::read(dir.join("out/trace.mcap")).unwrap();
    (bytes, expected)
}

/// The same bytes as a killed process would leave them.
fn stage(dir: &Dir, bytes: &[u8]) {
    let staging = dir.join("st/.out.r1.partial");
    let _ = fs::remove_dir_all(dir.join("st"));
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("trace.mcap"), bytes).unwrap();
}

#[test]
fn a_truncated_container_is_a_prefix_or_a_coded_error() {
    let dir = Dir::new("truncated");
    let (bytes, expected) = recorded(&dir);
    let file = dir.join("cut.mcap");
    let mut longest = 0;
    for len in (0..bytes.len()).step_by(64) {
        let part = &bytes[..len];
        fs::write(&file, part).unwrap();
        let error = read(&file).unwrap_err();
        assert!(allowed(&error), "{len}: {error}");
        stage(&dir, part);
        match read(&dir.join("st/out")) {
            Ok(seen) => {
                assert!(expected.starts_with(&seen), "{len}");
                assert!(seen.len() >= longest, "{len}");
                longest = seen.len();
            }
            Err(error) => assert!(allowed(&error), "{len}: {error}"),
        }
        if len.is_multiple_of(64 * 16)
            && let Ok(recovered) = recover(dir.join("st/out"))
        {
            assert_eq!(recovered.recordings[0].events, longest as u64);
            let seen = read(&dir.join("st/out")).unwrap();
            assert_eq!(seen.len(), longest);
        }
    }
    assert!(longest > 0);
}

#[test]
fn a_changed_bit_is_found_or_harmless() {
    let dir = Dir::new("flipped");
    let (bytes, expected) = recorded(&dir);
    let file = dir.join("flip.mcap");
    let mut state = 1u64;
    for round in 0..600 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let at = if round < 300 {
            // The head and the summary, where lengths and offsets are.
            let at = (state >> 20) as usize % 4096;
            if round % 2 == 0 {
                at % bytes.len()
            } else {
                bytes.len() - 1 - at % bytes.len()
            }
        } else {
            (state >> 20) as usize % bytes.len()
        };
        let mut broken = bytes.clone();
        broken[at] ^= 1 << (state >> 61);
        fs::write(&file, &broken).unwrap();
        match read(&file) {
            Ok(seen) => assert_eq!(seen, expected, "byte {at}"),
            Err(error) => assert!(allowed(&error), "byte {at}: {error}"),
        }
        stage(&dir, &broken);
        match read(&dir.join("st/out")) {
            Ok(seen) => assert!(expected.starts_with(&seen), "byte {at}"),
            Err(error) => assert!(allowed(&error), "byte {at}: {error}"),
        }
    }
}

#[test]
fn damaged_segments_are_cut_and_never_trusted() {
    let dir = Dir::new("segments");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    program.function(0, 60);
    let expected = program.expected.clone();
    drop(program);
    drop(writer);
    let staging = dir.join(".out.r1.partial");
    let segment = fs::read_dir(staging.join("segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read(path).unwrap()[24] != 0)
        .unwrap();
    let bytes = fs::read(&segment).unwrap();
    for at in (0..1200).step_by(1) {
        let mut broken = bytes.clone();
        broken[at] ^= 0xff;
        fs::write(&segment, &broken).unwrap();
        match read(&dir.join("out")) {
            // Rows carry no checksum: a changed value reads as another value.
            Ok(seen) => assert!(seen.len() <= expected.len() + 1, "byte {at}"),
            Err(error) => assert!(allowed(&error), "byte {at}: {error}"),
        }
    }
    fs::write(&segment, &bytes[..300]).unwrap();
    let seen = read(&dir.join("out")).unwrap();
    let kept: Vec<Seen> = seen.iter().map(Seen::from).collect();
    assert!(expected.starts_with(&kept) && kept.len() < expected.len());
    let recovered = recover(dir.join("out")).unwrap();
    assert_eq!(recovered.recordings[0].events, seen.len() as u64);
}

#[test]
fn a_damaged_recording_is_repaired_by_recovery() {
    let dir = Dir::new("repair");
    let (bytes, expected) = recorded(&dir);
    let cut = bytes.len() * 2 / 3;
    fs::write(dir.join("out/trace.mcap"), &bytes[..cut]).unwrap();
    let error = Recording::open(dir.join("out")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TRACE_CORRUPT);
    let recovered = recover(dir.join("out")).unwrap();
    let kept = &recovered.recordings[0];
    assert_eq!(kept.reason.as_deref(), Some("ERR_TRACE_CORRUPT"));
    let seen = read(&dir.join("out")).unwrap();
    assert!(expected.starts_with(&seen) && !seen.is_empty());
    assert_eq!(dir.names(), ["out"]);
}

#[test]
fn hostile_lengths_allocate_nothing() {
    let dir = Dir::new("hostile");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    writer.finish(Vec::new(), Metadata::default()).unwrap();
    let bytes = fs::read(dir.join("out/trace.mcap")).unwrap();
    let file = dir.join("hostile.mcap");
    for at in 0..bytes.len().saturating_sub(8) {
        let mut broken = bytes.clone();
        broken[at..at + 8].copy_from_slice(&(u64::MAX >> 1).to_le_bytes());
        fs::write(&file, &broken).unwrap();
        if let Err(error) = read(&file) {
            assert!(allowed(&error), "byte {at}: {error}");
        }
        stage(&dir, &broken);
        if let Err(error) = read(&dir.join("st/out")) {
            assert!(allowed(&error), "byte {at}: {error}");
        }
    }
}
