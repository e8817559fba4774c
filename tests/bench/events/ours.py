"""The cases on our bus."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from typing import Any

from codetracer_python_recorder.events import BaseEvent, EventBus


class Work(BaseEvent[int]):
    pass


class Child(BaseEvent[int]):
    pass


async def answer(event: Any) -> int:
    return 1


async def one(count: int) -> None:
    bus = EventBus()
    bus.on(Work, answer)
    for _ in range(count):
        await bus.emit(Work())


async def ten(count: int) -> None:
    bus = EventBus(event_handler_concurrency="parallel")
    for _ in range(10):
        bus.on(Work, answer)
    for _ in range(count):
        await bus.emit(Work())


async def nested(count: int) -> None:
    bus = EventBus()

    async def parent(event: Work) -> None:
        await bus.emit(Child())

    bus.on(Work, parent)
    bus.on(Child, answer)
    for _ in range(count):
        await bus.emit(Work())


async def forward(count: int) -> None:
    buses = [EventBus() for _ in range(3)]
    buses[0].on("*", buses[1].emit)
    buses[1].on("*", buses[2].emit)
    buses[2].on(Work, answer)
    for _ in range(count):
        await buses[0].emit(Work())


async def queued(count: int) -> None:
    bus = EventBus()
    bus.on(Work, lambda event: 1)
    for _ in range(count):
        bus.emit(Work())
    await bus.wait_until_idle()


async def buses(count: int) -> None:
    many = [EventBus() for _ in range(200)]
    for bus in many:
        bus.on(Work, answer)
    for _ in range(count):
        for bus in many:
            bus.emit(Work())
    for bus in many:
        await bus.wait_until_idle()


async def bytes_each(count: int = 2_000) -> float:
    """Bytes that a remembered event with one result takes."""
    bus = EventBus(max_history_size=None)
    bus.on(Work, answer)
    for _ in range(100):
        await bus.emit(Work())
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(count):
        await bus.emit(Work())
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / count


async def microseconds_with_buses(others: int, count: int = 3_000) -> float:
    """Microseconds for an awaited event while ``others`` buses are alive."""
    many = [EventBus() for _ in range(others)]
    for bus in many:
        bus.on(Work, answer)
        await bus.emit(Work())
    return await _each(many[0], count)


async def microseconds_with_history(kept: int, count: int = 3_000) -> float:
    """Microseconds for an awaited event on a bus that remembers ``kept`` events."""
    bus = EventBus(max_history_size=kept)
    bus.on(Work, answer)
    for _ in range(kept):
        await bus.emit(Work())
    return await _each(bus, count)


async def _each(bus: EventBus, count: int) -> float:
    gc.collect()
    begin = time.process_time()
    for _ in range(count):
        await bus.emit(Work())
    return (time.process_time() - begin) / count * 1e6


async def microseconds_of_a_jump(waiting: int, count: int = 1_000) -> float:
    """Microseconds for a jump over ``waiting`` queued events."""
    bus = EventBus(max_history_size=100)
    took: list[float] = []

    async def parent(event: Work) -> None:
        await asyncio.sleep(0)
        gc.collect()
        begin = time.process_time()
        for _ in range(count):
            await bus.emit(Child())
        took.append((time.process_time() - begin) / count * 1e6)

    entry = bus.on(Work, parent)
    bus.on(Child, answer)
    first = bus.emit(Work())
    for _ in range(waiting):
        bus.emit(BaseEvent())
    await first
    bus.off(Work, entry)
    await bus.wait_until_idle()
    return took[0]
