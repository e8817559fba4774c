//! The loop that follows coverage, by libFuzzer. The target's name is in `FUZZ_TARGET`.
#![no_main]
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a command of the project's own"
)]

use std::sync::OnceLock;

use recorder_fuzz::{Target, find};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        find(&name).expect("FUZZ_TARGET names a target")
    });
    target.check(input);
});
