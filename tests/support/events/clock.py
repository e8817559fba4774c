"""An event loop whose time is virtual.

Time stands still while anything is runnable. Then the timer with the least (deadline, creation)
fires, alone. Nothing runnable and no timer is a deadlock, which raises ``Stuck``.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

from codetracer_python_recorder.events import clock

# 2026-01-01T00:00:00Z in seconds since 1970.
EPOCH = 1_767_225_600


class Stuck(Exception):
    """Something waits and nothing will ever happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop for code that needs timers only."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = itertools.count()
        self.errors: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _, context: self.errors.append(context))

    def time(self) -> float:
        return self._now

    def wall_ns(self) -> int:
        return EPOCH * 1_000_000_000 + round(self._now * 1e9)

    def block(self, seconds: float) -> None:
        """What a body does that keeps the loop busy."""
        self._now = round(self._now + seconds, 9)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(round(when, 9), callback, args, self, context)
        timer._scheduled = True  # type: ignore[attr-defined]
        heapq.heappush(self._timers, (timer.when(), next(self._order), timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def call_soon_threadsafe(
        self, callback: Callable[..., Any], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        return self._call_soon(callback, args, context)  # type: ignore[attr-defined,no-any-return]

    def _process_events(self, event_list: object) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def pending_timers(self) -> list[asyncio.TimerHandle]:
        """The timers that would still fire."""
        return [timer for _, _, timer in self._timers if not timer.cancelled()]

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        if not ready:
            while self._timers and self._timers[0][2].cancelled():
                heapq.heappop(self._timers)
            if not self._timers:
                raise Stuck(f"nothing is runnable at {self._now:g} s")
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def snooze(self, seconds: float) -> asyncio.Future[None]:
        """A timer to wait for, also when it has no length; a wait that is cancelled ends it."""
        future = self.create_future()
        timer = self.call_at(self._now + seconds, _resolve, future)
        future.add_done_callback(lambda _: timer.cancel())
        return future


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def run_virtually[T](main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Runs ``main`` to its end on a new virtual loop, with the events' wall clock on it.

    Raises:
        Stuck: everything waits for ever.
        AssertionError: an error surfaced as unhandled.
    """
    loop = VirtualLoop()
    wall = clock.wall_ns
    clock.wall_ns = loop.wall_ns
    asyncio.set_event_loop(loop)
    try:
        result = loop.run_until_complete(main(loop))
        assert not loop.errors, loop.errors
        return result
    finally:
        clock.wall_ns = wall
        asyncio.set_event_loop(None)
        _tear_down(loop)


def _tear_down(loop: VirtualLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    try:
        for _ in range(20):
            if loop._ready:  # type: ignore[attr-defined]
                loop.run_until_complete(asyncio.sleep(0))
    except Stuck:
        pass
    loop.close()
