"""The running half of a bus: its loop, its queue, its end.

Owns the binding to an event loop, the queue and the task that empties it, the tasks of the bus,
idleness and stopping. Refuses registration and emission, which are ``EventBus``'s.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Any, cast

from .announcing import Announcer
from .base_event import BaseEvent
from .bus_views import BusViews
from .errors import EventCycleError
from .event_handler import EventHandler
from .event_result import EventResult, current_run
from .lock_manager import LockManager, LockManagerProtocol
from .modes import EventConcurrencyMode, EventResultStatus, EventStatus
from .options import check_wait, effective
from .process import Execution
from .record import EventRecord, Live, wake

if TYPE_CHECKING:
    from .event_bus import EventBus
    from .middlewares import EventBusMiddleware

__all__ = ["Dispatching"]

# How many events without a wait are processed before others on the loop have a turn.
_SLICE = 64


class Dispatching(BusViews):
    """What ``EventBus`` does with events once they are emitted.

    Attributes:
        locks: the lock policy.
        middlewares: what is told about every change, in order.
    """

    def __init__(self, middlewares: Sequence[EventBusMiddleware] | None) -> None:
        self._bus = cast("EventBus", self)
        self._path = (self.label,)
        self.locks: LockManagerProtocol = LockManager()
        self._announcer = Announcer(self._bus, tuple(middlewares or ()))
        self.middlewares = self._announcer.middlewares
        self._by_type: dict[str, tuple[EventHandler, ...]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: OrderedDict[Execution, None] = OrderedDict()
        self._head: Execution | None = None
        self._runner: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._open: dict[EventRecord, None] = {}
        self._abandoned: dict[asyncio.Task[None], EventResult[Any]] = {}
        self._idle_waiters: list[asyncio.Future[None]] = []
        self._finders: dict[object, Callable[[EventRecord], object]] = {}
        self._stopped = False

    @property
    def abandoned_handlers(self) -> int:
        """How many handlers were interrupted and have not ended."""
        return len(self._abandoned)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that the bus is bound to.

        Raises:
            RuntimeError: nothing was emitted yet.
        """
        if self._loop is None:
            raise RuntimeError(f"{self.label} is bound to no loop yet: its first emit binds it")
        return self._loop

    def announce_pending(self, event: BaseEvent[Any]) -> asyncio.Task[None]:
        """Tells the middlewares about an emission."""
        return self._announcer.pending(event)

    async def announce_event(self, event: BaseEvent[Any], status: EventStatus) -> None:
        """Tells the middlewares about an event."""
        await self._announcer.event(event, status)

    async def announce_result(
        self, event: BaseEvent[Any], result: EventResult[Any], status: EventResultStatus
    ) -> None:
        """Tells the middlewares about a result."""
        await self._announcer.result(event, result, status)

    def _is_here(self) -> bool:
        """Whether the caller runs on the bus's loop, which is bound now if it was not."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        bound = self._loop
        if bound is running and running is not None:
            return True
        if bound is None or bound.is_closed():
            if running is None:
                raise RuntimeError(f"{self.label} has no running loop to bind to")
            self._rebind(running)
            return True
        return False

    def _rebind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Binds to a loop; what a closed one left unfinished is cancelled."""
        self._loop = loop
        self._runner = self._head = None
        self._tasks.clear()
        if type(self.locks) is LockManager:
            self.locks = LockManager()
        self._settle_all("its event loop was closed")
        self._announcer.rebind()

    def _attach(
        self,
        record: EventRecord,
        execution: Execution,
        run: EventResult[Any] | None,
        here: bool,
    ) -> None:
        """Gives the event its place on this bus and, at its first emission, in the tree."""
        live = record.live
        if live is None:
            live = record.live = Live()
            if record.bus is None:
                record.bus = self._bus
            if run is not None and run.record is not record and not record.path:
                self._make_child(record, live, run, here)
            if record.status is EventStatus.COMPLETED:
                record.status = EventStatus.STARTED
                record.completed_ns = None
        record.path = record.path + self._path if record.path else self._path
        if here:
            live.append(execution)
        live.open_executions += 1

    def _make_child(
        self, record: EventRecord, live: Live, run: EventResult[Any], here: bool
    ) -> None:
        parent = run.record
        if record.origin is not None and record.parent_id != parent.event_id:
            return
        record.origin = parent.identity()
        record.emitted_by = run.handler.id
        if run.children is None:
            run.children = []
        run.children.append(record.event)
        same_loop = run.execution is not None and run.execution.bus._loop is self._loop
        if here and same_loop and parent.live is not None:
            live.emitter = run
            parent.live.open_children += 1

    def _enqueue_late(self, execution: Execution) -> None:
        """Queues what another thread emitted."""
        live = execution.record.live
        if live is not None:
            live.append(execution)
        self._enqueue(execution)
        if self._stopped:
            execution.settle("the bus was stopped", None, None)

    def _enqueue(self, execution: Execution) -> None:
        record = execution.record
        self._open[record] = None
        self.history.admit(record)
        for finder in list(self._finders.values()) if self._finders else ():
            finder(record)
        if self.middlewares:
            execution.announce_pending()
        mode = self._bus.plain.concurrency
        if record.own:
            mode = effective(record, "event_concurrency", self._bus)
        if mode is EventConcurrencyMode.PARALLEL or (record.is_related and _is_due(record)):
            execution.spawn(eager=False)
            return
        self._queue[execution] = None
        if self._runner is None:
            self._runner = asyncio.Task(self._run(), loop=self._loop, context=Context())

    async def _run(self) -> None:
        """Processes the queue until it is empty."""
        loop = self._loop
        queue = self._queue
        count = 0
        try:
            while queue:
                execution, _ = queue.popitem(last=False)
                self._head = execution
                try:
                    await execution.process()
                except asyncio.CancelledError:
                    if not execution.take_withdrawal():
                        self._settle_all("its event loop is closing")
                        raise
                    if self._runner is not None:
                        self._runner.uncancel()
                count += 1
                if count % _SLICE == 0:
                    await asyncio.sleep(0)
        finally:
            if self._loop is loop:
                self._runner = self._head = None

    @property
    def has_queue(self) -> bool:
        """Whether anything waits for its turn."""
        return bool(self._queue)

    def running(self) -> Iterator[Execution]:
        """What the queue waits for."""
        if self._head is not None:
            yield self._head

    def unqueue(self, execution: Execution) -> None:
        """Takes an event out of the queue."""
        self._queue.pop(execution, None)

    def spawn(self, work: Coroutine[Any, Any, Any], *, eager: bool = False) -> asyncio.Task[Any]:
        """Runs work of the bus in a task that it keeps."""
        task = asyncio.Task(work, loop=self._loop, context=Context(), eager_start=eager)
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    def abandon(self, run: EventResult[Any], task: asyncio.Task[None]) -> None:
        """Keeps an interrupted handler until it has ended."""
        self._abandoned[task] = run
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._abandoned.pop(task, None)

    def event_completed(self, record: EventRecord) -> None:
        """Called once an event that was emitted here is complete."""
        self._open.pop(record, None)
        self.history.completed(record)
        if not self._open and self._idle_waiters:
            waiters, self._idle_waiters = self._idle_waiters, []
            for waiter in waiters:
                wake(waiter)

    async def wait_until_idle(self, timeout: float | None = None) -> bool:
        """Waits until every event that was emitted here is complete.

        Args:
            timeout: seconds to wait; 0 looks only, ``None`` waits without limit.

        Returns:
            Whether the bus is idle.

        Raises:
            EventCycleError: a handler of this bus would wait for itself.
        """
        seconds = check_wait("timeout", timeout)
        if not self._open or seconds == 0:
            return not self._open
        run = current_run()
        if run is not None and run.record in self._open:
            raise EventCycleError(f"{run.handler_name} would wait for itself to end")
        waiter = asyncio.get_running_loop().create_future()
        self._idle_waiters.append(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            return not self._open
        finally:
            if waiter in self._idle_waiters:
                self._idle_waiters.remove(waiter)
        return True

    async def stop(self, timeout: float | None = 0, clear: bool = False) -> list[EventResult[Any]]:
        """Waits for unfinished events, then aborts what is left; ``emit`` raises afterwards.

        Args:
            timeout: seconds to wait; 0 does not wait, ``None`` waits without limit.
            clear: forget handlers and history too.

        Returns:
            The results of interrupted handlers that have not ended.
        """
        await self.wait_until_idle(timeout)
        self._stopped = True
        self._settle_all("the bus was stopped")
        for _ in range(10):
            if not (self._tasks or self._runner or self._abandoned):
                break
            await asyncio.sleep(0)
        if clear:
            self.handlers.clear()
            self._by_type.clear()
            self.history.clear()
        return list(self._abandoned.values())

    def _settle_all(self, why: str) -> None:
        for record in list(self._open):
            execution = record.execution_on(self._bus)
            if execution is not None:
                execution.settle(why, None, None)


def _is_due(record: EventRecord) -> bool:
    """Whether a handler waits by queue jump for the event, or for one that it alone holds open."""
    live = record.live
    if live is None:
        return False
    for wait in live.waits or ():
        if wait.jump:
            return True
    parent = None if live.emitter is None else live.emitter.record
    if parent is None or parent.is_running:
        return False
    return any(wait.jump for wait in parent.pressing())
