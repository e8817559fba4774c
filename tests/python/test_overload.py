"""A program that is faster than it can be stored: it waits, or a gap says what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.faults import record
from support.runs import recorder

# Storing a segment takes a while from the first one on.
SLOW = "store:drainer#1+=sleep:40"

# Every return has a kilobyte of its own.
PROGRAM = """\
import asyncio, threading, time
def step(n):
    return f"{n:01000}"
def count():
    n = 0
    while True:
        yield n
        n += len(step(n)) // 1000
def busy(rounds):
    total = 0
    for n in range(rounds):
        total += len(step(n))
    return total
def last(n):
    seen = n * 2
    return seen
async def task(numbers):
    busy(9)
    await asyncio.sleep(0)
    return last(next(numbers))
def main():
    numbers = count()
    next(numbers)
    thread = threading.Thread(target=busy, args=(20_000,))
    thread.start()
    before = busy(20_000)
    thread.join()
    for _ in range(9):
        next(numbers)
    time.sleep(1)
    after = last(before)
    print(after, next(numbers), asyncio.run(task(numbers)))
main()
"""
OUTPUT = "40000000 10 22\n"


def events(place: Path, *words: str) -> list[dict[str, Any]]:
    ended = recorder("print", "--json", *words, "trace-out", cwd=place)
    assert ended.status == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def about(place: Path) -> dict[str, Any]:
    info: dict[str, Any] = json.loads(recorder("info", "--json", "trace-out", cwd=place).out)
    return info


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dropped")
    (place / "app.py").write_text(PROGRAM)
    ended = record("--overload", "drop", "app.py", cwd=place, faults=SLOW)
    assert (ended.status, ended.out) == (0, OUTPUT), ended.err
    return place


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("whole")
    (place / "app.py").write_text(PROGRAM)
    ended = record("app.py", cwd=place, faults=SLOW)
    assert (ended.status, ended.out) == (0, OUTPUT), ended.err
    return place


def test_gaps_count_what_is_missing(dropped: Path, whole: Path) -> None:
    gaps = [event for event in events(dropped) if event["kind"] == "gap"]
    assert {gap["reason"] for gap in gaps} == {2}
    missing = sum(gap["count"] for gap in gaps)
    assert missing > 10_000
    counters = about(dropped)["counters"]
    assert counters["dropped_events.overload"] == missing
    assert about(dropped)["events"] - len(gaps) + missing == about(whole)["events"]
    assert about(dropped)["partial"] is False
    shown = recorder("info", "trace-out", cwd=dropped).out
    assert f"dropped events {missing:,} overload" in " ".join(shown.split())
    assert f"{gaps[0]['count']} events are missing here" in recorder(
        "print", "--depth", "1", "trace-out", cwd=dropped
    ).out.replace(",", "")


def test_nothing_is_missing_where_the_program_waits(whole: Path) -> None:
    counters = about(whole)["counters"]
    assert "dropped_events.overload" not in counters
    assert [event for event in events(whole) if event["kind"] == "gap"] == []


def test_what_comes_after_a_gap_is_as_it_was(dropped: Path, whole: Path) -> None:
    def after(place: Path) -> list[object]:
        keys = ("kind", "function", "line", "thread", "task", "exception", "values")
        return [[event[key] for key in keys] for event in events(place, "--function", "last")]

    expected = after(whole)
    assert len(expected) == 8
    assert after(dropped) == expected


def test_every_event_belongs_to_a_frame_that_is_open(dropped: Path) -> None:
    open_frames: dict[int, list[int]] = {}
    for event in events(dropped):
        stack = open_frames.setdefault(event["thread"], [])
        if event["kind"] == "gap":
            stack.clear()
        elif event["kind"] in ("call", "resume"):
            stack.append(event["call"])
        elif event["kind"] in ("return", "yield", "unwind"):
            if stack:
                assert stack.pop() == event["call"]
        elif stack:
            assert stack[-1] == event["call"]
