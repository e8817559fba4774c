//! Every switch of the recorder, declared once.
//!
//! Owns: names, types, defaults, environment variables, flags and their checks, and the order in
//! which they win: default, then environment, then argument. Refuses: acting on a switch.

mod catalog;
pub mod env;
mod switch;

pub use catalog::{Capture, DumpOn, LogLevel, OnRecorderError, Policy, switches};
pub use switch::{Count, MaybePath, Setting, Shape, Switch, Window};

#[cfg(test)]
mod tests;
