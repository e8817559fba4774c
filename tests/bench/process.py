"""Runs a command and measures it from outside and from inside."""

import json
import os
import select
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from catalog import SCRATCH

LONGEST: Final = 900.0
"""Seconds after which a command is ended, where nothing else is said."""

_RESULT: Final = SCRATCH / "result.json"
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
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    own_peak: bool = False,
    longest: float = LONGEST,
) -> Run:
    """Runs a command in an environment that is the same for all.

    Args:
        environment: what is set beyond that.
        own_peak: whether the peak is the program's word, because the system's starts at that of
            the process that started it.
        longest: seconds after which it is ended.

    Raises:
        TooLate: it did not end in time.
        JobFailed: it ended with a status other than 0, or before the program's end.
    """
    SCRATCH.mkdir(parents=True, exist_ok=True)
    _RESULT.unlink(missing_ok=True)
    kept = {name: value for name, value in os.environ.items() if name not in _DISTURBING}
    env = kept | {
        "BENCH_RESULT": str(_RESULT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    with _ERRORS.open("wb") as errors, _OUTPUT.open("wb") as output:
        pid = os.posix_spawn(
            command[0],
            list(command),
            env,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, output.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
            ],
            setpgroup=0,
        )
    in_time = _ended(pid, longest)
    if not in_time:
        os.killpg(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    words = _ERRORS.read_text(errors="replace")
    code = os.waitstatus_to_exitcode(status)
    if not in_time:
        raise TooLate(f"not done after {longest:.0f} s")
    if code:
        raise JobFailed(f"exit status {code}: {last_line(words)}")
    if not _RESULT.exists():
        raise JobFailed(f"the program did not get to its end: {last_line(words)}")
    result = json.loads(_RESULT.read_text())
    return Run(
        inside=result["seconds"],
        whole=usage.ru_utime + usage.ru_stime,
        peak_kib=result["peak_kib"] if own_peak else usage.ru_maxrss,
        cases=result["cases"],
    )


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "no message"


def _ended(pid: int, longest: float) -> bool:
    """Waits for a child; whether it ended in time."""
    watched = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        return bool(poll.poll(longest * 1000))
    finally:
        os.close(watched)
