"""The cheapest thing that does what a case does: the unit in which the bus is measured.

One ``asyncio.Queue``, one consumer task that awaits the handlers, one future for each awaited
event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Handler = Callable[[Any], Awaitable[Any]]


class Event:
    """An event without anything."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done: asyncio.Future[Any] | None = None


class Floor:
    """A queue with its consumer."""

    def __init__(self, handler: Callable[[Event], Any], *, sync: bool = False) -> None:
        self.queue: asyncio.Queue[Event] = asyncio.Queue()
        self.handler = handler
        self.sync = sync
        self.task = asyncio.create_task(self.consume())

    async def consume(self) -> None:
        while True:
            event = await self.queue.get()
            result = self.handler(event) if self.sync else await self.handler(event)
            if event.done is not None:
                event.done.set_result(result)

    def emit(self, event: Event) -> None:
        self.queue.put_nowait(event)

    async def ask(self) -> Any:
        event = Event()
        event.done = asyncio.get_running_loop().create_future()
        self.emit(event)
        return await event.done


async def answer(event: Any) -> int:
    """The handler of most cases."""
    return 1


async def one(count: int) -> None:
    floor = Floor(answer)
    for _ in range(count):
        await floor.ask()
    floor.task.cancel()


async def ten(count: int) -> None:
    async def handlers(event: Event) -> list[int]:
        return await asyncio.gather(*(asyncio.create_task(_task(event)) for _ in range(10)))

    floor = Floor(handlers)
    for _ in range(count):
        await floor.ask()
    floor.task.cancel()


async def _task(event: Any) -> int:
    return 1


async def nested(count: int) -> None:
    async def parent(event: Event) -> int:
        return await answer(event)

    floor = Floor(parent)
    for _ in range(count):
        await floor.ask()
    floor.task.cancel()


async def forward(count: int) -> None:
    last = Floor(answer)
    middle = Floor(_to(last))
    first = Floor(_to(middle))
    for _ in range(count):
        await first.ask()
    for floor in (first, middle, last):
        floor.task.cancel()


def _to(target: Floor) -> Handler:
    async def pass_on(event: Event) -> Any:
        return await target.ask()

    return pass_on


async def queued(count: int) -> None:
    left = count
    done = asyncio.get_running_loop().create_future()

    def handler(event: Event) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set_result(None)

    floor = Floor(handler, sync=True)
    for _ in range(count):
        floor.emit(Event())
    await done
    floor.task.cancel()


async def buses(count: int) -> None:
    left = count * 200
    done = asyncio.get_running_loop().create_future()

    async def handler(event: Event) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set_result(None)

    floors = [Floor(handler) for _ in range(200)]
    for _ in range(count):
        for floor in floors:
            floor.emit(Event())
    await done
    for floor in floors:
        floor.task.cancel()
