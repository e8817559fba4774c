//! What is known of the process when a recording starts: the program, the interpreter, their directories.

use std::path::PathBuf;

use pyo3::prelude::*;
use recorder_core::Options;
use trace_store::{ClockPair, Metadata};

use crate::code::decide::Places;
use crate::raw::clock::{Clock, monotonic_ns};

/// What the metadata says of the program and the interpreter.
pub(super) fn describe(py: Python<'_>, options: &Options) -> PyResult<Metadata> {
    let sys = py.import("sys")?;
    let argv: Vec<String> = if options.argv.is_empty() {
        sys.getattr("argv")
            .and_then(|argv| argv.extract())
            .unwrap_or_default()
    } else {
        options.argv.clone()
    };
    let policy = match serde_json::to_value(options) {
        Ok(serde_json::Value::Object(policy)) => policy,
        _ => serde_json::Map::new(),
    };
    let mut words = argv.into_iter();
    let first = words.next().unwrap_or_default();
    let args: Vec<String> = words.collect();
    let program = match first.as_str() {
        "-m" => module_of(&sys, args.len()).map_or(first, |name| format!("-m {name}")),
        _ => first,
    };
    Ok(Metadata {
        program,
        args,
        workdir: workdir(),
        python: sys.getattr("version")?.extract()?,
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        started_unix_ns: since_epoch(),
        processes: 1,
        policy,
        ..Metadata::default()
    })
}

/// The module that the interpreter's command line names by `-m`, before so many words. `sys.argv` has no name before the module
/// was found.
fn module_of(sys: &Bound<'_, PyModule>, args: usize) -> Option<String> {
    let words: Vec<String> = sys.getattr("orig_argv").ok()?.extract().ok()?;
    let word = words.get(words.len().checked_sub(args + 1)?)?;
    match word.strip_prefix('-') {
        Some(joined) => joined.split_once('m').map(|(_, name)| name.to_owned()),
        None => Some(word.clone()),
    }
}

/// This moment on both clocks.
pub(crate) fn now() -> ClockPair {
    ClockPair {
        tick: Clock::best().ticks(),
        ns: monotonic_ns(),
    }
}

/// The working directory of now.
pub(super) fn workdir() -> String {
    std::env::current_dir()
        .map(|dir| dir.display().to_string())
        .unwrap_or_default()
}

/// Wall-clock nanoseconds since 1970-01-01 UTC.
pub(super) fn since_epoch() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
}

/// Directories of the interpreter and of the recorder.
pub(super) fn places(py: Python<'_>) -> PyResult<Places> {
    let sys = py.import("sys")?;
    let version: (u32, u32) = {
        let info = sys.getattr("version_info")?;
        (info.get_item(0)?.extract()?, info.get_item(1)?.extract()?)
    };
    let mut library = Vec::new();
    let lib: String = sys.getattr("platlibdir")?.extract()?;
    for prefix in ["prefix", "base_prefix", "exec_prefix", "base_exec_prefix"] {
        let prefix: PathBuf = sys.getattr(prefix)?.extract()?;
        for lib in ["lib", lib.as_str()] {
            let dir = prefix
                .join(lib)
                .join(format!("python{}.{}", version.0, version.1));
            if let Ok(real) = std::fs::canonicalize(dir)
                && !library.contains(&real)
            {
                library.push(real);
            }
        }
    }
    let file: PathBuf = py
        .import("codetracer_python_recorder")?
        .getattr("__file__")?
        .extract()?;
    let recorder = std::fs::canonicalize(&file)
        .ok()
        .and_then(|file| file.parent().map(PathBuf::from))
        .unwrap_or_default();
    Ok(Places { library, recorder })
}
