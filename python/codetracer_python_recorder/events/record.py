"""What the bus knows about one event, in one slotted object.

Owns an event's identity, its state, its place in the tree, and the rule for when it is complete:
every bus on its path is done and every child is complete. Refuses to run anything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from . import clock, cycles
from .modes import EventStatus, State

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_result import EventResult
    from .process import Execution

__all__ = ["EventRecord", "Live", "Wait", "complete", "promote", "wake"]


Identity = str | tuple[int, int]


class Wait:
    """One handler's wait for one event; ``jump`` says that what is awaited runs inside of it."""

    __slots__ = ("_future", "_loop", "jump", "record", "run")

    def __init__(
        self,
        run: EventResult[Any],
        record: EventRecord,
        loop: asyncio.AbstractEventLoop,
        jump: bool,
    ) -> None:
        self.run = run
        self.record = record
        self.jump = jump
        self._loop = loop
        self._future: asyncio.Future[None] | None = None

    @property
    def future(self) -> asyncio.Future[None]:
        """What the handler awaits; made when somebody needs it, as many events end at once."""
        if self._future is None:
            self._future = self._loop.create_future()
        return self._future

    def end(self) -> None:
        """The event is complete."""
        if self._future is not None:
            wake(self._future)


class Live(list["Execution"]):
    """What exists only while an event is not complete.

    It is the list of the event's executions on the buses of its path, in the order of emission: a
    list beside it would be one more object for each queued event.

    Attributes:
        open_executions: how many of them are not done.
        open_children: how many children are not complete.
        emitter: the run that emitted the event; its event is held open by this one.
        waiters: futures of those outside of handlers that wait for completion.
        waits: the waits of handlers.
        first: ``first`` was called, so every bus stops at the winner.
        serial_owner: the run that holds the event's handler lock.
        serial_waiters: those that wait for it, in order.
    """

    __slots__ = (
        "emitter",
        "first",
        "open_children",
        "open_executions",
        "serial_owner",
        "serial_waiters",
        "waiters",
        "waits",
    )

    def __init__(self) -> None:
        self.open_executions = 0
        self.open_children = 0
        self.emitter: EventResult[Any] | None = None
        self.waiters: list[asyncio.Future[None]] | None = None
        self.waits: list[Wait] | None = None
        self.first = False
        self.serial_owner: EventResult[Any] | None = None
        self.serial_waiters: deque[tuple[EventResult[Any], asyncio.Future[None]]] | None = None


class EventRecord:
    """One event's identity and state.

    ``own`` holds the options that the event itself has, by attribute name: those of its class and
    those set on the instance. ``origin`` is the parent's identity. ``live`` is ``None`` before the
    first emission and after completion.
    """

    node_kind: ClassVar[str] = "event"

    __slots__ = (
        "bus",
        "completed_ns",
        "created_ns",
        "emitted_by",
        "event",
        "id",
        "live",
        "middleware_errors",
        "origin",
        "own",
        "path",
        "results",
        "sequence",
        "started_ns",
        "status",
        "type",
        "version",
        "winner",
    )

    def __init__(self, event: BaseEvent[Any], type_: str, own: Mapping[str, Any]) -> None:
        self.event = event
        self.type = type_
        self.own = own
        self.id: str | None = None
        self.version: str | None = None
        self.sequence = clock.next_sequence()
        self.created_ns = clock.wall_ns()
        self.started_ns: int | None = None
        self.completed_ns: int | None = None
        self.status = EventStatus.PENDING
        self.bus: EventBus | None = None
        self.path: tuple[str, ...] = ()
        self.origin: Identity | None = None
        self.emitted_by: str | None = None
        self.results: dict[str, EventResult[Any]] | None = None
        self.middleware_errors: list[BaseException] | None = None
        self.winner: EventResult[Any] | None = None
        self.live: Live | None = None

    @property
    def parent_id(self) -> str | None:
        """The id of the event whose handler emitted this one, or what the event says itself."""
        origin = self.origin
        if isinstance(origin, tuple):
            self.origin = origin = clock.uuid7(*origin)
        return origin

    @parent_id.setter
    def parent_id(self, value: str | None) -> None:
        self.origin = value

    def identity(self) -> Identity:
        """The id, or what it will be made of: time and sequence of creation."""
        return (self.created_ns, self.sequence) if self.id is None else self.id

    @property
    def event_id(self) -> str:
        """The UUIDv7, made when it is first asked for."""
        if self.id is None:
            self.id = clock.uuid7(self.created_ns, self.sequence)
        return self.id

    def set_option(self, name: str, value: object) -> None:
        """Sets one of the event's own options, leaving those of its class as they are."""
        own = dict(self.own)
        own[name] = value
        self.own = own

    def children(self) -> Iterator[EventRecord]:
        """The events that this one's handlers emitted, in the order of handlers and emissions."""
        for result in (self.results or {}).values():
            for child in result.children or ():
                yield child._record

    def execution_on(self, bus: EventBus) -> Execution | None:
        """The unfinished event's execution on ``bus``."""
        live = self.live
        if live is not None:
            for execution in live:
                if execution.bus is bus:
                    return execution
        return None

    def waits(self) -> Iterator[Wait]:
        """The waits of live handlers for this event, or for one that it holds open."""
        record: EventRecord | None = self
        while record is not None and record.live is not None:
            for wait in record.live.waits or ():
                if wait.run.is_live:
                    yield wait
            emitter = record.live.emitter
            record = None if emitter is None else emitter.record

    def enclosing(self) -> Iterator[Execution]:
        """The executions whose handlers wait by queue jump for the event, the nearest first."""
        seen: set[EventRecord] = {self}
        rest: list[EventRecord] = [self]
        for record in rest:
            live = record.live
            if live is None:
                continue
            above = [] if live.emitter is None else [live.emitter.record]
            for wait in live.waits or ():
                execution = wait.run.execution
                if wait.jump and wait.run.is_live and execution is not None:
                    yield execution
                    above.append(execution.record)
            for outer in above:
                if outer not in seen:
                    seen.add(outer)
                    rest.append(outer)

    @property
    def is_related(self) -> bool:
        """Whether a handler emitted the event or waits for it."""
        live = self.live
        return live is not None and (live.emitter is not None or bool(live.waits))

    @property
    def is_running(self) -> bool:
        """Whether a bus runs the event's handlers."""
        for execution in self.live or ():  # noqa: SIM110
            if execution.state is State.RUNNING:
                return True
        return False

    def pressing(self) -> Iterator[Wait]:
        """As ``waits``, up to the first event whose handlers run: it may still wait for others."""
        record: EventRecord | None = self
        while record is not None and record.live is not None and not record.is_running:
            for wait in record.live.waits or ():
                if wait.run.is_live:
                    yield wait
            emitter = record.live.emitter
            record = None if emitter is None else emitter.record

    @property
    def is_jumped(self) -> bool:
        """Whether a live handler waits by queue jump for this event or for one it holds open."""
        return any(wait.jump for wait in self.waits())

    def execution_done(self) -> asyncio.Task[None] | None:
        """One bus is done with the event; returns what still tells middlewares about it."""
        live = self.live
        if live is None:
            return None
        live.open_executions -= 1
        if not live.open_executions and not live.open_children:
            return complete(self)
        if not live.open_executions and self.is_jumped:
            for child in list(self.children()):
                promote(child)
        cycles.refuse_at_rest(self)
        return None


def promote(record: EventRecord) -> None:
    """Lets what has not started of an awaited event run now, and what holds the event open.

    Children wait until their parent's handlers have ended.
    """
    live = record.live
    if live is None:
        return
    for execution in list(live):
        execution.promote()
    if record.live is not None and not live.open_executions:
        for child in list(record.children()):
            promote(child)


def complete(record: EventRecord) -> asyncio.Task[None] | None:
    """Marks the event complete, tells everybody, and does the same for parents it held open.

    Returns:
        The task that tells middlewares, where there are any.
    """
    current: EventRecord | None = record
    while current is not None:
        live = current.live
        if live is None:
            return None
        current.status = EventStatus.COMPLETED
        current.completed_ns = clock.wall_ns()
        announcers: list[EventBus] | None = None
        for execution in live:
            if execution.bus.middlewares:
                announcers = [*(announcers or ()), execution.bus]
        if announcers is not None:
            return announcers[0].spawn(_announce_and_release(current, announcers))
        current = _release(current)
    return None


async def _announce_and_release(record: EventRecord, buses: list[EventBus]) -> None:
    """Runs the hooks for completion, then lets waiters and parent go on."""
    for bus in buses:
        await bus.announce_event(record.event, EventStatus.COMPLETED)
    if record.live is not None and record.live.open_executions:
        return  # A hook emitted it on one more bus.
    parent = _release(record)
    if parent is not None:
        complete(parent)


def _release(record: EventRecord) -> EventRecord | None:
    """Ends the live state; returns the parent if that is complete now."""
    live = record.live
    if live is None:
        return None
    record.live = None
    for execution in live:
        execution.bus.event_completed(record)
    for waiter in live.waiters or ():
        wake(waiter)
    for wait in live.waits or ():
        wait.end()
    parent = None if live.emitter is None else live.emitter.record
    if parent is None or parent.live is None:
        return None
    parent.live.open_children -= 1
    if parent.live.open_children or parent.live.open_executions:
        return None
    return parent


def wake(waiter: asyncio.Future[None]) -> None:
    """Resolves a future of this thread's loop; one whose waiter or loop is gone is left alone."""
    if not waiter.done():
        try:  # noqa: SIM105
            waiter.set_result(None)
        except RuntimeError:  # Whoever waited has closed the loop.
            pass
