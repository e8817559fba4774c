//! Runs targets with mutated inputs on stable Rust, for a time.
//!
//! The `n`-th input of a seed is always the same, so a failure says how to have it again. An input that panics, takes
//! too much memory or does not end is written to a file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::exit,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command of the project's own"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use recorder_fuzz::{TARGETS, Target, find, home, mutate};

const HELP: &str = "usage: fuzz [TARGET] [--seconds N | --minutes N] [--seed N]
       fuzz again TARGET FILE      run one input
       fuzz corpus TARGET FOLDER   write what a target starts from
       fuzz seeds RECORDING        write tests/fuzz/seeds from a recording";

/// A run that takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: usize = 64 * 1024;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["again", target, file] => again(target, Path::new(file)),
        ["corpus", target, folder] => corpus(target, Path::new(folder)),
        ["seeds", recording] => write_seeds(Path::new(recording)),
        words => fuzz(words),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn named(name: &str) -> Result<&'static Target, String> {
    find(name).ok_or_else(|| {
        let rows = TARGETS
            .iter()
            .map(|it| format!("\n  {:<12} {}", it.name, it.about));
        format!(
            "no target {name:?}; there are:{}\n{HELP}",
            rows.collect::<String>()
        )
    })
}

fn again(target: &str, file: &Path) -> Result<(), String> {
    let input = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let most = named(target)?.check(&input);
    println!("{} bytes of input, {most} bytes held at most", input.len());
    Ok(())
}

fn corpus(target: &str, folder: &Path) -> Result<(), String> {
    for (number, seed) in named(target)?.seeds().iter().enumerate() {
        let path = folder.join(format!("seed-{number}"));
        fs::write(&path, seed).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// What the watch over hanging runs needs to know.
struct Now {
    since: Instant,
    target: &'static str,
    input: Vec<u8>,
}

fn fuzz(words: &[&str]) -> Result<(), String> {
    let mut targets: Vec<&'static Target> = Vec::new();
    let (mut time, mut seed) = (Duration::from_secs(10), 1);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let mut number = || {
            let text = rest
                .next()
                .ok_or_else(|| format!("{word} needs a number"))?;
            text.parse::<u64>()
                .map_err(|_| format!("{word}: {text:?} is no number"))
        };
        match *word {
            "--seconds" => time = Duration::from_secs(number()?),
            "--minutes" => time = Duration::from_secs(60 * number()?),
            "--seed" => seed = number()?,
            "--help" => return Err(HELP.to_owned()),
            name => targets.push(named(name)?),
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    let now = Arc::new(Mutex::new(None));
    let watched = Arc::clone(&now);
    std::thread::spawn(move || watch(&watched));
    for target in targets {
        run(target, time, seed, &now)?;
    }
    Ok(())
}

fn watch(now: &Mutex<Option<Now>>) {
    loop {
        std::thread::sleep(PATIENCE / 10);
        let now = now.lock().unwrap();
        if let Some(now) = now.as_ref().filter(|now| now.since.elapsed() > PATIENCE) {
            let path = keep(now.target, &now.input);
            eprintln!("{}: hangs; the input is {}", now.target, path.display());
            std::process::exit(1);
        }
    }
}

fn keep(target: &str, input: &[u8]) -> PathBuf {
    let path = home().join(format!("failed-{target}"));
    fs::write(&path, input).unwrap();
    path
}

fn run(
    target: &'static Target,
    time: Duration,
    seed: u64,
    now: &Mutex<Option<Now>>,
) -> Result<(), String> {
    let seeds = target.seeds();
    let begun = Instant::now();
    let (mut count, mut most) = (0u64, 0);
    while begun.elapsed() < time {
        let input = match seeds.get(usize::try_from(count).unwrap_or(usize::MAX)) {
            Some(seed) => seed.clone(),
            None => {
                let mut random = mutate::Random::new(seed.wrapping_mul(1 << 40) ^ count);
                mutate::mutated(&seeds, &mut random, LONGEST)
            }
        };
        *now.lock().unwrap() = Some(Now {
            since: Instant::now(),
            target: target.name,
            input: input.clone(),
        });
        match catch_unwind(AssertUnwindSafe(|| target.check(&input))) {
            Ok(held) => most = most.max(held),
            Err(_) => {
                let path = keep(target.name, &input);
                return Err(format!(
                    "{}: input {count} of seed {seed}, {}; `just fuzz again {} FILE` runs it",
                    target.name,
                    path.display(),
                    target.name
                ));
            }
        }
        count += 1;
    }
    *now.lock().unwrap() = None;
    println!(
        "{}: {count} inputs in {:.0} s, {most} bytes held at most",
        target.name,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Takes the messages of a recording apart.
fn write_seeds(recording: &Path) -> Result<(), String> {
    let bytes = fs::read(recording.join("trace.mcap")).map_err(|error| error.to_string())?;
    let messages = mcap::MessageStream::new(&bytes).map_err(|error| error.to_string())?;
    for (number, message) in messages.enumerate() {
        let message = message.map_err(|error| error.to_string())?;
        let topic = message.channel.topic.trim_end_matches("blocks");
        let topic = if topic.is_empty() { "block" } else { topic };
        if topic != "metadata" {
            let path = home().join(format!("seeds/{topic}-{number}.bin"));
            fs::write(&path, &message.data).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
