"""The cases on published packages, for information. One that is not installed is left out."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import logging
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

Case = Callable[[int], Awaitable[None]]


async def answer(event: Any) -> int:
    return 1


def bubus(name: str) -> dict[str, Case]:
    """``bubus`` and its successor ``abxbus`` have the same calls."""
    module = importlib.import_module(name)
    logging.getLogger(name).setLevel(logging.CRITICAL)

    class Work(module.BaseEvent):  # type: ignore[name-defined,misc]
        pass

    class Child(module.BaseEvent):  # type: ignore[name-defined,misc]
        pass

    def made(**options: Any) -> Any:
        # The successor refuses events once its history is full, unless it may drop completed ones.
        try:
            return module.EventBus(max_history_drop=True, **options)
        except TypeError:
            return module.EventBus(**options)

    async def end(*buses: Any) -> None:
        for bus in buses:
            ending = bus.stop(timeout=0) if hasattr(bus, "stop") else bus.destroy()
            if inspect.isawaitable(ending):
                await ending

    async def one(count: int) -> None:
        bus = made()
        bus.on(Work, answer)
        for _ in range(count):
            await bus.dispatch(Work())
        await end(bus)

    async def nested(count: int) -> None:
        bus = made()

        async def parent(event: Any) -> None:
            await bus.dispatch(Child())

        bus.on(Work, parent)
        bus.on(Child, answer)
        for _ in range(count):
            await bus.dispatch(Work())
        await end(bus)

    async def ten(count: int) -> None:
        try:
            bus = made(event_handler_concurrency="parallel")
        except TypeError:
            bus = made(parallel_handlers=True)
        for index in range(10):
            bus.on(Work, _named(index))
        for _ in range(count):
            await bus.dispatch(Work())
        await end(bus)

    async def forward(count: int) -> None:
        buses = [made(name=f"Bus{index}{id(object())}") for index in range(3)]
        buses[0].on("*", buses[1].dispatch)
        buses[1].on("*", buses[2].dispatch)
        buses[2].on(Work, answer)
        for _ in range(count):
            await buses[0].dispatch(Work())
        await end(*buses)

    return {"one": one, "ten": ten, "nested": nested, "forward": forward}


def _named(index: int) -> Callable[[Any], Awaitable[int]]:
    async def handler(event: Any) -> int:
        return 1

    handler.__name__ = handler.__qualname__ = f"handler{index}"
    return handler


def blinker() -> dict[str, Case]:
    """Calls receivers at once: no queue, no results, no limits."""
    module = importlib.import_module("blinker")

    async def one(count: int) -> None:
        signal = module.Signal()
        signal.connect(answer)
        for _ in range(count):
            await signal.send_async(None)

    return {"one": one}


def pyee() -> dict[str, Case]:
    """Starts handlers as tasks that nobody can await."""
    module = importlib.import_module("pyee.asyncio")

    async def one(count: int) -> None:
        emitter = module.AsyncIOEventEmitter()
        emitter.on("work", answer)
        for _ in range(count):
            emitter.emit("work", None)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    return {"one": one}


def installed() -> dict[str, dict[str, Case]]:
    """The cases of every package that is installed."""
    found: dict[str, dict[str, Case]] = {}
    for name, make in {
        "bubus": lambda: bubus("bubus"),
        "abxbus": lambda: bubus("abxbus"),
        "blinker": blinker,
        "pyee": pyee,
    }.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found[name] = make()
            except ImportError:
                continue
    return found
