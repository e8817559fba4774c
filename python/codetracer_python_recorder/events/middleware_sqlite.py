"""A middleware that mirrors events and results into an SQLite database.

Owns the tables ``events`` and ``results`` and their write-ahead log; every hook commits, so that
a killed process leaves what it had been told. Refuses to change what the bus remembers.
"""

from __future__ import annotations

import json
import os
import sqlite3
from typing import TYPE_CHECKING, Any

from .event_json import dump_result
from .middlewares import EventBusMiddleware

if TYPE_CHECKING:
    from .base_event import BaseEvent
    from .event_bus import EventBus
    from .event_result import EventResult
    from .modes import EventResultStatus, EventStatus

__all__ = ["SQLiteHistoryMiddleware"]

_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT NOT NULL,
    bus TEXT NOT NULL,
    event_type TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (event_id, bus)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    event_id TEXT NOT NULL,
    handler_id TEXT NOT NULL,
    bus TEXT NOT NULL,
    status TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (event_id, handler_id)
) WITHOUT ROWID;
"""
_EVENT = """
INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET status = excluded.status, event = excluded.event
"""
_RESULT = """
INSERT INTO results VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET status = excluded.status, result = excluded.result
"""


class SQLiteHistoryMiddleware(EventBusMiddleware):
    """Keeps the last state of each event and result as JSON in a database.

    Args:
        path: the database; it is created. Other processes can read it meanwhile.

    Raises:
        sqlite3.Error: the file is no database that can be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        # A commit reaches the system, which survives a killed process.
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute("PRAGMA busy_timeout = 5000")
        self._database.executescript(_TABLES)

    async def on_event_change(
        self, bus: EventBus, event: BaseEvent[Any], status: EventStatus
    ) -> None:
        row = (event.event_id, bus.label, event.event_type, status.value, event.event_created_at)
        self._database.execute(_EVENT, (*row, event.model_dump_json()))

    async def on_event_result_change(
        self,
        bus: EventBus,
        event: BaseEvent[Any],
        event_result: EventResult[Any],
        status: EventResultStatus,
    ) -> None:
        members = json.dumps(dump_result(event_result, json=True), allow_nan=False)
        row = (event.event_id, event_result.handler_id, bus.label, status.value, members)
        self._database.execute(_RESULT, row)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()
