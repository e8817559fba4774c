"""How one handler's body is run: its context, its scopes, its task.

Owns the composition of the scopes around a handler and the limits that they get. Refuses the
order of handlers, which is the execution's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Self

from . import clock
from .errors import EventRecursionError
from .event_result import EventResult, _current
from .execution import saved_errors, slow_monitor, timeout_scope
from .lock_manager import LockManager, set_owner
from .logging import notice
from .modes import UNSET, EventResultStatus
from .options import below, effective

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from .process import Execution

__all__ = ["handler_scopes", "make_results", "start", "watch"]

# A chain of awaits this deep goes on in a new turn of the loop, so that no chain exhausts the
# stack.
EAGER_DEPTH = 16


class handler_scopes(saved_errors):
    """The scopes around a handler's body: its errors, and that it is the caller of what it calls.

    The body has a context of its own, which ends with it. Its limit and its monitor need no timers
    until it waits: ``watch`` starts them.
    """

    __slots__ = ("_execution", "_policy", "_run", "_start")

    def __init__(self, run: EventResult[Any], execution: Execution, start: float) -> None:
        self._target = self._run = run
        self._execution = execution
        self._start = start
        self._policy: AbstractContextManager[object] | None = None

    def __enter__(self) -> Self:
        run, execution = self._run, self._execution
        _current.set(run)
        bus = execution.bus
        if type(bus.locks) is LockManager:
            set_owner(execution)
        else:
            self._policy = bus.locks.handler_dispatch_context(bus, run.record.event)
            self._policy.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> bool:
        if self._policy is not None:
            self._policy.__exit__(None, None, None)
        if error is None:
            return False
        self.look()
        return super().__exit__(kind, error, tb)

    def look(self) -> float:
        """Warns about a body that took too long without a wait in which a timer could say so.

        Returns:
            The time of the loop's clock.
        """
        run, execution = self._run, self._execution
        now = execution.looked = execution.loop.time()
        if run.monitor is not None:
            run.monitor.stop()
        elif run.status is EventResultStatus.STARTED:
            slow = _slow_threshold(run, execution)
            if slow is not None and now - self._start >= slow:
                _warn(run, execution, now - self._start)
        return now


def watch(run: EventResult[Any], execution: Execution, start: float) -> None:
    """Starts the timers of a body that waits; it began at ``start`` of the loop's clock."""
    loop = execution.loop
    if run.deadline is not None:
        run.cap = timeout_scope(loop, run.deadline, run.expire)
        run.cap.arm()
    slow = _slow_threshold(run, execution)
    if slow is not None:
        run.monitor = slow_monitor(loop, slow, partial(_warn, run, execution), start=start)
        run.monitor.arm()


def make_results(execution: Execution) -> list[EventResult[Any]]:
    """One pending result for each handler that the bus has now, noted on the event."""
    record = execution.record
    handlers = execution.bus.handlers_for(record.type)
    runs: list[EventResult[Any]] = []
    if handlers:
        results = record.results
        if results is None:
            results = record.results = {}
        for handler in handlers:
            run: EventResult[Any] = EventResult(record, handler, execution)
            results[handler.id] = run
            runs.append(run)
    return runs


def start(run: EventResult[Any], execution: Execution, now: float | None = None) -> None:
    """Runs the body up to its first wait; whatever comes of it reaches ``run``.

    ``now`` is the time of the loop's clock, if that was just read.
    """
    bus, loop = execution.bus, execution.loop
    if now is None:
        now = loop.time()
    run.status = EventResultStatus.STARTED
    run.started_ns = clock.wall_ns()
    limit = handler_limit(run, execution)
    if limit is not None and (execution.deadline is None or now + limit < execution.deadline):
        run.limit = limit
        run.deadline = now + limit
    handler = run.handler
    handler.running += 1
    deepest = bus.max_handler_recursion_depth
    if handler.running > deepest + 1 and run.record.is_related and _depth(run) > deepest:
        name = f"{bus.name}.{handler.handler_name}"
        run.fail(EventRecursionError(f"{name} re-enters itself too often"))
        return
    eager = execution.depth % EAGER_DEPTH != 0
    context = execution.context.copy()
    pending: Awaitable[Any] | None = None
    if not handler.is_async:
        pending = context.run(_run_sync, run, execution, now)
        if pending is None:
            return
        now = loop.time()
    body = _run_async(run, execution, pending, now if eager else None)
    task = asyncio.Task(body, loop=loop, context=context, eager_start=eager)
    if not task.done():
        _adopt_task(run, execution, task, now if eager else None)


def _adopt_task(
    run: EventResult[Any], execution: Execution, task: asyncio.Task[None], began: float | None
) -> None:
    """Keeps the task of a body that waits, so that it can be interrupted."""
    if run.is_live:
        run.task = task
        if began is not None:
            watch(run, execution, began)
    elif run.is_final and run.execution is not None:
        # It was interrupted from inside its first step.
        execution.bus.abandon(run, task)
        task.cancel()


def _run_sync(run: EventResult[Any], execution: Execution, now: float) -> Awaitable[Any] | None:
    """Runs a plain callable; returns what it left to be awaited."""
    handler = run.handler.handler
    with handler_scopes(run, execution, now) as scopes:
        value = handler(run.record.event) if handler is not None else None
        now = scopes.look()
        if type(value) is CoroutineType or isinstance(value, asyncio.Future):
            return value
        run.commit(value, now)
    run.execution = None
    return None


async def _run_async(
    run: EventResult[Any],
    execution: Execution,
    pending: Awaitable[Any] | None,
    now: float | None,
) -> None:
    """Runs a coroutine function, or awaits what a plain callable returned.

    ``now`` is the time of the loop's clock, if the body starts at once.
    """
    if now is None:
        now = execution.loop.time()
        if run.task is not None:
            watch(run, execution, now)
    try:
        with handler_scopes(run, execution, now) as scopes:
            if pending is None:
                handler = run.handler.handler
                value = None if handler is None else await handler(run.record.event)
            else:
                value = await pending
            run.task = None
            run.commit(value, scopes.look())
    finally:
        run.task = None
        run.execution = None


def handler_limit(run: EventResult[Any], execution: Execution) -> float | None:
    """The run's own limit in seconds: the lesser of the handler's and the event's for handlers."""
    own = run.handler.handler_timeout
    options = run.record.own
    if own is None or (own is UNSET and not options):
        return None
    default = options.get("event_handler_timeout", UNSET)
    if own is UNSET:
        return None if default is UNSET else default
    return own if default is UNSET or default is None else min(own, default)


def _slow_threshold(run: EventResult[Any], execution: Execution) -> float | None:
    """Seconds after which to warn: the handler's, else the event's, else the bus's."""
    own = run.handler.handler_slow_timeout
    if own is UNSET:
        if not run.record.own:
            return execution.bus.plain.handler_slow
        own = effective(run.record, "event_handler_slow_timeout", execution.bus)
    return below(own, execution.limit if run.limit is None else run.limit)


def _warn(run: EventResult[Any], execution: Execution, elapsed: float) -> None:
    name = f"{execution.bus.name}.{run.handler_name}({run.record.type})"
    text = f"slow handler: {name} runs for {elapsed:.1f} s"
    notice("slow_handler", execution.bus, run.record, run, text, elapsed=elapsed)


def _depth(run: EventResult[Any]) -> int:
    """How many unfinished runs of the same handler wait for this one or emitted its event."""
    runs = {run}
    seen = {run.record}
    rest = [run.record]
    for record in rest:
        if record.live is None:
            continue
        above = [wait.run for wait in record.live.waits or ()]
        if record.live.emitter is not None:
            above.append(record.live.emitter)
        for other in above:
            if other.is_live:
                runs.add(other)
                if other.record not in seen:
                    seen.add(other.record)
                    rest.append(other.record)
    return sum(other.handler is run.handler for other in runs) - 1
