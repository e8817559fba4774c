"""The build with fault points, and programs that run with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from .runs import Ended, python, recorder

VARIABLE = "CODETRACER_TEST_INJECT_FAILURE"
_ROOT = Path(__file__).parents[2]


def package() -> Path:
    """The directory of the build with fault points for this interpreter.

    Raises:
        AssertionError: there is none. Tests that need it fail; they do not skip.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place = _ROOT / ".build" / f"fixtures-{version}"
    built = place / "codetracer_python_recorder" / "_native.so"
    assert built.is_file(), f"{built} is missing; `./dev test` and `./dev test-errors` build it"
    return place


def _environment(faults: str, env: Mapping[str, str] | None) -> dict[str, str]:
    chosen = {VARIABLE: faults} if faults else {}
    return {"PYTHONPATH": str(package()), "PYTHONDONTWRITEBYTECODE": "1", **chosen, **(env or {})}


def record(
    *words: str | Path,
    cwd: Path,
    faults: str = "",
    env: Mapping[str, str] | None = None,
    before: Callable[[], object] | None = None,
) -> Ended:
    """Runs ``record`` of the build with fault points."""
    return recorder("record", *words, cwd=cwd, env=_environment(faults, env), before=before)


def program(
    source: str, cwd: Path, *, faults: str = "", env: Mapping[str, str] | None = None
) -> Ended:
    """Runs a program that uses the build with fault points itself."""
    (cwd / "program.py").write_text(source)
    return python("program.py", cwd=cwd, env=_environment(faults, env))
