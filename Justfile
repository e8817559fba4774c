# Run through ./dev, which prepares what the recipes need.

set positional-arguments

bin := justfile_directory() / ".venv/bin"
venvs := env("DEV_VENVS", ".venv")
node := env("DEV_NODE", "")

[private]
default:
    @just --list

# Record a program: record [OPTIONS] script.py | -m module | -c code [ARGS...]
[no-cd, no-exit-message]
@record *ARGS:
    "{{bin}}/codetracer-python-recorder" record "$@"

# Run all tests; with ARGS, which go to pytest, those in Python alone
test *ARGS:
    #!/bin/sh
    set -eu
    if [ $# -eq 0 ]; then cargo test --workspace; fi
    for venv in {{venvs}}; do "$venv/bin/python" -m pytest --numprocesses auto --dist worksteal "$@"; done
    if [ $# -ne 0 ]; then exit; fi
    tests/fuzz/run --seconds 8
    if [ -n "{{node}}" ]; then cd typescript; pnpm test; fi

# Compare CPython's own tests run plain and recorded with --all: regrtest [--keep DIR] [MODULE...]
regrtest *ARGS:
    for venv in {{venvs}}; do PYTHONPATH=tests "$venv/bin/python" -m regrtest "$@" || exit; done

# Count warnings in 20,000 forks, and fork 1,000 times under load
forks:
    for venv in {{venvs}}; do RECORDER_TEST_FORKS=20000 "$venv/bin/python" -m pytest tests/python/test_forks.py -q -k "warned or deadlock" --timeout 0 || exit; done

# Run the tests of failures: codes, the fault points, and what each failure leads to; by cargo-nextest where it is installed; ARGS go to pytest
test-errors *ARGS:
    #!/bin/sh
    set -eu
    # Without ./dev there is nothing to run with.
    if [ -z "${DEV_VENVS:-}" ]; then exec ./dev test-errors "$@"; fi
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run -p recorder-errors -p codetracer-python-recorder --features failure-fixtures --no-tests=pass
        cargo test --doc -p recorder-errors
    else
        cargo test -p recorder-errors -p codetracer-python-recorder --features failure-fixtures
    fi
    for venv in $DEV_VENVS; do "$venv/bin/python" -m pytest tests/python/error_handling -q "$@"; done

# Run the tests of the crates without Python or system calls under Miri; ARGS go to the tests
miri *ARGS:
    rustup toolchain list 2>/dev/null | grep -q ^nightly || { echo "miri: needs rustup and a nightly toolchain: rustup toolchain install nightly" >&2; exit 1; }
    rustup component add --toolchain nightly miri rust-src || { echo "miri: the installed nightly has no Miri; another one may: rustup update nightly" >&2; exit 1; }
    MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p recorder-errors -p recorder-policy -p trace-model -p trace-export "$@"

# Kill a busy program at random moments and compare what is left with a full run: kills [COUNT] [--seed N] [--jobs N]
kills *ARGS:
    for venv in {{venvs}}; do PYTHONPATH=tests "$venv/bin/python" -m e2e.kills "$@" || exit; done

# Begin something where it belongs: new code NAME KIND SUMMARY | new command NAME HELP | new adr TITLE
new *ARGS:
    cargo run --quiet -p xtask -- new "$@"

# Feed what reads bytes from outside with bytes that nobody meant: fuzz [TARGET...] [--seconds N | --minutes N] [--guided]
fuzz *ARGS:
    tests/fuzz/run "$@"

# Measure what recording costs, in units of a callback that does nothing: bench [--quick | --micro | --plot] [--condition NAME] [--tools NAMES] [PROGRAM...]
bench *ARGS:
    "{{bin}}/python" tests/bench/run.py "$@"

# Measure whether memory and time stay the same on long runs: long-runs [KIND[=N]...] [--write]
long-runs *ARGS:
    "{{bin}}/python" tests/bench/long/run.py "$@"

# Run a flight recorder of 32 MiB for ten minutes, kill it, and say what is left: flight [--minutes N | --seconds N]
flight *ARGS:
    "{{bin}}/python" tests/bench/flight.py "$@"

# Run the TypeScript tests; ARGS go to vitest
test-typescript *ARGS:
    cd typescript && pnpm test "$@"

# Run the scenarios of the event bus in a real Chromium (CHROMIUM: its executable)
test-typescript-chromium:
    cd typescript && pnpm test:chromium

# Measure what an event costs in TypeScript, beside a bare queue: bench-typescript [--quick] [--json]
bench-typescript *ARGS:
    cd typescript && pnpm --silent bench "$@"

# Check types, lints and formatting of the TypeScript package
lint-typescript:
    cd typescript && pnpm lint

# Break the event bus once for each statement and expect a scenario to notice: mutate-events [ID...]
mutate-events *ARGS:
    "{{bin}}/python" tests/contract/events/mutate.py "$@"
    node typescript/tests/support/mutate.mjs "$@"

# Check formatting, lints, types, structure and generated files
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo run --quiet -p xtask -- tidy
    "{{bin}}/ruff" check .
    "{{bin}}/ruff" format --check .
    "{{bin}}/mypy"
    if [ -n "{{node}}" ]; then cd typescript && pnpm lint; fi

# Write the generated files
gen:
    cargo run --quiet -p xtask -- gen

# Count by module what bypasses the error policy (unwrap, panic!, process::exit, bare except, ...); fail where it may not stand
errors-audit:
    cargo run --quiet -p xtask -- audit

# List every error code with its kind
codes:
    cargo run --quiet -p xtask -- codes
