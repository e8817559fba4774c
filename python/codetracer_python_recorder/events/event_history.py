"""The events that a bus remembers.

Owns their order, their number and the choice of what to forget, each step in constant time.
Refuses to
touch processing: a forgotten event goes on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .errors import EventHistoryFullError

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .record import EventRecord

__all__ = ["EventHistory"]

_Shelf = OrderedDict["EventRecord", int]


class EventHistory:
    """A bus's memory.

    Events are on one of three shelves, by state; a full history forgets the oldest completed one,
    then the oldest started one, then the oldest pending one.

    Attributes:
        max_size: how many events to keep; ``None`` for all, 0 for unfinished ones only.
        drop: whether unfinished events may be forgotten. If not, ``admit`` raises instead.
    """

    __slots__ = ("_completed", "_count", "_pending", "_started", "drop", "max_size")

    def __init__(self, max_size: int | None = 100, drop: bool = True) -> None:
        if max_size is not None and max_size < 0:
            raise ValueError(f"max_history_size must not be negative: {max_size}")
        self.max_size = max_size
        self.drop = drop
        self._pending: _Shelf = OrderedDict()
        self._started: _Shelf = OrderedDict()
        self._completed: _Shelf = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return len(self._pending) + len(self._started) + len(self._completed)

    def __iter__(self) -> Iterator[BaseEvent[Any]]:
        return (record.event for record in self.records())

    def __contains__(self, event: object) -> bool:
        record = getattr(event, "_record", None)
        return any(record in shelf for shelf in self._shelves())

    def get(self, event_id: str) -> BaseEvent[Any] | None:
        """The event with that id, if it is remembered."""
        return next((event for event in self if event.event_id == event_id), None)

    def records(self) -> list[EventRecord]:
        """All that is remembered, in the order of emission on the bus."""
        entries = [entry for shelf in self._shelves() for entry in shelf.items()]
        entries.sort(key=lambda entry: entry[1])
        return [record for record, _ in entries]

    def check_room(self) -> None:
        """Refuses one more unfinished event where there is no room for it.

        Raises:
            EventHistoryFullError: nothing may be dropped and ``max_size`` events are unfinished.
        """
        size = self.max_size
        if size and not self.drop and len(self._pending) + len(self._started) >= size:
            raise EventHistoryFullError(f"{size} events are unfinished and max_history_drop is off")

    def admit(self, record: EventRecord) -> None:
        """Remembers a newly emitted event."""
        size = self.max_size
        self._count += 1
        pending = self._pending
        pending[record] = self._count
        completed = self._completed
        over = len(pending) + len(self._started) + len(completed) - size if size else 0
        if over == 1 and completed:
            completed.popitem(last=False)
        elif over > 0:
            self.trim()

    def add_completed(self, record: EventRecord) -> None:
        """Remembers an event that was completed elsewhere."""
        self._count += 1
        self._completed[record] = self._count
        self.trim()

    def started(self, record: EventRecord) -> None:
        """The bus has started with the event."""
        at = self._pending.pop(record, None)
        if at is not None:
            self._started[record] = at

    def completed(self, record: EventRecord) -> None:
        """The event is complete."""
        at = self._started.pop(record, None) or self._pending.pop(record, None)
        if at is not None:
            if self.max_size == 0:
                return
            self._completed[record] = at

    def trim(self) -> None:
        """Forgets until the size is right."""
        size = self.max_size
        if size is None:
            return
        if size == 0:
            self._completed.clear()
            return
        while len(self) > size:
            shelf = self._completed
            if not shelf:
                if not self.drop:
                    return
                shelf = self._started or self._pending
            shelf.popitem(last=False)

    def forget(self, record: EventRecord) -> None:
        """Removes one event."""
        for shelf in self._shelves():
            shelf.pop(record, None)

    def clear(self) -> None:
        """Forgets everything."""
        for shelf in self._shelves():
            shelf.clear()

    def _shelves(self) -> tuple[_Shelf, _Shelf, _Shelf]:
        return self._completed, self._started, self._pending
