"""A middleware that makes OpenTelemetry spans of events and results.

Owns the spans' names, attributes and nesting: a result's span is inside its event's, an event's
inside that of the result which emitted it. Refuses to configure providers and exporters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .middlewares import EventBusMiddleware
from .modes import EventResultStatus, EventStatus

try:
    from opentelemetry import trace as _trace
except ImportError as _missing:
    from ..exceptions import make as _make

    raise _make(
        "ERR_MISSING_EXTRA",
        "OpenTelemetryMiddleware needs opentelemetry-api: type "
        "`pip install 'codetracer-python-recorder[otel]'`",
        extra="otel",
        module="opentelemetry",
    ) from _missing

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_result import EventResult

__all__ = ["OpenTelemetryMiddleware"]


class OpenTelemetryMiddleware(EventBusMiddleware):
    """Starts a span for each event on each bus and for each result.

    Args:
        tracer: makes the spans; by default one of the global provider.
    """

    def __init__(self, tracer: Any = None) -> None:
        self.tracer = tracer or _trace.get_tracer("codetracer_python_recorder.events")
        self._spans: dict[tuple[str, str], Any] = {}

    async def on_event_change(
        self, bus: EventBus, event: BaseEvent[Any], status: EventStatus
    ) -> None:
        key = (event.event_id, bus.id)
        if status is EventStatus.STARTED:
            parent = self._spans.get(
                (event.event_parent_id or "", event.event_emitted_by_handler_id or "")
            )
            self._spans[key] = self._start(f"{bus.name} {event.event_type}", parent, bus, event)
        elif status is EventStatus.COMPLETED:
            self._end(key, None)
            for result in event.event_results.values():
                self._end((event.event_id, result.handler_id), result.error)

    async def on_event_result_change(
        self,
        bus: EventBus,
        event: BaseEvent[Any],
        event_result: EventResult[Any],
        status: EventResultStatus,
    ) -> None:
        key = (event.event_id, event_result.handler_id)
        if status is EventResultStatus.STARTED:
            parent = self._spans.get((event.event_id, bus.id))
            span = self._start(f"{bus.name} {event_result.handler_name}", parent, bus, event)
            span.set_attribute("event.handler_id", event_result.handler_id)
            self._spans[key] = span
        else:
            self._end(key, event_result.error)

    def _start(self, name: str, parent: Any, bus: EventBus, event: BaseEvent[Any]) -> Any:
        context = None if parent is None else _trace.set_span_in_context(parent)
        attributes = {"event.id": event.event_id, "event.type": event.event_type, "bus": bus.label}
        return self.tracer.start_span(name, context=context, attributes=attributes)

    def _end(self, key: tuple[str, str], error: BaseException | None) -> None:
        span = self._spans.pop(key, None)
        if span is None:
            return
        if error is not None:
            span.record_exception(error)
            span.set_status(_trace.Status(_trace.StatusCode.ERROR, str(error)))
        span.end()
