"""Serial and parallel handlers on a real loop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from codetracer_python_recorder.events import BaseEvent, EventBus
from support.events.real import looped


class Work(BaseEvent[str]):
    pass


class Tally:
    """Counts how many handlers are inside at once."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0

    async def handler(self, event: BaseEvent[Any]) -> str:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.005)
        self.inside -= 1
        return event.event_type


@pytest.mark.parametrize(("mode", "most"), [("serial", 1), ("parallel", 4)])
@looped
async def test_mode_of_the_bus_limits_the_handlers(mode: str, most: int) -> None:
    bus = EventBus(event_handler_concurrency=mode)
    tally = Tally()
    for _ in range(4):
        bus.on(Work, tally.handler)
    assert await bus.emit(Work()).event_results_list() == ["Work"] * 4
    assert tally.most == most


@looped
async def test_mode_of_the_event_replaces_that_of_the_bus() -> None:
    bus = EventBus(event_handler_concurrency="parallel")
    tally = Tally()
    for _ in range(3):
        bus.on(Work, tally.handler)
    await bus.emit(Work(event_handler_concurrency="serial"))
    assert tally.most == 1
    await bus.emit(Work())
    assert tally.most == 3


@looped
async def test_serial_handlers_of_two_parallel_events_overlap_between_events_only() -> None:
    bus = EventBus(event_concurrency="parallel")
    tallies: dict[str, Tally] = {}

    async def handler(event: Work) -> None:
        await tallies.setdefault(event.event_id, Tally()).handler(event)

    bus.on(Work, handler)
    bus.on(Work, handler)
    events = [bus.emit(Work()) for _ in range(3)]
    await asyncio.gather(*(event.event_completed() for event in events))
    assert [tally.most for tally in tallies.values()] == [1, 1, 1]
