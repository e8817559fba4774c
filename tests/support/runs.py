"""Runs the interpreter and the recorder as a person would, in processes of their own."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(sys.executable).parent / "codetracer-python-recorder"
MODULE = [sys.executable, "-m", "codetracer_python_recorder"]

_OWN = ("CODETRACER_", "PYTHON")
_CLOSING = re.compile(r"recorder: recorded [\d,]+ events? .*; next: (?P<command>.*)\n\Z")


@dataclass(frozen=True)
class Ended:
    """How a process ended and what it wrote."""

    status: int
    out: str
    err: str


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without what changes an interpreter or the recorder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    return {**kept, **more}


def run(
    words: Sequence[str | Path],
    cwd: Path,
    *,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    before: Callable[[], object] | None = None,
    timeout: float = 60,
) -> Ended:
    """Runs a command to its end."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=clean_environment(**(env or {})),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=timeout,
        check=False,
        preexec_fn=before,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def recorder(*words: str | Path, cwd: Path, **keywords: object) -> Ended:
    """Runs the command line."""
    return run([SCRIPT, *words], cwd, **keywords)  # type: ignore[arg-type]


def python(*words: str | Path, cwd: Path, **keywords: object) -> Ended:
    """Runs the interpreter without the recorder."""
    return run([sys.executable, *words], cwd, **keywords)  # type: ignore[arg-type]


def unprivileged() -> None:
    """For ``before``: file permissions hold for root too in the process and what it starts."""
    if os.geteuid() != 0:
        return
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    drop_from_bounding_set, override, search = 24, 1, 2
    for capability in (override, search):
        if prctl(drop_from_bounding_set, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "cannot drop a capability")


def without_closing(err: str) -> str:
    """What a recorded program wrote to stderr itself. The recorder's last line must be there."""
    found = _CLOSING.search(err)
    assert found is not None, f"no closing line in {err!r}"
    return err[: found.start()]


def next_command(err: str) -> str:
    """The command that the closing line proposes."""
    found = _CLOSING.search(err)
    assert found is not None, f"no closing line in {err!r}"
    return found["command"]


def listing(directory: Path) -> list[str]:
    """Everything below a directory."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def without_compiled_module(place: Path) -> dict[str, str]:
    """Variables by which an interpreter finds a copy, in ``place``, that lacks the module."""
    import codetracer_python_recorder

    package = Path(codetracer_python_recorder.__file__).parent
    copy = place / "lib" / package.name
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("_native*.so"))
    return {"PYTHONPATH": str(place / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
