"""The clocks of one event on one bus: its cap and its slow monitor.

Owns their timers, which start when the handlers wait for the first time: until then none could
fire. Refuses to know what the end of the cap does.
"""

from __future__ import annotations

import asyncio

from .execution import slow_monitor, timeout_scope

__all__ = ["EventTimers"]


class EventTimers:
    """What an ``Execution`` measures.

    Attributes:
        loop: the loop that the bus is bound to.
        limit: the event's cap in seconds.
        deadline: the time of the loop's clock when the cap expires.
        looked: the time of the loop's clock when the last handler's body ended.
    """

    __slots__ = ("_began", "_cap", "_monitor", "_slow", "deadline", "limit", "looked", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limit: float | None = None
        self.deadline: float | None = None
        self.looked = 0.0
        self._cap: timeout_scope | None = None
        self._monitor: slow_monitor | None = None
        self._slow: float | None = None
        self._began = 0.0

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
