//! What the supported operating systems do differently: one file each, with the same functions and constants.
//!
//! Owns the choice between them, so that no other file of the crate asks for the system. Refuses to build for a third
//! one.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;

#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(target_os = "macos")]
pub use macos::*;

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!("recordings are written on Linux and macOS only");
