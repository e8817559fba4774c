"""Run a program by plain python and under the recorder, and compare what a person would see."""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

RECORDER = (sys.executable, "-m", "codetracer_python_recorder")
DURATIONS = re.compile(r"\b\d+\.\d+ ?s\b(?: \(\d+:\d\d:\d\d\))?|(?<=in )\d+\.\d+ seconds")
ADDRESSES = re.compile(r"\b0x[0-9a-f]{6,}\b")


@dataclass(frozen=True)
class Seen:
    """What one run showed."""

    status: int
    output: str
    errors: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    dropped = ("PYTEST_", "CODETRACER_", "FORCE_COLOR", "COLUMNS")
    found = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    fixed = {"PYTHONHASHSEED": "0", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return found | fixed | dict(extra or {})


def run(
    command: Sequence[str | Path],
    cwd: Path,
    stdin: str = "",
    extra: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> Seen:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment(extra),
        input=stdin.encode(),
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return Seen(done.returncode, done.stdout.decode(), done.stderr.decode())


def steadied(text: str) -> str:
    """Without durations and addresses, which no two runs share."""
    return ADDRESSES.sub("0x0", DURATIONS.sub("0s", text))


def without_summary(seen: Seen) -> Seen:
    """Without the line with which `record` ends."""
    *lines, last = seen.errors.splitlines(keepends=True) or [""]
    assert last.startswith("recorder: recorded "), seen.errors[-2000:]
    return replace(seen, errors="".join(lines))


def plain(words: Sequence[str | Path], cwd: Path, **options: Any) -> Seen:
    return run([sys.executable, *words], cwd, **options)


def recorded(words: Sequence[str | Path], cwd: Path, trace: Path, **options: Any) -> Seen:
    return without_summary(run([*RECORDER, "record", "--trace-dir", trace, *words], cwd, **options))


def info(trace: Path) -> dict[str, Any]:
    done = run([*RECORDER, "info", "--json", trace], trace.parent)
    assert done.status == 0, done.errors
    found: dict[str, Any] = json.loads(done.output)
    return found


def printed(trace: Path, *words: str) -> list[dict[str, Any]]:
    done = run([*RECORDER, "print", "--json", *words, trace], trace.parent)
    assert done.status == 0, done.errors
    return [json.loads(line) for line in done.output.splitlines()]


def told_apart(expected: Seen, actual: Seen) -> str:
    """How a person could tell two runs apart; empty when not at all."""
    found = []
    if actual.status != expected.status:
        found.append(f"status {expected.status} became {actual.status}")
    for name in ("output", "errors"):
        one = steadied(getattr(expected, name)).splitlines()
        other = steadied(getattr(actual, name)).splitlines()
        found += difflib.unified_diff(
            one, other, f"plain {name}", f"recorded {name}", "", "", 1, ""
        )
    return "\n".join(found[:80])


def both(words: Sequence[str | Path], cwd: Path, trace: Path, **options: Any) -> Seen:
    """Assert that a program shows the same recorded or not, and opens; return what it showed."""
    expected = plain(words, cwd, **options)
    actual = recorded(words, cwd, trace, **options)
    differences = told_apart(expected, actual)
    assert not differences, differences
    about = info(trace)
    assert about["partial"] is False, about
    assert about["events"] > 0, about
    return expected
