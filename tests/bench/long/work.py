"""Work that goes on for long: ``work.py OUT KIND N``, with samples of time and memory on the way.

OUT gets a list of [units done, seconds of CPU, resident KiB] for each twentieth of the N units.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable

SAMPLES = 20
AT_ONCE = 1000

_samples: list[tuple[int, float, int]] = []
_page_kib = os.sysconf("SC_PAGE_SIZE") // 1024


def sample(done: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as statm:
        resident = int(statm.read().split()[1]) * _page_kib
    _samples.append((done, time.process_time(), resident))


def in_parts(n: int, part: Callable[[int, int], None]) -> None:
    sample(0)
    done = 0
    for k in range(1, SAMPLES + 1):
        upto = n * k // SAMPLES
        part(done, upto)
        done = upto
        sample(done)


def step(x: int) -> int:
    return (x * 1103515245 + 12345) & 0x7FFFFFFF


def codes(n: int) -> None:
    """Code objects that live for one call each."""

    def part(begin: int, end: int) -> None:
        for i in range(begin, end):
            exec(f"def f{i % 1000}(a):\n    b = a + {i}\n    return b\nf{i % 1000}(1)", {})

    in_parts(n, part)


def files(n: int) -> None:
    """As ``codes``, each from a file name of its own."""

    def part(begin: int, end: int) -> None:
        for i in range(begin, end):
            exec(compile(f"a = {i}", f"<cell {i}>", "exec"), {"__name__": "__main__"})

    in_parts(n, part)


def classes(n: int) -> None:
    """Classes with an attribute name of their own, that live as long as one instance."""

    def part(begin: int, end: int) -> None:
        for i in range(begin, end):
            kind = type(f"K{i}", (), {})
            value = kind()
            setattr(value, f"a{i}", i)
            step(i)

    in_parts(n, part)


def threads(n: int) -> None:
    """One thread after another."""

    def work(x: int) -> None:
        for _ in range(3):
            x = step(x)

    def part(begin: int, end: int) -> None:
        for i in range(begin, end):
            thread = threading.Thread(target=work, args=(i,))
            thread.start()
            thread.join()

    in_parts(n, part)


def crowd(n: int) -> None:
    """Threads, a thousand of them at once."""

    def work(x: int, all_here: threading.Barrier) -> None:
        all_here.wait()
        for _ in range(20):
            x = step(x)
        all_here.wait()

    def part(begin: int, end: int) -> None:
        while begin < end:
            size = min(AT_ONCE, end - begin)
            barrier = threading.Barrier(size)
            group = [threading.Thread(target=work, args=(i, barrier)) for i in range(size)]
            for thread in group:
                thread.start()
            for thread in group:
                thread.join()
            begin += size

    in_parts(n, part)


def tasks(n: int) -> None:
    """Tasks of one loop, a hundred at once."""

    async def work(x: int) -> int:
        await asyncio.sleep(0)
        return step(x)

    async def batch(begin: int, end: int) -> None:
        while begin < end:
            upto = min(begin + 100, end)
            await asyncio.gather(*(work(i) for i in range(begin, upto)))
            begin = upto

    def part(begin: int, end: int) -> None:
        asyncio.run(batch(begin, end))

    in_parts(n, part)


def events(n: int) -> None:
    """A call, two lines and a return, and a line, each time around."""

    def part(begin: int, end: int) -> None:
        x = 1
        for _ in range(begin, end):
            x = step(x)

    in_parts(n, part)


KINDS: dict[str, Callable[[int], None]] = {
    kind.__name__: kind for kind in (codes, files, classes, threads, crowd, tasks, events)
}


if __name__ == "__main__":
    KINDS[sys.argv[2]](int(sys.argv[3]))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(_samples, out)
