//! Where recordings are: segments while a program runs, the container, the committed directory, and the way back.
//!
//! Owns files and their order of becoming durable. Refuses to know Python, to print, and to interpret what a program
//! did: rows, blocks and events belong to `trace-model`.

pub mod container;
mod drain;
mod dumps;
mod error;
pub mod family;
mod file;
pub mod flight;
pub mod held;
pub mod last_words;
pub mod metadata;
mod options;
mod pool;
mod raw;
pub mod reader;
pub mod recovery;
mod segment;
mod staging;
mod worker;
mod writer;

pub use drain::{FirstIds, Gone};
pub use flight::{FlightOptions, Window};
pub use last_words::LastWords;
pub use metadata::{Clock, ClockPair, Cut, Metadata, Source, Warning};
pub use options::WriterOptions;
pub use raw::alternate_stack::provide as provide_signal_stack;
pub use raw::signals::Interrupts;
pub use raw::system::MONOTONIC;
pub use reader::{Recording, Selection, Status};
pub use recovery::{Recovered, RecoveredRecording, recover};
pub use segment::{Base, PART, Published, Running, Segment, WORD};
pub use staging::check_output;
pub use staging::home::Home;
pub use worker::Dumper;
pub use writer::{Committed, Writer};
