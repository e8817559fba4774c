//! How much of a value is recorded.

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

impl Default for Limits {
    fn default() -> Self {
        Self {
            items: 64,
            text: 1024,
            bytes: 256,
            objects: 256,
            depth: 4,
        }
    }
}
