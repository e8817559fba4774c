"""The middlewares that come with the bus."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from codetracer_python_recorder.events import BaseEvent, EventBus, EventBusMiddleware
from codetracer_python_recorder.events.middlewares import (
    LoggingMiddleware,
    SQLiteHistoryMiddleware,
    WriteAheadMiddleware,
)
from support.events.real import looped


class Work(BaseEvent[int]):
    n: int = 0


async def answer(event: Work) -> int:
    return event.n


@looped
async def test_logging_tells_changes_errors_and_trees(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bus = EventBus("logged", middlewares=[LoggingMiddleware(trees=True)])
    bus.on(Work, answer, handler_name="answer")

    def fails(event: Work) -> None:
        raise ValueError("no")

    bus.on(Work, fails, handler_name="fails")
    await bus.emit(Work(n=1))
    texts = [record.getMessage() for record in caplog.records]
    ends = [text.rsplit(" ", 1)[-1] for text in texts if "Work#" in text and "\n" not in text]
    expected = "pending started started completed started ValueError('no') completed"
    assert ends == expected.split()
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 1
    assert any("└── logged.fails" in text for text in texts)


@looped
async def test_write_ahead_writes_before_the_handler_runs(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"cut off')
    middleware = WriteAheadMiddleware(path, sync=True)
    bus = EventBus(middlewares=[middleware])
    seen: list[tuple[str, str]] = []
    bus.on(Work, lambda event: seen.extend((c, e.event_id) for _, c, e in middleware.read(path)))
    event = await bus.emit(Work(n=1))
    assert seen == [("pending", event.event_id)]
    entries = list(WriteAheadMiddleware.read(path))
    assert [change for _, change, _ in entries] == ["pending", "completed"]
    assert entries[1][2].model_dump(mode="json") == event.model_dump(mode="json")
    middleware.close()


@looped
async def test_sqlite_mirrors_events_and_results(tmp_path: Path) -> None:
    middleware = SQLiteHistoryMiddleware(tmp_path / "history.sqlite")
    bus = EventBus(middlewares=[middleware], max_history_size=1)
    entry = bus.on(Work, answer)
    events = [await bus.emit(Work(n=n)) for n in range(3)]
    database = sqlite3.connect(tmp_path / "history.sqlite")
    rows = database.execute(
        "SELECT event_id, status, event FROM events ORDER BY event_id"
    ).fetchall()
    assert [(row[0], row[1]) for row in rows] == [(e.event_id, "completed") for e in events]
    assert [json.loads(row[2]) for row in rows] == [e.model_dump(mode="json") for e in events]
    results = database.execute("SELECT handler_id, status, result FROM results").fetchall()
    assert [(row[0], row[1]) for row in results] == [(entry.id, "completed")] * 3
    assert sorted(json.loads(row[2])["result"] for row in results) == [0, 1, 2]
    database.close()
    middleware.close()


KILLED = """
import asyncio, sys
from codetracer_python_recorder.events import BaseEvent, EventBus, middlewares

class Work(BaseEvent[int]):
    n: int = 0

async def handler(event):
    if event.n == 50:
        print("now", flush=True)
        await asyncio.sleep(60)
    return event.n

async def main():
    mirror = middlewares.SQLiteHistoryMiddleware(sys.argv[1])
    bus = EventBus(middlewares=[mirror, middlewares.WriteAheadMiddleware(sys.argv[2])])
    bus.on(Work, handler)
    for n in range(51):
        bus.emit(Work(n=n))
    await bus.wait_until_idle()

asyncio.run(main())
"""


def test_mirrors_survive_sigkill(tmp_path: Path) -> None:
    database, lines = tmp_path / "history.sqlite", tmp_path / "events.jsonl"
    program = [sys.executable, "-c", textwrap.dedent(KILLED), str(database), str(lines)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=os.environ.copy()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGKILL)
    with sqlite3.connect(database) as connection:
        query = "SELECT status, count(*) FROM events GROUP BY status ORDER BY status"
        found = connection.execute(query).fetchall()
    connection.close()
    assert found == [("completed", 50), ("started", 1)]
    changes = [change for _, change, _ in WriteAheadMiddleware.read(lines)]
    assert (changes.count("pending"), changes.count("completed")) == (51, 50)


@looped
async def test_a_middleware_that_cancels_itself_is_only_logged() -> None:
    class Cancelling(EventBusMiddleware):
        async def on_event_change(self, bus: Any, event: Any, status: Any) -> None:
            raise asyncio.CancelledError

    bus = EventBus(middlewares=[Cancelling()])
    bus.on(Work, answer)
    event = await bus.emit(Work(n=3))
    assert await event.event_result() == 3
    assert len(event.event_middleware_errors) >= 2


def test_opentelemetry_is_optional() -> None:
    program = """
    import sys
    sys.modules["opentelemetry"] = None
    from codetracer_python_recorder.events import middlewares
    from codetracer_python_recorder.exceptions import UsageError
    try:
        middlewares.OpenTelemetryMiddleware
    except UsageError as error:
        assert error.code == "ERR_MISSING_EXTRA", error
        assert "[otel]" in error.message, error
    else:
        raise SystemExit("no error")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


@looped
async def test_opentelemetry_spans_are_nested() -> None:
    from codetracer_python_recorder.events.middlewares import OpenTelemetryMiddleware
    from opentelemetry.sdk import trace as sdk
    from opentelemetry.sdk.trace import export
    from opentelemetry.sdk.trace.export import in_memory_span_exporter as memory

    exporter = memory.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    bus = EventBus("b", middlewares=[OpenTelemetryMiddleware(provider.get_tracer("test"))])

    class Child(BaseEvent[int]):
        pass

    async def parent(event: Work) -> None:
        await bus.emit(Child())
        raise ValueError("no")

    bus.on(Work, parent, handler_name="parent")
    bus.on(Child, lambda event: 1, handler_name="child")
    await bus.emit(Work())
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"b Work", "b parent", "b Child", "b child"}
    above = {name: span.parent and span.parent.span_id for name, span in spans.items()}
    ids = {span.context.span_id: name for name, span in spans.items()}
    assert {name: ids.get(span) for name, span in above.items()} == {
        "b Work": None,
        "b parent": "b Work",
        "b Child": "b parent",
        "b child": "b Child",
    }
    assert not spans["b parent"].status.is_ok
    provider.shutdown()
