"""What type checkers make of events: ``BaseEvent[int]`` makes ``event_result()`` an ``int``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
from typing import assert_type
from codetracer_python_recorder import TraceSession
from codetracer_python_recorder.events import BaseEvent, EventBus, EventHandler, EventResult
from codetracer_python_recorder.lifecycle import RecorderFailed, RecordingCommitted

class Count(BaseEvent[int]):
    path: str
    event_timeout: float | None = 5.0

class Untyped(BaseEvent):
    pass

async def handler(event: Count) -> int:
    return len(event.path)

async def main() -> None:
    bus = EventBus()
    assert_type(bus.on(Count, handler), EventHandler)
    event = bus.emit(Count(path="x", event_timeout=3))
    assert_type(event, Count)
    assert_type(await event, Count)
    assert_type(await event.event_result(), int | None)
    assert_type(await event.first(), int | None)
    assert_type(await event.event_results_list(), list[int])
    assert_type(event.event_results, dict[str, EventResult[int]])
    assert_type(await bus.find(Count, where=lambda e: e.path == "x"), Count | None)
    assert_type(event.path, str)
    assert_type(event.event_reset(), Count)

@EventBus().on(Count)
def decorated(event: Count) -> int:
    return 1

assert_type(decorated(Count(path="x")), int)

async def upload(event: RecordingCommitted) -> None:
    assert_type(event.path, str)

def hooks(session: TraceSession) -> None:
    session.on(RecordingCommitted, upload, timeout=3)
    session.on(RecorderFailed, lambda event: assert_type(event.context, dict[str, str]))
"""

BAD = {
    "wrong_payload": "Count(path=3)",
    "missing_payload": "Count()",
    "wrong_limit": "Count(path='x', event_timeout='soon')",
    "no_event": "bus.emit(3)",
    "wrong_hook": "session.on(RecorderFailed, upload)",
    "wrong_use": "n: str = event.event_results['x'].result",
}

HEAD = """
from codetracer_python_recorder import TraceSession
from codetracer_python_recorder.events import BaseEvent, EventBus
from codetracer_python_recorder.lifecycle import RecorderFailed, RecordingCommitted

class Count(BaseEvent[int]):
    path: str

def upload(event: RecordingCommitted) -> None: ...

session: TraceSession = ...  # type: ignore
bus = EventBus()
event = Count(path="x")
"""


def check(checker: str, directory: Path, program: str) -> subprocess.CompletedProcess[str]:
    file = directory / "program.py"
    file.write_text(program)
    command = {
        "mypy": ["mypy", "--strict", "--cache-dir", str(directory), "--config-file", "/dev/null"],
        "pyright": ["pyright", "--pythonpath", sys.executable],
    }[checker]
    if checker == "mypy":
        command += ["--disable-error-code", "type-arg"]
    return subprocess.run(
        [sys.executable, "-m", *command, str(file)],
        capture_output=True,
        text=True,
        cwd=directory,
        check=False,
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_results_have_the_events_type(tmp_path: Path, checker: str) -> None:
    done = check(checker, tmp_path, GOOD)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_mistakes_are_found(tmp_path: Path, checker: str) -> None:
    lines = HEAD.strip().splitlines()
    done = check(checker, tmp_path, "\n".join([*lines, *BAD.values()]) + "\n")
    errors = (re.search(r"program\.py:(\d+):.* error:", line) for line in done.stdout.splitlines())
    expected = set(range(len(lines) + 1, len(lines) + 1 + len(BAD)))
    assert {int(error[1]) for error in errors if error} == expected, done.stdout
