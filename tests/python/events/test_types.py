"""What type checkers make of events: ``BaseEvent[int]`` makes ``event_result()`` an ``int``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
from typing import assert_type
from codetracer_python_recorder.events import BaseEvent, EventBus, EventHandler, EventResult

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
"""

BAD = {
    "wrong_payload": "Count(path=3)",
    "missing_payload": "Count()",
    "wrong_limit": "Count(path='x', event_timeout='soon')",
    "no_event": "bus.emit(3)",
    "wrong_use": "n: str = event.event_results['x'].result",
}

HEAD = """
from codetracer_python_recorder.events import BaseEvent, EventBus

class Count(BaseEvent[int]):
    path: str

bus = EventBus()
event = Count(path="x")
"""


def check(directory: Path, program: str) -> subprocess.CompletedProcess[str]:
    file = directory / "program.py"
    file.write_text(program)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(directory), str(file)]
    disable = ["--config-file", "/dev/null", "--disable-error-code", "type-arg"]
    return subprocess.run(
        [*command, *disable], capture_output=True, text=True, cwd=directory, check=False
    )


@pytest.mark.timeout(300)
def test_results_have_the_events_type(tmp_path: Path) -> None:
    done = check(tmp_path, GOOD)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_mistakes_are_found(tmp_path: Path) -> None:
    lines = HEAD.strip().splitlines()
    done = check(tmp_path, "\n".join([*lines, *BAD.values()]) + "\n")
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    expected = set(range(len(lines) + 1, len(lines) + 1 + len(BAD)))
    assert found == expected, done.stdout
