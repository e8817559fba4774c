"""That every test here fails for what it leaves behind (``conftest.py``)."""

from __future__ import annotations

import asyncio
import gc
import re

import pytest
from codetracer_python_recorder.events import BaseEvent, EventBus
from support.events.clock import VirtualLoop, run_virtually
from support.events.leaks import Watch


class Work(BaseEvent[int]):
    pass


def test_a_task_and_its_timer(nothing_left: Watch) -> None:
    async def leak() -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        assert not task.done()

    asyncio.run(leak())
    found = nothing_left.take()
    assert [re.sub(": .*", "", line) for line in found] == ["a task is left", "a timer is left"]


@pytest.mark.parametrize("virtual", [False, True])
def test_a_timer_alone(virtual: bool, nothing_left: Watch) -> None:
    async def leak(loop: asyncio.AbstractEventLoop | None = None) -> None:
        (loop or asyncio.get_running_loop()).call_later(60, print)

    if virtual:
        run_virtually(leak)
    else:
        asyncio.run(leak())
    (found,) = nothing_left.take()
    assert found.startswith("a timer is left")
    assert "print" in found


def test_a_bus_that_still_works(nothing_left: Watch) -> None:
    bus = EventBus()

    async def sleep(event: Work) -> int:
        await asyncio.sleep(60)
        return 1

    async def leak() -> None:
        bus.on(Work, sleep)
        bus.emit(Work())
        await asyncio.sleep(0.01)

    asyncio.run(leak())
    text = "\n".join(nothing_left.take())
    # The bus and the handler; the event's limit, the handler's slow monitor and its sleep.
    assert text.count("a task is left") == 2
    assert text.count("a timer is left") == 3


def test_an_exception_that_is_never_retrieved(nothing_left: Watch) -> None:
    async def fail() -> None:
        raise ValueError("nobody looks")

    async def leak() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(leak())
    (found,) = nothing_left.take()
    assert "never retrieved" in found
    assert "nobody looks" in found


def test_abandoned_handlers_are_allowed(nothing_left: Watch) -> None:
    async def stubborn(event: Work) -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if loop.time() > 2:
                    raise

    async def abandon(running: VirtualLoop) -> int:
        nonlocal loop
        loop = running
        bus = EventBus(event_timeout=1)
        bus.on(Work, stubborn)
        await bus.emit(Work())
        await bus.stop()
        return bus.abandoned_handlers

    loop: asyncio.AbstractEventLoop
    assert run_virtually(abandon) == 1
    assert nothing_left.take() == []
