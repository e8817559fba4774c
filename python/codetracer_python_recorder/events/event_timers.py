"""The clocks of one event on one bus: its cap and its slow monitor.

Owns their timers, which start when the handlers wait for the first time: until then none could
fire. Refuses to know what the end of the cap does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .execution import saved_errors, slow_monitor, timeout_scope

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["EventTimers", "event_scopes"]


class EventTimers:
    """What an ``Execution`` measures.

    Attributes:
        loop: the loop that the bus is bound to.
        limit: the event's cap in seconds.
        deadline: the time of the loop's clock when the cap expires.
        looked: the time of the loop's clock when the last handler's body ended.
    """

    # Set when the handlers start.
    looked: float
    _began: float
    _slow: float | None

    __slots__ = ("_began", "_cap", "_monitor", "_slow", "deadline", "limit", "looked", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limit: float | None = None
        self.deadline: float | None = None
        self._cap: timeout_scope | None = None
        self._monitor: slow_monitor | None = None

    def expire(self, cause: BaseException | None = None) -> None:
        """The event's cap is over."""
        raise NotImplementedError

    def warn(self, elapsed: float) -> None:
        """The handlers take long."""
        raise NotImplementedError

    def arm(self) -> None:
        """Starts the timers."""
        if self._cap is None:
            self._cap = timeout_scope(self.loop, self.deadline, self.expire)
            if self._slow is not None:
                self._monitor = slow_monitor(self.loop, self._slow, self.warn, start=self._began)
                self._monitor.arm()
        self._cap.arm()

    def disarm(self) -> None:
        """Ends the timers, and warns about handlers that blocked them."""
        if self._cap is not None:
            self._cap.pause()
        if self._monitor is not None:
            self._monitor.stop()
        elif self._slow is not None:
            # Nothing has waited, so that the end of the last body is the end.
            elapsed = self.looked - self._began
            if elapsed >= self._slow:
                self.warn(elapsed)

    def fail(self, error: BaseException) -> None:
        """The processing itself failed."""
        raise NotImplementedError


class event_scopes(saved_errors):
    """The scopes around an event's handlers: errors of their processing, and the event's clocks."""

    __slots__ = ("_timers",)

    def __init__(self, timers: EventTimers) -> None:
        self._target = self._timers = timers

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        self._timers.disarm()
        return error is not None and super().__exit__(kind, error, tb)
