"""The event bus.

Owns options, registration and emission. Refuses processing, which is its base classes' and that
of each event's ``Execution``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, overload

from . import clock
from .base_event import BaseEvent, pattern_of
from .dispatching import Dispatching
from .event_handler import EventHandler
from .event_history import EventHistory
from .event_result import current_run
from .modes import (
    UNSET,
    EventConcurrencyMode,
    EventHandlerCompletionMode,
    EventHandlerConcurrencyMode,
    Unset,
)
from .options import Plain, check_limit
from .process import Execution
from .record import EventRecord

if TYPE_CHECKING:
    from .middlewares import EventBusMiddleware

__all__ = ["EventBus"]

_names = itertools.count(1)


class EventBus(Dispatching):
    """Takes events and runs the handlers that are registered for them.

    Args:
        name: for paths, logs and errors; made up when it is missing.
        event_concurrency: ``parallel``, ``bus-serial`` (one event of this bus at a time) or
            ``global-serial`` (one event of all buses of this class at a time).
        event_handler_concurrency: ``serial`` or ``parallel`` handlers of one event.
        event_handler_completion: ``all``, or ``first`` to stop an event at its first value.
        max_history_size: how many events to remember; ``None`` for all, 0 for unfinished ones only.
        max_history_drop: whether unfinished events may be forgotten; if not, ``emit`` raises.
        max_handler_recursion_depth: how often a handler may be inside itself.
        event_timeout: seconds that all handlers of an event may take together; ``None``: no limit.
        event_slow_timeout: seconds after which a running event is warned about.
        event_handler_slow_timeout: seconds after which a running handler is warned about.
        event_handler_detect_file_paths: whether handlers know the file they were written in.
        middlewares: told about every change.
        id: a UUIDv7, or what the caller gives.

    Raises:
        TypeError, ValueError: an option is not allowed.
    """

    def __init__(
        self,
        name: str | None = None,
        event_concurrency: EventConcurrencyMode | str = "bus-serial",
        event_handler_concurrency: EventHandlerConcurrencyMode | str = "serial",
        event_handler_completion: EventHandlerCompletionMode | str = "all",
        max_history_size: int | None = 100,
        max_history_drop: bool = True,
        max_handler_recursion_depth: int = 2,
        event_timeout: float | None = 60.0,
        event_slow_timeout: float | None = 300.0,
        event_handler_slow_timeout: float | None = 30.0,
        event_handler_detect_file_paths: bool = True,
        middlewares: Sequence[EventBusMiddleware] | None = None,
        id: str | None = None,
    ) -> None:
        self.name = name or f"EventBus{next(_names)}"
        self.id = id or clock.uuid7(clock.wall_ns(), clock.next_sequence())
        self.label = f"{self.name}#{self.id[-8:]}"
        self.event_concurrency = EventConcurrencyMode(event_concurrency)
        self.event_handler_concurrency = EventHandlerConcurrencyMode(event_handler_concurrency)
        self.event_handler_completion = EventHandlerCompletionMode(event_handler_completion)
        self.event_timeout = check_limit("event_timeout", event_timeout)
        self.event_slow_timeout = check_limit("event_slow_timeout", event_slow_timeout)
        self.event_handler_slow_timeout = check_limit(
            "event_handler_slow_timeout", event_handler_slow_timeout
        )
        if max_handler_recursion_depth < 0:
            raise ValueError(f"max_handler_recursion_depth is {max_handler_recursion_depth}")
        self.max_handler_recursion_depth = max_handler_recursion_depth
        self.event_handler_detect_file_paths = event_handler_detect_file_paths
        self.history = EventHistory(max_history_size, max_history_drop)
        self.handlers: dict[str, EventHandler] = {}
        self.defaults: dict[str, Any] = {
            "event_concurrency": self.event_concurrency,
            "event_handler_concurrency": self.event_handler_concurrency,
            "event_handler_completion": self.event_handler_completion,
            "event_timeout": self.event_timeout,
            "event_slow_timeout": self.event_slow_timeout,
            "event_handler_slow_timeout": self.event_handler_slow_timeout,
        }
        self.plain = Plain(self.defaults)
        super().__init__(middlewares)

    def __repr__(self) -> str:
        return f"EventBus({self.label}, {len(self.handlers)} handlers, {len(self._open)} open)"

    @overload
    def on[F: Callable[..., Any]](
        self, event_pattern: str | type[BaseEvent[Any]], /
    ) -> Callable[[F], F]: ...

    @overload
    def on(
        self,
        event_pattern: str | type[BaseEvent[Any]],
        handler: Callable[[Any], Any],
        /,
        *,
        id: str | None = None,
        handler_name: str | None = None,
        handler_timeout: float | Unset | None = UNSET,
        handler_slow_timeout: float | Unset | None = UNSET,
    ) -> EventHandler: ...

    def on(
        self,
        event_pattern: str | type[BaseEvent[Any]],
        handler: Callable[[Any], Any] | None = None,
        /,
        **options: Any,
    ) -> Any:
        """Registers a handler; events that are being processed do not see it.

        Args:
            event_pattern: an event class, a type's name, or ``*`` for all.
            handler: a function or coroutine function of the event. Without it ``on`` is a
                decorator.
            id, handler_name: made up when they are missing.
            handler_timeout: seconds for this handler; ``None`` lifts the handler limit.
            handler_slow_timeout: seconds after which this handler is warned about.

        Returns:
            The registered handler.

        Raises:
            TypeError, ValueError: an option is not allowed, or the id is taken.
        """
        if handler is None:

            def decorate(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
                self.on(event_pattern, function, **options)
                return function

            return decorate
        if not callable(handler):
            raise TypeError(f"a handler must be callable, not {handler!r}")
        path = UNSET if self.event_handler_detect_file_paths else None
        entry = EventHandler(
            handler, pattern_of(event_pattern), bus=self, file_path=path, **options
        )
        if entry.id in self.handlers:
            raise ValueError(f"{self.label} has a handler with the id {entry.id!r} already")
        self.handlers[entry.id] = entry
        self._by_type.clear()
        self._announcer.handlers_changed(entry, True)
        return entry

    def off(
        self,
        event_pattern: str | type[BaseEvent[Any]],
        handler: EventHandler | Callable[[Any], Any] | str | None = None,
    ) -> None:
        """Removes handlers of a pattern: one by itself, its callable or its id, or all of them."""
        pattern = pattern_of(event_pattern)
        for entry in list(self.handlers.values()):
            same = handler is None or handler is entry or handler in (entry.handler, entry.id)
            if entry.event_pattern == pattern and same:
                del self.handlers[entry.id]
                self._by_type.clear()
                self._announcer.handlers_changed(entry, False)

    def handlers_for(self, event_type: str) -> tuple[EventHandler, ...]:
        """The handlers of the type, then those of ``*``, each in the order of registration."""
        found = self._by_type.get(event_type)
        if found is None:
            every = self.handlers.values()
            found = tuple(h for h in every if h.event_pattern == event_type)
            found += tuple(h for h in every if h.event_pattern == "*")
            self._by_type[event_type] = found
        return found

    def emit[E: BaseEvent[Any]](self, event: E) -> E:
        """Queues an event and returns it at once; ``await`` it to wait for its handlers.

        The first emission binds the bus to the running loop. Other threads may emit afterwards;
        the handlers run on the bound loop. An event that is on its way over this bus is not taken
        twice.

        Raises:
            RuntimeError: the bus is stopped, or no loop is running and none is bound.
            EventHistoryFullError: the history may not drop and is full of unfinished events.
            TypeError: ``event`` is no event.
        """
        if self._stopped:
            raise RuntimeError(f"{self.label} is stopped")
        record = getattr(event, "_record", None)
        if type(record) is not EventRecord:
            raise TypeError(f"not an event: {event!r}")
        if self.label in record.path:
            return event
        here = self._is_here()
        if not self.history.drop:
            self.history.check_room()
        execution = Execution(self, record, copy_context())
        self._attach(record, execution, current_run(), here)
        if here:
            self._enqueue(execution)
        else:
            self.loop.call_soon_threadsafe(self._enqueue_late, execution)
        return event

    dispatch = emit
