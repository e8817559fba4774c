"""Looking at a bus: finding events, their relations, the tree, JSON.

Owns what reads a bus's history and registrations. Refuses to change processing; loading makes a
new bus.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, overload

from . import clock
from .base_event import BaseEvent, pattern_of
from .event_handler import EventHandler
from .event_history import EventHistory
from .event_json import wire_value
from .logging import tree
from .modes import UNSET, EventStatus, Unset
from .options import check_wait
from .record import EventRecord, wake

if TYPE_CHECKING:
    from pydantic_core import CoreSchema as CoreSchema

__all__ = ["BusViews"]

_OPTIONS = (
    "event_concurrency",
    "event_handler_concurrency",
    "event_handler_completion",
    "max_handler_recursion_depth",
    "event_timeout",
    "event_slow_timeout",
    "event_handler_slow_timeout",
    "event_handler_detect_file_paths",
)


class BusViews:
    """The reading half of ``EventBus``."""

    name: str
    id: str
    label: str
    history: EventHistory
    handlers: dict[str, EventHandler]
    _finders: dict[object, Callable[[EventRecord], object]]

    @overload
    async def find[E: BaseEvent[Any]](
        self,
        event_type: type[E],
        where: Callable[[E], bool] | None = None,
        child_of: BaseEvent[Any] | None = None,
        past: bool | float = True,
        future: bool | float | None = False,
        **fields: Any,
    ) -> E | None: ...

    @overload
    async def find(
        self,
        event_type: str,
        where: Callable[[BaseEvent[Any]], bool] | None = None,
        child_of: BaseEvent[Any] | None = None,
        past: bool | float = True,
        future: bool | float | None = False,
        **fields: Any,
    ) -> BaseEvent[Any] | None: ...

    async def find(
        self,
        event_type: Any,
        where: Callable[[Any], bool] | None = None,
        child_of: BaseEvent[Any] | None = None,
        past: bool | float = True,
        future: bool | float | None = False,
        **fields: Any,
    ) -> Any:
        """The most recent remembered event that matches, or the next one that is emitted.

        Args:
            event_type: an event class, a type's name, or ``*``.
            where: says whether an event matches.
            child_of: only events under this one.
            past: look at remembered events; a number looks back so many seconds.
            future: wait for a new one; a number waits so many seconds, ``None`` without limit.
            fields: values that attributes of the event must have.

        Returns:
            The event, or ``None``; a new one is returned at its emission.
        """
        pattern = pattern_of(event_type)

        def matches(record: EventRecord) -> bool:
            event = record.event
            return (
                pattern in ("*", record.type)
                and (child_of is None or self.event_is_child_of(event, child_of))
                and all(getattr(event, key, UNSET) == value for key, value in fields.items())
                and (where is None or bool(where(event)))
            )

        if past is not False:
            oldest = 0 if past is True else clock.wall_ns() - int(past * 1e9)
            for record in reversed(self.history.records()):
                if record.created_ns >= oldest and matches(record):
                    return record.event
        if future is False:
            return None
        return await self._find_next(matches, None if future is True else future)

    async def _find_next(
        self, matches: Callable[[EventRecord], bool], timeout: float | None
    ) -> BaseEvent[Any] | None:
        seconds = check_wait("future", timeout)
        if seconds == 0:
            return None
        found: list[EventRecord] = []
        emitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def look(record: EventRecord) -> None:
            if found:
                return
            try:
                if matches(record):
                    found.append(record)
                    wake(emitted)
            except Exception as error:  # A predicate's error is its own waiter's.
                if not emitted.done():
                    emitted.set_exception(error)

        self._finders[emitted] = look
        try:
            async with asyncio.timeout(seconds):
                await emitted
        except TimeoutError:
            if not emitted.cancelled() and emitted.done():
                raise
        finally:
            del self._finders[emitted]
        return found[0].event if found else None

    def event_is_child_of(self, event: BaseEvent[Any], ancestor: BaseEvent[Any]) -> bool:
        """Whether ``event`` was emitted, directly or not, by a handler of ``ancestor``."""
        if event._record.parent_id is None:
            return False
        if event._record.parent_id == ancestor.event_id:
            return True
        rest = [ancestor._record]
        while rest:
            for child in rest.pop().children():
                if child is event._record:
                    return True
                rest.append(child)
        above = self.history.get(event._record.parent_id)
        return above is not None and above is not event and self.event_is_child_of(above, ancestor)

    def event_is_parent_of(self, event: BaseEvent[Any], descendant: BaseEvent[Any]) -> bool:
        """Whether a handler of ``event`` emitted ``descendant``, directly or not."""
        return self.event_is_child_of(descendant, event)

    @property
    def event_history(self) -> dict[str, BaseEvent[Any]]:
        """The remembered events by id, oldest first."""
        return {event.event_id: event for event in self.history}

    def log_tree(self) -> str:
        """The remembered events with results and children as text."""
        return tree(self.label, self.history.records())

    def model_dump(self) -> dict[str, Any]:
        """Options, handlers and remembered events, as JSON values.

        Raises:
            ValueError: a value has no JSON form.
        """
        return {
            "name": self.name,
            "id": self.id,
            "max_history_size": self.history.max_size,
            "max_history_drop": self.history.drop,
            **{name: wire_value(getattr(self, name)) for name in _OPTIONS},
            "handlers": [_dump_handler(handler) for handler in self.handlers.values()],
            "events": [event.model_dump(mode="json") for event in self.history],
        }

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """``model_dump`` as text."""
        return json.dumps(self.model_dump(), indent=indent, allow_nan=False, ensure_ascii=False)

    @classmethod
    def validate(cls, data: Mapping[str, Any] | str | bytes, **types: type[BaseEvent[Any]]) -> Self:
        """A bus with the options and events of a dump.

        Handlers are code and are not in a dump: their entries come back without a callable, as
        ``handlers`` of results, and nothing is registered.

        Args:
            data: what ``model_dump`` or ``model_dump_json`` gave.
            types: event classes by type; other events become plain ``BaseEvent``.

        Raises:
            ValueError: the data is not a bus's.
        """
        members = json.loads(data) if isinstance(data, str | bytes) else data
        names = ("name", "id", "max_history_size", "max_history_drop", *_OPTIONS)
        bus = cls(**{name: members[name] for name in names if name in members})
        for loaded in members.get("events", ()):
            kind = types.get(loaded["event_type"], BaseEvent)
            record = kind.model_validate(loaded)._record
            if record.status is EventStatus.COMPLETED:
                bus.history.add_completed(record)
            else:
                bus.history.admit(record)
        return bus


def _dump_handler(handler: EventHandler) -> dict[str, Any]:
    limits = {
        "handler_timeout": handler.handler_timeout,
        "handler_slow_timeout": handler.handler_slow_timeout,
    }
    return {
        "id": handler.id,
        "event_pattern": handler.event_pattern,
        "handler_name": handler.handler_name,
        "handler_file_path": handler.handler_file_path,
        "handler_registered_at": handler.handler_registered_at,
        **{name: wire_value(v) for name, v in limits.items() if not isinstance(v, Unset)},
    }
