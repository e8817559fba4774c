"""Says where a program's instructions go while it is recorded, by valgrind's callgrind.

The profile that says why a budget is missed: the functions that execute the most instructions
beyond those of the program by itself, the thread that compresses included.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from catalog import SCRATCH, Places, Program
from jobs import RECORDER, Task
from process import JobFailed, last_line
from report import table

MILLIONS: Final = 0.05
"""Events of the program: callgrind is fifty times slower than the machine."""
SHOWN: Final = 25
_OUT: Final = SCRATCH / "profile.callgrind"
_ROW: Final = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)\s+(\S.*)$")


def profile(program: Program, capture: str, places: Places) -> str:
    """A table of functions by added instructions per thousand of all added.

    Raises:
        JobFailed: valgrind is not there, or the program failed.
    """
    task = Task(program, program.size_for(MILLIONS), places)
    out = SCRATCH / "trace-out"
    options = ["--capture", capture, "--trace-dir", str(out)]
    before = _functions([sys.executable, *task.words], places)
    after = _functions([str(RECORDER), "record", *options, *task.words], places)
    shutil.rmtree(out, ignore_errors=True)
    added = {name: count - before.get(name, 0) for name, count in after.items()}
    whole = sum(added.values())
    ranked = sorted(added.items(), key=lambda each: -each[1])[:SHOWN]
    rows = [f"`{name}` | {count:,} | {count / whole:.1%}" for name, count in ranked]
    title = f"{program.name}, `--capture {capture}`, size {task.size}"
    return table(title, ("function", "instructions added", "of all added"), rows)


def _functions(command: list[str], places: Places) -> dict[str, int]:
    """Instructions of each function by itself."""
    if shutil.which("valgrind") is None:
        raise JobFailed("valgrind is missing: install it and run this again")
    _OUT.unlink(missing_ok=True)
    environment = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    under = ["valgrind", "--tool=callgrind", "--trace-children=yes"]
    done = subprocess.run(
        [*under, f"--callgrind-out-file={_OUT}", *command],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environment | places.environment,
    )
    if done.returncode or not _OUT.exists():
        raise JobFailed(f"callgrind: {last_line(done.stderr)}")
    done = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--auto=no", str(_OUT)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, int] = {}
    for line in done.stdout.splitlines():
        row = _ROW.match(line)
        if row is not None and row[2] != "PROGRAM TOTALS":
            name = _name(row[2])
            found[name] = found.get(name, 0) + int(row[1].replace(",", ""))
    return found


def _name(text: str) -> str:
    """A function without its source file, recursion count and the path of its library."""
    text, _, library = text.partition(" [")
    function = re.sub(r"^[^:]*:(?!:)", "", text).split("'")[0]
    where = Path(library.rstrip("]")).name.split(".")[0]
    return f"{function} ({where})" if where else function
