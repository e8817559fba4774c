//! A power cut: files that end early at any page, and pages in which a bit changed. What is before the damage can be
//! read, the damage is told, and `recover` makes a whole recording of the rest.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use recorder_errors::{ErrorCode, RecorderError, RecorderResult};
use support::{Dir, Program, Seen, options};
use trace_model::{Op, Row, Value};
use trace_store::{Metadata, Published, Recording, Selection, Status, Writer, recover};

const PAGE: usize = 4096;
const THREADS: u32 = 3;
/// Bytes of a segment before its check words, and bytes of rows that have one together.
const HEAD: usize = 128;
const PART: usize = trace_store::PART;

/// Where a bit of each page is changed, a different one on each.
fn bit_of(page: usize) -> (usize, u8) {
    let mixed = (page as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 20) as usize % PAGE, 1 << (mixed >> 61))
}

/// Every damage of a file: shorter by one page after another, and with one bit changed in one page after another.
fn damages(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let cut = (0..bytes.len())
        .step_by(PAGE)
        .map(|len| (format!("{len} bytes left"), bytes[..len].to_vec()));
    let flipped = (0..bytes.len().div_ceil(PAGE)).map(|page| {
        let (at, bit) = bit_of(page);
        let at = (page * PAGE + at).min(bytes.len() - 1);
        let mut broken = bytes.to_vec();
        broken[at] ^= bit;
        (format!("bit {bit:#04x} of byte {at}"), broken)
    });
    cut.chain(flipped)
}

/// A program of three threads whose rows fill several segments each.
fn run(writer: &Writer) -> Program<'_> {
    let mut program = Program::new(writer);
    let mut state = 1u64;
    for round in 0..40 {
        for thread in 0..THREADS {
            program.enter(thread);
            for line in 0..120 + round {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                // Nothing that compresses, so that the container has many pages.
                let value = Value::Int(state as i64);
                let delta = i32::from(line % 2 == 0) * 2 - 1;
                program.event(thread, Op::Line { delta }, &[Row::Bind { slot: 0, value }]);
            }
            program.leave(thread);
        }
    }
    program
}

fn by_thread(events: &[Seen]) -> BTreeMap<u32, Vec<&Seen>> {
    let mut threads: BTreeMap<u32, Vec<&Seen>> = BTreeMap::new();
    for event in events {
        threads.entry(event.thread).or_default().push(event);
    }
    threads
}

/// What each thread did is the beginning of what it should have done.
fn are_beginnings(seen: &[Seen], expected: &[Seen], what: &str) {
    let expected = by_thread(expected);
    for (thread, events) in by_thread(seen) {
        let all = expected.get(&thread).map_or(&[][..], Vec::as_slice);
        assert!(all.starts_with(&events), "{what}: thread {thread}");
    }
}

/// The events up to the first error, and that.
fn read(path: &Path) -> RecorderResult<(Vec<Seen>, Option<RecorderError>)> {
    let recording = Recording::open(path)?;
    recording.standings()?;
    let mut seen = Vec::new();
    for event in recording.events(Selection::default()) {
        match event {
            Ok(event) => seen.push(Seen::from(&event)),
            Err(error) => return Ok((seen, Some(error))),
        }
    }
    Ok((seen, None))
}

fn is_coded(error: &RecorderError, what: &str) {
    let coded = [
        ErrorCode::TRACE_CORRUPT,
        ErrorCode::NOT_A_TRACE,
        ErrorCode::TRACE_VERSION,
        ErrorCode::TRACE_NOT_FOUND,
    ];
    assert!(coded.contains(&error.code()), "{what}: {error}");
}

/// A copy of a directory, one of whose files has other bytes.
fn copy_with(from: &Path, to: &Path, file: &Path, bytes: &[u8]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_with(&path, &target, file, bytes);
        } else if path == file {
            fs::write(target, bytes).unwrap();
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

#[test]
fn a_committed_recording_is_saved_up_to_its_damage() {
    let dir = Dir::new("power-committed");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = run(&writer);
    let segments = program.segments();
    let expected = program.expected;
    let end = Metadata {
        exit_status: Some(3),
        ..Metadata::default()
    };
    writer.finish(segments, end).unwrap();
    let container = dir.join("out/trace.mcap");
    let bytes = fs::read(&container).unwrap();
    assert!(bytes.len() > 8 * PAGE, "{}", bytes.len());
    let (mut saved, mut most) = (0, 0);
    for (what, broken) in damages(&bytes) {
        if broken.is_empty() {
            // An empty file says nothing, not even that something is missing.
            continue;
        }
        let place = dir.join("broken");
        copy_with(&dir.join("out"), &place, &container, &broken);
        let in_place = read(&place);
        match &in_place {
            Ok((seen, error)) => {
                assert!(expected.starts_with(seen), "{what}");
                assert_eq!(seen.len() == expected.len(), error.is_none(), "{what}");
                error.iter().for_each(|error| is_coded(error, &what));
            }
            Err(error) => is_coded(error, &what),
        }
        match recover(&place) {
            Ok(recovered) => {
                let kept = &recovered.recordings[0];
                let recording = Recording::open(&place).unwrap();
                let metadata = recording.metadata();
                assert_eq!(
                    metadata.reason.as_deref(),
                    Some("ERR_TRACE_CORRUPT"),
                    "{what}"
                );
                assert_eq!(
                    (metadata.partial, metadata.exit_status),
                    (true, Some(3)),
                    "{what}"
                );
                let cut = metadata.cut.unwrap();
                assert_eq!((cut.bytes, cut.segments), (kept.cut_bytes, 0), "{what}");
                assert_eq!(cut.events, kept.missing_events, "{what}");
                assert!(kept.cut_bytes > 0, "{what}");
                let (seen, error) = read(&place).unwrap();
                assert!(error.is_none(), "{what}: {error:?}");
                are_beginnings(&seen, &expected, &what);
                assert_eq!(kept.events, seen.len() as u64, "{what}");
                let last = seen.last().map_or(0, |event| event.step + 1);
                assert_eq!(kept.missing_events, last - seen.len() as u64, "{what}");
                most = most.max(seen.len());
                saved += 1;
                assert_eq!(
                    recover(&place).unwrap_err().code(),
                    ErrorCode::TRACE_NOT_FOUND
                );
            }
            Err(error) => {
                is_coded(&error, &what);
                // Nothing is recovered of a recording that is whole, or that does not begin as one.
                let whole = matches!(&in_place, Ok((_, None)));
                let headless = in_place.is_err();
                assert!(whole || headless, "{what}: {error}");
            }
        }
        fs::remove_dir_all(place).unwrap();
    }
    assert!(saved > bytes.len() / PAGE, "{saved}");
    assert!(most > expected.len() / 2, "{most}");
}

/// What a killed process left: its directory, and everything that it recorded.
fn killed(dir: &Dir) -> (PathBuf, Vec<Seen>) {
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let program = run(&writer);
    writer.flush().unwrap();
    let expected = program.expected.clone();
    drop(program);
    drop(writer);
    let staging = dir.join(".out.r1.partial");
    let (seen, error) = read(&staging).unwrap();
    assert!(error.is_none());
    assert_eq!(seen, expected);
    (staging, expected)
}

struct Damaged {
    seen: Vec<Seen>,
    cut: trace_store::Cut,
}

/// Reads and recovers a staging directory in which one file has other bytes; none where a coded error says that nothing
/// can be read.
fn damaged(dir: &Dir, staging: &Path, file: &Path, bytes: &[u8], what: &str) -> Option<Damaged> {
    let place = dir.join("broken");
    copy_with(staging, &place.join(".out.r1.partial"), file, bytes);
    let out = place.join("out");
    let found = match read(&out) {
        Ok((seen, error)) => {
            assert!(error.is_none(), "{what}: {error:?}");
            let metadata = Recording::open(&out).unwrap().metadata().clone();
            assert_eq!(metadata.reason.as_deref(), Some("killed"));
            let recovered = recover(&out).unwrap();
            let kept = &recovered.recordings[0];
            let recording = Recording::open(&out).unwrap();
            assert_eq!(recording.source().status, Status::Finished, "{what}");
            assert_eq!(recording.metadata().cut, metadata.cut, "{what}");
            assert_eq!(read(&out).unwrap().0, seen, "{what}");
            let cut = metadata.cut.unwrap_or_default();
            assert_eq!(
                (kept.cut_bytes, kept.cut_segments, kept.missing_events),
                (cut.bytes, cut.segments, cut.events),
                "{what}"
            );
            Some(Damaged { seen, cut })
        }
        Err(error) => {
            is_coded(&error, what);
            is_coded(&recover(&out).unwrap_err(), what);
            None
        }
    };
    fs::remove_dir_all(place).unwrap();
    found
}

#[test]
fn the_container_of_a_killed_process_is_read_up_to_its_damage() {
    let dir = Dir::new("power-container");
    let (staging, expected) = killed(&dir);
    let container = staging.join("trace.mcap");
    let bytes = fs::read(&container).unwrap();
    assert!(bytes.len() > 8 * PAGE, "{}", bytes.len());
    let (mut read, mut told) = (0, 0);
    for (what, broken) in damages(&bytes) {
        let Some(found) = damaged(&dir, &staging, &container, &broken, &what) else {
            continue;
        };
        are_beginnings(&found.seen, &expected, &what);
        // Segments that follow lost blocks are left out, and said to be.
        let lost = found.seen.len() < expected.len();
        assert!(!lost || found.cut != trace_store::Cut::default(), "{what}");
        read += 1;
        told += usize::from(found.cut.segments > 0);
    }
    assert!(read > bytes.len() / PAGE, "{read}");
    assert!(told > 0);
}

#[test]
fn a_damaged_segment_costs_its_own_thread_alone() {
    let dir = Dir::new("power-segments");
    let (staging, expected) = killed(&dir);
    let (mut tried, mut unnoticed) = (0, 0);
    for entry in fs::read_dir(staging.join("segments")).unwrap() {
        let file = entry.unwrap().path();
        let bytes = fs::read(&file).unwrap();
        let word = |at: usize| u64::from_le_bytes(bytes[at * 8..at * 8 + 8].try_into().unwrap());
        let (thread, published) = ((word(1) >> 32) as u32, Published::of(word(8)));
        let committed = published.len as usize;
        if committed == 0 {
            continue;
        }
        let rows_at = word(10) as usize;
        let end = rows_at + committed;
        let checked = rows_at..end - published.open as usize;
        for (what, broken) in damages(&bytes) {
            let what = format!("{}, {what}", file.display());
            let Some(found) = damaged(&dir, &staging, &file, &broken, &what) else {
                panic!("{what}: nothing can be read");
            };
            let others = |events: &[Seen]| {
                let others = events.iter().filter(|event| event.thread != thread);
                others.cloned().collect::<Vec<_>>()
            };
            assert_eq!(others(&found.seen), others(&expected), "{what}");
            let changed = broken.iter().zip(&bytes).position(|(a, b)| a != b);
            // Where a bit changed in the last event, one value may read as another.
            if changed.is_some_and(|at| (checked.end..end).contains(&at)) {
                unnoticed += 1;
                continue;
            }
            are_beginnings(&found.seen, &expected, &what);
            let noted = HEAD + committed / PART * 4;
            let is_damaged = match changed {
                Some(at) => at < noted || checked.contains(&at),
                None => broken.len() < end,
            };
            assert_eq!(found.seen.len() < expected.len(), is_damaged, "{what}");
            let is_told = is_damaged && !broken.is_empty();
            assert_eq!(found.cut.segments, u64::from(is_told), "{what}");
            tried += 1;
        }
    }
    assert!(
        tried > 3 * 16 && unnoticed < tried / 64,
        "{tried} {unnoticed}"
    );
}

#[test]
fn a_bit_that_changed_in_the_newest_rows_is_told() {
    let dir = Dir::new("power-newest");
    let (staging, expected) = killed(&dir);
    let mut tried = 0;
    for entry in fs::read_dir(staging.join("segments")).unwrap() {
        let file = entry.unwrap().path();
        let bytes = fs::read(&file).unwrap();
        let word = |at: usize| u64::from_le_bytes(bytes[at * 8..at * 8 + 8].try_into().unwrap());
        let (published, rows_at) = (Published::of(word(8)), word(10) as usize);
        let checked = (published.len - published.open) as usize;
        for at in (published.len as usize / PART * PART..checked).step_by(13) {
            let mut broken = bytes.clone();
            broken[rows_at + at] ^= 1 << (at % 8);
            let what = format!("{}, byte {at}", file.display());
            let found = damaged(&dir, &staging, &file, &broken, &what).unwrap();
            are_beginnings(&found.seen, &expected, &what);
            assert_eq!(found.cut.segments, 1, "{what}");
            tried += 1;
        }
    }
    assert!(tried > 64, "{tried}");
}

#[test]
fn each_bit_of_a_segments_header_is_harmless_or_told() {
    let dir = Dir::new("power-header");
    let (staging, expected) = killed(&dir);
    let segments = fs::read_dir(staging.join("segments")).unwrap();
    let in_use = |path: &PathBuf| fs::read(path).unwrap()[64..72] != [0; 8];
    let file = segments
        .map(|entry| entry.unwrap().path())
        .find(in_use)
        .unwrap();
    let bytes = fs::read(&file).unwrap();
    let thread = u32::from_le_bytes(bytes[12..16].try_into().unwrap());
    let others = |events: &[Seen]| events.iter().filter(|event| event.thread != thread).count();
    for bit in (0..96 * 8).step_by(3) {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        let what = format!("bit {bit}");
        let found = damaged(&dir, &staging, &file, &broken, &what).unwrap();
        assert_eq!(others(&found.seen), others(&expected), "{what}");
        are_beginnings(&found.seen, &expected, &what);
        if found.seen.len() < expected.len() {
            assert!(found.cut.segments > 0, "{what}");
        }
    }
}
