//! The targets, one file for each thing that is read.

mod block;
mod container;
mod policy;
mod segment;

use crate::Target;

const MIB: usize = 1 << 20;
/// A chunk as it is read: compressed, unpacked, and as messages.
const CHUNK: usize = 3 * 64 * MIB;
/// What each byte of a chunk can become in these.
const UNPACKED: usize = 3 * 32 * 1024;

pub(crate) const ALL: &[Target] = &[
    Target {
        name: "block",
        about: "a block: header, rows, and the events that they make",
        run: block::run,
        made: block::seeds,
        times: 64,
        plus: 64 * 1024,
        most: 64 * MIB,
    },
    Target {
        name: "definitions",
        about: "definitions of codes, paths, types, names, threads and tasks",
        run: block::definitions,
        made: block::definition_seeds,
        times: 64,
        plus: 64 * 1024,
        most: 64 * MIB,
    },
    Target {
        name: "container",
        about: "a file trace.mcap, finished and as a killed process leaves it",
        run: container::file,
        made: container::files,
        times: UNPACKED,
        plus: 8 * MIB,
        most: CHUNK + 8 * MIB,
    },
    Target {
        name: "messages",
        about: "the messages of a container whose checksums hold",
        run: container::messages,
        made: container::message_seeds,
        times: UNPACKED,
        plus: 8 * MIB,
        most: CHUNK + 8 * MIB,
    },
    Target {
        name: "segment",
        about: "a segment that a killed process leaves",
        run: segment::run,
        made: segment::seeds,
        times: 64,
        plus: MIB,
        most: 64 * MIB,
    },
    Target {
        name: "policy",
        about: "names and values of switches, and the options of a launch",
        run: policy::run,
        made: policy::seeds,
        times: 64,
        plus: 64 * 1024,
        most: 64 * MIB,
    },
];
