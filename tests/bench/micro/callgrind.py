"""Counts the instructions of an iteration, by valgrind's callgrind.

An iteration is the difference between a run and one of twice the size, so that starting cancels
out; only the program's own thread counts. Addresses and hashes are fixed.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog import SCRATCH
from jobs import RECORDER
from process import JobFailed, last_line

SIZE: Final = 2_500
"""Few enough for the recording to stay in the segment of its thread."""
_HERE: Final = SCRATCH / "micro"
_LONGEST: Final = 300


@dataclass(frozen=True)
class Iteration:
    """What one iteration of a program takes."""

    instructions: float
    events: float


def plain(script: Path) -> Iteration:
    """An iteration of the program by itself."""
    small, big = (_instructions([sys.executable, str(script), str(n)]) for n in (SIZE, 2 * SIZE))
    return Iteration((big - small) / SIZE, 0)


def recorded(script: Path, capture: str) -> Iteration:
    """An iteration of the program recorded.

    Raises:
        JobFailed: valgrind, the program or the recorder failed.
    """
    counts = []
    for n in (SIZE, 2 * SIZE):
        out = _HERE / "out"
        _forget(out)
        options = ["--capture", capture, "--trace-dir", str(out)]
        instructions = _instructions([str(RECORDER), "record", *options, str(script), str(n)])
        counts.append((instructions, _events(out)))
        _forget(out)
    (small, few), (big, many) = counts
    return Iteration((big - small) / SIZE, (many - few) / SIZE)


def written(name: str, source: str) -> Path:
    """Puts a program where it can be run."""
    _HERE.mkdir(parents=True, exist_ok=True)
    script = _HERE / f"{name.replace(' ', '_')}.py"
    script.write_text(source, encoding="utf-8")
    return script


def _instructions(command: list[str]) -> int:
    """Instructions of the program's own thread."""
    if shutil.which("valgrind") is None:
        raise JobFailed("valgrind is missing: install it and run this again")
    out = _HERE / "callgrind.out"
    for old in _HERE.glob(f"{out.name}*"):
        old.unlink()
    under = ["valgrind", "--tool=callgrind", "--trace-children=yes", "--separate-threads=yes"]
    if shutil.which("setarch") is not None:
        under = ["setarch", "-R", *under]
    done = subprocess.run(
        [*under, f"--callgrind-out-file={out}", *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        env=os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    first = out.with_name(f"{out.name}-01")
    if done.returncode or not first.exists():
        raise JobFailed(f"callgrind: {last_line(done.stderr)}")
    for line in first.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, number = line.partition(":")
        if name == "totals":
            return int(number)
    raise JobFailed("callgrind wrote no totals")


def _events(out: Path) -> int:
    """Events of a recording, or of what a process left behind that went without its end."""
    done = subprocess.run(
        [str(RECORDER), "info", "--json", str(out)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise JobFailed(f"info: {last_line(done.stderr)}")
    return int(json.loads(done.stdout)["events"])


def _forget(out: Path) -> None:
    for path in (out, *out.parent.glob(f".{out.name}.*.partial")):
        shutil.rmtree(path, ignore_errors=True)
