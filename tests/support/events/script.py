"""Carries out the steps of a scenario.

``World`` holds what a scenario names; ``Script`` runs one list of steps, for the driver or for
one call of a handler. The steps are described in tests/contract/events/README.md.
"""

from __future__ import annotations

import asyncio
import json
import threading
from contextvars import ContextVar
from enum import Enum
from typing import Any

from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventHandlerError,
    EventResult,
)

from .clock import VirtualLoop

ERRORS: dict[str, type[BaseException]] = {
    "ValueError": ValueError,
    "RuntimeError": RuntimeError,
    "TimeoutError": TimeoutError,
    "Cancelled": asyncio.CancelledError,
    "BaseException": BaseException,
}


class Returned(BaseException):
    """Leaves a script with a value."""

    def __init__(self, value: Any) -> None:
        self.value = value


class World:
    """What a scenario's names stand for."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.log: list[tuple[str, float]] = []
        self.buses: dict[str, EventBus] = {}
        self.types: dict[str, type[BaseEvent[Any]]] = {}
        self.events: dict[str, BaseEvent[Any]] = {}
        self.handlers: dict[str, Any] = {}
        self.register: dict[str, Any] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.contexts: dict[str, ContextVar[Any]] = {}
        self.check: Any = None

    def write(self, text: str) -> None:
        self.log.append((text, round(self.loop.time(), 6)))

    def event_name(self, event: BaseEvent[Any] | None) -> str | None:
        for name, known in self.events.items():
            if known is event:
                return name
        return None if event is None else f"?{event.event_type}"

    def name_of(self, event_id: str | None) -> str | None:
        if event_id is None:
            return None
        found = (name for name, event in self.events.items() if event.event_id == event_id)
        return next(found, f"?{event_id}")

    def make(self, step: dict[str, Any]) -> BaseEvent[Any]:
        kind = self.types.get(step["type"])
        given = {**step.get("fields", {}), **step.get("options", {})}
        if kind is None:
            return BaseEvent(event_type=step["type"], **given)
        return kind(**given)

    def outcome(self, value: Any) -> str:
        if value is None:
            return "none"
        if isinstance(value, BaseEvent):
            return f"event:{self.event_name(value)}"
        return json.dumps(plain(value), separators=(",", ":"))


def plain(value: Any) -> Any:
    """Numbers as JSON has them: one kind."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def error_name(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return f"group[{','.join(error_name(part) for part in error.exceptions)}]"
    name = type(error).__name__
    if type(error) is EventHandlerError and error.__cause__ is not None:
        return f"{name}({type(error.__cause__).__name__})"
    return name


class Script:
    """One run of a list of steps."""

    def __init__(self, world: World, bus: str, event: BaseEvent[Any] | None) -> None:
        self.world = world
        self.bus = bus
        self.event = event
        self.name = world.event_name(event) or ""

    def text(self, value: str) -> str:
        return value.replace("$e", self.name)

    def target(self, step: dict[str, Any]) -> EventBus:
        return self.world.buses[step.get("on", self.bus)]

    def find(self, name: str) -> BaseEvent[Any]:
        return self.world.events[self.text(name)]

    async def run(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            await self.step(step)

    def run_sync(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            self.guarded(step, lambda step=step: self.now(step))

    async def step(self, step: dict[str, Any]) -> None:
        action = next(iter(step))
        method = getattr(self, f"do_{action}", None)
        if method is None:
            self.guarded(step, lambda: self.now(step))
            return
        label = step.get("as")
        try:
            value = await method(step)
        except Exception as error:
            if label is None:
                raise
            self.world.write(f"{self.text(label)}=!{error_name(error)}")
            return
        if label is not None and action != "within":
            self.world.write(f"{self.text(label)}={self.world.outcome(value)}")

    def guarded(self, step: dict[str, Any], action: Any) -> None:
        label = step.get("as")
        if label is None or "context" in step:
            action()
            return
        try:
            value = action()
        except Exception as error:
            self.world.write(f"{self.text(label)}=!{error_name(error)}")
        else:
            self.world.write(f"{self.text(label)}={self.world.outcome(value)}")

    def now(self, step: dict[str, Any]) -> Any:
        """The steps that need no waiting."""
        world = self.world
        match next(iter(step)):
            case "log":
                return world.write(self.text(step["log"]))
            case "block":
                return world.loop.block(step["block"])
            case "new":
                world.events[self.text(step["new"])] = world.make(step)
                return None
            case "emit":
                name = self.text(step["emit"])
                if "type" in step:
                    world.events[name] = world.make(step)
                return self.target(step).emit(world.events[name])
            case "emit_many":
                for index in range(step["emit_many"]):
                    event = world.make(step)
                    world.events[f"{self.text(step['prefix'])}{index}"] = event
                    self.target(step).emit(event)
                return None
            case "forward":
                assert self.event is not None
                return world.buses[step["forward"]].emit(self.event)
            case "on":
                return world.register[step["on"]]()
            case "off":
                handler = world.handlers[step["off"]]
                return world.buses[handler.eventbus_name].off(handler.event_pattern, handler)
            case "reset":
                world.events[step["bind"]] = self.find(step["reset"]).event_reset()
                return None
            case "relation":
                bus = self.target(step)
                ask = {"child_of": bus.event_is_child_of, "parent_of": bus.event_is_parent_of}
                return ask[step["relation"]](self.find(step["of"]), self.find(step["to"]))
            case "dump":
                return self.dump(step)
            case "check":
                return world.check(step["check"])
            case "context":
                return self.context(step)
            case "thread":
                return self.thread(step)
            case "return":
                raise Returned(self.value(step["return"]))
            case "raise":
                raise ERRORS[step["raise"]](step.get("message", "raised by the scenario"))
        raise ValueError(f"unknown step: {step}")

    def value(self, value: Any) -> Any:
        if isinstance(value, dict) and len(value) == 1:
            match next(iter(value)):
                case "$none":
                    return None
                case "$event":
                    return self.find(value["$event"])
                case "$field":
                    return getattr(self.event, value["$field"])
        return value

    def context(self, step: dict[str, Any]) -> None:
        variables = self.world.contexts
        variable = variables.setdefault(step["context"], ContextVar(step["context"], default=None))
        if "set" in step:
            variable.set(step["set"])
        else:
            self.world.write(f"ctx:{self.text(step['as'])}={self.world.outcome(variable.get())}")

    def thread(self, step: dict[str, Any]) -> None:
        failed: list[BaseException] = []

        def work() -> None:
            try:
                self.run_sync(step["thread"])
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]

    def dump(self, step: dict[str, Any]) -> None:
        event = self.find(step["dump"])
        text = event.model_dump_json()
        members = json.loads(text)
        for key, value in step.get("has", {}).items():
            assert key in members, f"no {key} in {text}"
            assert members[key] == value, f"{key} is {members[key]!r}, not {value!r}"
        for key in step.get("lacks", ()):
            assert key not in members, f"{key} in {text}"
        for kind in (type(event), BaseEvent):
            again = json.loads(kind.model_validate_json(text).model_dump_json())
            assert again == members, f"{again}\n!= {members}"

    async def do_sleep(self, step: dict[str, Any]) -> None:
        await self.world.loop.snooze(step["sleep"])

    async def do_await(self, step: dict[str, Any]) -> BaseEvent[Any]:
        return await self.find(step["await"])

    async def do_completed(self, step: dict[str, Any]) -> BaseEvent[Any]:
        return await self.find(step["completed"]).event_completed()

    def options(self, step: dict[str, Any]) -> dict[str, Any]:
        return {k: step[k] for k in ("timeout", "raise_if_any", "raise_if_none") if k in step}

    async def do_first(self, step: dict[str, Any]) -> Any:
        return await self.find(step["first"]).first(**self.options(step))

    async def do_result(self, step: dict[str, Any]) -> Any:
        return await self.find(step["result"]).event_result(**self.options(step))

    async def do_results(self, step: dict[str, Any]) -> Any:
        return await self.find(step["results"]).event_results_list(**self.options(step))

    async def do_gather(self, step: dict[str, Any]) -> None:
        await asyncio.gather(*(self.run(steps) for steps in step["gather"]))

    async def do_spawn(self, step: dict[str, Any]) -> None:
        task = asyncio.create_task(self.run(step["do"]), name="script")
        self.world.tasks[step["spawn"]] = task

    async def do_join(self, step: dict[str, Any]) -> None:
        await self.world.tasks[step["join"]]

    async def do_within(self, step: dict[str, Any]) -> None:
        inner = {"within": step["within"], "do": step["do"]}
        try:
            async with asyncio.timeout(step["within"]):
                await self.run(inner["do"])
        except TimeoutError:
            outcome = "timeout"
        else:
            outcome = "ok"
        if "as" in step:
            self.world.write(f"{self.text(step['as'])}={outcome}")

    async def do_find(self, step: dict[str, Any]) -> Any:
        where = step.get("where")
        options: dict[str, Any] = {k: step[k] for k in ("past", "future") if k in step}
        if where is not None:
            options["where"] = lambda event: all(
                getattr(event, key, None) == value for key, value in where.items()
            )
        if "child_of" in step:
            options["child_of"] = self.find(step["child_of"])
        found: Any = await self.target(step).find(step["find"], **options, **step.get("fields", {}))
        if found is not None and "bind" in step:
            self.world.events.setdefault(step["bind"], found)
        return found

    async def do_idle(self, step: dict[str, Any]) -> bool:
        return await self.world.buses[step["idle"]].wait_until_idle(step.get("timeout"))

    async def do_stop(self, step: dict[str, Any]) -> list[str]:
        options = {k: step[k] for k in ("timeout", "clear") if k in step}
        left: list[EventResult[Any]] = await self.world.buses[step["stop"]].stop(**options)
        return sorted(result.handler_id for result in left)

    async def do_swallow(self, step: dict[str, Any]) -> None:
        try:
            await self.run(step["swallow"])
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()

    async def do_try(self, step: dict[str, Any]) -> None:
        try:
            await self.run(step["try"])
        finally:
            await self.run(step["finally"])
