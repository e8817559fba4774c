"""Who may run when: the interface of the lock policy and its one implementation.

Owns the locks of buses and of all buses together, their re-entry by nested executions, and the
handler lock of an event. Refuses clocks: whoever waits here is pending, and no limit of his runs.

The interface is what the bus uses; another policy can be put behind ``EventBus.locks``.
"""

from __future__ import annotations

import asyncio
import warnings
from collections import deque
from collections.abc import Awaitable, Coroutine, Generator
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast, runtime_checkable
from weakref import WeakKeyDictionary

from .modes import EventConcurrencyMode, EventHandlerConcurrencyMode
from .options import effective

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_result import EventResult
    from .record import Live

__all__ = [
    "AsyncScope",
    "DirectScope",
    "LockManager",
    "LockManagerProtocol",
    "LockOwner",
    "ReentrantLock",
    "set_owner",
]


_GlobalLocks = WeakKeyDictionary["type[EventBus]", WeakKeyDictionary[Any, "ReentrantLock"]]


class AsyncScope(Protocol):
    """What ``async with`` takes; its methods may give any awaitable."""

    def __aenter__(self) -> Awaitable[object]:
        """Enters."""
        raise NotImplementedError

    def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
        /,
    ) -> Awaitable[bool | None]:
        """Leaves."""
        raise NotImplementedError


class LockOwner(Protocol):
    """What can hold a ``ReentrantLock``."""

    def is_inside(self, holder: Any, /) -> bool:
        """Whether ``holder`` waits, directly or not, for this owner to end."""
        raise NotImplementedError


_dispatching: ContextVar[LockOwner | None] = ContextVar("event_lock_owner", default=None)


class _Ready:
    """An awaitable that never suspends."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return _ENDED


# An exhausted iterator stays exhausted, so one is enough for all.
_ENDED = cast("Generator[None, None, None]", iter(()))
_READY = _Ready()


class ReentrantLock:
    """A lock that nested executions of its holder may enter, one at a time.

    Holders form a stack. An owner may enter when the stack is empty or its top waits for that owner
    to end, so that what a handler awaits re-enters, and two things that it awaits together exclude
    each other. Ownership is a fact about what waits for what now; a copied context owns nothing.
    Waiters are served in order, among those that may enter.
    """

    __slots__ = ("_stack", "_waiters")

    def __init__(self) -> None:
        self._stack: list[LockOwner] = []
        self._waiters: deque[tuple[LockOwner, asyncio.Future[None]]] = deque()

    @property
    def holders(self) -> tuple[LockOwner, ...]:
        """The owners that hold the lock, outermost first."""
        return tuple(self._stack)

    @property
    def depth(self) -> int:
        """How many owners hold the lock inside each other."""
        return len(self._stack)

    @property
    def held_here(self) -> bool:
        """Whether the handler that runs the calling code holds the lock."""
        return _dispatching.get() in self._stack

    def admits(self, owner: LockOwner) -> bool:
        """Whether ``owner`` could enter now."""
        return not self._stack or owner.is_inside(self._stack[-1])

    def try_enter(self, owner: LockOwner) -> bool:
        """Enters if that is possible now."""
        if self._stack and not owner.is_inside(self._stack[-1]):
            return False
        self._stack.append(owner)
        return True

    async def enter(self, owner: LockOwner) -> None:
        """Waits for its turn and enters. A cancelled wait leaves nothing behind."""
        if self.try_enter(owner):
            return
        future = asyncio.get_running_loop().create_future()
        entry = (owner, future)
        self._waiters.append(entry)
        try:
            await future
        except BaseException:
            if future.done() and not future.cancelled():
                self.leave(owner)
            else:
                self._waiters.remove(entry)
            raise

    def leave(self, owner: LockOwner) -> None:
        """Leaves; the owner need not be the innermost one."""
        stack = self._stack
        if stack and stack[-1] is owner:
            stack.pop()
        else:
            stack.remove(owner)
        if self._waiters:
            self.recheck()

    def recheck(self) -> None:
        """Lets the first waiter in that may enter, after what waits for what has changed."""
        for index, (owner, future) in enumerate(self._waiters):
            if not future.done() and self.try_enter(owner):
                del self._waiters[index]
                future.set_result(None)
                return


@runtime_checkable
class LockManagerProtocol(Protocol):
    """The lock policy that a bus uses.

    Entering an asynchronous scope may wait; leaving never does.
    """

    def event_lock(self, bus: EventBus, event: BaseEvent[Any]) -> AsyncScope:
        """The scope in which ``bus`` runs the handlers of ``event``."""
        raise NotImplementedError

    def handler_lock(
        self, bus: EventBus, event: BaseEvent[Any], event_result: EventResult[Any]
    ) -> AsyncScope:
        """The scope in which one handler runs, inside that of the event."""
        raise NotImplementedError

    def handler_dispatch_context(
        self, bus: EventBus, event: BaseEvent[Any]
    ) -> AbstractContextManager[object]:
        """The scope around the handler's body, entered in the handler's own context."""
        raise NotImplementedError

    def get_lock_for_event(self, bus: EventBus, event: BaseEvent[Any]) -> ReentrantLock | None:
        """The lock object that ``event_lock`` enters; ``None`` when it enters none."""
        raise NotImplementedError


class LockManager:
    """The policy inside one process: nothing, one lock for each bus, or one for all of a class."""

    __slots__ = ("_bus_lock",)

    # The lock of all buses of one class, for each event loop.
    _global_locks: ClassVar[_GlobalLocks] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._bus_lock = ReentrantLock()

    def get_lock_for_event(self, bus: EventBus, event: BaseEvent[Any]) -> ReentrantLock | None:
        """See ``LockManagerProtocol``."""
        record = event._record
        mode = effective(record, "event_concurrency", bus) if record.own else bus.plain.concurrency
        if mode is EventConcurrencyMode.BUS_SERIAL:
            return self._bus_lock
        if mode is EventConcurrencyMode.PARALLEL:
            return None
        loops = LockManager._global_locks.setdefault(type(bus), WeakKeyDictionary())
        return loops.setdefault(bus.loop, ReentrantLock())

    def event_lock(self, bus: EventBus, event: BaseEvent[Any]) -> AsyncScope:
        """See ``LockManagerProtocol``."""
        lock = self.get_lock_for_event(bus, event)
        owner = event._record.execution_on(bus)
        return _NO_LOCK if lock is None or owner is None else _EventScope(lock, owner)

    def handler_lock(
        self, bus: EventBus, event: BaseEvent[Any], event_result: EventResult[Any]
    ) -> AsyncScope:
        """See ``LockManagerProtocol``."""
        record = event._record
        live = record.live
        mode = bus.plain.handlers
        if record.own:
            mode = effective(record, "event_handler_concurrency", bus)
        if live is None or mode is EventHandlerConcurrencyMode.PARALLEL:
            return _NO_LOCK
        return _HandlerScope(live, event_result)

    def handler_dispatch_context(
        self, bus: EventBus, event: BaseEvent[Any]
    ) -> AbstractContextManager[object]:
        """See ``LockManagerProtocol``."""
        return _DispatchScope(event._record.execution_on(bus))

    def lock_for_event(self, bus: EventBus, event: BaseEvent[Any]) -> AsyncScope:
        """Deprecated name of ``event_lock``."""
        _deprecated("lock_for_event", "event_lock")
        return self.event_lock(bus, event)

    def lock_for_event_handler(
        self, bus: EventBus, event: BaseEvent[Any], event_result: EventResult[Any]
    ) -> AsyncScope:
        """Deprecated name of ``handler_lock``."""
        _deprecated("lock_for_event_handler", "handler_lock")
        return self.handler_lock(bus, event, event_result)

    def lock_context_for_current_handler(
        self, bus: EventBus, event: BaseEvent[Any]
    ) -> AbstractContextManager[object]:
        """Deprecated name of ``handler_dispatch_context``."""
        _deprecated("lock_context_for_current_handler", "handler_dispatch_context")
        return self.handler_dispatch_context(bus, event)


def _deprecated(old: str, new: str) -> None:
    warnings.warn(f"LockManager.{old} is now {new}", DeprecationWarning, stacklevel=3)


class DirectScope:
    """An asynchronous scope that can be entered and left without a wait; this one locks nothing."""

    __slots__ = ()

    def enter(self) -> Coroutine[Any, Any, None] | None:
        """Enters and returns nothing, or returns what waits for its turn and then enters."""
        return None

    def leave(self) -> None:
        """Leaves."""

    def __aenter__(self) -> Awaitable[None]:
        return self.enter() or _READY

    def __aexit__(self, *_: object) -> Awaitable[None]:
        self.leave()
        return _READY


_NO_LOCK = DirectScope()


class _EventScope(DirectScope):
    __slots__ = ("_lock", "_owner")

    def __init__(self, lock: ReentrantLock, owner: LockOwner) -> None:
        self._lock = lock
        self._owner = owner

    def enter(self) -> Coroutine[Any, Any, None] | None:
        return None if self._lock.try_enter(self._owner) else self._lock.enter(self._owner)

    def leave(self) -> None:
        self._lock.leave(self._owner)


class _HandlerScope(DirectScope):
    """The handler lock of an event, which all buses on its path share."""

    __slots__ = ("_live", "_run")

    def __init__(self, live: Live, run: EventResult[Any]) -> None:
        self._live = live
        self._run = run

    def enter(self) -> Coroutine[Any, Any, None] | None:
        if self._live.serial_owner is None:
            self._live.serial_owner = self._run
            return None
        return take_handler_lock(self._live, self._run)

    def leave(self) -> None:
        yield_handler_lock(self._live, self._run)


async def take_handler_lock(live: Live, run: EventResult[Any]) -> None:
    """Waits until ``run`` holds the handler lock of its event."""
    if live.serial_owner in (None, run):
        live.serial_owner = run
        return
    if live.serial_waiters is None:
        live.serial_waiters = deque()
    future = asyncio.get_running_loop().create_future()
    entry = (run, future)
    live.serial_waiters.append(entry)
    try:
        await future
    except BaseException:
        if future.done() and not future.cancelled():
            yield_handler_lock(live, run)
        elif entry in live.serial_waiters:
            live.serial_waiters.remove(entry)
        raise


def yield_handler_lock(live: Live, run: EventResult[Any]) -> bool:
    """Gives the handler lock to the next waiter; returns whether ``run`` had it."""
    if live.serial_owner is not run:
        return False
    live.serial_owner = None
    waiters = live.serial_waiters
    while waiters:
        following, future = waiters.popleft()
        if not future.done():
            live.serial_owner = following
            future.set_result(None)
            _serve_the_same(live)
            break
    return True


def _serve_the_same(live: Live) -> None:
    """Several tasks of one handler may wait for its lock; it is for all of them."""
    waiters = live.serial_waiters or deque()
    for entry in [entry for entry in waiters if entry[0] is live.serial_owner]:
        waiters.remove(entry)
        if not entry[1].done():
            entry[1].set_result(None)


def set_owner(owner: LockOwner) -> None:
    """As ``LockManager.handler_dispatch_context``, for a context that ends with the handler."""
    _dispatching.set(owner)


class _DispatchScope:
    __slots__ = ("_owner", "_token")

    def __init__(self, owner: LockOwner | None) -> None:
        self._owner = owner

    def __enter__(self) -> None:
        self._token: Token[LockOwner | None] = _dispatching.set(self._owner)

    def __exit__(self, *_: object) -> None:
        _dispatching.reset(self._token)
