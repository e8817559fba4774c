"""Measures the event bus in units of its floors.

    python tests/bench/events/run.py [--quick] [--others] [--write]

Each number is the median of five runs, the floor measured in turn with the bus, in time of the
processor: nothing here waits, and other programs do not count. The exit status
is 1 if a goal is missed. ``--others`` measures the published packages that are installed as well.
``--write`` measures everything, the TypeScript half included, and puts the tables into
``design-docs/performance.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import floors
import others
import ours
import report
from report import Flat, Report, Row

sys.path.append(str(Path(__file__).parents[1]))
import document

# Case, what it is, events for each count, count, the least fraction of the floor.
CASES = (
    ("one", "emit and await, one async handler", 1, 10_000, 1 / 5),
    ("ten", "ten parallel handlers", 1, 2_000, 1 / 3),
    ("nested", "a handler awaits a child", 1, 5_000, 1 / 8),
    ("forward", "forwarding over three buses", 1, 3_000, 1 / 8),
    ("queued", "50,000 queued, sync handler", 1, 50_000, 1 / 40),
    ("buses", "200 buses x 100 events", 200, 100, 1 / 60),
)
RUNS = 5


def rate(case: Callable[[int], Awaitable[None]], count: int, each: int) -> float:
    """Events a second."""
    gc.collect()

    async def timed() -> float:
        begin = time.process_time()
        await case(count)
        return time.process_time() - begin

    return count * each / asyncio.run(timed())


def measure(quick: bool, found: Report) -> bool:
    good = True
    print(f"{'case':36}{'floor/s':>10}{'bus/s':>10}{'fraction':>10}{'goal':>8}")
    for name, text, each, count, goal in CASES:
        count = count // 10 if quick else count
        pairs = [
            (rate(getattr(floors, name), count, each), rate(getattr(ours, name), count, each))
            for _ in range(RUNS)
        ]
        floor = statistics.median(pair[0] for pair in pairs)
        bus = statistics.median(pair[1] for pair in pairs)
        good &= bus / floor >= goal
        found.rows.append(Row(text, floor, bus, goal))
        mark = "" if bus / floor >= goal else "  MISSED"
        print(f"{text:36}{floor:10,.0f}{bus:10,.0f}{bus / floor:10.3f}{goal:8.3f}{mark}")
    return good


def flat(quick: bool, found: Report) -> bool:
    """Whether costs do not depend on buses, history and queue."""
    good = True
    for name, function, few, many in (
        ("live buses", ours.microseconds_with_buses, 1, 500),
        ("kept events", ours.microseconds_with_history, 100, 10_000),
        ("queued events at a jump", ours.microseconds_of_a_jump, 0, 10_000),
    ):
        many = many // 10 if quick else many
        costs = [_median(function, size) for size in (few, many)]
        good &= costs[1] <= 1.5 * costs[0]
        found.flat.append(Flat(f"{many:,} {name}, of {few}", costs[1] / costs[0]))
        text = f"{name}: {costs[0]:.1f} us with {few}, {costs[1]:.1f} us with {many:,}"
        print(f"{text} ({costs[1] / costs[0]:.2f}, goal 1.5)")
    return good


def _median(function: Callable[[int], Any], size: int) -> float:
    return statistics.median(asyncio.run(function(size)) for _ in range(RUNS))


def compare(into: Report) -> None:
    for package, cases in others.installed().items():
        for name, case in cases.items():
            try:
                found = statistics.median(rate(case, 200, 1) for _ in range(3))
            except Exception as error:
                print(f"{package:10}{name:10} {type(error).__name__}: {error}")
            else:
                print(f"{package:10}{name:10}{found:10,.0f}/s")
                into.others.append((f"{package} {version(package)}", name, found))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--others", action="store_true", help="measure other packages as well")
    parser.add_argument("--write", action="store_true", help="measure all and write the tables")
    args = parser.parse_args()
    before = report.load()
    python = Report(f"Python {sys.version.split()[0]}")
    good = measure(args.quick, python)
    python.kept = asyncio.run(ours.bytes_each())
    print(f"memory per kept event with one result: {python.kept:.0f} bytes (goal 1,500)")
    good &= python.kept <= 1_500
    good &= flat(args.quick, python)
    if args.others or args.write:
        compare(python)
    if args.write:
        both = [python, *report.typescript(args.quick)]
        tables = "\n".join(each.text() for each in both)
        if not document.write("events", f"{report.machine(before)}\n{tables}"):
            raise SystemExit("design-docs/performance.md has no section for the event bus")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
