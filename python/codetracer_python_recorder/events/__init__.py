"""One in-process event bus with explicit lock, timeout, slow-monitor and error boundaries.

::

    from codetracer_python_recorder.events import BaseEvent, EventBus

    class Saved(BaseEvent[int]):
        path: str

    async def count(event: Saved) -> int:
        return len(event.path)

    bus = EventBus("files")
    bus.on(Saved, count)
    size = await bus.emit(Saved(path="a.txt")).event_result()

Needs the extra ``events`` (pydantic 2). Nothing of the recorder is needed or imported.
"""

from __future__ import annotations

try:
    import pydantic as _pydantic
except ImportError as _missing:
    from ..exceptions import make as _make

    raise _make(
        "ERR_MISSING_EXTRA",
        "the event bus needs pydantic 2: type `pip install 'codetracer-python-recorder[events]'`",
        extra="events",
        module="pydantic",
    ) from _missing

if int(_pydantic.VERSION.split(".")[0]) < 2:
    from ..exceptions import make as _make

    raise _make(
        "ERR_MISSING_EXTRA",
        "the event bus needs pydantic 2: type `pip install 'codetracer-python-recorder[events]'`",
        extra="events",
        module="pydantic",
        found=_pydantic.VERSION,
    )

from .base_event import BaseEvent
from .errors import (
    EventCycleError,
    EventHandlerAbortedError,
    EventHandlerCancelledError,
    EventHandlerError,
    EventHandlerResultSchemaError,
    EventHandlerTimeoutError,
    EventHistoryFullError,
    EventRecursionError,
)
from .event_bus import EventBus
from .event_handler import EventHandler
from .event_history import EventHistory
from .event_result import EventResult
from .middlewares import EventBusMiddleware
from .modes import (
    EventConcurrencyMode,
    EventHandlerCompletionMode,
    EventHandlerConcurrencyMode,
    EventResultStatus,
    EventStatus,
)

__all__ = [
    "BaseEvent",
    "EventBus",
    "EventBusMiddleware",
    "EventConcurrencyMode",
    "EventCycleError",
    "EventHandler",
    "EventHandlerAbortedError",
    "EventHandlerCancelledError",
    "EventHandlerCompletionMode",
    "EventHandlerConcurrencyMode",
    "EventHandlerError",
    "EventHandlerResultSchemaError",
    "EventHandlerTimeoutError",
    "EventHistory",
    "EventHistoryFullError",
    "EventRecursionError",
    "EventResult",
    "EventResultStatus",
    "EventStatus",
]
