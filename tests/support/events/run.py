"""Builds the world of a scenario, runs its driver, and says what differed."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codetracer_python_recorder.events import BaseEvent, EventBus, EventBusMiddleware
from pydantic import create_model

from .clock import run_virtually
from .compare import Comparison
from .script import Returned, Script, World

CONTRACT = Path(__file__).parents[2] / "contract" / "events"
TYPES: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "list[int]": list[int],
    "any": Any,
}


def scenarios() -> Iterator[dict[str, Any]]:
    """All scenarios, with the name of their file."""
    for path in sorted(CONTRACT.glob("*.json")):
        if path.name != "ids.json":
            for scenario in json.loads(path.read_text())["scenarios"]:
                yield {**scenario, "file": path.name}


class Notices(logging.Handler):
    """Keeps what the buses warn about."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        result = record.event_result  # type: ignore[attr-defined]
        assert record.late == (record.kind == "late")  # type: ignore[attr-defined]
        bus = record.bus  # type: ignore[attr-defined]
        self.found.append(
            {
                "kind": record.kind,  # type: ignore[attr-defined]
                "at": round(self.world.loop.time(), 6),
                "bus": None if bus is None else bus.name,
                "event": self.world.event_name(record.event),  # type: ignore[attr-defined]
                "handler": None if result is None else result.handler_id,
            }
        )


class Scripted(EventBusMiddleware):
    """A middleware as a scenario describes it."""

    def __init__(self, world: World, description: dict[str, Any]) -> None:
        self.world = world
        self.description = description

    async def _react(self, hook: str, text: str) -> None:
        if self.description.get("log"):
            self.world.write(f"{self.description['name']}:{hook} {text}")
        if "sleep" in self.description and hook != "handlers":
            await self.world.loop.snooze(self.description["sleep"])
        if hook in self.description.get("raise", ()):
            raise RuntimeError(f"raised by middleware {self.description['name']}")

    async def on_event_change(self, bus: Any, event: Any, status: Any) -> None:
        await self._react("event", f"{self.world.event_name(event)} {status.value}")

    async def on_event_result_change(
        self, bus: Any, event: Any, event_result: Any, status: Any
    ) -> None:
        name = self.world.event_name(event)
        await self._react("result", f"{name} {event_result.handler_id} {status.value}")

    async def on_bus_handlers_change(self, bus: Any, handler: Any, registered: bool) -> None:
        await self._react("handlers", f"{handler.id} {'on' if registered else 'off'}")


def build(scenario: dict[str, Any], world: World) -> None:
    """Makes the event types, buses and handlers."""
    for name, described in scenario.get("events", {}).items():
        world.types[name] = make_type(name, described)
    for name, options in scenario["buses"].items():
        options = dict(options)
        middlewares = [Scripted(world, d) for d in options.pop("middlewares", [])]
        world.buses[name] = EventBus(name, middlewares=middlewares, **options)
    for source, target in scenario.get("forward", []):
        world.buses[source].on("*", world.buses[target].emit, id=f"{source}>{target}")
    for described in scenario.get("handlers", []):
        world.register[described["id"]] = lambda d=described: register(world, d)
        if described.get("registered", True):
            register(world, described)


def make_type(name: str, described: dict[str, Any]) -> type[BaseEvent[Any]]:
    """The event class that a scenario describes."""
    result = TYPES[described.get("result", "any")]
    base = BaseEvent if result is Any else BaseEvent[result]
    declared = {key: (Any, value) for key, value in described.get("options", {}).items()}
    fields = {key: (TYPES[kind], ...) for key, kind in described.get("fields", {}).items()}
    kind: Any = create_model(name, __base__=base, **declared, **fields)  # type: ignore[call-overload]
    return kind  # type: ignore[no-any-return]


def register(world: World, described: dict[str, Any]) -> None:
    """Registers a scripted handler."""
    bus = world.buses[described["bus"]]
    steps = described["do"]

    async def asynchronous(event: BaseEvent[Any]) -> Any:
        try:
            await Script(world, described["bus"], event).run(steps)
        except Returned as returned:
            return returned.value

    def synchronous(event: BaseEvent[Any]) -> Any:
        try:
            Script(world, described["bus"], event).run_sync(steps)
        except Returned as returned:
            return returned.value

    limits = {
        f"handler_{key}": described[key] for key in ("timeout", "slow_timeout") if key in described
    }
    world.handlers[described["id"]] = bus.on(
        described["on"],
        synchronous if described.get("kind") == "sync" else asynchronous,
        id=described["id"],
        handler_name=described["id"],
        **limits,
    )


def run(scenario: dict[str, Any]) -> list[str]:
    """Runs a scenario; returns what differs from its expectations."""
    return run_virtually(lambda loop: _run(scenario, World(loop)))


async def _run(scenario: dict[str, Any], world: World) -> list[str]:
    logger = logging.getLogger("codetracer_python_recorder.events")
    notices = Notices(world)
    logger.addHandler(notices)
    logger.propagate = False
    comparison = Comparison(world)
    world.check = comparison.expectation
    try:
        build(scenario, world)
        await Script(world, next(iter(world.buses)), None).run(scenario["driver"])
        expect = scenario["expect"]
        comparison.expectation(expect)
        if "notices" in expect:
            comparison.notices(notices.found, expect["notices"])
        await _settle(world)
        comparison.leaks({t for t in asyncio.all_tasks() if t.get_name() == "script"})
    finally:
        logger.removeHandler(notices)
        logger.propagate = True
    return comparison.differences


async def _settle(world: World) -> None:
    for bus in world.buses.values():
        await bus.stop(timeout=0)
    await world.loop.snooze(0)
    gc.collect(0)
