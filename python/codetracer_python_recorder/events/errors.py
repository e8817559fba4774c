"""What a handler's run can fail with, and what the bus itself refuses.

The tree, with the built-in classes::

    Exception
    +-- EventHandlerError                       a run failed
    |   +-- EventHandlerTimeoutError            (also TimeoutError) its own limit expired
    |   +-- EventHandlerResultSchemaError       (also ValueError) its value does not fit the event
    +-- RuntimeError
        +-- EventCycleError                     an await that could never end
        +-- EventRecursionError                 a handler inside itself too often
        +-- EventHistoryFullError               no room for one more unfinished event
    asyncio.CancelledError
    +-- EventHandlerAbortedError                it had started and was stopped from outside
    +-- EventHandlerCancelledError              it never started

The last two are no ``Exception``, so that ``except Exception`` in a handler never swallows a
cancellation. They are stored, never raised into a reader: accessors wrap them first.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_result import EventResult

__all__ = [
    "EventCycleError",
    "EventHandlerAbortedError",
    "EventHandlerCancelledError",
    "EventHandlerError",
    "EventHandlerResultSchemaError",
    "EventHandlerTimeoutError",
    "EventHistoryFullError",
    "EventRecursionError",
]


class _Blame(BaseException):
    """What every error of a run knows: the run, and the limit that ended it."""

    event_result: EventResult[Any] | None
    timeout_seconds: float | None

    def __init__(
        self,
        message: str = "",
        *,
        event_result: EventResult[Any] | None = None,
        timeout_seconds: float | None = None,
        cause: BaseException | None = None,
    ) -> None:
        super().__init__(message)
        self.event_result = event_result
        self.timeout_seconds = timeout_seconds
        if cause is not None:
            self.__cause__ = cause

    @property
    def event(self) -> BaseEvent[Any] | None:
        """The event that the run was for."""
        return None if self.event_result is None else self.event_result.event

    @property
    def event_type(self) -> str | None:
        """That event's type."""
        event = self.event
        return None if event is None else event.event_type

    @property
    def handler_id(self) -> str | None:
        """The handler's id."""
        return None if self.event_result is None else self.event_result.handler_id

    @property
    def handler_name(self) -> str | None:
        """The handler's name."""
        return None if self.event_result is None else self.event_result.handler_name


class EventHandlerError(_Blame, Exception):
    """A handler's run failed.

    When: an accessor met a stored error that is no ``Exception``, which is then ``__cause__``; or
    as one of the subclasses.
    What to do: read ``event_result`` and ``__cause__``.
    """


class EventHandlerTimeoutError(EventHandlerError, TimeoutError):
    """The handler's own limit expired.

    When: ``handler_timeout`` or ``event_handler_timeout`` is below what was left of the event's
    cap.
    What to do: raise the limit in ``timeout_seconds``, or make the handler quicker.
    """


class EventHandlerResultSchemaError(EventHandlerError, ValueError):
    """The handler returned a value that is not of the event's result type.

    Attributes:
        raw_value: what it returned.
        expected_schema: the result type that was expected.
    """

    raw_value: object = None
    expected_schema: object = None


class EventHandlerAbortedError(_Blame, asyncio.CancelledError):
    """The run had started and was stopped from outside.

    When: the event's cap expired, a parent timed out, ``first`` had its winner, or the bus stopped.
    ``timeout_seconds`` is the expired limit, if one expired.
    """


class EventHandlerCancelledError(_Blame, asyncio.CancelledError):
    """The run was cancelled before it started; the reasons are those of an aborted one."""


class EventCycleError(RuntimeError):
    """An await that could never end, because what it waits for waits for the awaiting handler.

    What to do: do not await across buses in both directions while both hold their lock; emit
    without
    awaiting, or make one of the buses parallel.
    """


class EventRecursionError(RuntimeError):
    """A handler is inside itself more often than ``max_handler_recursion_depth`` allows.

    What to do: find the event that leads back to its own handler, or raise the depth.
    """


class EventHistoryFullError(RuntimeError):
    """The history may not drop (``max_history_drop=False``) and is full of unfinished events.

    What to do: emit more slowly, raise ``max_history_size``, or let the history drop.
    """
