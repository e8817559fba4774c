//! The recorder while it runs: what each monitoring event does. Safe code over `raw`.

pub mod attach;
pub mod continued;
mod decisions;
pub mod ending;
pub mod events;
pub mod exceptions;
pub mod lines;
pub mod order;
mod overload;
pub mod recorder;
mod segments;
pub mod stack;
pub mod suspended;
pub mod tasks;
pub mod thread;
pub mod unwinding;

pub use recorder::Recorder;

/// What a hook answers to the interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Keep the event.
    Continue,
    /// Do not fire this event at this place again.
    Disable,
}
