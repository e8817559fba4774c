"""Raised, handled and unwinding exceptions are recorded where, and only where, they happen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from oracle import compare
from oracle.handled import CASES


def described(event: dict[str, Any]) -> str:
    kind = event["exception"]["type"].rpartition(".")[2]
    origin = " origin" if event["kind"] == "raise" and event["origin"] else ""
    return f"{event['kind']} {event['function']} {event['line']} {kind}{origin}"


def agrees(expected: list[str], actual: list[str]) -> bool:
    """Equal line by line; `origin?` leaves the origin open, `-` the line."""
    if len(expected) != len(actual):
        return False
    for one, other in zip(expected, actual, strict=True):
        wanted, found = one.split(" "), other.split(" ")
        if wanted[2] == "-":
            found[2] = "-"
        if wanted[-1] == "origin?":
            wanted, found = wanted[:4], found[:4]
        if wanted != found:
            return False
    return True


def record(source: str, tmp_path: Path) -> list[dict[str, Any]]:
    script = tmp_path / "program.py"
    script.write_text(source, encoding="utf-8")
    done = compare.record(script, out=tmp_path / "trace")
    assert done.returncode == 0, done.stderr
    return compare.printed(tmp_path / "trace")


@pytest.mark.parametrize("name", CASES)
def test_exceptions_are_recorded(name: str, tmp_path: Path) -> None:
    events = record(CASES[name].source, tmp_path)
    actual = [described(e) for e in events if e["kind"] in ("raise", "handled", "unwind")]
    assert agrees(CASES[name].events(), actual), actual


@pytest.mark.parametrize("name", CASES)
def test_the_raises_and_unwinds_expected_are_those_that_happen(name: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(CASES[name].source, encoding="utf-8")
    seen = compare.expected(script, out=tmp_path / "oracle")
    assert seen.status == 0, seen.errors
    wanted = [
        (kind, function, compare.NO_LINE if line == "-" else int(line), exception)
        for kind, function, line, exception, *_ in map(str.split, CASES[name].events())
        if kind != "handled"
    ]
    assert [(kind, *where, "" if kind == "unwind" else e) for kind, *where, e in wanted] == [
        (e.kind, e.function, e.line, e.exception)
        for e in seen.threads[0]
        if e.kind in ("raise", "unwind")
    ]


PLACES = {
    "after the line of its clause and before the body": (
        "try:\n    1 / 0\nexcept KeyError:\n    pass\nexcept ArithmeticError as e:\n    x = 1\n",
        "call 1|line 1|line 2|raise 2|line 3|line 5|handled 5|line 6|return 6",
    ),
    "after the line of a bare clause": (
        "try:\n    1 / 0\nexcept:\n    x = 1\n",
        "call 1|line 1|line 2|raise 2|line 3|handled 3|line 4|return 4",
    ),
    "once the exit method has answered": (
        "class M:\n    def __enter__(self): pass\n    def __exit__(self, *_): return 1\n"
        "with M():\n    1 / 0\nx = 1\n",
        "call 1|line 1|call 1|line 1|line 2|line 3|return 3|line 4|call 2|line 2|return 2|line 5|"
        "raise 5|line 4|call 3|line 3|return 3|handled 4|line 6|return 6",
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_handled_is_written(name: str, tmp_path: Path) -> None:
    source, expected = PLACES[name]
    events = record(source, tmp_path)
    assert "|".join(f"{e['kind']} {e['line']}" for e in events) == expected


def test_an_exception_keeps_its_id_message_and_type_from_frame_to_frame(tmp_path: Path) -> None:
    source = "def f():\n    raise KeyError('k', 2)\ntry:\n    f()\nexcept KeyError:\n    pass\n"
    events = [e["exception"] for e in record(source, tmp_path) if e["exception"]]
    assert len(events) == 4
    assert len({e["id"] for e in events}) == 1
    assert {e["message"] for e in events} == {"('k', 2)"}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["raise f 1 A", "handled f 2 A"],
        ["raise f 1 A origin", "handled f 3 A"],
        ["raise f 1 A origin", "handled f 2 A", "unwind f 1 A"],
        ["handled f 2 A", "raise f 1 A origin"],
    ],
)
def test_agreement_notices_a_wrong_sequence(wrong: list[str]) -> None:
    truth = ["raise f 1 A origin", "handled f 2 A"]
    assert agrees(truth, truth)
    assert not agrees(truth, wrong)
    assert agrees(["raise f 1 A origin?"], ["raise f 1 A"])
    assert not agrees(["raise f 1 A origin?"], ["raise f 2 A"])
    assert agrees(["unwind f - A"], ["unwind f 3 A"])
    assert not agrees(["unwind f - A"], ["unwind f 3 B"])
