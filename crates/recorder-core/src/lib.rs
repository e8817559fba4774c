//! What happens around a recording, without Python: its options, what a failure leads to, and what is said about it.

pub mod diagnostics;
pub mod identity;
pub mod metrics;
pub mod options;
pub mod outcome;
pub mod summary;

pub use identity::Identity;
pub use options::{Capture, Kin, OnError, Options, Origin, Overload, Target};
pub use outcome::{Outcome, Stage, decide};
pub use summary::Summary;
