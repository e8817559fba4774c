//! The stderr of the moment at which a recording started, for as long as the recorder may have to say something.
//!
//! Owns a duplicate of the program's descriptor. Refuses to write to a file that the program has put in its place, or in
//! that of descriptor 2.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use recorder_errors::{RecorderError, target};
use trace_store::held::{Held, Standing, identity_of, is_file};

/// The program's descriptor.
const NUMBER: i32 = 2;

enum Stream {
    /// Nothing is held: descriptor 2 is what it is.
    Program,
    /// Descriptor 2 was closed then: whatever the program opens there is its own.
    Nowhere,
    /// There was no room for a duplicate: descriptor 2, while it is this file.
    While((u64, u64)),
    /// The duplicate.
    Held(Held),
}

static STREAM: Mutex<Stream> = Mutex::new(Stream::Program);

fn stream() -> MutexGuard<'static, Stream> {
    STREAM.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the stderr of now.
pub(super) fn hold() {
    let held = match (Held::duplicate(NUMBER), identity_of(NUMBER)) {
        (Ok(held), _) => Stream::Held(held),
        (Err(_), Some(identity)) => Stream::While(identity),
        (Err(_), None) => Stream::Nowhere,
    };
    *stream() = held;
}

/// Remembers which file the stderr of now is, and keeps nothing open: whoever waits for the end of a pipe waits for the
/// program only.
pub(super) fn look() {
    *stream() = identity_of(NUMBER).map_or(Stream::Nowhere, Stream::While);
}

/// Gives it back, when nothing more is to be said of the recording.
pub fn release() {
    *stream() = Stream::Program;
}

/// In the child of a fork: as [`release`], unless the parent was writing when it forked.
pub fn release_in_child() {
    if let Ok(mut stream) = STREAM.try_lock() {
        *stream = Stream::Program;
    }
}

/// The failure of a program that opened a file of its own under our number.
pub fn taken() -> Option<RecorderError> {
    match &*stream() {
        Stream::Held(held) if held.standing() == Standing::Taken => Some(target!(
            FD_TAKEN,
            "the program opened a file of its own under the descriptor that the recorder used for messages";
            descriptor = held.number()
        )),
        _ => None,
    }
}

/// Writes, where there is somewhere to write; a stderr that is closed or full is no failure of ours.
pub(super) fn write(bytes: &[u8]) {
    let stream = stream();
    let program = match &*stream {
        Stream::Program => true,
        Stream::Nowhere => false,
        Stream::While(identity) => is_file(NUMBER, *identity),
        Stream::Held(held) => match held.file() {
            Some(mut file) => {
                let _ = file.write_all(bytes);
                false
            }
            None => held.is_same(NUMBER),
        },
    };
    if program {
        let _ = std::io::stderr().lock().write_all(bytes);
    }
}

/// Whether it is a terminal.
pub(super) fn is_terminal() -> bool {
    match &*stream() {
        Stream::Program => std::io::stderr().is_terminal(),
        Stream::Held(held) => held.file().is_some_and(std::io::IsTerminal::is_terminal),
        Stream::Nowhere | Stream::While(_) => false,
    }
}
