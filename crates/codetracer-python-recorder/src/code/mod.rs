//! What is known of a code object: whether it is traced, its names, lines and handlers.

pub mod analysis;
pub mod decide;
pub mod facts;
pub mod harmless;
pub mod instructions;
pub mod line_starts;
pub mod lines;
pub mod opcodes;
pub mod shared;
pub mod touches;
