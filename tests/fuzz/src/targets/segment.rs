//! Segments: rows that no sum and no check is of yet, beside the container of a process that was killed.

use trace_model::{BlockReader, Row};
use trace_store::Published;

use super::block::stored;
use super::container::read;
use crate::place;

const FILE: &str = ".out.run.partial/segments/0.seg";
/// Bytes before the rows.
const HEAD: usize = 128;

pub(super) fn run(input: &[u8]) {
    place::with(
        &[(FILE, input), (".out.run.partial/trace.mcap", b"")],
        |place| read(&place.killed()),
    );
}

/// A full segment of thread 0.
fn segment(rows: &[u8]) -> Vec<u8> {
    let len = rows.len() as u64;
    let unchecked = Published {
        len,
        open: len,
        check: 0,
    };
    let words = [
        u64::from_le_bytes(*b"CTSEGM\r\n"),
        3,
        0,
        2,
        0,
        0,
        0,
        0,
        unchecked.word(),
        1 << 20,
        HEAD as u64,
    ];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(HEAD, 0);
    bytes.extend(rows);
    bytes
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut segments = vec![segment(&[])];
    for batch in stored("definitions") {
        // A definition as a row, and then the rows of a block that needs it.
        for block in stored("block") {
            let mut rows = Vec::new();
            let mut cursor = trace_model::wire::Cursor::new(&batch);
            while let Ok(one) = cursor.blob("definitions") {
                let one = trace_model::Definition::decode(one).unwrap();
                Row::Define(one).encode(&mut rows);
            }
            let mut reader = BlockReader::new(&block).unwrap();
            while let Some(row) = reader.next().unwrap() {
                row.encode(&mut rows);
            }
            segments.push(segment(&rows));
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use trace_store::{Recording, Selection};

    #[test]
    fn seeds_are_read() {
        let mut events = 0;
        for seed in seeds() {
            let files = [(FILE, &seed[..]), (".out.run.partial/trace.mcap", b"")];
            place::with(&files, |place| {
                let recording = Recording::open(place.killed()).unwrap();
                events += recording.events(Selection::default()).flatten().count();
            });
        }
        assert!(events > 100, "{events}");
    }
}
