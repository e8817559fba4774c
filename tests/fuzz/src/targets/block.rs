//! Blocks and definitions, as they stand in messages.

use std::fs;

use trace_model::wire::Cursor;
use trace_model::{BlockReader, Definition, Definitions, Replay};

/// The seeds whose names begin so.
pub(super) fn stored(beginning: &str) -> Vec<Vec<u8>> {
    let folder = crate::home().join("seeds");
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    let named = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(beginning)
    };
    let found = paths.iter().filter(named);
    found.map(|path| fs::read(path).unwrap()).collect()
}

fn names() -> Definitions {
    let mut all = Definitions::new();
    for batch in stored("definitions") {
        let mut cursor = Cursor::new(&batch);
        while let Ok(one) = cursor.blob("definitions").and_then(Definition::decode) {
            all.add(one);
        }
    }
    all
}

thread_local! {
    static NAMES: Definitions = names();
}

pub(super) fn run(input: &[u8]) {
    let Ok(mut reader) = BlockReader::new(input) else {
        return;
    };
    let mut replay = Replay::new(reader.header().start.clone());
    NAMES.with(|names| {
        while let Ok(Some(row)) = reader.next() {
            if replay.apply(&row, names).is_err() {
                return;
            }
        }
        replay.finish();
    });
}

pub(super) fn definitions(input: &[u8]) {
    let mut all = Definitions::new();
    let mut cursor = Cursor::new(input);
    while let Ok(one) = cursor.blob("definitions").and_then(Definition::decode) {
        all.add(one);
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    stored("block")
}

pub(super) fn definition_seeds() -> Vec<Vec<u8>> {
    stored("definitions")
}
