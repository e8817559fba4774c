//! The facts that travel with an error, for programs.
//!
//! Owns: an ordered map from key to text. Refuses: nested values; a program that needs more reads
//! the code and looks for itself.

use std::borrow::Cow;
use std::fmt;

/// Key and value pairs in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context(Vec<(Cow<'static, str>, String)>);

impl Context {
    /// Adds a pair; a key that is already there keeps its place and gets the new value.
    pub fn insert(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((key, value)),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == key).map(|(_, v)| v)
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_ref(), v.as_str()))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// ` (k=v, k2=v2)`, or nothing when empty.
impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.iter().enumerate() {
            f.write_str(if index == 0 { " (" } else { ", " })?;
            write!(f, "{key}={value}")?;
        }
        f.write_str(if self.is_empty() { "" } else { ")" })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Context {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}
