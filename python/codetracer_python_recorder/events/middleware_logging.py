"""A middleware that logs what happens.

Owns the texts and levels. Refuses to configure ``logging``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from .logging import LOGGER
from .middlewares import EventBusMiddleware
from .modes import EventStatus

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_handler import EventHandler
    from .event_result import EventResult
    from .modes import EventResultStatus

__all__ = ["LoggingMiddleware"]


class LoggingMiddleware(EventBusMiddleware):
    """Logs every change of events and results, errors as warnings.

    Args:
        logger: where to; by default the logger of the bus.
        level: of what is no error.
        trees: also log the tree of each completed event that has no parent.
    """

    def __init__(
        self,
        logger: logging.Logger = LOGGER,
        level: int = logging.INFO,
        trees: bool = False,
    ) -> None:
        self.logger = logger
        self.level = level
        self.trees = trees

    async def on_event_change(
        self, bus: EventBus, event: BaseEvent[Any], status: EventStatus
    ) -> None:
        name = f"{bus.label} {event.event_type}#{event.event_id[-4:]}"
        self.logger.log(self.level, "%s: %s", name, status.value, extra=_extra(event))
        if self.trees and status is EventStatus.COMPLETED and event.event_parent_id is None:
            self.logger.log(self.level, "%s", event.event_log_tree(), extra=_extra(event))

    async def on_event_result_change(
        self,
        bus: EventBus,
        event: BaseEvent[Any],
        event_result: EventResult[Any],
        status: EventResultStatus,
    ) -> None:
        error = event_result.error
        name = f"{bus.label} {event.event_type}#{event.event_id[-4:]} {event_result.handler_name}"
        if error is None:
            self.logger.log(self.level, "%s: %s", name, status.value, extra=_extra(event))
        else:
            self.logger.warning("%s: %r", name, error, exc_info=error, extra=_extra(event))

    async def on_bus_handlers_change(
        self, bus: EventBus, handler: EventHandler, registered: bool
    ) -> None:
        what = "registered" if registered else "removed"
        self.logger.log(self.level, "%s: %r %s", bus.label, handler, what)


def _extra(event: BaseEvent[Any]) -> dict[str, object]:
    return {"event": event}
