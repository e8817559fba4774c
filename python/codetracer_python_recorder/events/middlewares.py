"""The interface of middlewares, and the names of those that come with the bus.

Owns ``EventBusMiddleware``. Refuses to import what only one middleware needs: each lives in its own
module and is imported when its name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_handler import EventHandler
    from .event_result import EventResult
    from .middleware_jsonl import WriteAheadMiddleware
    from .middleware_logging import LoggingMiddleware
    from .middleware_otel import OpenTelemetryMiddleware
    from .middleware_sqlite import SQLiteHistoryMiddleware
    from .modes import EventResultStatus, EventStatus

__all__ = [
    "EventBusMiddleware",
    "LoggingMiddleware",
    "OpenTelemetryMiddleware",
    "SQLiteHistoryMiddleware",
    "WriteAheadMiddleware",
]

_HOMES = {
    "LoggingMiddleware": "middleware_logging",
    "OpenTelemetryMiddleware": "middleware_otel",
    "SQLiteHistoryMiddleware": "middleware_sqlite",
    "WriteAheadMiddleware": "middleware_jsonl",
}


class EventBusMiddleware:
    """Told about every change on a bus; subclasses override what they need.

    Hooks run one after the other, outside of all limits. One that raises is logged, its error is
    added to ``event.event_middleware_errors``, and processing continues. The bus goes on when a
    hook has returned, so that a hook must not await events of its own bus.
    """

    async def on_event_change(
        self, bus: EventBus, event: BaseEvent[Any], status: EventStatus
    ) -> None:
        """An event is ``pending`` (before anything runs), ``started`` or ``completed``."""

    async def on_event_result_change(
        self,
        bus: EventBus,
        event: BaseEvent[Any],
        event_result: EventResult[Any],
        status: EventResultStatus,
    ) -> None:
        """A result is about to start (``started``), or is ``completed`` or ``error``."""

    async def on_bus_handlers_change(
        self, bus: EventBus, handler: EventHandler, registered: bool
    ) -> None:
        """A handler was registered or removed."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module("." + _HOMES[name], __package__), name)
    globals()[name] = value
    return value
