//! What is written is read back, whole and in order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod support;

use recorder_errors::ErrorCode;
use support::{Dir, Program, Seen, all, options, record};
use trace_model::wire::Cursor;
use trace_model::{Definition, EventKind, Names, Op, Row, Value};
use trace_store::{Clock, ClockPair, Metadata, Recording, Selection, Status, Writer};

#[test]
fn a_finished_recording_holds_every_event_in_order() {
    let dir = Dir::new("whole");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    for round in 0..300 {
        for thread in 0..4 {
            program.function(thread, 20 + round % 7);
        }
    }
    let segments = program.segments();
    let (expected, ticks) = (program.expected, program.tick);
    let metadata = Metadata {
        exit_status: Some(0),
        clock: Clock {
            last: ClockPair {
                tick: ticks,
                ns: 1000 + ticks * 25,
            },
            ..Clock::default()
        },
        ..Metadata::default()
    };
    let committed = writer.finish(segments, metadata).unwrap();
    assert_eq!(dir.names(), ["out"]);
    assert_eq!(
        support::names(&committed.dir),
        ["trace.mcap", "trace_metadata.json", "trace_paths.json"]
    );
    let recording = Recording::open(dir.join("out")).unwrap();
    assert_eq!(recording.source().status, Status::Finished);
    assert_eq!(all(&recording), expected);
    let known = recording.metadata();
    assert_eq!(known, &committed.metadata);
    assert_eq!(known.events, expected.len() as u64);
    assert_eq!(known.calls, 1200);
    assert_eq!(known.threads, 4);
    assert_eq!(known.duration_ns, (ticks - 3) * 25);
    assert!(!known.partial && known.bytes > 0);
    assert_eq!(recording.counts().events, known.events);
    assert_eq!(&*recording.definitions().code(5).unwrap().qualname, "f");
    assert_eq!(recording.ns(ticks), ticks * 25);
    let paths = std::fs::read_to_string(committed.dir.join("trace_paths.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<String>>(&paths).unwrap(),
        ["app.py"]
    );
}

#[test]
fn the_container_is_an_mcap_file_for_others_too() {
    let dir = Dir::new("mcap");
    record(&dir.join("out"), "r1", 1, 20_000);
    let bytes = std::fs::read(dir.join("out/trace.mcap")).unwrap();
    let blocks = Recording::open(dir.join("out")).unwrap().index().count();
    assert!(blocks > 3);
    let mut topics: Vec<String> = Vec::new();
    for message in mcap::MessageStream::new(&bytes).unwrap() {
        topics.push(message.unwrap().channel.topic.clone());
    }
    let count = |topic: &str| topics.iter().filter(|known| *known == topic).count();
    assert_eq!(
        (count("metadata"), count("index"), count("blocks")),
        (2, 1, blocks)
    );
    assert!(count("definitions") >= 1);
    let summary = mcap::Summary::read(&bytes).unwrap().unwrap();
    assert_eq!(summary.chunk_indexes.len(), topics.len());
}

#[test]
fn a_selection_gives_the_events_of_its_thread_and_steps() {
    let dir = Dir::new("selection");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    for _ in 0..400 {
        program.function(1, 30);
        program.function(2, 30);
    }
    let segments = program.segments();
    let expected = program.expected;
    writer.finish(segments, Metadata::default()).unwrap();
    let recording = Recording::open(dir.join("out")).unwrap();
    for (thread, from_step, to_step) in [
        (None, 5000, 5100),
        (Some(2), 0, 100),
        (Some(1), 12_000, 12_500),
        (None, 20_000, u64::MAX),
    ] {
        let selection = Selection {
            thread,
            from_step,
            to_step,
        };
        let events: Vec<Seen> = recording
            .events(selection)
            .map(|event| Seen::from(&event.unwrap()))
            .collect();
        let wanted: Vec<Seen> = expected
            .iter()
            .filter(|seen| thread.is_none_or(|only| only == seen.thread))
            .filter(|seen| (from_step..to_step).contains(&seen.step))
            .cloned()
            .collect();
        assert_eq!(events, wanted);
    }
}

#[test]
fn calls_know_their_arguments_ends_and_children() {
    let dir = Dir::new("calls");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    program.enter(0);
    program.line(0, 1);
    for _ in 0..500 {
        program.function(0, 20);
        program.function(1, 5);
    }
    program.enter(0);
    program.event(0, Op::Raise { origin: true }, &[]);
    program.event(0, Op::Unwind { line: 3 }, &[]);
    program.event(0, Op::Raise { origin: false }, &[]);
    program.leave(0);
    let segments = program.segments();
    let last = program.step - 1;
    writer.finish(segments, Metadata::default()).unwrap();
    let recording = Recording::open(dir.join("out")).unwrap();
    let roots = recording.roots(0).unwrap();
    assert_eq!(roots.len(), 1);
    assert_eq!(roots[0].id, 0);
    assert_eq!(roots[0].end.unwrap().step, last);
    assert_eq!(recording.call(0).unwrap().unwrap(), roots[0]);
    assert_eq!(recording.roots(1).unwrap().len(), 500);
    let children = recording.children(0).unwrap();
    assert_eq!(children.len(), 501);
    assert!(children.iter().all(|call| call.parent == Some(0)));
    assert_eq!(
        children[500].end.map(|end| end.kind),
        Some(EventKind::Unwind)
    );
    assert_eq!(
        recording.call(children[250].id).unwrap().as_ref(),
        Some(&children[250])
    );
    assert_eq!(recording.call(1 << 50).unwrap(), None);
    let raised: Vec<bool> = recording
        .exceptions()
        .map(|event| event.unwrap().origin)
        .collect();
    assert_eq!(raised, [true, false]);
    assert_eq!(recording.counts().exceptions, 1);
}

#[test]
fn the_state_at_a_step_is_what_was_bound_until_then() {
    let dir = Dir::new("state");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    program.enter(0);
    program.line(0, 8);
    let first = program.step - 1;
    for _ in 0..2000 {
        program.function(0, 10);
    }
    program.line(0, 9);
    let second = program.step - 1;
    let segments = program.segments();
    writer.finish(segments, Metadata::default()).unwrap();
    let recording = Recording::open(dir.join("out")).unwrap();
    assert!(recording.index().count() > 3);
    let state = recording.state_at(first).unwrap().unwrap();
    assert_eq!(state.frames[0].names.get(&0), Some(&Value::Int(8000)));
    let state = recording.state_at(second).unwrap().unwrap();
    assert_eq!(state.frames[0].names.get(&0), Some(&Value::Int(9000)));
    let Some(Value::Ref { object, .. }) = state.frames[0].names.get(&1) else {
        panic!("{state:?}");
    };
    assert!(state.objects.contains_key(object));
    assert_eq!(recording.state_at(1 << 40).unwrap(), None);
}

#[test]
fn the_state_knows_arguments_that_were_described_before_the_call() {
    let dir = Dir::new("arguments");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    program.enter(0);
    program.line(0, 16);
    let argument = Row::Bind {
        slot: 1,
        value: Value::Ref {
            object: 0x7f00_0000_1000,
            type_id: 3,
        },
    };
    program.event(0, Op::Call { code: 5 }, &[argument]);
    program.line(0, 17);
    let step = program.step - 1;
    let segments = program.segments();
    writer.finish(segments, Metadata::default()).unwrap();
    let recording = Recording::open(dir.join("out")).unwrap();
    let state = recording.state_at(step).unwrap().unwrap();
    let Some(Value::Ref { object, .. }) = state.frames[0].names.get(&1) else {
        panic!("{state:?}");
    };
    assert_eq!(state.objects[object].items, [Value::Int(16)]);
}

#[test]
fn a_code_may_be_defined_in_a_segment_that_is_still_in_use() {
    let dir = Dir::new("ahead");
    let mut inline = options(&dir.join("out"), "r1");
    inline.inline = true;
    let writer = Writer::create(inline).unwrap();
    let mut program = Program::new(&writer);
    // Thread 0 writes the definitions and keeps its segment; thread 1 fills several.
    program.enter(0);
    for _ in 0..500 {
        program.function(1, 20);
    }
    assert!(writer.stored_bytes() > 0);
    program.leave(0);
    let segments = program.segments();
    let expected = program.expected;
    writer.flush().unwrap();
    writer.finish(segments, Metadata::default()).unwrap();
    let recording = Recording::open(dir.join("out")).unwrap();
    assert_eq!(all(&recording), expected);
    let bytes = std::fs::read(dir.join("out/trace.mcap")).unwrap();
    let mut codes = 0;
    for message in mcap::MessageStream::new(&bytes).unwrap() {
        let message = message.unwrap();
        let mut cursor = Cursor::new(&message.data);
        while message.channel.topic == "definitions" && !cursor.is_empty() {
            let definition = Definition::decode(cursor.blob("definition").unwrap()).unwrap();
            codes += u32::from(matches!(definition, Definition::Code(_)));
        }
    }
    assert_eq!(codes, 1);
}

#[test]
fn many_threads_stay_within_the_limit_as_far_as_segments_come_back() {
    let dir = Dir::new("many");
    let mut small = options(&dir.join("out"), "r1");
    small.segment_bytes = 1024 * 1024;
    small.mapped_limit = 4 * 1024 * 1024;
    let writer = Writer::create(small).unwrap();
    let mut program = Program::new(&writer);
    for round in 0..20 {
        for thread in 0..20 {
            program.function(thread, 50);
        }
        if round == 0 {
            assert!(!writer.is_unsafe());
        }
    }
    let segments = program.segments();
    let expected = program.expected;
    let committed = writer.finish(segments, Metadata::default()).unwrap();
    assert!(committed.metadata.counters["mapped_bytes_peak"] <= 4 * 1024 * 1024);
    let recording = Recording::open(dir.join("out")).unwrap();
    assert_eq!(all(&recording), expected);
}

#[test]
fn blocks_that_were_given_up_go_on_where_they_were() {
    let dir = Dir::new("evict");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    for round in 0..200 {
        for thread in 0..20 {
            if round == 0 {
                program.enter(thread);
            }
            program.line(thread, round);
        }
    }
    let segments = program.segments();
    let expected = program.expected;
    writer.finish(segments, Metadata::default()).unwrap();
    let recording = Recording::open(dir.join("out")).unwrap();
    let mut events = recording.events(Selection::default()).limited(1);
    let mut seen = Vec::new();
    while let Some(event) = events.next_event().unwrap() {
        seen.push(Seen::from(&event));
    }
    assert_eq!(seen, expected);
}

#[test]
fn sources_are_copied_once_with_their_hash() {
    let dir = Dir::new("sources");
    let source = dir.join("mod.py");
    std::fs::write(&source, "print('hello')\n").unwrap();
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    for (id, path, real) in [
        (7, "mod.py", source.display().to_string()),
        (8, "gone.py", dir.join("gone.py").display().to_string()),
        (9, "pipe", "/dev/null".to_owned()),
        (10, "up", "/tmp/../etc/passwd".to_owned()),
    ] {
        program.define(Definition::Path {
            id,
            path: path.to_owned(),
            real,
        });
    }
    program.function(0, 3);
    let segments = program.segments();
    let committed = writer.finish(segments, Metadata::default()).unwrap();
    let sources = &committed.metadata.sources;
    assert_eq!(sources.keys().collect::<Vec<_>>(), ["mod.py"]);
    let copy = committed.dir.join(&sources["mod.py"].file);
    assert_eq!(std::fs::read_to_string(copy).unwrap(), "print('hello')\n");
    assert_eq!(sources["mod.py"].bytes, 15);
    assert_eq!(committed.metadata.counters["sources_not_copied"], 2);
}

#[test]
fn the_thread_is_gone_after_a_pause_and_back_at_the_next_hand_over() {
    let dir = Dir::new("pause");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    for _ in 0..3 {
        for _ in 0..300 {
            program.function(0, 20);
        }
        writer.pause();
        // Only there has a process a list of its threads in files.
        if cfg!(target_os = "linux") {
            let recorders = std::fs::read_dir("/proc/self/task")
                .unwrap()
                .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok())
                .filter(|name| name.trim() == "recorder")
                .count();
            // Other tests of this process have drainers of their own.
            assert!(recorders <= 16);
        }
    }
    let segments = program.segments();
    let expected = program.expected;
    let committed = writer.finish(segments, Metadata::default()).unwrap();
    assert!(committed.metadata.counters["drainer_starts"] >= 3);
    assert_eq!(all(&Recording::open(dir.join("out")).unwrap()), expected);
}

#[test]
fn rows_that_make_no_sense_are_a_failure_of_ours() {
    let dir = Dir::new("nonsense");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut segment = writer.segment(0, trace_store::Base::default()).unwrap();
    let mut rows = Vec::new();
    Row::Event {
        dt: 1,
        op: Op::Return,
    }
    .encode(&mut rows);
    assert!(segment.append(&rows));
    writer.hand_over(segment);
    let error = writer.flush().unwrap_err();
    assert_eq!(error.code(), ErrorCode::INTERNAL);
    assert_eq!(
        writer.failure().map(|error| error.code()),
        Some(ErrorCode::INTERNAL)
    );
    assert!(writer.finish(Vec::new(), Metadata::default()).is_err());
    writer.discard().unwrap();
    assert_eq!(dir.names(), [""; 0]);
}

#[test]
fn a_partial_recording_says_why() {
    let dir = Dir::new("partial");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    program.function(0, 10);
    let segments = program.segments();
    let committed = writer
        .keep_partial("ERR_TOOL_ID_TAKEN", segments, Metadata::default())
        .unwrap();
    assert!(committed.metadata.partial);
    let recording = Recording::open(dir.join("out/trace.mcap")).unwrap();
    assert_eq!(
        recording.metadata().reason.as_deref(),
        Some("ERR_TOOL_ID_TAKEN")
    );
    assert_eq!(recording.counts().events, 12);
}

#[test]
fn an_empty_program_makes_an_empty_recording() {
    let dir = Dir::new("empty");
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    writer.finish(Vec::new(), Metadata::default()).unwrap();
    let recording = Recording::open(dir.join("out")).unwrap();
    assert_eq!(all(&recording), []);
    assert_eq!(recording.threads().count(), 0);
    assert_eq!(recording.metadata().events, 0);
    let again = record(&dir.join("out"), "r2", 2, 3);
    assert_eq!(all(&Recording::open(dir.join("out")).unwrap()), again);
}
