"""One event on one bus, from the queue to the last handler's end.

Owns the states of an execution, the order of its scopes (lock, errors, hard timeout, slow monitor,
handlers) and what ends it early. Refuses the queue, which is the bus's, and the body of a handler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Any, ClassVar

from . import clock, handler_run
from .cycles import refuse_at_rest
from .event_result import EventResult
from .event_timers import EventTimers, event_scopes
from .lock_manager import DirectScope, LockManager
from .logging import notice
from .modes import (
    EventHandlerCompletionMode,
    EventHandlerConcurrencyMode,
    EventResultStatus,
    EventStatus,
    State,
)
from .options import below, effective
from .stopping import cut_losers

if TYPE_CHECKING:
    from .event_bus import EventBus
    from .record import EventRecord

__all__ = ["Execution"]

# Shared by executions without middlewares, and never added to.
_NOBODY: set[EventResult[Any]] = set()


class Execution(EventTimers):
    """One event on one bus.

    Attributes:
        context: the ContextVars at the emission; each handler runs in a copy.
        runs: the results, in the order of the handlers; empty before the start.
        final: no handler may start any more.
        depth: how many executions this one is nested in.
    """

    node_kind: ClassVar[str] = "execution"

    __slots__ = (
        "_announced",
        "_locking",
        "_open",
        "_told",
        "_wake",
        "_withdrawn",
        "bus",
        "context",
        "depth",
        "final",
        "record",
        "runs",
        "state",
        "task",
    )

    def __init__(self, bus: EventBus, record: EventRecord, context: Context) -> None:
        self.bus = bus
        super().__init__(bus.loop)
        self.record = record
        self.context = context
        self.state = State.QUEUED
        self.runs: Sequence[EventResult[Any]] = ()
        self.final = False
        self.depth = 1
        self.task: asyncio.Task[Any] | None = None
        self._announced: asyncio.Task[None] | None = None
        self._locking = False
        self._open = 0
        self._told: set[EventResult[Any]] = set() if bus.middlewares else _NOBODY
        self._wake: asyncio.Future[None] | None = None
        self._withdrawn = False

    def is_inside(self, holder: Execution, /) -> bool:
        """Whether ``holder`` waits by queue jump, directly or not, for this execution to end."""
        live = self.record.live
        for wait in () if live is None else live.waits or ():
            if wait.jump and wait.run.execution is holder and wait.run.is_live:
                return True
        return any(above is holder for above in self.enclosing())

    @property
    def is_running(self) -> bool:
        """Whether its handlers run."""
        return self.state is State.RUNNING

    @property
    def is_queued(self) -> bool:
        """Whether it waits for its turn."""
        return self.state is State.QUEUED

    @property
    def is_blocked(self) -> bool:
        """Whether it waits for its lock."""
        return self.state is State.LOCKING

    def enclosing(self) -> Iterator[Execution]:
        """The executions that wait by queue jump for this one, the nearest first."""
        return self.record.enclosing()

    def announce_pending(self) -> None:
        """Tells the middlewares about the emission; nothing starts before they have heard it."""
        self._announced = self.bus.announce_pending(self.record.event)

    def promote(self) -> None:
        """Starts what is queued, and looks again whether a lock may be entered."""
        if self.state is State.QUEUED:
            self.bus.unqueue(self)
            self.spawn(eager=True)
        elif self.state is State.LOCKING:
            lock = self.bus.locks.get_lock_for_event(self.bus, self.record.event)
            if lock is not None and self.task is not None:
                lock.recheck()
                if self not in lock.holders:
                    refuse_at_rest(self.record)

    def spawn(self, *, eager: bool) -> None:
        """Processes the event in a task of its own; an eager one runs up to its first wait now."""
        for wait in self.record.waits():
            above = wait.run.execution
            if above is not None and above.depth >= self.depth:
                self.depth = above.depth + 1
        self.state = State.LOCKING
        eager = eager and self.depth % handler_run.EAGER_DEPTH != 0
        self.bus.spawn(self.process(alone=True), eager=eager)

    def take_withdrawal(self) -> bool:
        """Whether the cancellation of the processing task was meant for this execution alone."""
        taken, self._withdrawn = self._withdrawn, False
        return taken

    async def process(self, *, alone: bool = False) -> None:
        """Runs the event on the bus, in the calling task, which may be there for it ``alone``."""
        bus, event = self.bus, self.record.event
        self.state = State.LOCKING
        self.task = asyncio.current_task()
        try:
            if self._announced is not None:
                self._locking = True
                await asyncio.shield(self._announced)
            scope = None if self.final else bus.locks.event_lock(bus, event)
            if isinstance(scope, DirectScope):
                waiting = scope.enter()
                if waiting is not None:
                    if self.record.is_related or bus.has_queue:
                        refuse_at_rest(self.record)
                    self._locking = True
                    await waiting
                try:
                    self._locking = False
                    if not self._is_over():
                        await self._run()
                finally:
                    scope.leave()
            elif scope is not None:
                lock = bus.locks.get_lock_for_event(bus, event)
                if lock is not None and not lock.admits(self):
                    refuse_at_rest(self.record)
                self._locking = True
                async with scope:
                    self._locking = False
                    if not self._is_over():
                        await self._run()
        except GeneratorExit:
            raise  # It is torn down with its loop: there is nobody to tell.
        except BaseException as error:
            if not self._withdrawn:
                self.settle("its processing was cancelled", None, None)
            self._finish()
            if alone and isinstance(error, asyncio.CancelledError) and self.take_withdrawal():
                return
            raise
        telling = self._finish()
        if telling is not None and not telling.done():
            await asyncio.wait([telling])

    async def _run(self) -> None:
        bus, record = self.bus, self.record
        self.state = State.RUNNING
        if record.status is not EventStatus.STARTED:
            if record.started_ns is None:
                record.started_ns = clock.wall_ns()
            record.status = EventStatus.STARTED
        bus.history.started(record)
        if bus.middlewares:
            await bus.announce_event(record.event, EventStatus.STARTED)
            if self.final:
                return
        self._make_runs()
        if not self.runs:
            return
        self._began = self.looked = now = self.loop.time()
        if record.own:
            self.limit = effective(record, "event_timeout", bus)
            self._slow = below(effective(record, "event_slow_timeout", bus), self.limit)
            handlers = effective(record, "event_handler_concurrency", bus)
        else:
            plain = bus.plain
            self.limit, self._slow, handlers = plain.timeout, plain.slow, plain.handlers
        if self.limit is not None:
            self.deadline = now + self.limit
        if bus.middlewares:
            self.arm()
        with event_scopes(self):
            if handlers is EventHandlerConcurrencyMode.PARALLEL:
                await self._run_parallel()
            else:
                await self._run_serial()

    async def _run_serial(self) -> None:
        bus, event = self.bus, self.record.event
        now = None if bus.middlewares else self._began
        for run in self.runs:
            if self.final:
                break
            if not self._is_alone():
                self.arm()
            scope = bus.locks.handler_lock(bus, event, run)
            if isinstance(scope, DirectScope):
                waiting = scope.enter()
                if waiting is not None:
                    self._locking = True
                    await waiting
                    now = None
                try:
                    if bus.middlewares:
                        await self._announce_start(run)
                    ran = self._start_one(run, now)
                    while self._open:
                        await self._sleep()
                finally:
                    scope.leave()
            else:
                self._locking = True
                async with scope:
                    await self._announce_start(run)
                    ran = self._start_one(run, None)
                    while self._open:
                        await self._sleep()
            now = None
            if ran and bus.middlewares:
                await self._announce_ends()

    async def _announce_start(self, run: EventResult[Any]) -> None:
        self._locking = False
        if not self.final and self.bus.middlewares:
            await self._announce(run, EventResultStatus.STARTED)

    def _start_one(self, run: EventResult[Any], now: float | None) -> bool:
        """Starts a handler in its lock, unless it is final; returns whether it did."""
        self._locking = False
        if self.final or run.is_final:
            return False
        self._open = 1
        handler_run.start(run, self, now)
        return True

    async def _run_parallel(self) -> None:
        watched = bool(self.bus.middlewares)
        if watched:
            for run in self.runs:
                await self._announce(run, EventResultStatus.STARTED)
        self._open = sum(not run.is_final for run in self.runs)
        for run in self.runs:
            if self.final:
                break
            if not run.is_final:
                handler_run.start(run, self)
        while True:
            if watched:
                await self._announce_ends()
            if not self._open:
                break
            await self._sleep()

    async def _sleep(self) -> None:
        """Waits until a run has ended."""
        self.arm()
        self._wake = self.loop.create_future()
        try:
            await self._wake
        finally:
            self._wake = None

    def _is_alone(self) -> object:
        """Whether nothing but a handler's body can make the handlers wait."""
        live = self.record.live
        return live is not None and len(live) == 1 and type(self.bus.locks) is LockManager

    async def _announce(self, run: EventResult[Any], status: EventResultStatus) -> None:
        """Tells the middlewares about a result; the time that this takes is outside the cap."""
        cap, loop = self._cap, self.loop
        begin = loop.time()
        alone = cap is not None and not self.final and not any(r.is_live for r in self.runs)
        if alone and cap is not None:
            cap.pause()
        await self.bus.announce_result(self.record.event, run, status)
        if alone and cap is not None and not self.final:
            if self.deadline is not None:
                self.deadline += loop.time() - begin
            cap.resume(self.deadline)

    async def _announce_ends(self) -> None:
        """Tells the middlewares about every result that became final since the last time."""
        for run in self.runs:
            if run.is_final and run not in self._told:
                self._told.add(run)
                await self._announce(run, run.status)

    def run_ended(self, run: EventResult[Any]) -> None:
        """Called by a run when its result is final."""
        if (
            self.record.winner is None
            and run.status is EventResultStatus.COMPLETED
            and run.result is not None
            and not hasattr(run.result, "event_status")
        ):
            self.record.winner = run
        if self.record.winner is run and not self.final and self._has_others():
            cut_losers(self.record)
        if self._open:
            self._open -= 1
            due = not self._open or self.bus.middlewares
            if due and self._wake is not None and not self._wake.done():
                self._wake.set_result(None)

    def _has_others(self) -> bool:
        """Whether the event has more than one handler."""
        live = self.record.live
        return len(self.runs) > 1 or live is None or len(live) > 1

    def _is_over(self) -> bool:
        """``final``, read again after a wait."""
        return self.final

    def expire(self, cause: BaseException | None = None) -> None:
        """The event's cap is over."""
        self.settle(f"the event's limit of {self.limit:g} s expired", self.limit, cause)

    def fail(self, error: BaseException) -> None:
        """The processing itself failed; no handler is left without an outcome."""
        if isinstance(error, asyncio.CancelledError):
            raise error
        self.settle(f"processing failed: {error!r}", None, error)

    def settle(
        self,
        why: str,
        seconds: float | None,
        cause: BaseException | None,
        *,
        keep_children: bool = False,
    ) -> None:
        """Makes everything final: started runs are aborted, others cancelled, then their children.

        Args:
            why: for the errors' texts.
            seconds: the limit that expired, if one did.
            cause: what the errors give as their cause.
            keep_children: children of runs that have ended already go on.
        """
        if self.state is State.DONE or self.final:
            return
        self.final = True
        waiting = self.state
        if waiting is not State.RUNNING or not self.runs:
            self._make_runs()
        stopped = [run for run in self.runs if not run.is_final]
        for run in stopped:
            run.interrupt(why, seconds, cause)
        blame = next((run.error for run in stopped if run.error is not None), cause)
        for run in stopped if keep_children else self.runs:
            run.cancel_children(run.error if run in stopped else blame, seconds)
        if waiting is State.QUEUED:
            self.bus.unqueue(self)
            self._finish()
        elif self._locking and self.task is not None:
            self._withdrawn = True
            self.task.cancel()

    def _make_runs(self) -> None:
        """One pending result for each handler that the bus has now."""
        record = self.record
        self.runs = handler_run.make_results(self)
        live = record.live
        if self.runs and live is not None and record.winner is not None:
            mode = effective(record, "event_handler_completion", self.bus)
            first = live.first or mode is EventHandlerCompletionMode.FIRST
            if first and not self.final:
                self.settle("another handler was first", None, None, keep_children=True)

    def _finish(self) -> asyncio.Task[None] | None:
        """Ends the execution once; returns what still tells middlewares about it."""
        if self.state is State.DONE:
            return None
        self.state = State.DONE
        self.task = None
        for run in self.runs:
            if run.started_ns is None:
                run.execution = None
        if self.bus.middlewares and len(self._told) < len(self.runs):
            return self.bus.spawn(self._announce_and_end())
        return self.record.execution_done()

    async def _announce_and_end(self) -> None:
        await self._announce_ends()
        telling = self.record.execution_done()
        if telling is not None:
            await telling

    def warn(self, elapsed: float) -> None:
        """The handlers take long."""
        text = f"slow event: {self.bus.name}({self.record.type}) runs for {elapsed:.1f} s"
        notice("slow_event", self.bus, self.record, None, text, elapsed=elapsed)
