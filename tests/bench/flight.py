"""A flight recorder over a long run: what it takes on disk and in memory, and what is left.

``flight.py [--minutes N | --seconds N] [--window SIZE]`` records a busy loop, kills it with SIGKILL
at the end, opens what it left, and looks for the newest events: the program writes down how far it
has come where a signal cannot take it back. The cost of an event is compared with that of an
ordinary recording of the same loop.
"""

import argparse
import json
import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RECORD: Final = [sys.executable, "-m", "codetracer_python_recorder", "record"]

LOOP: Final = """
import mmap, struct, sys

def step(x):
    return (x * 1103515245 + 12345) & 0x7FFFFFFF

def main(shared, n):
    x = 1
    for i in range(n):
        x = step(x)
        shared[:8] = i.to_bytes(8, "little")

with open(sys.argv[1], "r+b") as file:
    main(mmap.mmap(file.fileno(), 8), int(sys.argv[2]))
"""
"""Each time around is a line that calls, the call, its line, its return, and two lines."""

EVENTS_EACH: Final = 6
COMPARED: Final = 1_000_000
"""Rounds of the runs whose costs are compared."""
FOREVER: Final = 10**15


@dataclass(frozen=True)
class Sample:
    """A moment of the run: seconds since its start, bytes on disk, resident KiB."""

    at: float
    disk: int
    resident: int


def on_disk(staging: Path) -> int:
    """Bytes of everything in a directory but ``files``."""
    total = 0
    for path in staging.rglob("*"):
        if "files" not in path.relative_to(staging).parts[:1]:
            try:
                total += path.stat().st_size if path.is_file() else 0
            except FileNotFoundError:
                continue
    return total


def resident_kib(pid: int) -> int:
    """Resident memory of a process."""
    fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def watched(place: Path, window: str, seconds: float) -> tuple[list[Sample], int]:
    """Records for so long, then kills; what was seen on the way, and how far the loop had come."""
    shared, script = place / "shared", place / "loop.py"
    shared.write_bytes(bytes(8))
    script.write_text(LOOP)
    out = place / "out"
    flags = ["--flight-recorder", window, "--trace-dir", str(out)]
    child = subprocess.Popen([*RECORD, *flags, str(script), str(shared), str(FOREVER)])
    samples = []
    begun = time.monotonic()
    while (now := time.monotonic() - begun) < seconds:
        time.sleep(min(max(seconds / 600, 0.02), seconds - now))
        for staging in place.glob(".out.*.partial"):
            samples.append(Sample(now, on_disk(staging), resident_kib(child.pid)))
    child.send_signal(signal.SIGKILL)
    child.wait()
    with shared.open("rb") as file, mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ) as view:
        (done,) = struct.unpack("<Q", view[:8])
    return samples, done


def newest(place: Path) -> int:
    """The last value of ``i`` in the recording that was left."""
    from codetracer_python_recorder import Trace

    trace = Trace(place / "out")
    last = max(trace.info["flight"]["dropped"]["step"], 0) if trace.info["flight"]["dropped"] else 0
    end = last + trace.info["events"]
    found = -1
    for event in trace.steps(start=max(end - 100, 0)):
        if event.function == "main" and isinstance(event.values.get("i"), int):
            found = event.values["i"]
    return found


def cost(place: Path, flags: Sequence[str]) -> float:
    """User CPU in ns per event of the loop."""
    shared, script = place / "shared", place / "loop.py"
    shared.write_bytes(bytes(8))
    script.write_text(LOOP)
    out = place / "cost"
    shutil.rmtree(out, ignore_errors=True)
    child = subprocess.Popen(
        [*RECORD, *flags, "--trace-dir", str(out), str(script), str(shared), str(COMPARED)],
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    shutil.rmtree(out, ignore_errors=True)
    return (usage.ru_utime + usage.ru_stime) / COMPARED / EVENTS_EACH * 1e9


def lines(samples: Sequence[Sample]) -> Iterator[str]:
    """A table of tenths."""
    yield f"{'s':>8} {'disk MiB':>10} {'memory MiB':>11}"
    for k in range(1, 11):
        some = samples[len(samples) * (k - 1) // 10 : len(samples) * k // 10]
        if some:
            disk, resident = max(s.disk for s in some), max(s.resident for s in some)
            yield f"{some[-1].at:>8.1f} {disk / 2**20:>10.2f} {resident / 1024:>11.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--window", default="32M", help="a size in M")
    parser.add_argument("--no-cost", action="store_true", help="leave out the cost of an event")
    args = parser.parse_args()
    seconds = args.seconds if args.seconds is not None else args.minutes * 60
    place = Path(tempfile.mkdtemp(prefix="flight-"))
    try:
        limit = int(args.window.removesuffix("M")) * 2**20
        samples, done = watched(place, args.window, seconds)
        found = newest(place)
        most = max(sample.disk for sample in samples)
        print("\n".join(lines(samples)))
        print(json.dumps({"rounds": done, "newest": found, "disk": most, "limit": limit}))
        if not args.no_cost:
            flags = ["--flight-recorder", args.window]
            pairs = [(cost(place, []), cost(place, flags)) for _ in range(3)]
            ordinary, flying = (min(costs) for costs in zip(*pairs, strict=True))
            print(f"ns/event, whole job: {flying:.1f}, of an ordinary recording {ordinary:.1f}")
        return 0 if found >= done - 1 and most <= limit else 1
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
