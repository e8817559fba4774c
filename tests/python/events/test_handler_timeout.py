"""Limits of handlers and events on a real loop."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventHandlerAbortedError,
    EventHandlerTimeoutError,
)
from support.events.real import looped


class Work(BaseEvent[int]):
    pass


async def sleeper(event: BaseEvent[int]) -> int:
    await asyncio.sleep(30)
    return 1


@looped
async def test_a_handlers_own_limit_ends_it_alone() -> None:
    bus = EventBus()
    limited = bus.on(Work, sleeper, handler_timeout=0.01)
    bus.on(Work, lambda event: 2)
    event = await bus.emit(Work())
    error = event.event_results[limited.id].error
    assert isinstance(error, EventHandlerTimeoutError)
    assert isinstance(error, TimeoutError)
    assert (error.timeout_seconds, error.handler_id, error.event) == (0.01, limited.id, event)
    assert await event.event_result(raise_if_any=False) == 2


@looped
async def test_the_cap_aborts_and_is_not_an_exception() -> None:
    bus = EventBus(event_timeout=0.01)
    entry = bus.on(Work, sleeper)
    event = await bus.emit(Work())
    error = event.event_results[entry.id].error
    assert isinstance(error, EventHandlerAbortedError)
    assert not isinstance(error, Exception)


@looped
async def test_except_exception_does_not_swallow_the_cap() -> None:
    bus = EventBus(event_timeout=0.01)
    went_on: list[str] = []

    async def careless(event: Work) -> None:
        try:
            await asyncio.sleep(30)
        except Exception:
            went_on.append("swallowed")

    bus.on(Work, careless)
    await bus.emit(Work())
    await asyncio.sleep(0.005)
    assert went_on == []


@looped
async def test_a_handler_that_swallows_cancellation_is_abandoned_and_counted() -> None:
    bus = EventBus(event_timeout=0.01)
    release = asyncio.Event()

    async def stubborn(event: Work) -> int:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await release.wait()
        return 1

    entry = bus.on(Work, stubborn)
    event = await bus.emit(Work())
    await asyncio.sleep(0.005)
    assert bus.abandoned_handlers == 1
    assert [result.handler_id for result in await bus.stop()] == [entry.id]
    release.set()
    await asyncio.sleep(0.005)
    assert bus.abandoned_handlers == 0
    assert isinstance(event.event_results[entry.id].error, EventHandlerAbortedError)


@looped
async def test_a_blocking_handler_is_found_at_commit(caplog: pytest.LogCaptureFixture) -> None:
    bus = EventBus(event_timeout=0.01)

    def blocking(event: Work) -> int:
        time.sleep(0.02)
        return 1

    entry = bus.on(Work, blocking)
    with caplog.at_level(logging.WARNING):
        event = await bus.emit(Work())
    assert isinstance(event.event_results[entry.id].error, EventHandlerAbortedError)
    assert [record.kind for record in caplog.records] == ["blocked"]  # type: ignore[attr-defined]


@looped
async def test_a_late_result_is_logged_as_late(caplog: pytest.LogCaptureFixture) -> None:
    bus = EventBus(event_timeout=0.01)

    async def stubborn(event: Work) -> int:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await asyncio.sleep(0.005)
        return 1

    bus.on(Work, stubborn)
    with caplog.at_level(logging.WARNING):
        await bus.emit(Work())
        await asyncio.sleep(0.03)
    assert [record.late for record in caplog.records] == [True]  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf")])
def test_limits_that_are_not_positive_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="event_timeout"):
        Work(event_timeout=bad)
    with pytest.raises(ValueError, match="event_timeout"):
        EventBus(event_timeout=bad)
    with pytest.raises(ValueError, match="handler_timeout"):
        EventBus().on(Work, sleeper, handler_timeout=bad)
    with pytest.raises(TypeError):
        Work(event_timeout="soon")  # type: ignore[arg-type]
