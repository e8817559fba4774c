"""The jobs of the benchmark: a program by itself, under the floor, counted, recorded."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog import HERE, SCRATCH, Places, Program
from process import JobFailed, Run, last_line, measured

RECORDER: Final = Path(sys.executable).parent / "codetracer-python-recorder"
CAPTURES: Final = ("calls", "lines", "values")

_LISTENED_AT_FLOOR: Final = ("LINE", "PY_START", "PY_RETURN")
_LINES: Final = ("LINE", "JUMP")
"""A loop on one line has a LINE for its first iteration and a JUMP for each other."""


@dataclass(frozen=True)
class Task:
    """A program at a size, with what it needs."""

    program: Program
    size: int
    places: Places

    @property
    def words(self) -> list[str]:
        """The script and its argument."""
        return [str(self.program.path), str(self.size)]


@dataclass(frozen=True)
class Counts:
    """What a recording holds, or has to hold."""

    events: int
    calls: int
    lines: int


@dataclass(frozen=True)
class Recorded:
    """One recorded run and its recording."""

    run: Run
    counts: Counts
    bytes: int


@dataclass(frozen=True)
class Expected:
    """Events of a program as counted without the recorder."""

    kinds: dict[str, int]
    nameless: dict[str, int]
    """Those of code without a file, such as a dataclass's methods."""

    def in_files(self) -> dict[str, int]:
        """The kinds that code in files has."""
        return {name: n - self.nameless.get(name, 0) for name, n in self.kinds.items()}

    def of(self, capture: str) -> Counts:
        """What has to be recorded in a mode: ``calls`` alone leaves out the lines."""
        all_lines = sum(self.kinds[name] for name in _LINES)
        lines = 0 if capture == "calls" else all_lines
        events = sum(self.kinds.values()) - all_lines + lines
        return Counts(events, self.kinds["PY_START"], lines)

    def at_floor(self) -> int:
        """The events that the no-op callback sees."""
        return sum(self.kinds[name] for name in _LISTENED_AT_FLOOR)


def build_floor() -> Path:
    """Compiles the no-op callbacks for this interpreter; a fresh compilation is kept.

    Raises:
        JobFailed: the C compiler said no.
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    source = HERE / "floor" / "floor.c"
    built = SCRATCH / ("_floor" + str(sysconfig.get_config_var("EXT_SUFFIX")))
    if built.exists() and built.stat().st_mtime > source.stat().st_mtime:
        return built
    include = "-I" + sysconfig.get_path("include")
    flags = ["-O2", "-Wall", "-Wextra", "-shared", "-fPIC"]
    try:
        done = subprocess.run(
            ["cc", *flags, include, str(source), "-o", str(built)],
            check=False,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise JobFailed(f"cannot run cc: {error}") from None
    if done.returncode:
        raise JobFailed(f"cc failed: {done.stderr.strip()}")
    return built


def untraced(task: Task) -> Run:
    """Runs a program by itself."""
    return measured([sys.executable, *task.words], task.places.environment)


def at_floor(task: Task, floor: Path) -> Run:
    """Runs a program under the no-op callback."""
    return measured(_driver("noop", floor, task), task.places.environment)


def count(task: Task, floor: Path) -> Expected:
    """Counts a program's events."""
    out = SCRATCH / "counts.json"
    homes = os.pathsep.join(map(str, task.places.homes()))
    measured([*_driver("count", floor, task), str(out), homes], task.places.environment)
    return Expected(**json.loads(out.read_text()))


def recorded(task: Task, capture: str) -> Recorded:
    """Records a program and looks at the recording.

    Raises:
        JobFailed: the program failed, or the recording is partial or absent.
    """
    out = SCRATCH / "trace-out"
    shutil.rmtree(out, ignore_errors=True)
    options = ["--capture", capture, "--trace-dir", str(out)]
    run = measured([str(RECORDER), "record", *options, *task.words], task.places.environment)
    done = subprocess.run(
        [str(RECORDER), "info", "--json", str(out)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise JobFailed(f"info: {last_line(done.stderr)}")
    info = json.loads(done.stdout)
    if info["partial"]:
        raise JobFailed(f"the recording is partial: {info['reason']}")
    size = sum(
        path.stat().st_size
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out).parts[0] != "files"
    )
    shutil.rmtree(out)
    return Recorded(run, Counts(info["events"], info["calls"], info["lines"]), size)


def _driver(mode: str, floor: Path, task: Task) -> list[str]:
    return [sys.executable, str(HERE / "floor" / "drive.py"), mode, str(floor), *task.words]
