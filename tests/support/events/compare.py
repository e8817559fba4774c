"""Compares what a scenario did with what it expects."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from codetracer_python_recorder.events import BaseEvent, EventBus, EventResult

from .clock import EPOCH
from .script import World, plain


def seconds(text: str | None) -> float | None:
    """The virtual time of a time stamp."""
    from codetracer_python_recorder.events import clock

    return None if text is None else round(clock.parse_time(text) / 1e9 - EPOCH, 6)


def mine(expected: Any) -> Any:
    """What is expected in Python, where languages differ."""
    if isinstance(expected, dict) and expected.keys() == {"python", "typescript"}:
        return expected["python"]
    return expected


class Comparison:
    """Collects differences, so that a failure shows all of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.differences: list[str] = []

    def same(self, what: str, actual: Any, expected: Any) -> None:
        expected = mine(expected)
        if plain(actual) != plain(expected) or type(plain(actual)) is not type(plain(expected)):
            self.differences.append(f"{what}: {actual!r}, expected {expected!r}")

    def expectation(self, expect: dict[str, Any]) -> None:
        """Compares everything but the notices."""
        if "log" in expect:
            self.log(mine(expect["log"]))
        for name, members in expect.get("events", {}).items():
            self.event(name, self.world.events[name], members)
        for name, members in expect.get("buses", {}).items():
            self.bus(name, self.world.buses[name], members)
        if "end" in expect:
            self.same("end", round(self.world.loop.time(), 6), expect["end"])

    def log(self, expected: list[Any]) -> None:
        actual = list(self.world.log)
        shown = [f"{text}@{at:g}" for text, at in actual]
        for entry in expected:
            entry = mine(entry)
            group = entry if isinstance(entry, list) else [entry]
            found, actual = actual[: len(group)], actual[len(group) :]
            for wanted in map(mine, group):
                match = next((line for line in found if _fits(line, wanted)), None)
                if match is None:
                    self.differences.append(f"log: no {wanted!r} in its place in {shown}")
                    return
                found.remove(match)
        if actual:
            self.differences.append(f"log: more than expected in {shown}")

    def event(self, name: str, event: BaseEvent[Any], members: dict[str, Any]) -> None:
        read: dict[str, Callable[[], Any]] = {
            "status": lambda: event.event_status.value,
            "started_at": lambda: seconds(event.event_started_at),
            "completed_at": lambda: seconds(event.event_completed_at),
            "parent": lambda: self.world.name_of(event.event_parent_id),
            "emitted_by": lambda: event.event_emitted_by_handler_id,
            "children": lambda: [self.world.event_name(child) for child in event.event_children],
            "path": lambda: [label.rpartition("#")[0] for label in event.event_path],
            "set": lambda: sorted(n for n in event.model_fields_set if n.startswith("event_")),
            "middleware_errors": lambda: [type(e).__name__ for e in event.event_middleware_errors],
        }
        for key, expected in members.items():
            if key == "results":
                self.results(name, event, expected)
            elif key == "options":
                for option, value in expected.items():
                    self.same(f"{name}.{option}", getattr(event, option), value)
            else:
                self.same(f"{name}.{key}", read[key](), expected)

    def results(self, name: str, event: BaseEvent[Any], expected: dict[str, Any]) -> None:
        found = event.event_results
        plain_ids = [key for key in found if ">" not in key or key in expected]
        self.same(f"{name}.results", plain_ids, list(expected))
        for key in expected:
            if key in found:
                self.result(f"{name}.{key}", found[key], expected[key])

    def result(self, what: str, result: EventResult[Any], members: dict[str, Any]) -> None:
        error = result.error
        cause = None if error is None else error.__cause__
        if "status" in members:
            self.same(f"{what}.status", result.status.value, members["status"])
        if "value" in members or "none" in members:
            self.same(f"{what}.status", result.status.value, "completed")
        if "value" in members:
            value = result.result
            if isinstance(value, BaseEvent):
                value = {"$event": self.world.event_name(value)}
            self.same(f"{what}.value", value, members["value"])
        if "none" in members:
            self.same(f"{what}.none", result.result is None, members["none"])
        if "error" in members:
            self.same(f"{what}.status", result.status.value, "error")
            self.same(f"{what}.error", type(error).__name__, members["error"])
        if "cause" in members:
            self.same(f"{what}.cause", cause and type(cause).__name__, members["cause"])
        if "timeout_seconds" in members:
            limit = getattr(error, "timeout_seconds", None)
            self.same(f"{what}.timeout_seconds", limit, members["timeout_seconds"])
        for key in ("started_at", "completed_at"):
            if key in members:
                self.same(f"{what}.{key}", seconds(getattr(result, key)), members[key])

    def bus(self, name: str, bus: EventBus, members: dict[str, Any]) -> None:
        read: dict[str, Callable[[], Any]] = {
            "abandoned": lambda: bus.abandoned_handlers,
            "history": lambda: [self.world.event_name(event) for event in bus.history],
            "pending": lambda: len(bus._queue),
        }
        for key, expected in members.items():
            self.same(f"{name}.{key}", read[key](), expected)

    def notices(self, records: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
        if len(records) != len(expected):
            self.differences.append(f"notices: {records}, expected {expected}")
            return
        for record, wanted in zip(records, expected, strict=True):
            for key, value in wanted.items():
                self.same(f"notice {record}: {key}", record[key], value)

    def leaks(self, scripts: set[asyncio.Task[Any]]) -> None:
        """What may be left once all buses are stopped: the handlers that were counted, no more."""
        loop = self.world.loop
        abandoned = sum(bus.abandoned_handlers for bus in self.world.buses.values())
        left = [
            task
            for task in asyncio.all_tasks(loop)
            if task is not asyncio.current_task() and task not in scripts
        ]
        if len(left) != abandoned:
            self.differences.append(f"{abandoned} handlers are abandoned, but left is {left}")
        allowed = abandoned + len(scripts)
        if len(loop.pending_timers()) > allowed:
            self.differences.append(f"timers are left: {loop.pending_timers()}")
        for bus in self.world.buses.values():
            if bus._open or bus._queue or bus._finders or bus._idle_waiters:
                self.differences.append(f"{bus} has something left")


def _fits(line: tuple[str, float], wanted: str) -> bool:
    text, at = line
    match = re.fullmatch(r"(.*)@([\d.]+)", wanted)
    if match is None:
        return text == wanted
    return text == match[1] and at == float(match[2])
