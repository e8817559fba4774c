"""A middleware that writes every event to a file before its handlers run.

Owns the file: one JSON object a line, ``{"bus", "change", "event"}``, flushed to the system line
by line.
Refuses to replay; ``read`` gives back what a killed process left.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base_event import BaseEvent
from .middlewares import EventBusMiddleware

if TYPE_CHECKING:
    from .event_bus import EventBus
    from .modes import EventStatus

__all__ = ["WriteAheadMiddleware"]


class WriteAheadMiddleware(EventBusMiddleware):
    """Appends each event to a JSONL file when it is emitted and when it is complete.

    Args:
        path: the file; it is created, and appended to if it exists.
        sync: also wait until the disk has each line, so that it survives a crash of the machine
            and not only of the process.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], *, sync: bool = False) -> None:
        self.path = Path(path)
        self.sync = sync
        self._file = os.open(
            self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        _end_last_line(self.path, self._file)

    async def on_event_change(
        self, bus: EventBus, event: BaseEvent[Any], status: EventStatus
    ) -> None:
        if status.value == "started":
            return
        entry = {"bus": bus.label, "change": status.value, "event": event.model_dump(mode="json")}
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n"
        rest = line.encode()
        while rest:
            rest = rest[os.write(self._file, rest) :]
        if self.sync:
            os.fsync(self._file)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Iterator[tuple[str, str, BaseEvent[Any]]]:
        """The entries of a file as (bus, change, event); a line that was cut off is left out."""
        with Path(path).open("rb") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                event: BaseEvent[Any] = BaseEvent.model_validate(entry["event"])
                yield entry["bus"], entry["change"], event


def _end_last_line(path: Path, file: int) -> None:
    """Keeps the first new entry apart from a line that a killed process cut off."""
    with path.open("rb") as existing:
        size = existing.seek(0, os.SEEK_END)
        if size:
            existing.seek(size - 1)
            if existing.read(1) != b"\n":
                os.write(file, b"\n")
