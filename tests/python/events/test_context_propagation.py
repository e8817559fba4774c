"""ContextVars and the bus: captured at emit, a copy for each handler."""

from __future__ import annotations

import asyncio
import contextvars
from contextvars import ContextVar

import pytest
from codetracer_python_recorder.events import BaseEvent, EventBus
from codetracer_python_recorder.events.event_result import current_run
from support.events.real import looped

request: ContextVar[str] = ContextVar("request", default="none")


class Work(BaseEvent[str]):
    pass


class Child(BaseEvent[str]):
    pass


async def read(event: BaseEvent[str]) -> str:
    return request.get()


@looped
async def test_an_async_handler_sees_the_emitters_context() -> None:
    bus = EventBus()
    bus.on(Work, read)
    request.set("emitter")
    assert await bus.emit(Work()).event_result() == "emitter"


@looped
async def test_a_sync_handler_sees_the_emitters_context() -> None:
    bus = EventBus()
    bus.on(Work, lambda event: request.get())
    request.set("emitter")
    assert await bus.emit(Work()).event_result() == "emitter"


@looped
async def test_context_is_that_of_the_emission_and_not_of_the_await() -> None:
    bus = EventBus()
    bus.on(Work, read)
    request.set("at emit")
    event = bus.emit(Work())
    request.set("at await")
    assert await event.event_result() == "at emit"


@looped
async def test_a_handlers_changes_stay_in_the_handler() -> None:
    bus = EventBus()

    async def change(event: Work) -> str:
        request.set("changed")
        return request.get()

    bus.on(Work, change)
    bus.on(Work, read)
    bus.on(Work, lambda event: request.set("sync") and None)
    bus.on(Work, read)
    request.set("given")
    event = bus.emit(Work())
    assert await event.event_results_list() == ["changed", "given", "given"]
    assert request.get() == "given"


@looped
async def test_a_child_gets_the_context_of_its_handler() -> None:
    bus = EventBus()

    async def parent(event: Work) -> str | None:
        request.set("parent")
        return await bus.emit(Child()).event_result()

    bus.on(Work, parent)
    bus.on(Child, read)
    assert await bus.emit(Work()).event_result() == "parent"


@looped
async def test_a_forwarded_event_keeps_its_context() -> None:
    first, second = EventBus(), EventBus()
    first.on("*", second.emit)
    second.on(Work, read)
    request.set("emitter")
    assert await first.emit(Work()).event_result() == "emitter"


@looped
async def test_parallel_events_have_separate_contexts() -> None:
    bus = EventBus(event_concurrency="parallel")

    async def wait_and_read(event: Work) -> str:
        before = request.get()
        request.set("inside " + before)
        await asyncio.sleep(0.005)
        return request.get()

    bus.on(Work, wait_and_read)
    events = []
    for name in ("one", "two"):
        request.set(name)
        events.append(bus.emit(Work()))
    assert [await event.event_result() for event in events] == ["inside one", "inside two"]


@looped
async def test_an_event_emitted_in_a_given_context_runs_there() -> None:
    bus = EventBus()
    bus.on(Work, read)
    context = contextvars.copy_context()
    context.run(request.set, "given")
    event = context.run(bus.emit, Work())
    assert await event.event_result() == "given"


@looped
async def test_the_current_run_is_known_in_handlers_and_their_tasks_only() -> None:
    bus = EventBus()
    seen: list[str | None] = []

    def name() -> str | None:
        run = current_run()
        return None if run is None else run.handler_name

    async def handler(event: Work) -> None:
        async def inner() -> None:
            seen.append(name())

        await asyncio.create_task(inner())
        seen.append(name())

    bus.on(Work, handler, handler_name="h")
    seen.append(name())
    await bus.emit(Work())
    seen.append(name())
    assert seen == [None, "h", "h", None]


@looped
async def test_event_bus_is_the_bus_that_runs_the_handler() -> None:
    first, second = EventBus("first"), EventBus("second")
    first.on("*", second.emit)
    seen: list[str] = []
    first.on(Work, lambda event: seen.append(event.event_bus.name))
    second.on(Work, lambda event: seen.append(event.event_bus.name))
    event = Work()
    with pytest.raises(RuntimeError):
        _ = event.event_bus
    await first.emit(event)
    assert sorted(seen) == ["first", "second"]
    assert event.event_bus is first
