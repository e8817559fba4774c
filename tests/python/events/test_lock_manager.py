"""The lock policy by itself, and behind the bus."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import pytest
from codetracer_python_recorder.events import BaseEvent, EventBus
from codetracer_python_recorder.events.lock_manager import (
    LockManager,
    LockManagerProtocol,
    ReentrantLock,
)
from support.events.real import looped


class Work(BaseEvent[int]):
    pass


class Owner:
    """An owner inside of another one."""

    def __init__(self, above: Owner | None = None) -> None:
        self.above = above

    def is_inside(self, holder: object, /) -> bool:
        return self.above is not None and (self.above is holder or self.above.is_inside(holder))


@looped
async def test_nested_owners_enter_one_at_a_time() -> None:
    lock = ReentrantLock()
    outer = Owner()
    one, two, stranger = Owner(outer), Owner(outer), Owner()
    assert lock.try_enter(outer)
    assert lock.try_enter(one)
    assert not lock.try_enter(two)
    assert not lock.try_enter(stranger)
    waiting = [asyncio.create_task(lock.enter(owner)) for owner in (stranger, two)]
    await asyncio.sleep(0)
    lock.leave(one)
    await waiting[1]
    assert lock.holders == (outer, two)
    lock.leave(outer)
    assert lock.holders == (two,)
    lock.leave(two)
    await waiting[0]
    assert (lock.holders, lock.depth) == ((stranger,), 1)


@looped
async def test_a_cancelled_wait_leaves_nothing() -> None:
    lock = ReentrantLock()
    holder, first, second = Owner(), Owner(), Owner()
    lock.try_enter(holder)
    waiting = [asyncio.create_task(lock.enter(owner)) for owner in (first, second)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    lock.leave(holder)
    await asyncio.wait(waiting)
    assert lock.holders == (second,)
    third = asyncio.create_task(lock.enter(first))
    await asyncio.sleep(0)
    lock.leave(second)
    third.cancel()
    await asyncio.wait([third])
    assert lock.depth == 0


@looped
async def test_the_lock_of_an_event_follows_its_mode() -> None:
    serial, other = EventBus(), EventBus()
    await serial.emit(Work())
    await other.emit(Work())
    assert serial.locks.get_lock_for_event(serial, Work(event_concurrency="parallel")) is None
    own = serial.locks.get_lock_for_event(serial, Work())
    assert own is serial.locks.get_lock_for_event(serial, Work())
    assert own is not other.locks.get_lock_for_event(other, Work())
    everyones = Work(event_concurrency="global-serial")
    common = serial.locks.get_lock_for_event(serial, everyones)
    assert common is other.locks.get_lock_for_event(other, everyones)

    class OtherBus(EventBus):
        pass

    third = OtherBus()
    await third.emit(Work())
    assert common is not third.locks.get_lock_for_event(third, everyones)


@looped
async def test_a_handler_holds_its_lock_and_a_task_left_behind_does_not() -> None:
    bus = EventBus()
    held: list[bool] = []
    left: list[asyncio.Task[None]] = []

    def look() -> None:
        lock = bus.locks.get_lock_for_event(bus, Work())
        assert lock is not None
        held.append(lock.held_here)

    async def handler(event: Work) -> None:
        async def later() -> None:
            await asyncio.sleep(0.005)
            look()

        left.append(asyncio.create_task(later()))
        look()
        await asyncio.create_task(_async(look))

    bus.on(Work, handler)
    await bus.emit(Work())
    look()
    await left[0]
    assert held == [True, True, False, False]


async def _async(action: Any) -> None:
    action()


def test_old_names_are_deprecated_aliases() -> None:
    bus = EventBus()
    manager = LockManager()
    event = Work()
    with pytest.warns(DeprecationWarning, match="event_lock"):
        manager.lock_for_event(bus, event)
    with pytest.warns(DeprecationWarning, match="handler_lock"):
        manager.lock_for_event_handler(bus, event, None)  # type: ignore[arg-type]
    with pytest.warns(DeprecationWarning, match="handler_dispatch_context"):
        manager.lock_context_for_current_handler(bus, event)


class Recording(LockManager):
    """Another policy behind the same interface, made of ordinary context managers."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    @asynccontextmanager
    async def event_lock(self, bus: Any, event: Any) -> Any:  # type: ignore[override]
        async with super().event_lock(bus, event):
            self.log.append("+event")
            yield
            self.log.append("-event")

    @asynccontextmanager
    async def handler_lock(self, bus: Any, event: Any, result: Any) -> Any:  # type: ignore[override]
        async with super().handler_lock(bus, event, result):
            self.log.append("+handler")
            yield
            self.log.append("-handler")


@looped
async def test_another_policy_can_be_put_behind_the_bus() -> None:
    log: list[str] = []
    bus = EventBus()
    bus.locks = Recording(log)
    assert isinstance(bus.locks, LockManagerProtocol)
    bus.on(Work, lambda event: log.append("body"))
    await bus.emit(Work())
    assert log == ["+event", "+handler", "body", "-handler", "-event"]
