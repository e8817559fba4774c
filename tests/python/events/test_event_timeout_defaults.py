"""Where the limits of an event come from."""

from __future__ import annotations

import asyncio

from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventConcurrencyMode,
    EventHandlerAbortedError,
)
from support.events.real import looped


class Plain(BaseEvent[int]):
    pass


class Declared(BaseEvent[int]):
    event_timeout: float | None = 5.0


class Inherited(Declared):
    event_slow_timeout: float | None = 1.0


@looped
async def test_bus_defaults_are_read_after_emit_and_stay_out_of_fields_set() -> None:
    bus = EventBus(event_timeout=7.0)
    event = Plain()
    assert event.event_timeout is None
    await bus.emit(event)
    assert event.event_timeout == 7.0
    assert event.event_concurrency is EventConcurrencyMode.BUS_SERIAL
    assert event.model_fields_set == set()


def test_the_defaults_of_a_bus_are_documented_numbers() -> None:
    bus = EventBus()
    limits = (bus.event_timeout, bus.event_slow_timeout, bus.event_handler_slow_timeout)
    assert limits == (60.0, 300.0, 30.0)


def test_class_declarations_are_inherited_and_overridden() -> None:
    assert Declared().event_timeout == 5.0
    assert Declared(event_timeout=9).event_timeout == 9.0
    assert Declared(event_timeout=None).event_timeout is None
    assert (Inherited().event_timeout, Inherited().event_slow_timeout) == (5.0, 1.0)
    assert Declared.model_fields == {}


def test_an_explicit_none_is_set_and_dumped() -> None:
    event = Plain(event_timeout=None)
    assert event.model_fields_set == {"event_timeout"}
    assert event.model_dump()["event_timeout"] is None
    assert "event_timeout" not in Plain().model_dump()


@looped
async def test_the_events_value_wins_on_every_bus() -> None:
    first, second = EventBus(event_timeout=0.01), EventBus(event_timeout=0.01)
    first.on("*", second.emit)

    async def slow(event: Plain) -> int:
        await asyncio.sleep(0.03)
        return 1

    entry = second.on(Plain, slow)
    event = await first.emit(Plain(event_timeout=5))
    assert event.event_results[entry.id].result == 1


@looped
async def test_another_bus_reads_its_own_default_while_it_processes() -> None:
    first, second = EventBus(event_timeout=7), EventBus(event_timeout=9)
    first.on("*", second.emit)
    seen: list[float | None] = []
    second.on(Plain, lambda event: seen.append(event.event_timeout))
    event = await first.emit(Plain())
    assert seen == [9.0]
    assert event.event_timeout == 7.0


@looped
async def test_setting_an_option_later_counts_as_set() -> None:
    bus = EventBus()

    async def slow(event: Plain) -> None:
        await asyncio.sleep(30)

    entry = bus.on(Plain, slow)
    event = Plain()
    event.event_timeout = 0.01
    assert event.model_fields_set == {"event_timeout"}
    await bus.emit(event)
    assert isinstance(event.event_results[entry.id].error, EventHandlerAbortedError)
