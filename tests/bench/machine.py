"""The machine that a benchmark runs on: what it is, and who else is working on it."""

import fcntl
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_IDLE_FIELDS: Final = (3, 4)
_GUEST_FIELDS: Final = (8, 9)
"""Columns of ``cpu`` in /proc/stat (proc(5)) that are no work, or are in another column too."""


def described() -> str:
    """CPU model, cores, kernel and interpreter."""
    return (
        f"{_cpu_model()}, {os.cpu_count()} cores, "
        f"{platform.system()} {_major_minor(platform.release())}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


class Others:
    """How much of the machine's CPU went to processes that are not ours, since it was made."""

    def __init__(self) -> None:
        self._busy = _busy_seconds()
        self._ours = _our_seconds()
        self._time = time.monotonic()

    def share(self) -> float:
        """From 0, nobody, to 1, all cores all the time."""
        whole = (time.monotonic() - self._time) * (os.cpu_count() or 1)
        others = (_busy_seconds() - self._busy) - (_our_seconds() - self._ours)
        return max(0.0, others / whole)


class NotAlone(Exception):
    """Another benchmark of this checkout is running."""


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Holds a lock: two benchmarks would write into the same files and slow each other down."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAlone("another benchmark of this checkout is running") from None
        yield


@contextmanager
def condition(name: str) -> Iterator[None]:
    """``plain``; ``pinned``, to one core; ``busy``, with a spinning process for each core."""
    if name == "pinned":
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)
    elif name == "busy":
        spin = [sys.executable, "-c", "while True: pass"]
        spinning = [subprocess.Popen(spin) for _ in os.sched_getaffinity(0)]
        try:
            yield
        finally:
            for process in spinning:
                process.kill()
                process.wait()
    else:
        yield


def _major_minor(release: str) -> str:
    """The part of a kernel release that is not somebody's own suffix."""
    return ".".join(release.split("-")[0].split(".")[:2])


def _cpu_model() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.machine()


def _busy_seconds() -> float:
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(word) for word in stat.readline().split()[1:]]
    idle = _IDLE_FIELDS + _GUEST_FIELDS
    return sum(n for i, n in enumerate(ticks) if i not in idle) / os.sysconf("SC_CLK_TCK")


def _our_seconds() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total
