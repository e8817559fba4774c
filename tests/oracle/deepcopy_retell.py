"""The oracle's log in a recording's words: what a recorder that misses nothing would give.

`sources` are steps whose values are JSON of `print --json`, so that a test can spoil them;
`recorded` makes of them what the comparison reads.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from codetracer_python_recorder._values import values

from oracle.deepcopy_compare import ITEMS
from oracle.deepcopy_judge import NOTHING, Recorded

Source = dict[str, Any]
SAFE = 2**53
EXACT = ("NoneType", "bool", "str")


def scalar(wanted: dict[str, Any]) -> Source:
    """A scalar as `print --json` writes it."""
    kind, told = wanted["type"], wanted["value"]
    said: Any
    if kind in EXACT:
        said = told
    elif kind == "int":
        number = int(told, 16)
        said = number if abs(number) <= SAFE else str(number)
    elif kind == "float":
        said = float(told) if told not in ("nan", "inf", "-inf") else told
    elif kind == "complex":
        said = repr(complex(*map(float, told)))
    elif kind == "bytes":
        said = repr(bytes.fromhex(told))
    else:
        said = "Ellipsis" if kind == "ellipsis" else "NotImplemented"
    return {"type": kind, "value": said}


class Teller:
    """Knows the latest state of each object."""

    def __init__(self) -> None:
        self.states: dict[int, dict[str, Any]] = {}
        self.names: dict[str, dict[str, Any]] = {}

    def value(self, wanted: dict[str, Any], seen: set[int]) -> Source:
        if "ref" not in wanted:
            return scalar(wanted)
        number = wanted["ref"]
        state = self.states[number]
        source: Source = {"type": state["type"], "id": number + 1}
        if "module" in state:
            source["module"] = state["module"]
        if number in seen:
            return source
        seen.add(number)
        source["cut"] = state.get("len", 0) > ITEMS
        if "len" in state:
            source["len"] = state["len"]
        if "enum" in state:
            source["attrs"] = {"_name_": {"type": "str", "value": state["enum"]}}
        if "bytes" in state:
            source["items"] = [{"type": "bytes", "value": repr(bytes.fromhex(state["bytes"]))}]
        for key in ("items", "members"):
            if key in state:
                source["items"] = [self.value(one, seen) for one in state[key][:ITEMS]]
        if "entries" in state:
            source["entries"] = [[self.value(one, seen) for one in e] for e in state["entries"]]
        for key in ("fields", "attrs"):
            if key in state:
                source["attrs"] = {k: self.value(one, seen) for k, one in state[key].items()}
        return source

    def step(self, event: dict[str, Any]) -> Source:
        self.names |= event["names"]
        self.states |= {int(number): state for number, state in event["states"].items()}
        seen: set[int] = set()
        held = self.names[event["names_of"]]
        source: Source = {key: event[key] for key in ("kind", "line", "function")}
        source["names"] = {name: self.value(one, seen) for name, one in held.items()}
        if "result" in event:
            source["result"] = {"return": self.value(event["result"], set())}
        return source


def sources(events: Iterable[dict[str, Any]]) -> list[Source]:
    """Every step as a perfect recording has it."""
    teller = Teller()
    return [teller.step(event) for event in events]


def stale(events: list[dict[str, Any]], at: int, number: int) -> list[Source]:
    """The same, but the state that an object got at an event is never told."""
    forgotten = copy.deepcopy(events)
    del forgotten[at]["states"][str(number)]
    return sources(forgotten)


def recorded(told: Iterable[Source]) -> Iterator[Recorded]:
    """The steps as the comparison reads them."""
    for source in told:
        result = values(source["result"])["return"] if "result" in source else NOTHING
        names = values(source["names"])
        yield Recorded(source["kind"], source["line"], source["function"], names, result)
