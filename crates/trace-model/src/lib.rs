//! Plain data of a recording: ids, values, rows, events, and the columnar block codec.
//!
//! Owns what the bytes mean. Refuses to know where they are stored (files, segments, containers belong to
//! `trace-store`) and who produced them (no Python here).

pub mod block;
pub mod definitions;
pub mod error;
pub mod event;
pub mod names;
pub mod object;
pub mod replay;
pub mod row;
pub mod value;
pub mod wire;

pub use block::{BlockBuilder, BlockHeader, BlockMeta, BlockReader};
pub use definitions::{CodeDef, Definition, TaskDef, ThreadDef, TypeDef};
pub use error::DecodeError;
pub use event::{Event, EventKind};
pub use names::{CodeLines, Definitions, Names, PathDef};
pub use replay::{Moment, OpenFrame, Replay, ThreadState};
pub use row::{Op, Row, RowReader};
pub use value::{Form, Value};

/// Version of the row and block layout. A reader refuses a recording with another major version.
pub const SCHEMA_VERSION: u32 = 1;

/// Clock ticks are stored in units of `1 << TICK_SHIFT` raw counter ticks (about 25 ns on a 2.5 GHz counter).
pub const TICK_SHIFT: u32 = 6;
