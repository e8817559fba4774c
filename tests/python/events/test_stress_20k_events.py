"""Many events: nothing is lost, nothing is slow, nothing is left."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import tracemalloc
import weakref
from typing import Any

import pytest
from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventHandlerAbortedError,
    EventHistoryFullError,
)
from support.events.real import looped

MANY = 20_000


class Work(BaseEvent[int]):
    n: int = 0


class Child(BaseEvent[int]):
    pass


async def one(event: BaseEvent[Any]) -> int:
    return 1


@looped
async def test_20_000_events_emitted_and_awaited_one_by_one() -> None:
    bus = EventBus()
    bus.on(Work, one)
    begin = time.perf_counter()
    for n in range(MANY):
        await bus.emit(Work(n=n))
    assert time.perf_counter() - begin < 10
    assert len(bus.history) == 100


@looped
async def test_20_000_events_queued_at_once_run_in_order() -> None:
    bus = EventBus()
    seen: list[int] = []
    bus.on(Work, lambda event: seen.append(event.n))
    begin = time.perf_counter()
    for n in range(MANY):
        bus.emit(Work(n=n))
    assert await bus.wait_until_idle()
    assert time.perf_counter() - begin < 10
    assert seen == list(range(MANY))


@pytest.mark.parametrize("events", ["parallel", "bus-serial", "global-serial"])
@pytest.mark.parametrize("handlers", ["parallel", "serial"])
@looped
async def test_every_mode_loses_nothing(events: str, handlers: str) -> None:
    bus = EventBus(event_concurrency=events, event_handler_concurrency=handlers)
    seen: list[int] = []

    async def waits(event: Work) -> None:
        await asyncio.sleep(0)
        seen.append(event.n)

    bus.on(Work, waits)
    bus.on("*", lambda event: seen.append(event.n))
    emitted = [bus.emit(Work(n=n)) for n in range(2_000)]
    await bus.wait_until_idle()
    assert sorted(seen) == sorted([*range(2_000), *range(2_000)])
    assert all(event.event_status == "completed" for event in emitted)


@looped
async def test_forwarding_over_three_buses() -> None:
    buses = [EventBus() for _ in range(3)]
    buses[0].on("*", buses[1].emit)
    buses[1].on("*", buses[2].emit)
    entry = buses[2].on(Work, one)
    for _ in range(2_000):
        event = await buses[0].emit(Work())
        assert event.event_results[entry.id].result == 1


@looped
async def test_nested_awaits() -> None:
    bus = EventBus()

    async def parent(event: Work) -> int | None:
        return await bus.emit(Child()).event_result()

    bus.on(Work, parent)
    bus.on(Child, one)
    results = [await bus.emit(Work()).event_result() for _ in range(3_000)]
    assert results == [1] * 3_000


@looped
async def test_a_deep_chain_of_awaited_events() -> None:
    bus = EventBus(max_handler_recursion_depth=1_000)

    async def deeper(event: Work) -> int | None:
        return 0 if event.n == 0 else await bus.emit(Work(n=event.n - 1)).event_result()

    bus.on(Work, deeper)
    assert await bus.emit(Work(n=300)).event_result() == 0


@looped
async def test_a_long_chain_of_events_that_nobody_awaits() -> None:
    bus = EventBus()
    seen: list[int] = []

    def next_one(event: Work) -> None:
        seen.append(event.n)
        if event.n:
            bus.emit(Work(n=event.n - 1))

    bus.on(Work, next_one)
    await bus.emit(Work(n=3_000))
    assert len(seen) == 3_001


@looped
async def test_200_buses() -> None:
    buses = [EventBus() for _ in range(200)]
    for bus in buses:
        bus.on(Work, one)
    for _ in range(20):
        for bus in buses:
            bus.emit(Work())
    await asyncio.gather(*(bus.wait_until_idle() for bus in buses))
    assert all(len(bus.history) == 20 for bus in buses)


@looped
async def test_a_jump_costs_the_same_over_a_long_queue() -> None:
    class Other(BaseEvent[None]):
        pass

    async def parent(event: Work) -> None:
        for _ in range(200):
            await bus.emit(Child())

    took = []
    for queued in (0, 10_000):
        bus = EventBus(max_history_size=None)
        bus.on(Work, parent)
        bus.on(Child, one)
        event = bus.emit(Work())
        for _ in range(queued):
            bus.emit(Other())
        begin = time.perf_counter()
        await event
        took.append(time.perf_counter() - begin)
        await bus.wait_until_idle()
    assert took[1] < 10 * took[0] + 0.2


@looped
async def test_unfinished_events_beyond_the_history_are_processed() -> None:
    bus = EventBus(max_history_size=10)
    seen: list[int] = []
    bus.on(Work, lambda event: seen.append(event.n))
    for n in range(5_000):
        bus.emit(Work(n=n))
    assert len(bus.history) == 10
    await bus.wait_until_idle()
    assert len(seen) == 5_000


@looped
async def test_a_history_that_may_not_drop_refuses() -> None:
    bus = EventBus(max_history_size=1_000, max_history_drop=False)
    bus.on(Work, one)
    for _ in range(1_000):
        bus.emit(Work())
    with pytest.raises(EventHistoryFullError):
        bus.emit(Work())
    await bus.wait_until_idle()
    await bus.emit(Work())


@looped
async def test_many_timeouts_leave_no_task_and_no_timer() -> None:
    bus = EventBus(event_concurrency="parallel", event_timeout=0.01)

    async def sleeper(event: Work) -> None:
        await asyncio.sleep(30)

    entry = bus.on(Work, sleeper)
    events = [bus.emit(Work()) for _ in range(1_000)]
    await bus.wait_until_idle()
    await asyncio.sleep(0)
    assert all(
        isinstance(event.event_results[entry.id].error, EventHandlerAbortedError)
        for event in events
    )
    loop: Any = asyncio.get_running_loop()
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []
    assert bus.abandoned_handlers == 0


@looped
async def test_many_waiters_on_one_event() -> None:
    bus = EventBus()
    gate = asyncio.Event()

    async def waits(event: Work) -> int:
        await gate.wait()
        return 1

    bus.on(Work, waits)
    event = bus.emit(Work())
    waiters = [asyncio.create_task(event.event_result()) for _ in range(5_000)]
    await asyncio.sleep(0)
    for waiter in waiters[::2]:
        waiter.cancel()
    gate.set()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert [waiter.result() for waiter in waiters[1::2]] == [1] * 2_500


@looped
async def test_events_from_many_threads() -> None:
    bus = EventBus(max_history_size=None)
    seen: list[int] = []
    bus.on(Work, lambda event: seen.append(event.n))
    await bus.emit(Work(n=-1))

    def emit(base: int) -> None:
        for n in range(500):
            bus.emit(Work(n=base + n))

    threads = [threading.Thread(target=emit, args=(base * 500,)) for base in range(8)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
    while len(seen) < 4_001:
        await asyncio.sleep(0.001)
    await bus.wait_until_idle()
    assert sorted(seen) == list(range(-1, 4_000))


@looped
async def test_dropped_events_are_freed() -> None:
    bus = EventBus(max_history_size=10)
    bus.on(Work, one)
    gone = weakref.WeakSet[Any]()
    for _ in range(500):
        event = Work()
        gone.add(event)
        await bus.emit(event)
    del event
    gc.collect()
    assert len(gone) == 10


@looped
async def test_a_bus_that_nobody_uses_is_freed() -> None:
    bus = EventBus()
    bus.on(Work, one)
    await bus.emit(Work())
    await asyncio.sleep(0)
    reference = weakref.ref(bus)
    del bus
    gc.collect()
    assert reference() is None


@looped
async def test_a_kept_event_takes_at_most_1500_bytes() -> None:
    bus = EventBus(max_history_size=None)
    bus.on(Work, one)
    for _ in range(100):
        await bus.emit(Work())
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1_000):
        await bus.emit(Work())
    gc.collect()
    each = (tracemalloc.get_traced_memory()[0] - before) / 1_000
    tracemalloc.stop()
    assert each <= 1_500, each


@looped
async def test_stop_in_the_middle_of_20_000_events() -> None:
    bus = EventBus(max_history_size=None)

    async def short(event: Work) -> None:
        await asyncio.sleep(0)

    bus.on(Work, short)
    events = [bus.emit(Work()) for _ in range(MANY)]
    await asyncio.sleep(0.05)
    begin = time.perf_counter()
    assert await bus.stop() == []
    assert time.perf_counter() - begin < 5
    assert all(event.event_status == "completed" for event in events)
    with pytest.raises(RuntimeError):
        bus.emit(Work())
