"""Calls the handlers of ``TraceSession.on``, and lets none of them hold or break the program.

Owns the registrations of one session and which moments each has been told. They are told by an
event bus on a private loop, in a thread of the recorder's own. Each handler gets such a thread for
itself, so that none blocks another. These threads are not recorded; they are waited for until the
handlers' limits have passed, and left behind then.
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import inspect
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from . import _notice
from ._extension import native
from ._moments import Moments
from .events import EventBus, EventHandlerAbortedError, EventHandlerTimeoutError
from .exceptions import RecorderError, make, make_type_error
from .lifecycle import (
    LifecycleEvent,
    RecorderFailed,
    RecordingCommitted,
    RecordingDetached,
    RecordingStarted,
)

__all__ = ["Hooks"]

type _Handler = Callable[[Any], Any]

_KINDS: Final[dict[str, type[LifecycleEvent]]] = {
    kind.__name__: kind
    for kind in (RecordingStarted, RecordingDetached, RecordingCommitted, RecorderFailed)
}
# What the bus needs beyond the handlers' limits to say which of them missed theirs.
_GRACE: Final = 0.25
_LONGEST: Final = 1e6


class _Registration:
    """One handler; ``told`` moments are behind it."""

    __slots__ = ("handler", "kind", "label", "limit", "told")

    def __init__(self, kind: type[LifecycleEvent], handler: _Handler, limit: float) -> None:
        self.kind = kind
        self.handler = handler
        self.limit = limit
        self.label = getattr(handler, "__qualname__", None) or repr(handler)
        self.told = 0


class _Call:
    """A handler that is due for a moment, and how that ended: ``error`` once it is ``done``."""

    __slots__ = ("done", "error", "fields", "registration")

    def __init__(self, registration: _Registration, fields: dict[str, Any]) -> None:
        self.registration = registration
        self.fields = fields
        self.done = False
        self.error: BaseException | None = None


class Hooks:
    """The handlers of one session."""

    def __init__(self, moments: Moments, stop: Callable[[], None]) -> None:
        self._moments = moments
        self._common = moments.common()
        self._stop = stop
        self._registrations: list[_Registration] = []
        self._lock = _thread.allocate_lock()
        atexit.register(self._at_exit)

    def add(self, kind: object, handler: object, timeout: object) -> None:
        """Registers a handler. What has happened already, it is told at the next ``deliver``."""
        if not isinstance(kind, type) or kind not in _KINDS.values():
            raise make_type_error(
                "ERR_INVALID_ARGUMENT",
                f"event must be one of {', '.join(_KINDS)} of lifecycle, not {kind!r}",
                argument="event",
            )
        if not callable(handler):
            raise make_type_error(
                "ERR_INVALID_ARGUMENT",
                f"handler must be callable, not {type(handler).__name__}",
                argument="handler",
            )
        if isinstance(timeout, bool) or not isinstance(timeout, int | float):
            raise make_type_error(
                "ERR_INVALID_ARGUMENT",
                f"timeout must be a number of seconds, not {type(timeout).__name__}",
                argument="timeout",
            )
        if not 0 < timeout <= _LONGEST:
            raise make(
                "ERR_INVALID_ARGUMENT",
                f"timeout must be above 0 and at most {_LONGEST:,.0f} seconds, not {timeout}",
                argument="timeout",
                value=timeout,
            )
        with self._lock:
            self._registrations.append(_Registration(kind, handler, float(timeout)))

    def deliver(self) -> list[RecorderError]:
        """Tells every handler what it has not been told yet, and returns what went wrong."""
        if self._moments.pid != os.getpid():
            return []
        calls = self._due()
        if not calls:
            return []
        deadline = time.monotonic() + max(call.registration.limit for call in calls) + _GRACE
        ended = _thread.allocate_lock()
        ended.acquire()
        try:
            native.run_apart(lambda: _run(calls, self._common, ended))
        except RecorderError as error:
            return [error]
        ended.acquire(timeout=max(0.0, deadline - time.monotonic()))
        return [problem for call in calls if (problem := _problem(call)) is not None]

    def _due(self) -> list[_Call]:
        happened = self._moments.happened
        calls: list[_Call] = []
        with self._lock:
            count = len(happened)
            for at, (name, fields) in enumerate(happened[:count]):
                for registration in self._registrations:
                    if registration.told <= at and registration.kind is _KINDS[name]:
                        calls.append(_Call(registration, fields))
            for registration in self._registrations:
                registration.told = count
        return calls

    def _at_exit(self) -> None:
        """The interpreter ends: stops a recording that still runs. Nobody is left to raise to."""
        if self._moments.pid != os.getpid():
            return
        try:
            self._stop()
        except RecorderError as error:
            _notice.failure(error)


def _problem(call: _Call) -> RecorderError | None:
    registration = call.registration
    names = {"handler": registration.label, "event": registration.kind.__name__}
    if not call.done or isinstance(call.error, EventHandlerTimeoutError | EventHandlerAbortedError):
        return make(
            "ERR_HOOK_TIMEOUT",
            f"a handler did not end within {registration.limit:g} s",
            **names,
        )
    error = call.error.__cause__ if isinstance(call.error, _Ended) else call.error
    if error is None:
        return None
    text = "".join(str(error).splitlines()[:1])
    problem = make(
        "ERR_HOOK_FAILED",
        f"a handler raised {type(error).__name__}{': ' if text else ''}{text}",
        **names,
    )
    problem.__cause__ = error
    return problem


def _run(calls: list[_Call], common: dict[str, str], ended: _thread.LockType) -> None:
    """The body of the thread."""
    try:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(_tell(calls, common))
        finally:
            loop.close()
    finally:
        _forget_this_thread()
        ended.release()


async def _tell(calls: list[_Call], common: dict[str, str]) -> None:
    """One event for each moment, with a bus of its own; all handlers run side by side."""
    moments: list[list[_Call]] = []
    for call in calls:
        if not moments or moments[-1][0].fields is not call.fields:
            moments.append([])
        moments[-1].append(call)
    told = [(_emit(moment, common), moment) for moment in moments]
    for (bus, event), moment in told:
        await event
        for call in moment:
            call.error = event.event_results[str(id(call))].error
            call.done = True
        await bus.stop(timeout=0)


def _emit(moment: list[_Call], common: dict[str, str]) -> tuple[EventBus, LifecycleEvent]:
    bus = EventBus(
        "recorder",
        event_handler_concurrency="parallel",
        event_timeout=None,
        event_slow_timeout=None,
        event_handler_slow_timeout=None,
    )
    kind = moment[0].registration.kind
    for call in moment:
        bus.on(
            kind,
            _body(call.registration.handler),
            id=str(id(call)),
            handler_name=call.registration.label,
            handler_timeout=call.registration.limit,
        )
    return bus, bus.emit(kind.model_validate({**common, **moment[0].fields}))


class _Ended(Exception):
    """What a handler raised that no future may carry, or that would end the loop: its cause."""


class _Apart:
    """One call of a handler in a thread of its own, with a loop of its own if it needs one."""

    __slots__ = ("_answer", "_event", "_handler", "_loop", "_runner", "_task")

    def __init__(self, handler: _Handler, event: LifecycleEvent) -> None:
        self._handler = handler
        self._event = event
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[None] = self._loop.create_future()
        self._runner: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def done(self) -> None:
        """Waits for the handler. When the wait is cancelled, so is a handler that awaits."""
        native.run_apart(self._run)
        try:
            await self._answer
        except asyncio.CancelledError:
            self._cancel()
            raise

    def _run(self) -> None:
        try:
            made = self._handler(self._event)
            if inspect.isawaitable(made):
                with asyncio.Runner() as runner:
                    runner.run(self._wait(made))
                    # What the handler has left running is ended by the runner; nobody waits for it.
                    self._tell(None)
            self._tell(None)
        except BaseException as error:
            self._tell(error)
        finally:
            _forget_this_thread()

    async def _wait(self, made: Any) -> None:
        self._task = asyncio.current_task()
        self._runner = asyncio.get_running_loop()
        await made

    def _tell(self, error: BaseException | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._settle, error)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            return

    def _settle(self, error: BaseException | None) -> None:
        if self._answer.done():
            return
        if error is None:
            self._answer.set_result(None)
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            self._answer.set_exception(error)
        else:
            ended = _Ended()
            ended.__cause__ = error
            self._answer.set_exception(ended)

    def _cancel(self) -> None:
        if self._runner is None or self._task is None:
            return
        try:
            self._runner.call_soon_threadsafe(self._task.cancel)
        except RuntimeError:
            # It has just ended.
            return


def _body(handler: _Handler) -> _Handler:
    async def body(event: LifecycleEvent) -> None:
        await _Apart(handler, event).done()

    return body


def _forget_this_thread() -> None:
    """Takes this thread out of ``threading``, which before 3.13 keeps foreign threads for ever."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    with threading._active_limbo_lock:
        found = threading._active.get(_thread.get_ident())
        if isinstance(found, threading._DummyThread):
            del threading._active[_thread.get_ident()]
