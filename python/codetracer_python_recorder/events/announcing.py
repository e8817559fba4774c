"""How a bus tells its middlewares about changes.

Owns the order of the hooks and the boundary that keeps a failing one from everybody else. Refuses
to
limit them: hooks are outside all limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from .logging import notice
from .modes import EventResultStatus, EventStatus

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_handler import EventHandler
    from .event_result import EventResult
    from .middlewares import EventBusMiddleware

__all__ = ["Announcer"]


class Announcer:
    """Calls the hooks of one bus's middlewares.

    Changes that are noticed outside of processing (emissions, registrations) are told one after the
    other, in their order; processing waits for what was told about its event.
    """

    __slots__ = ("_bus", "_tail", "_unheard", "middlewares")

    def __init__(self, bus: EventBus, middlewares: tuple[EventBusMiddleware, ...]) -> None:
        self._bus = bus
        self.middlewares = middlewares
        self._tail: asyncio.Task[None] | None = None
        self._unheard: list[tuple[EventHandler, bool]] = []

    def rebind(self) -> None:
        """Forgets tasks of a loop that is gone."""
        self._tail = None

    def handlers_changed(self, handler: EventHandler, registered: bool) -> None:
        """Tells about a registration now, or at the next emission when no loop is running."""
        if not self.middlewares:
            return
        self._unheard.append((handler, registered))
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            return
        if running is self._bus._loop:
            self._in_order(self._flush)

    def pending(self, event: BaseEvent[Any]) -> asyncio.Task[None]:
        """Tells about an emission."""
        return self._in_order(partial(self._pending, event))

    async def event(self, event: BaseEvent[Any], status: EventStatus) -> None:
        """Tells about a change of an event."""
        for middleware in self.middlewares:
            await self._guarded(middleware.on_event_change, event, self._bus, event, status)

    async def result(
        self, event: BaseEvent[Any], result: EventResult[Any], status: EventResultStatus
    ) -> None:
        """Tells about a change of a result."""
        for middleware in self.middlewares:
            hook = middleware.on_event_result_change
            await self._guarded(hook, event, self._bus, event, result, status)

    async def _pending(self, event: BaseEvent[Any]) -> None:
        await self._flush()
        await self.event(event, EventStatus.PENDING)

    async def _flush(self) -> None:
        while self._unheard:
            handler, registered = self._unheard.pop(0)
            for middleware in self.middlewares:
                hook = middleware.on_bus_handlers_change
                await self._guarded(hook, None, self._bus, handler, registered)

    def _in_order(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        self._tail = self._bus.spawn(_after(self._tail, work))
        return self._tail

    async def _guarded(
        self, hook: Callable[..., Awaitable[None]], event: BaseEvent[Any] | None, *args: Any
    ) -> None:
        try:
            await hook(*args)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self._failed(hook, event, error)
        except Exception as error:
            self._failed(hook, event, error)

    def _failed(
        self, hook: Callable[..., object], event: BaseEvent[Any] | None, error: BaseException
    ) -> None:
        record = None if event is None else event._record
        if record is not None:
            record.middleware_errors = [*(record.middleware_errors or ()), error]
        name = getattr(hook, "__qualname__", repr(hook))
        text = f"middleware {name} failed: {error!r}"
        notice("middleware_error", self._bus, record, None, text, error=error)


async def _after(
    previous: asyncio.Task[None] | None, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    if previous is not None and not previous.done():
        await asyncio.wait([previous])
    await work()
