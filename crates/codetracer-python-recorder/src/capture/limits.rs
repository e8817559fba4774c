//! How much of a value is recorded.

use recorder_core::Options;

/// Limits of value capture.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Items per container.
    pub items: usize,
    /// Code points per string.
    pub text: usize,
    /// Bytes per bytes object and per int.
    pub bytes: usize,
    /// Objects per event.
    pub objects: usize,
    /// Depth of a graph.
    pub depth: u32,
}

impl Limits {
    /// Those that a recording is asked to keep.
    pub const fn of(options: &Options) -> Self {
        Self {
            items: options.max_items as usize,
            text: options.max_string as usize,
            bytes: options.max_bytes as usize,
            objects: options.max_objects as usize,
            depth: options.max_depth,
        }
    }
}
