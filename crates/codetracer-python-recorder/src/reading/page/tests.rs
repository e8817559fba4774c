#[path = "../../../../trace-store/tests/support/mod.rs"]
mod support;

use support::sharing::Sharing;
use support::{Dir, Program, options};
use trace_store::{Metadata, Writer};

use super::*;

fn recording(dir: &Dir, seed: u64, events: usize) -> Recording {
    let writer = Writer::create(options(&dir.join("out"), "r1")).unwrap();
    let mut program = Program::new(&writer);
    Sharing::new(seed).run(&mut program, events);
    let segments = program.segments();
    writer.finish(segments, Metadata::default()).unwrap();
    Recording::open(dir.join("out")).unwrap()
}

/// Every line as `print --json` writes it, with its event.
fn printed(recording: &Recording) -> Vec<(Event, String)> {
    let mut json = JsonEvents::new();
    let mut out = Vec::new();
    with_view(recording, |view| {
        for event in recording.events(Selection::default()) {
            let (event, mut line) = (event.unwrap(), Vec::new());
            json.write(&event, view, &mut line).unwrap();
            out.push((event, String::from_utf8(line).unwrap()));
        }
    });
    out
}

fn wanted(from_step: u64, limit: usize) -> Wanted {
    Wanted {
        from_step,
        thread: None,
        kinds: Vec::new(),
        limit,
    }
}

fn text(lines: &[(Event, String)]) -> String {
    lines.iter().map(|(_, line)| line.as_str()).collect()
}

fn same(found: Vec<u8>, expected: &str, what: &str) {
    let found = String::from_utf8(found).unwrap();
    assert!(found == expected, "{what}:\n{found}\nexpected:\n{expected}");
}

#[test]
fn a_page_from_any_step_says_what_the_whole_says() {
    for seed in 0..16 {
        let dir = Dir::new("pages");
        let recording = recording(&dir, seed, 500);
        let all = printed(&recording);
        assert!(text(&all).contains("\"objects\":["));
        for from in 0..all.len() {
            let page = page(&recording, &wanted(from as u64, 3), None).unwrap();
            let to = (from + 3).min(all.len());
            same(page.lines, &text(&all[from..to]), &format!("{seed} {from}"));
        }
    }
}

#[test]
fn pages_one_after_another_say_what_the_whole_says() {
    let dir = Dir::new("pages");
    let recording = recording(&dir, 9, 900);
    let (mut lines, mut step, mut kept) = (Vec::new(), Some(0), None);
    while let Some(from) = step {
        let wanted = wanted(from, 7);
        assert!(kept.as_ref().is_none_or(|kept: &Kept| kept.serves(&wanted)));
        let page = page(&recording, &wanted, kept).unwrap();
        lines.extend(page.lines);
        (step, kept) = (page.next, page.kept);
    }
    same(lines, &text(&printed(&recording)), "all");
}

#[test]
fn pages_of_kinds_and_threads_say_what_the_whole_says() {
    let dir = Dir::new("pages");
    let recording = recording(&dir, 10, 900);
    let all = printed(&recording);
    for thread in [None, Some(1)] {
        for kinds in [
            vec![EventKind::Return],
            vec![EventKind::Call, EventKind::Line],
        ] {
            for from in [0, 300, 640] {
                let wanted = Wanted {
                    thread,
                    kinds: kinds.clone(),
                    ..wanted(from, usize::MAX)
                };
                let mut expected = all.clone();
                expected.retain(|(event, _)| wanted.has(event));
                let page = page(&recording, &wanted, None).unwrap();
                same(page.lines, &text(&expected), &format!("{wanted:?}"));
            }
        }
    }
}
