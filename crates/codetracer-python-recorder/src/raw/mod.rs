//! Everything that needs `unsafe`: CPython's structures, the callable hooks, mapped memory, the clock.
//!
//! Types here are safe to use from the rest of the crate: a borrowed object, code or frame carries the lifetime of
//! the callback it was handed to, during which the GIL is held and no Python code runs.

pub mod access;
pub mod allocator;
pub mod apart;
pub mod asyncio;
pub mod buffers;
pub mod callable;
pub mod clock;
pub mod collections;
pub mod collector;
pub mod datetime;
pub mod decimal;
pub mod dict;
pub mod dispatch;
pub mod errno;
pub mod exception;
pub mod extra;
pub mod following;
pub mod frame;
pub mod function;
pub mod gil;
pub mod instance;
pub mod layout;
pub mod lookup;
pub mod mapping;
pub mod members;
pub mod methods;
pub mod monitoring;
pub mod object;
pub mod preflight;
pub mod process;
pub mod references;
pub mod sink;
pub mod slot;
pub mod structure;
pub mod threads;
pub mod types;
pub mod unicode;
