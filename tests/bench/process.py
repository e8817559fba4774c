"""Runs a command and measures it from outside and from inside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from catalog import HERE, SCRATCH

LONGEST: Final = 900.0
"""Seconds after which a command is ended, where nothing else is said."""

_RESULT: Final = SCRATCH / "result.json"
_USED: Final = SCRATCH / "used.txt"
_ERRORS: Final = SCRATCH / "stderr.txt"
_OUTPUT: Final = SCRATCH / "stdout.txt"
_DISTURBING: Final = frozenset({"PYTHONPATH", "PYTHONSTARTUP", "PYTHONTRACEMALLOC"})


class JobFailed(Exception):
    """A job ended badly; its last words are the message."""


class TooLate(JobFailed):
    """A job took too long and was ended."""


@dataclass(frozen=True)
class Run:
    """One run of a program: CPU in seconds, memory in KiB."""

    inside: float
    """CPU of the program's own threads in ``main``."""
    whole: float
    """User and system time of the process from its first to its last instruction."""
    peak_kib: int
    cases: Mapping[str, float] = field(default_factory=dict)
    """Figures of the program's own."""


def measured(
    command: Sequence[str], environment: Mapping[str, str], *, longest: float = LONGEST
) -> Run:
    """Runs a command in an environment that is the same for all.

    Args:
        environment: what is set beyond that.
        longest: seconds after which it is ended.

    Raises:
        TooLate: it did not end in time.
        JobFailed: it ended with a status other than 0, or before the program's end.
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    _RESULT.unlink(missing_ok=True)
    _USED.unlink(missing_ok=True)
    kept = {name: value for name, value in os.environ.items() if name not in _DISTURBING}
    env = kept | {
        "BENCH_RESULT": str(_RESULT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    launch = [sys.executable, "-I", "-S", str(HERE / "launch.py"), str(_USED)]
    with _ERRORS.open("wb") as errors, _OUTPUT.open("wb") as output:
        child = subprocess.Popen(
            [*launch, *command], env=env, stdout=output, stderr=errors, process_group=0
        )
    try:
        child.wait(longest)
    except subprocess.TimeoutExpired:
        raise TooLate(f"not done after {longest:.0f} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    words = _ERRORS.read_text(errors="replace")
    if not _USED.exists():
        raise JobFailed(f"cannot be started: {last_line(words)}")
    status, user, system, peak = _USED.read_text(encoding="ascii").split()
    code = os.waitstatus_to_exitcode(int(status))
    if code:
        raise JobFailed(f"exit status {code}: {last_line(words)}")
    if not _RESULT.exists():
        raise JobFailed(f"the program did not get to its end: {last_line(words)}")
    result = json.loads(_RESULT.read_text())
    return Run(result["seconds"], float(user) + float(system), int(peak), result["cases"])


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "no message"
