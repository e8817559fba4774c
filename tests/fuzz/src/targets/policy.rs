//! Switches by name and text, the environment as a whole, and the options that a launch hands on.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use recorder_core::Options;
use recorder_policy::{Policy, switches};

const MARK: u8 = b'=';

/// `name=value` sets a switch, `name==value` a variable; anything else is the options of a launch.
pub(super) fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == MARK);
    let name = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let mut policy = Policy::default();
    match parts.next() {
        Some([MARK, value @ ..]) => {
            let value = OsString::from_vec(value.to_vec());
            let before = policy.clone();
            if policy
                .apply_env(|asked| (asked == name).then(|| value.clone()))
                .is_err()
            {
                assert_eq!(policy, before, "applied in part");
            }
        }
        Some(value) => {
            let before = policy.clone();
            let set = policy.set(&name, &String::from_utf8_lossy(value), "a test");
            assert!(set.is_ok() || policy == before, "applied in part");
        }
        None => drop(Options::from_json(&name)),
    }
    assert_eq!(policy.settings().len(), switches().len());
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        br#"{"dir":"out","capture":"values","all":false,"max_string":5,"on_recorder_error":"abort","argv":["a"],"target":{"kind":"script","value":"app.py"}}"#.to_vec(),
        b"{}".to_vec(),
    ];
    for switch in switches() {
        for value in ["1", "no", "abort", "calls", "debug", "16000", "/a/b", ""] {
            seeds.push(format!("{}={value}", switch.key).into_bytes());
            if let Some(variable) = switch.env {
                seeds.push(format!("{variable}=={value}").into_bytes());
            }
        }
    }
    seeds
}
