//! Containers: as bytes, and as messages that are put into a container whose checksums hold.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use mcap::records::MessageHeader;
use mcap::{Compression, WriteOptions};
use trace_store::{Recording, Selection};

use super::block::stored;
use crate::place;

/// Where a killed process has its container.
const STAGED: &str = ".out.run.partial/trace.mcap";

const METADATA: &[u8] = br#"{"schema_version":1,"run_id":"r","trace_id":"t","program":"app.py","args":["a"],"partial":false,"clock":{"first":{"tick":1,"ns":2},"last":{"tick":3,"ns":4},"ns_per_tick":25.0},"warnings":[{"code":"ERR_MMAP_UNSAFE","message":"m"}],"counters":{"panics":0},"sources":{}}"#;

/// Reads everything that there is.
pub(super) fn read(path: &Path) {
    let Ok(recording) = Recording::open(path) else {
        return;
    };
    let _ = recording.counts();
    let threads: Vec<u32> = recording.threads().collect();
    for thread in threads {
        let _ = recording.roots(thread);
    }
    for step in [0, 5, u64::MAX] {
        let _ = recording.state_at(step);
        let _ = recording.frames_at(step);
        let _ = recording.event_at(step);
        let _ = recording.children(step);
        let _ = recording.call(step);
    }
    for event in recording.events(Selection::default()) {
        if event.is_err() {
            break;
        }
    }
}

pub(super) fn file(input: &[u8]) {
    place::with(&[("trace.mcap", input), (STAGED, input)], |place| {
        read(&place.join("trace.mcap"));
        read(&place.killed());
    });
}

/// Each message is its channel, its length in two bytes, and its content.
fn split(mut input: &[u8]) -> Vec<(u16, &[u8])> {
    let mut messages = Vec::new();
    while let [channel, low, high, rest @ ..] = input {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (content, more) = rest.split_at(len);
        messages.push((u16::from(channel % 4) + 1, content));
        input = more;
    }
    messages
}

fn joined(messages: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut input = Vec::new();
    for (channel, content) in messages {
        input.push(*channel as u8 - 1);
        input.extend((content.len() as u16).to_le_bytes());
        input.extend(content);
    }
    input
}

/// A container of these messages; without a summary unless it is `finished`.
fn container(messages: &[(u16, &[u8])], finished: bool) -> Vec<u8> {
    let mut mcap = WriteOptions::new()
        .profile("codetracer-python/1")
        .compression(Some(Compression::Zstd))
        .compression_level(1)
        .compression_threads(0)
        .use_chunks(true)
        .disable_seeking(true)
        .create(Cursor::new(Vec::new()))
        .unwrap();
    for (id, topic) in [
        (1, "metadata"),
        (2, "definitions"),
        (3, "blocks"),
        (4, "index"),
    ] {
        mcap.add_channel_with_id(id, 0, topic, topic, &BTreeMap::new())
            .unwrap();
    }
    for (sequence, (channel_id, content)) in messages.iter().enumerate() {
        let header = MessageHeader {
            channel_id: *channel_id,
            sequence: sequence as u32,
            log_time: 0,
            publish_time: 0,
        };
        mcap.write_to_known_channel(&header, content).unwrap();
        mcap.flush().unwrap();
    }
    if finished {
        mcap.finish().unwrap();
    }
    mcap.into_inner().into_inner()
}

pub(super) fn messages(input: &[u8]) {
    let messages = split(input);
    for finished in [false, true] {
        let bytes = container(&messages, finished);
        place::with(&[("trace.mcap", &bytes), (STAGED, &bytes)], |place| {
            if finished {
                read(&place.join("trace.mcap"));
            } else {
                read(&place.killed());
            }
        });
    }
}

fn seed_messages() -> Vec<(u16, Vec<u8>)> {
    let mut messages = vec![(1, METADATA.to_vec())];
    messages.extend(stored("definitions").into_iter().map(|batch| (2, batch)));
    messages.extend(stored("block").into_iter().map(|block| (3, block)));
    messages.extend(stored("index").into_iter().map(|page| (4, page)));
    messages.push((1, METADATA.to_vec()));
    messages
}

pub(super) fn message_seeds() -> Vec<Vec<u8>> {
    let all = seed_messages();
    let mut seeds: Vec<Vec<u8>> = (1..=all.len()).map(|n| joined(&all[..n])).collect();
    seeds.push(joined(&[all, seed_messages()].concat()));
    seeds
}

pub(super) fn files() -> Vec<Vec<u8>> {
    let all = seed_messages();
    let messages: Vec<(u16, &[u8])> = all.iter().map(|(id, data)| (*id, &**data)).collect();
    vec![
        container(&[], true),
        container(&messages, false),
        container(&messages, true),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_whole() {
        for seed in message_seeds() {
            let messages = split(&seed);
            assert_eq!(
                joined(
                    &messages
                        .iter()
                        .map(|(id, it)| (*id, it.to_vec()))
                        .collect::<Vec<_>>()
                ),
                seed
            );
        }
        let last = message_seeds().swap_remove(seed_messages().len() - 1);
        let bytes = container(&split(&last), false);
        place::with(&[(STAGED, &bytes)], |place| {
            let recording = Recording::open(place.killed()).unwrap();
            let events: Result<Vec<_>, _> = recording.events(Selection::default()).collect();
            assert!(events.unwrap().len() > 100);
        });
    }
}
