//! Everything in this crate that the compiler cannot check: mappings, signals and a few system calls.
//!
//! Owns the `unsafe` blocks of the crate; each file has its row in `design-docs/unsafe.md`. Refuses any knowledge of
//! recordings: what is offered here is safe to call with any arguments.

pub mod alternate_stack;
pub mod fd;
pub mod last_words;
pub mod map;
pub mod signals;
pub mod system;

#[cfg(test)]
mod tests;
