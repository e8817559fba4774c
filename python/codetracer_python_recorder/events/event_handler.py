"""One registered handler.

Owns what was given to ``EventBus.on``: the callable, its name, its limits and where it was written.
Refuses to run it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import clock
from .modes import UNSET, Unset
from .options import check_limit

if TYPE_CHECKING:
    from .event_bus import EventBus

__all__ = ["EventHandler", "handler_label"]


class EventHandler:
    """A handler as it is registered on one bus.

    Attributes:
        id: a UUIDv7, or what the caller gave.
        handler: the callable; ``None`` on a handler that was loaded from JSON.
        handler_name: for logs and errors.
        event_pattern: the event type that it handles, or ``*``.
        handler_timeout: its limit in seconds. ``UNSET`` means the event's, ``None`` lifts the
            handler limit (never the event's cap).
        handler_slow_timeout: seconds after which a running body is warned about; as above.
        handler_file_path: ``file:line`` of the callable, where the bus detects it.
        eventbus_name: the bus.
        is_async: whether calling it gives a coroutine.
        running: how many of its runs have started and are not final.
    """

    __slots__ = (
        "_file_path",
        "_registered_ns",
        "event_pattern",
        "eventbus_id",
        "eventbus_name",
        "handler",
        "handler_name",
        "handler_slow_timeout",
        "handler_timeout",
        "id",
        "is_async",
        "running",
    )

    def __init__(
        self,
        handler: Callable[[Any], Any] | None,
        event_pattern: str,
        *,
        id: str | None = None,
        handler_name: str | None = None,
        handler_timeout: float | Unset | None = UNSET,
        handler_slow_timeout: float | Unset | None = UNSET,
        bus: EventBus | None = None,
        file_path: str | Unset | None = UNSET,
    ) -> None:
        self.handler = handler
        self.event_pattern = event_pattern
        self.handler_name = handler_name or handler_label(handler)
        self._registered_ns = clock.wall_ns()
        self.id = id or clock.uuid7(self._registered_ns, clock.next_sequence())
        self.handler_timeout: float | Unset | None = _limit("handler_timeout", handler_timeout)
        self.handler_slow_timeout: float | Unset | None = _limit(
            "handler_slow_timeout", handler_slow_timeout
        )
        self.eventbus_name = "" if bus is None else bus.name
        self.eventbus_id = "" if bus is None else bus.id
        self._file_path = file_path
        self.is_async = inspect.iscoroutinefunction(_innermost(handler))
        self.running = 0

    @property
    def handler_registered_at(self) -> str:
        """When it was registered: RFC 3339, UTC."""
        return clock.format_time(self._registered_ns)

    @property
    def handler_file_path(self) -> str | None:
        """``file:line`` of the callable, found when it is first asked for."""
        if self._file_path is UNSET:
            self._file_path = _file_path(self.handler)
        path = self._file_path
        return None if isinstance(path, Unset) else path

    def __repr__(self) -> str:
        return f"EventHandler({self.eventbus_name}.{self.handler_name} on {self.event_pattern!r})"


def handler_label(handler: Callable[[Any], Any] | None) -> str:
    """A name for a callable that was given none."""
    inner = _innermost(handler)
    owner = getattr(inner, "__self__", None)
    name = getattr(inner, "__qualname__", None) or getattr(inner, "__name__", None)
    name = name or type(inner).__qualname__
    label = getattr(owner, "label", None)
    return f"{label}.{inner.__name__}" if label and hasattr(inner, "__name__") else str(name)


def _limit(name: str, value: float | Unset | None) -> float | Unset | None:
    return value if isinstance(value, Unset) else check_limit(name, value)


def _innermost(handler: Any) -> Any:
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not inspect.isroutine(handler) and handler is not None and not inspect.isclass(handler):
        called = getattr(handler, "__call__", None)  # noqa: B004
        if inspect.ismethod(called):
            return called
    return handler


def _file_path(handler: Callable[[Any], Any] | None) -> str | None:
    code = getattr(inspect.unwrap(_innermost(handler)), "__code__", None) if handler else None
    return None if code is None else f"{code.co_filename}:{code.co_firstlineno}"
