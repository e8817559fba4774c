//! What a recording looks like outside: one file per output format, each written to anything that is `Write`.
//!
//! Owns the shape of the output. Refuses to read recordings (`trace-store` gives events), to print, and to decide what
//! is worth printing beyond the options it is given. A failure is the writer's `std::io::Error`.

mod content;
mod follow;
mod glob;
mod json;
pub mod json_events;
mod json_frames;
mod json_values;
mod objects;
mod repr;
mod style;
mod text;
pub mod tree;

use trace_model::Names;

pub use follow::{Follow, Names as FrameNames};
pub use glob::names_function;
pub use json_events::JsonEvents;
pub use json_frames::{Frame, frames};
pub use objects::ObjectTable;
pub use tree::{Tree, TreeOptions};

/// What formats look up while they write.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Definitions by id.
    pub names: &'a dyn Names,
    /// Nanoseconds since the start of the recording at a tick.
    pub ns: &'a dyn Fn(u64) -> u64,
    /// Text of a line (from 1) of a source path, without its end, where a copy is at hand.
    pub source: &'a dyn Fn(u32, u32) -> Option<String>,
}
