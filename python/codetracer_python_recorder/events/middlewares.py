"""The interface of middlewares, and those that come with the bus.

Owns ``EventBusMiddleware`` and the names of the rest, each of which lives in its own module.
Refuses to import what only one of them needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_handler import EventHandler
    from .event_result import EventResult
    from .modes import EventResultStatus, EventStatus

__all__ = ["EventBusMiddleware"]


class EventBusMiddleware:
    """Told about every change on a bus; subclasses override what they need.

    Hooks run one after the other, outside of all limits. One that raises is logged, its error is
    added to ``event.event_middleware_errors``, and processing continues.
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
        """A result is about to start, or is ``completed`` or ``error``."""

    async def on_bus_handlers_change(
        self, bus: EventBus, handler: EventHandler, registered: bool
    ) -> None:
        """A handler was registered or removed."""
