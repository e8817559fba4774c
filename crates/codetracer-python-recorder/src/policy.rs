//! Hands the table of switches to Python: default, then environment, then what the caller says.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};
use recorder_errors::bug;
use recorder_policy::{Policy, Setting, env};
use serde_json::{Map, Value};

use crate::boundary::{Entry, Failure, wrap};

/// The value of every switch by key. `given` has the texts of switches, from `source`.
#[pyfunction]
#[pyo3(signature = (given, source, use_env, /))]
fn resolve_policy<'py>(
    py: Python<'py>,
    given: BTreeMap<String, String>,
    source: &str,
    use_env: bool,
) -> PyResult<Bound<'py, PyDict>> {
    wrap(py, Entry::ResolvePolicy, || {
        let mut policy = Policy::default();
        if use_env {
            policy.apply_env(env::read)?;
        }
        for (key, text) in &given {
            policy.set(key, text, source)?;
        }
        let settings = PyDict::new(py);
        for (key, setting) in policy.settings() {
            match setting {
                Setting::Bool(on) => settings.set_item(key, on)?,
                Setting::Choice(word) => settings.set_item(key, word)?,
                Setting::Path(path) => settings.set_item(key, path.to_string_lossy())?,
                Setting::Count(n) => settings.set_item(key, n)?,
                Setting::Text(text) => settings.set_item(key, text)?,
            }
        }
        Ok(settings)
    })
}

/// Options for `start` and `launch` as the JSON that these take.
#[pyfunction]
#[pyo3(signature = (options, /))]
fn encode_options(py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<String> {
    wrap(py, Entry::EncodeOptions, || {
        Ok(Value::Object(object(options)?).to_string())
    })
}

fn object(dict: &Bound<'_, PyDict>) -> Result<Map<String, Value>, Failure> {
    let entries = dict.iter();
    entries
        .map(|(key, item)| Ok((key.extract()?, value(&item)?)))
        .collect()
}

fn value(item: &Bound<'_, PyAny>) -> Result<Value, Failure> {
    if item.is_none() {
        Ok(Value::Null)
    } else if let Ok(on) = item.cast::<PyBool>() {
        Ok(on.is_true().into())
    } else if let Ok(dict) = item.cast::<PyDict>() {
        Ok(Value::Object(object(dict)?))
    } else if let Ok(text) = item.extract::<String>() {
        Ok(text.into())
    } else if let Ok(n) = item.extract::<u32>() {
        Ok(n.into())
    } else {
        Err(bug!(INTERNAL, "an option has a type that options cannot have").into())
    }
}

/// Adds what this module offers to the extension module.
pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(resolve_policy, m)?)?;
    m.add_function(wrap_pyfunction!(encode_options, m)?)
}
