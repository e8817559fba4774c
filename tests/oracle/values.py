"""Compare the values of a recording with those of the value oracle."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterable
from typing import Any

KINDS = ("call", "line", "return", "yield", "unwind")
SAFE = 2**53
UNBOUND = {"unbound": True}


def scalar(node: dict[str, Any]) -> Any:
    """The JSON value that a scalar of the oracle has in a recording's output."""
    kind, text = node["type"], node["repr"]
    if kind in ("NoneType", "bool", "str"):
        return ast.literal_eval(text)
    if kind == "int":
        number = int(text)
        return number if abs(number) <= SAFE else text
    if kind == "float":
        return float(text) if math.isfinite(float(text)) else text
    return text


class Same:
    """Whether a value of the recording is the oracle's; object ids are paired as they are met."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def paired(self, number: int, identifier: int) -> bool:
        return self.numbers.setdefault(number, identifier) == identifier

    def check(self, expected: dict[str, Any], actual: dict[str, Any]) -> bool:
        if expected["type"] != actual.get("type"):
            return False
        if "repr" in expected:
            return repr(scalar(expected)) == repr(actual.get("value"))
        number = expected["same"] if "same" in expected else expected["number"]
        if not isinstance(actual.get("id"), int) or not self.paired(number, actual["id"]):
            return False
        if "same" in expected:
            return True
        if set(actual) <= {"type", "module", "id"}:
            return True
        if "len" in expected and actual["len"] != expected["len"]:
            return False
        return self.content(expected, actual)

    def content(self, expected: dict[str, Any], actual: dict[str, Any]) -> bool:
        if "items" in expected:
            if expected["type"] in ("set", "frozenset"):
                return self.unordered(expected["items"], actual["items"])
            return self.every(expected["items"], actual["items"])
        if "entries" in expected:
            flat = [part for entry in expected["entries"] for part in entry]
            return self.every(flat, [part for entry in actual["entries"] for part in entry])
        if "attrs" in expected:
            wanted, found = expected["attrs"], actual["attrs"]
            return list(wanted) == list(found) and self.every(wanted.values(), found.values())
        return True

    def every(self, expected: Iterable[dict[str, Any]], actual: Iterable[dict[str, Any]]) -> bool:
        one, other = list(expected), list(actual)
        return len(one) == len(other) and all(map(self.check, one, other))

    def unordered(self, expected: list[dict[str, Any]], actual: list[dict[str, Any]]) -> bool:
        rest = list(actual)
        for item in expected:
            for candidate in rest:
                if self.check(item, candidate):
                    rest.remove(candidate)
                    break
            else:
                return False
        return not rest


def merged(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events both sides have; values of a raise, handled or resume count for the next."""
    waiting: dict[int, dict[str, Any]] = {}
    result = []
    for record in records:
        values = {n: v for n, v in (record["values"] or {}).items() if not n.startswith(".")}
        held = waiting.pop(record["call"], {}) | values
        if record["kind"] in KINDS:
            result.append(record | {"values": held})
        else:
            waiting[record["call"]] = held
    return result


def place(event: dict[str, Any]) -> str:
    return f"{event['kind']} {event['function']}:{event['line']} after {event['after']}"


def wrong_at(expected: dict[str, Any], actual: dict[str, Any]) -> str | None:
    """What is wrong with one event's values; None when they are the oracle's."""
    for key in ("kind", "line", "function"):
        if expected[key] != actual[key]:
            return f"another event: {actual['kind']} {actual['function']}:{actual['line']}"
    if expected["kind"] != "call" and actual.get("after") != expected["after"]:
        return f"after is {actual.get('after')}"
    values = dict(actual["values"])
    if "result" in expected:
        result = values.pop("return", {})
        if not Same().check(expected["result"], result):
            return f"returned {json.dumps(result)}, expected {json.dumps(expected['result'])}"
    for name, wanted in expected["changed"].items():
        if name not in values:
            return f"{name} is missing, expected {json.dumps(wanted)}"
        found = values[name]
        if (found != UNBOUND) if wanted is None else not Same().check(wanted, found):
            return f"{name} is {json.dumps(found)}, expected {json.dumps(wanted)}"
    for name in set(values) - set(expected["changed"]):
        held = expected["held"].get(name)
        # What other frames can rebind may be told at any event; a class body does not list it.
        if name in expected["captured"] and held is None:
            continue
        # A name that is not bound is there only because its object changed.
        is_object = held is not None and "repr" not in held
        free = {*expected["stored"], *expected["captured"], *expected["shared"]}
        if not is_object and name not in free:
            return f"{name} is recorded, but the line does not bind it"
        if (values[name] != UNBOUND) if held is None else not Same().check(held, values[name]):
            return f"{name} is {json.dumps(values[name])}, it holds {json.dumps(held)}"
    return None


def difference(expected: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> str | None:
    """The places where a recording's values are not the oracle's, one a line; None without any."""
    actual = merged(recorded)
    found = [
        f"{place(one)}: {wrong}"
        for one, other in zip(expected, actual, strict=False)
        if (wrong := wrong_at(one, other)) is not None
    ]
    if len(expected) != len(actual):
        found.append(f"expected {len(expected)} events, recorded {len(actual)}")
    return "\n".join(found) or None
