//! Everything that reads bytes from outside, each as a function of bytes.
//!
//! Owns: the targets, what they start from, and what must hold of every input: no panic, no end of the process, no more
//! memory than the input's size times a constant, and an end in time. Refuses to judge results: that is for the tests of
//! what is read.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a surprise is what is looked for"
)]

pub mod heap;
pub mod mutate;
mod place;
mod raw;
mod targets;

use std::fs;
use std::path::PathBuf;

/// Something that reads bytes.
#[derive(Debug)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it reads.
    pub about: &'static str,
    run: fn(&[u8]),
    made: fn() -> Vec<Vec<u8>>,
    /// Bytes of memory that it may hold at once, for each byte of input.
    pub times: usize,
    /// Bytes that it may hold besides.
    pub plus: usize,
    /// Bytes that it may hold for any input.
    pub most: usize,
}

/// Every target.
pub const TARGETS: &[Target] = targets::ALL;

/// The target of a name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// This package's directory.
pub fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Target {
    /// Runs it and checks how much memory it took. Gives that.
    ///
    /// # Panics
    /// When it does, or when it took more than it may.
    pub fn check(&self, input: &[u8]) -> usize {
        let most = heap::most(|| (self.run)(input));
        let allowed = (self.times * input.len() + self.plus).min(self.most);
        assert!(
            most <= allowed,
            "{} held {most} bytes for an input of {}; at most {allowed} are allowed",
            self.name,
            input.len()
        );
        most
    }

    /// What it starts from: inputs that are as they should be, then those that once were trouble.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds = (self.made)();
        seeds.extend(self.regressions().into_iter().map(|(_, input)| input));
        seeds
    }

    /// Inputs that once were trouble, by name.
    pub fn regressions(&self) -> Vec<(String, Vec<u8>)> {
        let Ok(entries) = fs::read_dir(home().join("regressions").join(self.name)) else {
            return Vec::new();
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut found: Vec<_> = paths
            .map(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                (name.into_owned(), fs::read(&path).unwrap())
            })
            .collect();
        found.sort();
        found
    }
}
