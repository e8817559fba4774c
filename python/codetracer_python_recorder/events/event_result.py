"""One handler's run for one event, and what came of it.

Owns the states of a run, the rule of its commit (a value or error counts only before its limit
and only once), and the children that it emitted. Refuses to decide when it runs.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError

from . import clock
from .errors import (
    EventHandlerAbortedError,
    EventHandlerCancelledError,
    EventHandlerResultSchemaError,
    EventHandlerTimeoutError,
)
from .logging import notice
from .modes import UNSET, EventResultStatus, Unset
from .stopping import cancel_event

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_handler import EventHandler
    from .execution import slow_monitor, timeout_scope
    from .process import Execution
    from .record import EventRecord, Wait

__all__ = ["EventResult", "current_run"]

_current: ContextVar[EventResult[Any] | None] = ContextVar("event_handler_run", default=None)


def current_run() -> EventResult[Any] | None:
    """The unfinished run whose handler runs the calling code, also in tasks that it started."""
    run = _current.get()
    return run if run is not None and run.status is EventResultStatus.STARTED else None


class EventResult[T]:
    """What one handler did with one event on one bus.

    Attributes:
        record: the state of the event.
        handler: the handler.
        status: ``pending``, ``started``, ``completed`` or ``error``; the last two are final.
        error: what it failed with.
        children: the events that the handler emitted; ``None`` for none.
        execution: the event's run on the bus, until the body ends.
    """

    node_kind: ClassVar[str] = "run"

    __slots__ = (
        "_value",
        "cap",
        "children",
        "completed_ns",
        "deadline",
        "error",
        "execution",
        "handler",
        "limit",
        "monitor",
        "record",
        "started_ns",
        "status",
        "task",
        "waits",
        "yielded",
    )

    def __init__(
        self, record: EventRecord, handler: EventHandler, execution: Execution | None
    ) -> None:
        self.record = record
        self.handler = handler
        self.execution = execution
        self.status = EventResultStatus.PENDING
        self._value: T | Unset = UNSET
        self.error: BaseException | None = None
        self.children: list[BaseEvent[Any]] | None = None
        self.started_ns: int | None = None
        self.completed_ns: int | None = None
        self.task: asyncio.Task[None] | None = None
        self.cap: timeout_scope | None = None
        self.monitor: slow_monitor | None = None
        self.limit: float | None = None
        self.deadline: float | None = None
        self.waits: list[Wait] | None = None
        self.yielded = False

    @property
    def event(self) -> BaseEvent[Any]:
        """The event."""
        return self.record.event

    @property
    def event_id(self) -> str:
        """The event's id."""
        return self.record.event_id

    @property
    def handler_id(self) -> str:
        """The handler's id."""
        return self.handler.id

    @property
    def handler_name(self) -> str:
        """The handler's name."""
        return self.handler.handler_name

    @property
    def eventbus_name(self) -> str:
        """The bus whose handler it is."""
        return self.handler.eventbus_name

    @property
    def result(self) -> T | None:
        """What the handler returned; ``None`` as well when there is nothing (yet)."""
        return None if self._value is UNSET else self._value

    @property
    def has_value(self) -> bool:
        """Whether the handler has returned, be it ``None``."""
        return self._value is not UNSET

    @property
    def started_at(self) -> str | None:
        """When the body started: RFC 3339, UTC."""
        return None if self.started_ns is None else clock.format_time(self.started_ns)

    @property
    def completed_at(self) -> str | None:
        """When the result became final: RFC 3339, UTC."""
        return None if self.completed_ns is None else clock.format_time(self.completed_ns)

    @property
    def event_children(self) -> list[BaseEvent[Any]]:
        """The events that the handler emitted, oldest first."""
        return list(self.children or ())

    @property
    def is_live(self) -> bool:
        """Whether the body runs and its result is not final."""
        return self.status is EventResultStatus.STARTED

    @property
    def is_final(self) -> bool:
        """Whether nothing can change the result any more."""
        return self.completed_ns is not None

    def __repr__(self) -> str:
        outcome = (
            f" {self.error!r}"
            if self.error is not None
            else f" {self._value!r}"
            if self.has_value
            else ""
        )
        return f"EventResult({self.eventbus_name}.{self.handler_name} {self.status}{outcome})"

    def commit(self, value: Any, now: float) -> None:
        """The body returned ``value``; ``now`` is the time of the loop's clock."""
        if self.status is not EventResultStatus.STARTED:
            self._late("returned")
        elif not self._overdue(None, now):
            error = self._schema_error(value)
            if error is None:
                self._value = value
                self._end(EventResultStatus.COMPLETED)
            else:
                self.error = error
                self._end(EventResultStatus.ERROR)

    def fail(self, error: BaseException) -> None:
        """The body raised ``error``; what ends programs also reaches the caller of the loop."""
        if isinstance(error, KeyboardInterrupt | SystemExit) and self.execution is not None:
            self.execution.loop.call_soon(_raise, error)
        if self.status is not EventResultStatus.STARTED:
            # The cancellation that ended it is no news.
            if not isinstance(error, asyncio.CancelledError):
                self._late(f"raised {error!r}")
        elif not self._overdue(error):
            self.error = error
            self._end(EventResultStatus.ERROR)

    def expire(self) -> None:
        """The handler's own limit is over."""
        self.time_out(None)

    def time_out(self, cause: BaseException | None) -> None:
        """Ends the run by its own limit, and with it the children that it emitted."""
        self.stop(
            EventHandlerTimeoutError(
                f"{self._what()} took longer than its limit of {self.limit:g} s",
                event_result=self,
                timeout_seconds=self.limit,
                cause=cause,
            )
        )
        self.cancel_children(self.error, self.limit)

    def interrupt(self, why: str, seconds: float | None, cause: BaseException | None) -> None:
        """Ends an unfinished run from outside: a started one is aborted, another cancelled."""
        if self.is_final:
            return
        began = self.started_ns is not None
        kind = EventHandlerAbortedError if began else EventHandlerCancelledError
        error = kind(
            f"{self._what()} was {'aborted' if began else 'cancelled'}: {why}",
            event_result=self,
            timeout_seconds=seconds,
            cause=cause,
        )
        self.stop(error)

    def stop(self, error: BaseException) -> None:
        """Makes ``error`` the final outcome and interrupts the body."""
        self.error = error
        task, execution = self.task, self.execution
        self._end(EventResultStatus.ERROR)
        if task is not None and execution is not None:
            execution.bus.abandon(self, task)
            task.cancel()

    def cancel_children(self, cause: BaseException | None, seconds: float | None) -> None:
        """Cancels what is unfinished of the events that this run emitted."""
        for child in list(self.children or ()):
            cancel_event(child._record, cause, seconds)

    def _what(self) -> str:
        return f"{self.eventbus_name}.{self.handler_name}({self.record.type})"

    def _overdue(self, cause: BaseException | None, now: float | None = None) -> bool:
        """Ends a run whose limit is over although nothing could interrupt its body."""
        execution = self.execution
        if execution is None:
            return False
        deadline, own = execution.deadline, self.deadline
        if deadline is None and own is None:
            return False
        now = execution.loop.time() if now is None else now
        capped = deadline is not None and now >= deadline
        if not capped and (own is None or now < own):
            return False
        self.task = None
        notice(
            "blocked",
            execution.bus,
            self.record,
            self,
            f"{self._what()} blocked beyond its limit; its outcome is discarded",
        )
        if capped:
            execution.expire(cause)
        else:
            self.time_out(cause)
        return True

    def _schema_error(self, value: Any) -> EventHandlerResultSchemaError | None:
        adapter = None if value is None else self.record.event._result_adapter()
        if adapter is None or hasattr(value, "event_status"):
            return None
        try:
            adapter.validator.validate_python(value, strict=True)
        except ValidationError as cause:
            expected = self.record.event.event_result_type
            error = EventHandlerResultSchemaError(
                f"{self._what()} returned {value!r}, which is no {expected!r}",
                event_result=self,
                cause=cause,
            )
            error.raw_value = value
            error.expected_schema = expected
            return error
        return None

    def _end(self, status: EventResultStatus) -> None:
        if self.status is EventResultStatus.STARTED:
            self.handler.running -= 1
        self.status = status
        self.completed_ns = clock.wall_ns()
        if self.cap is not None:
            self.cap.dismiss()
            self.cap = None
        if self.monitor is not None:
            self.monitor.dismiss()
            self.monitor = None
        self.task = None
        if self.execution is not None:
            self.execution.run_ended(self)

    def _late(self, what: str) -> None:
        bus = None if self.execution is None else self.execution.bus
        text = f"{self._what()} {what} after its result was final"
        notice("late", bus, self.record, self, text)


def _raise(error: BaseException) -> None:
    raise error
