//! Hands the table of switches to Python: default, then environment, then what the caller says.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use recorder_errors::{RecorderResult, usage};
use recorder_policy::{Policy, Setting, env};

use crate::boundary::{Entry, wrap_recorder};

/// The value of every switch as JSON. `given` is JSON: the texts of switches by key, from `source`.
#[pyfunction]
#[pyo3(signature = (given, source, use_env, /))]
fn resolve_policy(py: Python<'_>, given: &str, source: &str, use_env: bool) -> PyResult<String> {
    wrap_recorder(py, Entry::ResolvePolicy, || resolve(given, source, use_env))
}

fn resolve(given: &str, source: &str, use_env: bool) -> RecorderResult<String> {
    let given: BTreeMap<String, String> = serde_json::from_str(given)
        .map_err(|error| usage!(INVALID_ARGUMENT, "malformed switches: {error}"))?;
    let mut policy = Policy::default();
    if use_env {
        policy.apply_env(env::read)?;
    }
    for (key, text) in &given {
        policy.set(key, text, source)?;
    }
    let settings = policy.settings().into_iter().map(|(key, setting)| {
        let value = match setting {
            Setting::Bool(on) => on.into(),
            Setting::Choice(word) => word.into(),
            Setting::Path(path) => path.to_string_lossy().into(),
        };
        (key.to_owned(), value)
    });
    Ok(serde_json::Value::Object(settings.collect()).to_string())
}

/// Adds what this module offers to the extension module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(resolve_policy, m)?)
}
