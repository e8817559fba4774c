"""Ask the oracle and the recorder what a script did, and say where they first disagree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CONTROL_FLOW = ("call", "line", "return", "yield", "resume", "throw", "unwind", "raise")
# The instruction has no line (the unwinding after `except*`): what is recorded there is free.
NO_LINE = -1
RECORDER = (sys.executable, "-m", "codetracer_python_recorder")


@dataclass(frozen=True, order=True)
class Event:
    kind: str
    file: str
    line: int
    function: str
    exception: str = ""

    def __str__(self) -> str:
        place = f"{Path(self.file).name}:{self.line}"
        return f"{self.kind:7} {place} {self.function} {self.exception}".rstrip()


@dataclass
class Run:
    """One process: what each of its threads did, in the order in which they first did something."""

    threads: list[list[Event]]
    status: int
    output: str
    errors: str = field(repr=False, default="")


def run(
    command: Sequence[str | Path], cwd: Path | None = None, stdin: str = "", timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a child under fixed conditions: hash seed, no colours, UTF-8."""
    environment = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PYTEST_", "CODETRACER_", "FORCE_COLOR"))
    }
    environment |= {
        "PYTHONHASHSEED": "0",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def by_thread(records: Iterable[dict[str, Any]]) -> list[list[Event]]:
    threads: dict[Any, list[Event]] = {}
    for record in records:
        if record["kind"] not in CONTROL_FLOW:
            continue
        name = record["file"]
        file = name if name.startswith("<") else os.path.realpath(name)
        exception = record.get("exception") if record["kind"] == "raise" else None
        if isinstance(exception, dict):
            exception = exception["type"]
        threads.setdefault(record["thread"], []).append(
            Event(
                record["kind"],
                file,
                NO_LINE if record["line"] is None else record["line"],
                record["function"],
                (exception or "").rpartition(".")[2],
            )
        )
    return list(threads.values())


def expected(script: Path, *arguments: str, out: Path, by: str = "settrace_recorder") -> Run:
    """What the program does, by the trace function of `by`."""
    done = run([sys.executable, HERE / f"{by}.py", out, script, *arguments])
    if not out.exists():
        raise AssertionError(f"the oracle wrote nothing: {done.stderr}")
    with out.open(encoding="utf-8") as lines:
        return Run(by_thread(map(json.loads, lines)), done.returncode, done.stdout, done.stderr)


def record(script: Path, *arguments: str, out: Path) -> subprocess.CompletedProcess[str]:
    return run([*RECORDER, "record", "--trace-dir", out, script, *arguments])


def printed(trace: Path) -> list[dict[str, Any]]:
    """The recording's events, by `print --json`. A recording with gaps is no answer."""
    done = run([*RECORDER, "print", "--json", trace])
    if done.returncode != 0:
        raise AssertionError(f"print failed with {done.returncode}: {done.stderr}")
    events: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    gaps = [event for event in events if event["kind"] == "gap"]
    if gaps:
        raise AssertionError(f"the recording has gaps: {gaps[:3]}")
    return events


def recorded(script: Path, *arguments: str, out: Path) -> Run:
    """What the recorder says the program did."""
    done = record(script, *arguments, out=out)
    if not out.exists():
        raise AssertionError(f"nothing was recorded, status {done.returncode}: {done.stderr}")
    return Run(by_thread(printed(out)), done.returncode, done.stdout, done.stderr)


def first_difference(expected: Sequence[Event], actual: Sequence[Event]) -> str | None:
    """None when equal, else the place with some events before and after it."""
    actual = [
        replace(other, line=NO_LINE) if one is not None and one.line == NO_LINE else other
        for one, other in zip_longest(expected, actual)
        if other is not None
    ]
    if list(expected) == actual:
        return None
    at = 0
    while at < min(len(expected), len(actual)) and expected[at] == actual[at]:
        at += 1
    lines = [f"event {at} differs; expected {len(expected)} events, recorded {len(actual)}"]
    lines += [f"    {event}" for event in expected[max(0, at - 6) : at]]
    lines += [f"  - {event}" for event in expected[at : at + 4]]
    lines += [f"  + {event}" for event in actual[at : at + 4]]
    return "\n".join(lines)


def difference(expected: Run, actual: Run) -> str | None:
    """Where two runs of a program differ; None when each thread did the same and printed the same.

    The first thread is the main thread; the others are paired by what they did: their order is
    chance.
    """
    if expected.output != actual.output:
        return f"output differs:\n- {expected.output[-500:]}\n+ {actual.output[-500:]}"
    if len(expected.threads) != len(actual.threads):
        return f"expected {len(expected.threads)} threads, recorded {len(actual.threads)}"
    left = expected.threads[:1] + sorted(expected.threads[1:])
    right = actual.threads[:1] + sorted(actual.threads[1:])
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        found = first_difference(one, other)
        if found is not None:
            return f"thread {number}: {found}"
    return None
