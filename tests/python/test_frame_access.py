"""Frames read through the public interface say what frames read in place say."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.runs import recorder

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = ["sudoku", "exceptions", "generators", "asyncio_tasks", "web_router"]
CLOSURES = """\
def outer(n):
    total = 0
    def add(k):
        nonlocal total
        total += k
        del k
        return total
    for i in range(n): add(i)
    try:
        missing = {}["x"]
    except KeyError as e:
        seen = e.args
    return [add(x) for x in (1, 2)]
class C:
    def __init__(self): self.a = [1, 2]
    def swap(self, other):
        x, y = self.a, other
        self.a = y
        return x
def pairs():
    got = yield 1
    while got:
        got = yield got - 1
g = pairs(); next(g); g.send(3); g.close()
outer(3); C().swap((4,))
"""


KEYS = ("kind", "step", "thread", "task", "file", "line", "function")
UNREADABLE = {"unknown": "unreadable"}


def events(script: Path, out: Path, access: str) -> list[dict[str, Any]]:
    """The events without their times and ids."""
    env = {"CODETRACER_FRAME_ACCESS": access}
    ended = recorder("record", "--trace-dir", out, script, cwd=out.parent, env=env)
    assert "ERR_" not in ended.err
    lines = recorder("print", "--json", out, cwd=out.parent).out.splitlines()
    return [comparable(json.loads(line)) for line in lines]


def comparable(event: dict[str, Any]) -> dict[str, Any]:
    kept = {key: event[key] for key in KEYS}
    # What an event loop holds differs from run to run: times, and what is ready by then.
    values = {
        name: value["type"] if "_UnixSelectorEventLoop" in json.dumps(value) else value
        for name, value in event["values"].items()
    }
    return {**kept, "values": without_ids(values), "exception": without_ids(event["exception"])}


def unreadable(recorded: list[dict[str, Any]]) -> set[str]:
    """Bodies whose namespace the public interface does not give: module and class bodies only."""
    found = {e["function"] for e in recorded if UNREADABLE in e["values"].values()}
    for name in found - {"<module>"}:
        names = {n for e in recorded if e["function"] == name for n in e["values"]}
        assert "__qualname__" in names, f"{name} is no class body"
    return found


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        # What an event loop holds depends on the clock.
        return {k: without_ids(part) for k, part in value.items() if k not in ("id", "_loop")}
    if isinstance(value, list):
        return [without_ids(part) for part in value]
    return value


@pytest.mark.parametrize("name", [*PROGRAMS, "closures"])
def test_both_ways_of_reading_frames_give_the_same_events_and_locals(
    name: str, tmp_path: Path
) -> None:
    script = EXAMPLES / f"{name}.py"
    if name == "closures":
        script = tmp_path / "closures.py"
        script.write_text(CLOSURES)
    direct = events(script, tmp_path / "direct", "direct")
    public = events(script, tmp_path / "public", "public")
    assert len(direct) > 20
    hidden = unreadable(public)
    assert not unreadable(direct)
    for number, (one, other) in enumerate(zip(direct, public, strict=True)):
        if one["function"] in hidden:
            one, other = {**one, "values": None}, {**other, "values": None}
        assert one == other, f"event {number}"


def test_a_difference_in_one_local_is_noticed() -> None:
    one = {"kind": "line", "step": 1, "thread": 0, "task": None, "file": "f", "line": 2}
    one |= {"function": "f", "exception": None, "values": {"x": {"type": "int", "value": 1}}}
    other = {**one, "values": {"x": {"type": "int", "value": 2}}}
    assert comparable(one) != comparable(other)
