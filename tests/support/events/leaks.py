"""What a test may not leave behind: tasks, timers, errors that nobody saw.

Looks at every event loop at the end of its use, before anything is cancelled. Handlers that a bus
counts as abandoned may go on, with what they wait for.
"""

from __future__ import annotations

import asyncio
import asyncio.runners
import contextlib
import gc
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from weakref import WeakSet

from codetracer_python_recorder.events.dispatching import Dispatching

from . import clock

__all__ = ["Watch", "watched"]

# A bus ends its own tasks within so many turns of the loop.
TURNS = 5


class Watch:
    """What was found: a line for each thing left."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._abandoned: WeakSet[asyncio.Task[Any]] = WeakSet()

    def take(self) -> list[str]:
        """What was found until now, for tests that leave something on purpose."""
        found, self.found = self.found, []
        return found

    def abandon(self, task: asyncio.Task[Any]) -> None:
        """A bus counts ``task`` as abandoned."""
        self._abandoned.add(task)

    def error(self, context: dict[str, Any]) -> None:
        """A loop's exception handler was called."""
        self.found.append(f"unhandled: {context.get('message')}: {context.get('exception')!r}")

    def look(self, loop: Any) -> None:
        """Notes the tasks and timers that ``loop`` still has."""
        tasks = asyncio.all_tasks(loop)
        self.found += [f"a task is left: {task!r}" for task in tasks - set(self._abandoned)]
        waits = [getattr(task, "_fut_waiter", None) for task in self._abandoned]
        timers = getattr(loop, "pending_timers", lambda: loop._scheduled)()
        for timer in timers:
            held = any(wait in timer._args for wait in waits if wait is not None)
            if not timer.cancelled() and not held:
                self.found.append(f"a timer is left: {timer!r}")


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Watches every loop and every bus."""
    watch = Watch()
    cancel_all = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]
    handle = asyncio.BaseEventLoop.call_exception_handler
    tear_down = clock._tear_down
    abandon = Dispatching.abandon

    def before_cancelling(loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(TURNS):
            loop.run_until_complete(asyncio.sleep(0))
        watch.look(loop)
        cancel_all(loop)

    def before_tear_down(loop: clock.VirtualLoop) -> None:
        watch.look(loop)
        tear_down(loop)

    def noting_errors(loop: asyncio.BaseEventLoop, context: dict[str, Any]) -> None:
        watch.error(context)
        handle(loop, context)

    def noting_abandoned(bus: Dispatching, run: Any, task: asyncio.Task[None]) -> None:
        watch.abandon(task)
        abandon(bus, run, task)

    with (
        patch.object(asyncio.runners, "_cancel_all_tasks", before_cancelling),
        patch.object(asyncio.BaseEventLoop, "call_exception_handler", noting_errors),
        patch.object(clock, "_tear_down", before_tear_down),
        patch.object(Dispatching, "abandon", noting_abandoned),
    ):
        yield watch
        # Errors that nobody retrieves are told when their task or future is freed.
        gc.collect()
