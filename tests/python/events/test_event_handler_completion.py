"""``first`` and the completion modes on a real loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventHandlerAbortedError,
    EventHandlerCancelledError,
    EventHandlerError,
)
from support.events.real import looped


class Ask(BaseEvent[int]):
    pass


def answering(value: Any, delay: float = 0.0) -> Any:
    async def handler(event: Ask) -> Any:
        await asyncio.sleep(delay)
        return value

    return handler


@looped
async def test_all_waits_for_every_handler() -> None:
    bus = EventBus(event_handler_concurrency="parallel")
    bus.on(Ask, answering(1))
    bus.on(Ask, answering(2, 0.01))
    assert await bus.emit(Ask()).event_results_list() == [1, 2]


@looped
async def test_first_of_the_bus_stops_the_slow_handler() -> None:
    bus = EventBus(event_handler_concurrency="parallel", event_handler_completion="first")
    slow = bus.on(Ask, answering(1, 10))
    bus.on(Ask, answering(2))
    event = await bus.emit(Ask())
    assert await event.first() == 2
    assert isinstance(event.event_results[slow.id].error, EventHandlerAbortedError)


@looped
async def test_first_called_on_the_event_stops_serial_handlers() -> None:
    bus = EventBus()
    bus.on(Ask, answering(0))
    later = bus.on(Ask, answering(1, 10))
    event = bus.emit(Ask())
    assert await event.first() == 0
    assert isinstance(event.event_results[later.id].error, EventHandlerCancelledError)


@looped
async def test_first_wraps_what_is_no_exception() -> None:
    bus = EventBus()

    async def cancels(event: Ask) -> int:
        raise asyncio.CancelledError

    bus.on(Ask, cancels)
    event = bus.emit(Ask())
    with pytest.raises(EventHandlerError) as caught:
        await event.first(raise_if_any=True)
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)


@looped
async def test_first_in_a_handler_jumps_the_queue() -> None:
    bus = EventBus()
    order: list[str] = []

    class Outer(BaseEvent[int]):
        pass

    async def outer(event: Outer) -> int | None:
        value = await bus.emit(Ask()).first()
        order.append("outer")
        return value

    async def inner(event: Ask) -> int:
        order.append("inner")
        return 7

    bus.on(Outer, outer)
    bus.on(Ask, inner)
    assert await bus.emit(Outer()).event_result() == 7
    assert order == ["inner", "outer"]


@looped
async def test_include_chooses_among_the_results() -> None:
    bus = EventBus()
    for value in (1, 2, 3):
        bus.on(Ask, answering(value))
    event = bus.emit(Ask())
    assert await event.event_result(include=lambda result: (result.result or 0) > 1) == 2
    assert await event.event_results_list(include=lambda result: result.result == 3) == [3]
    with pytest.raises(ValueError, match="no handler"):
        await event.event_result(include=lambda result: False)


@looped
async def test_only_one_of_two_winners_in_the_same_turn_is_taken() -> None:
    bus = EventBus(event_handler_concurrency="parallel", event_handler_completion="first")
    gate = asyncio.Event()

    async def racing(event: Ask) -> int:
        await gate.wait()
        return 1

    for _ in range(5):
        bus.on(Ask, racing)
    event = bus.emit(Ask())
    await asyncio.sleep(0.005)
    gate.set()
    await event
    errors = [result.error for result in event.event_results.values()]
    assert errors.count(None) == 1
