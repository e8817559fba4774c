"""Loops and threads: binding, rebinding, bridging, and what ends a program."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventHandlerAbortedError,
)
from support.events.leaks import Watch


class Work(BaseEvent[int]):
    pass


async def one(event: Work) -> int:
    return 1


def test_emit_without_a_loop_raises_before_the_bus_is_bound() -> None:
    with pytest.raises(RuntimeError, match="no running loop"):
        EventBus().emit(Work())


def test_a_bus_rebinds_once_its_loop_is_closed() -> None:
    bus = EventBus()
    entry = bus.on(Work, one)

    async def main() -> int | None:
        return await bus.emit(Work()).event_result()

    assert [asyncio.run(main()) for _ in range(3)] == [1, 1, 1]
    assert entry.id in bus.handlers


@pytest.mark.parametrize("mode", ["bus-serial", "global-serial", "parallel"])
def test_what_a_closed_loop_left_is_cancelled(mode: str, nothing_left: Watch) -> None:
    bus = EventBus(event_concurrency=mode)
    events: list[Work] = []

    async def sleeper(event: Work) -> int:
        if len(events) > 2:
            return 3
        await asyncio.sleep(60)
        return 1

    entry = bus.on(Work, sleeper)

    async def abandon() -> None:
        events.extend((bus.emit(Work()), bus.emit(Work())))
        await asyncio.sleep(0.01)

    asyncio.run(abandon())
    assert nothing_left.take() != []

    async def again() -> int | None:
        events.append(Work())
        return await bus.emit(events[-1]).event_result()

    assert asyncio.run(again()) == 3
    # The end of the loop cancels handlers and bus in no certain order.
    for event in events[:2]:
        assert isinstance(event.event_results[entry.id].error, asyncio.CancelledError)
    assert [event.event_status for event in events] == ["completed"] * 3


def test_another_thread_emits_and_awaits() -> None:
    bus = EventBus()
    handled: list[str] = []

    async def handler(event: Work) -> int:
        handled.append(threading.current_thread().name)
        await asyncio.sleep(0.005)
        return 7

    bus.on(Work, handler)
    results: list[Any] = []

    async def elsewhere() -> None:
        results.append(await bus.emit(Work()).event_result())
        event = bus.emit(Work())
        with pytest.raises(TimeoutError):
            await event.event_result(timeout=0.001)
        results.append(await event.event_result(timeout=5))

    async def main() -> None:
        await bus.emit(Work())
        await asyncio.to_thread(asyncio.run, elsewhere())

    asyncio.run(main())
    assert results == [7, 7]
    assert set(handled) == {threading.main_thread().name}


def test_a_handler_of_one_loop_awaits_an_event_of_another() -> None:
    far = EventBus("far")
    near = EventBus("near")
    far.on(Work, one)
    ready, done = threading.Event(), threading.Event()

    async def remote() -> None:
        await far.emit(Work())
        ready.set()
        while not done.is_set():
            await asyncio.sleep(0.001)

    thread = threading.Thread(target=lambda: asyncio.run(remote()))
    thread.start()
    ready.wait()

    async def handler(event: Work) -> int | None:
        child = far.emit(Work())
        assert child.event_parent_id == event.event_id
        return await child.event_result()

    near.on(Work, handler)

    async def main() -> int | None:
        return await near.emit(Work()).event_result()

    try:
        assert asyncio.run(main()) == 1
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("style", ["async", "sync", "late"])
def test_what_ends_programs_is_stored_and_propagates(
    kind: type[BaseException], style: str, nothing_left: Watch
) -> None:
    bus = EventBus()
    events: list[Work] = []

    async def asynchronous(event: Work) -> None:
        if style == "late":
            await asyncio.sleep(0)
        raise kind

    def synchronous(event: Work) -> None:
        raise kind

    entry = bus.on(Work, synchronous if style == "sync" else asynchronous)

    async def main() -> None:
        events.append(bus.emit(Work()))
        await asyncio.sleep(1)

    with pytest.raises(kind):
        asyncio.run(main())
    # The program's own task and its timer, and nothing of the bus.
    assert [line[:6] for line in nothing_left.take()] == ["a task", "a time"]
    assert type(events[0].event_results[entry.id].error) is kind


def test_a_task_that_is_cancelled_from_outside_fails_its_result() -> None:
    bus = EventBus()

    async def handler(event: Work) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    entry = bus.on(Work, handler)

    async def main() -> Work:
        return await bus.emit(Work())

    event = asyncio.run(main())
    assert type(event.event_results[entry.id].error) is asyncio.CancelledError


def test_waiting_for_an_event_that_nobody_emitted_raises() -> None:
    async def main() -> None:
        await Work()

    with pytest.raises(RuntimeError, match="not emitted"):
        asyncio.run(main())


def test_stop_inside_a_handler() -> None:
    bus = EventBus()

    async def handler(event: Work) -> None:
        await bus.stop()

    entry = bus.on(Work, handler)

    async def main() -> Work:
        return await bus.emit(Work())

    event = asyncio.run(main())
    assert isinstance(event.event_results[entry.id].error, EventHandlerAbortedError)


def test_waiting_for_idleness_inside_a_handler_is_a_cycle() -> None:
    bus = EventBus()

    async def handler(event: Work) -> None:
        await bus.wait_until_idle()

    bus.on(Work, handler)

    async def main() -> None:
        await bus.emit(Work()).event_result()

    with pytest.raises(RuntimeError, match="itself"):
        asyncio.run(main())
