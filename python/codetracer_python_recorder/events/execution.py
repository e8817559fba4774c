"""The scopes around a body: hard timeout, slow monitor, error saving.

Owns the timers and the nesting order (errors, timeout, monitor, body). Refuses to know what the
body is: events and handlers use the same three.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

__all__ = ["NO_MONITOR", "NO_TIMEOUT", "Failing", "saved_errors", "slow_monitor", "timeout_scope"]


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

    def __enter__(self) -> None:
        return None

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

    __slots__ = ("_deadline", "_loop", "_on_expire", "timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deadline: float | None,
        on_expire: Callable[[], object],
    ) -> None:
        self._loop = loop
        self._deadline = deadline
        self._on_expire = on_expire
        self.timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        if self._deadline is not None:
            self.timer = self._loop.call_at(self._deadline, self._on_expire)
        return self

    def __exit__(self, *_: object) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def pause(self) -> None:
        """Stops the clock of the limit."""
        if self.timer is not None:
            self.timer.cancel()

    def resume(self, deadline: float | None) -> None:
        """Goes on with a deadline that leaves out the pause."""
        self._deadline = deadline
        self.__enter__()


class slow_monitor:
    """Calls ``warn`` once, with the elapsed seconds, if the body takes ``threshold`` seconds.

    A body that blocks is warned about when it ends. Nothing is cancelled, and the timer ends with
    the body.

    Args:
        loop: the loop whose clock counts.
        threshold: seconds; ``None`` for no monitor.
        warn: called between two turns of the loop, or at the end of the body.
    """

    __slots__ = ("_loop", "_start", "_threshold", "_warn", "timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        threshold: float | None,
        warn: Callable[[float], object],
    ) -> None:
        self._loop = loop
        self._threshold = threshold
        self._warn = warn
        self.timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        if self._threshold is not None:
            self._start = self._loop.time()
            self.timer = self._loop.call_at(self._start + self._threshold, self._fire)
        return self

    def __exit__(self, *_: object) -> None:
        if self.timer is not None and not self.timer.cancelled():
            self.timer.cancel()
            if self._threshold is not None and self._elapsed() >= self._threshold:
                self._warn(self._elapsed())

    def _elapsed(self) -> float:
        return self._loop.time() - self._start

    def _fire(self) -> None:
        timer, self.timer = self.timer, None
        if timer is not None:
            self._warn(self._elapsed())


class _Idle:
    """A scope that does nothing, for bodies without a limit or a threshold."""

    __slots__ = ()

    timer: None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


NO_TIMEOUT = _Idle()
NO_MONITOR = NO_TIMEOUT
