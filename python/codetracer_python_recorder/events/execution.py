"""The scopes around a body: hard timeout, slow monitor, error saving.

Owns the timers and the nesting order (errors, timeout, monitor, body). Refuses to know what the
body is: events and handlers use the same three.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

__all__ = [
    "Failing",
    "saved_errors",
    "slow_monitor",
    "timeout_scope",
]


class Failing(Protocol):
    """What can take an error of its body."""

    def fail(self, error: BaseException, /) -> None:
        """Stores the error."""


class saved_errors:
    """Gives an error of the body to ``target.fail`` and goes on.

    What ``fail`` raises goes on to the caller. A body that is torn down with its loop
    (``GeneratorExit``) has no outcome.
    """

    __slots__ = ("_target",)

    def __init__(self, target: Failing) -> None:
        self._target = target

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        if error is None or isinstance(error, GeneratorExit):
            return False
        self._target.fail(error)
        return True


class timeout_scope:
    """Calls ``on_expire`` once if the body still runs at ``deadline``.

    The scope interrupts nothing itself: who enters it decides what expiry means.

    Args:
        loop: the loop whose clock counts.
        deadline: a time of ``loop.time()`` in seconds; ``None`` for no limit.
        on_expire: called without arguments, between two turns of the loop.
    """

    __slots__ = ("_deadline", "_loop", "_on_expire", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deadline: float | None,
        on_expire: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._deadline = deadline
        self._on_expire = on_expire
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self.arm()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def arm(self) -> None:
        """Starts the timer, if there is a limit and it does not run."""
        if self._deadline is not None and self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._on_expire)

    def dismiss(self) -> None:
        """Ends the limit before the body ends."""
        self.pause()
        self._deadline = None

    def pause(self) -> None:
        """Stops the clock of the limit."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def resume(self, deadline: float | None) -> None:
        """Goes on with a deadline that leaves out the pause."""
        self._deadline = deadline
        self.arm()


class slow_monitor:
    """Calls ``warn`` once, with the elapsed seconds, if the body takes ``threshold`` seconds.

    A body that blocks is warned about when it ends. Nothing is cancelled, and the timer ends with
    the body.

    Args:
        loop: the loop whose clock counts.
        threshold: seconds; ``None`` for no monitor.
        warn: called between two turns of the loop, or at the end of the body.
        start: the time of the loop's clock when the body starts, if the caller has read it.
    """

    __slots__ = ("_loop", "_start", "_threshold", "_timer", "_warn")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        threshold: float | None,
        warn: Callable[[float], object],
        *,
        start: float | None = None,
    ) -> None:
        self._loop = loop
        self._threshold = threshold
        self._warn = warn
        self._start = loop.time() if start is None else start
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self.arm()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """The body has ended; one that blocked is warned about now."""
        if self._threshold is not None:
            elapsed = self._loop.time() - self._start
            if elapsed >= self._threshold:
                self._fire()
            self.dismiss()

    def arm(self) -> None:
        """Starts the timer, if there is a threshold and it does not run."""
        if self._threshold is not None and self._timer is None:
            self._timer = self._loop.call_at(self._start + self._threshold, self._fire)

    def dismiss(self) -> None:
        """Ends the monitor before the body ends."""
        self._threshold = None
        if self._timer is not None:
            self._timer.cancel()

    def _fire(self) -> None:
        self.dismiss()
        self._warn(self._loop.time() - self._start)
