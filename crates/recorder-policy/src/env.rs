//! The only module that reads the process's environment.

use std::ffi::OsString;

/// A variable's value. An empty one counts as unset.
#[allow(clippy::disallowed_methods)]
pub fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
