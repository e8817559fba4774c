"""Kill a busy program at random moments, many times, and compare what is left with a full run.

``python -m e2e.kills [COUNT] [--seed N] [--jobs N]`` says what it saw; a recording that lacks
anything, or shows what did not happen, ends it with status 1.
"""

from __future__ import annotations

import argparse
import collections
import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codetracer_python_recorder import RecorderError, Trace
from e2e.plain_and_recorded import RECORDER, environment

# Each thread counts its finished calls in a place of its own of a mapped file, which outlives it.
# The first place says how far the whole is: 1 it runs, 2 all threads have ended.
PROGRAM = """\
import mmap, sys, threading
file = open(sys.argv[1], 'r+b')
shared = mmap.mmap(file.fileno(), 4096)
width = int(sys.argv[4])
def put(place, n):
    shared[8 * place:8 * place + 8] = n.to_bytes(8, 'little')
def step(place, n):
    text = f'{n:08}' * width
    try:
        if n % 7 == 0:
            raise ValueError(n)
    except ValueError:
        text = ''
    return n * 2
def work(place, limit):
    for n in range(1, limit + 1):
        step(place, n)
        put(place, n)
def main(count, limit):
    put(0, 1)
    threads = [
        threading.Thread(target=work, args=(place, limit), name=f'T{place}')
        for place in range(1, count + 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    put(0, 2)
main(int(sys.argv[2]), int(sys.argv[3]))
"""


@dataclass(frozen=True)
class Shape:
    """How much the program does."""

    threads: int
    calls: int
    width: int
    # How many it fills at least.
    segments: int

    @property
    def words(self) -> list[str]:
        return [str(self.threads), str(self.calls), str(self.width)]


# Many small events; large values, so that each thread goes through many segments; many threads.
SHAPES = {
    "narrow": Shape(4, 1200, 1, segments=5),
    "wide": Shape(4, 1500, 125, segments=8),
    "many": Shape(24, 120, 125, segments=25),
}
# Where the kill falls: any time, while threads run, or while the recording is saved.
MOMENTS = (["any"] * 2) + (["run"] * 5) + (["save"] * 3)

Sequence = list[tuple[object, ...]]


def sequences(trace: Trace) -> dict[str, Sequence]:
    """What each thread did, by its name, without what differs from run to run."""
    found: dict[str, Sequence] = collections.defaultdict(list)
    names = trace.threads
    step: int | None = 0
    last = -1
    while step is not None:
        lines, step = trace._native.events_json(step, limit=65536)
        for line in lines.splitlines():
            event = json.loads(line)
            assert event["step"] == last + 1, (event["step"], last)
            last = event["step"]
            name = names[event["thread"]]
            # Threads and files of the main thread are objects, with ids.
            values = () if name == "MainThread" else json.dumps(event["values"])
            found[name].append((event["kind"], event["function"], event["line"], values))
    assert last + 1 == trace.info["events"]
    return dict(found)


class Program:
    """The program in a directory of its own, recorded."""

    def __init__(self, place: Path, shape: Shape) -> None:
        self.place, self.shape = place, shape
        (place / "program.py").write_text(PROGRAM)
        (place / "shared").write_bytes(bytes(4096))
        with (place / "shared").open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 4096)

    def begin(self) -> subprocess.Popen[bytes]:
        """Starts it."""
        words = [*RECORDER, "record", "--trace-dir", "trace", "program.py", "shared"]
        return subprocess.Popen(
            [*words, *self.shape.words],
            cwd=self.place,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def count(self, place: int) -> int:
        """Calls that a thread finished; how far the whole is at place 0."""
        return int.from_bytes(self._shared[8 * place : 8 * place + 8], "little")

    def wait_for(self, stage: int, process: subprocess.Popen[bytes]) -> None:
        """Until the whole is this far, or has ended."""
        deadline = time.monotonic() + 60
        while self.count(0) < stage and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.0005)


@dataclass(frozen=True)
class Full:
    """A run that was not killed: what each thread did, and seconds to its begin, done and end."""

    sequences: dict[str, Sequence]
    began: float
    done: float
    ended: float


def full_run(place: Path, shape: Shape) -> Full:
    """Runs the program to its end."""
    program = Program(place, shape)
    start = time.monotonic()
    process = program.begin()
    times = []
    for stage in (1, 2):
        program.wait_for(stage, process)
        times.append(time.monotonic() - start)
    assert process.wait(timeout=60) == 0
    ended = time.monotonic() - start
    trace = Trace(place / "trace")
    assert trace.info["counters"]["segments"] >= shape.segments, trace.info["counters"]
    found = sequences(trace)
    assert len(found) == shape.threads + 1
    return Full(found, *times, ended)


def killed_run(place: Path, shape: Shape, full: Full, chance: random.Random) -> str:
    """Kills the program at a random moment and checks what is left. Says where the kill fell."""
    moment = chance.choice(MOMENTS)
    program = Program(place, shape)
    process = program.begin()
    if moment == "any":
        time.sleep(chance.uniform(0, full.ended))
    elif moment == "run":
        program.wait_for(1, process)
        time.sleep(chance.uniform(0, full.done - full.began))
    else:
        program.wait_for(2, process)
        # The recording is saved before the interpreter ends.
        time.sleep(chance.uniform(0, 0.7 * (full.ended - full.done)))
    os.killpg(process.pid, signal.SIGKILL)
    status = process.wait(timeout=60)
    return check(program, full, status, recovers=chance.random() < 0.3)


def opened(path: Path) -> Trace | None:
    """The recording, if there is one."""
    try:
        return Trace(path)
    except RecorderError as error:
        if error.code != "ERR_TRACE_NOT_FOUND":
            raise
        return None


def check(program: Program, full: Full, status: int, *, recovers: bool) -> str:
    """Compares what a killed program left with what it did."""
    names = {f"T{place}": program.count(place) for place in range(1, program.shape.threads + 1)}
    left = sorted(path.name for path in program.place.iterdir())
    trace = opened(program.place / "trace")
    if trace is None:
        # Killed before there was anything to record.
        assert not any([program.count(0), *names.values()]), (left, names)
        return "before recording"
    where = "whole" if trace.info["status"] == "finished" else "unfinished"
    told = trace.ended["by"]
    if where == "whole":
        assert (told, trace.info["partial"]) == ("exit", False), trace.info
    else:
        assert status == -signal.SIGKILL
        assert trace.info["partial"] is (told != "exit"), trace.info
        assert told in ("unknown", "exit"), trace.info
        where = "saving" if program.count(0) == 2 else "running"
        cut = trace.info["cut"] or {"segments": 0}
        assert cut["segments"] == 0, cut
    found = sequences(trace)
    compare(found, full, names)
    assert sorted(path.name for path in program.place.iterdir()) == left
    if recovers and where != "whole":
        [kept] = json.loads(_recover(program.place / "trace"))["recordings"]
        assert (kept["cut_segments"], kept["cut_bytes"] >= 0) == (0, True), kept
        again = Trace(program.place / "trace")
        assert again.info["status"] == "finished"
        assert sequences(again) == found
        where += ", recovered"
    return where


def compare(found: dict[str, Sequence], full: Full, counts: dict[str, int]) -> None:
    """Each thread's events are the first of a full run, and none of a finished call is missing."""
    for name, sequence in found.items():
        expected = full.sequences[name]
        assert sequence == expected[: len(sequence)], (name, difference(sequence, expected))
    for name, count in counts.items():
        sequence = found.get(name, [])
        returned = sum(kind == "return" and function == "step" for kind, function, *_ in sequence)
        assert count <= returned <= count + 1, (name, count, returned)


def difference(sequence: Sequence, expected: Sequence) -> object:
    """The first event that is not the same."""
    pairs = enumerate(zip(sequence, expected, strict=False))
    return next(((at, *pair) for at, pair in pairs if pair[0] != pair[1]), "longer")


def _recover(trace: Path) -> str:
    from codetracer_python_recorder import _native

    return _native.recover(str(trace))


def kills(count: int, seed: int, jobs: int, keep: Path | None = None) -> Iterator[tuple[str, str]]:
    """Kills programs of all shapes.

    Args:
        count: how many.
        seed: of the random moments.
        jobs: how many at a time.
        keep: where to leave what a program left that is not as it should be.

    Yields:
        The shape, and where the kill fell.
    """
    with tempfile.TemporaryDirectory(prefix="kills-") as root:
        fulls = {}
        for name, shape in SHAPES.items():
            place = Path(root, f"full-{name}")
            place.mkdir()
            fulls[name] = full_run(place, shape)

        def one(number: int) -> tuple[str, str]:
            name = list(SHAPES)[number % len(SHAPES)]
            chance = random.Random(f"{seed}:{number}")
            with tempfile.TemporaryDirectory(prefix=f"{number:04}-", dir=root) as place:
                try:
                    return name, killed_run(Path(place), SHAPES[name], fulls[name], chance)
                except (AssertionError, RecorderError) as error:
                    if keep is not None:
                        shutil.copytree(place, keep / f"{number:04}")
                    raise AssertionError(
                        f"kill {number} of {name}, seed {seed}: {error}"
                    ) from error

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(one, range(count))


def main() -> int:
    """Kills as often as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="where to leave what should not be")
    args = parser.parse_args()
    seen: collections.Counter[Any] = collections.Counter()
    began = time.monotonic()
    try:
        for found in kills(args.count, args.seed, args.jobs, args.keep):
            seen[found] += 1
    except (AssertionError, RecorderError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        took = time.monotonic() - began
        version = ".".join(map(str, sys.version_info[:3]))
        print(f"{seen.total()} kills under {version} in {took:.0f} s, seed {args.seed}")
        for (shape, where), n in sorted(seen.items()):
            print(f"  {shape:<8}{where:<24}{n:>5}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
