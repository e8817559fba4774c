"""Runs a program's ``main`` and writes down the CPU time that the program's own threads took.

Threads that the recorder adds are not among them: they count in the whole job only.
"""

import json
import os
import sys
import time
from collections.abc import Callable

_of_workers: list[float] = []


def worker(body: Callable[[int], None], n: int) -> None:
    """What a thread of a program runs, so that its CPU time is counted."""
    start = time.thread_time()
    body(n)
    _of_workers.append(time.thread_time() - start)


def size(n: int) -> int:
    """The size that the command line names, else ``n``."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else n


def run(main: Callable[[int], object], n: int) -> None:
    """Runs ``main``; the size is ``n`` unless the command line names another."""
    n = size(n)
    start = time.thread_time()
    main(n)
    finish(start)


def finish(start: float, cases: dict[str, float] | None = None) -> None:
    """Writes down what has been used since ``start``, a reading of ``time.thread_time``.

    ``cases`` are figures of the program's own.
    """
    seconds = time.thread_time() - start + sum(_of_workers)
    path = os.environ.get("BENCH_RESULT")
    if path:
        with open(path, "w", encoding="ascii") as result:
            json.dump({"seconds": seconds, "cases": cases or {}}, result)
