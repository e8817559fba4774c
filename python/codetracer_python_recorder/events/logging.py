"""What the bus says: warnings on one logger, and the tree of an event or a bus as text.

Owns the logger's name, the fields of its records and the drawing of trees. Refuses to write
anywhere: handlers of ``logging`` do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Literal

from . import clock

if TYPE_CHECKING:
    from .event_bus import EventBus
    from .event_result import EventResult
    from .record import EventRecord

__all__ = ["LOGGER", "Kind", "event_tree", "notice", "tree"]

LOGGER: Final = logging.getLogger("codetracer_python_recorder.events")

Kind = Literal["slow_event", "slow_handler", "blocked", "late", "middleware_error"]


def notice(
    kind: Kind,
    bus: EventBus | None,
    record: EventRecord | None,
    result: EventResult[Any] | None,
    text: str,
    *,
    elapsed: float | None = None,
    error: BaseException | None = None,
) -> None:
    """Logs one warning.

    The log record has ``kind``, ``late``, ``bus``, ``event``, ``event_result`` and ``elapsed``
    (seconds).
    """
    LOGGER.warning(
        text,
        exc_info=error,
        extra={
            "kind": kind,
            "late": kind == "late",
            "bus": bus,
            "event": None if record is None else record.event,
            "event_result": result,
            "elapsed": elapsed,
        },
    )


def tree(name: str, records: Iterable[EventRecord]) -> str:
    """The events as trees of children, oldest first, under a line with ``name``."""
    known = list(records)
    inner = {id(child) for record in known for child in record.children()}
    lines = [name]
    roots = [record for record in known if id(record) not in inner]
    for index, record in enumerate(roots):
        lines += _draw(record, "", index == len(roots) - 1)
    return "\n".join(lines)


def event_tree(record: EventRecord) -> str:
    """One event with everything under it."""
    return "\n".join(line[4:] for line in _draw(record, "", True))


def _draw(record: EventRecord, indent: str, last: bool) -> list[str]:
    lines = [f"{indent}{'└── ' if last else '├── '}{_event_line(record)}"]
    indent += "    " if last else "│   "
    results = list((record.results or {}).values())
    for index, result in enumerate(results):
        end = index == len(results) - 1
        lines.append(f"{indent}{'└── ' if end else '├── '}{_result_line(result)}")
        below = indent + ("    " if end else "│   ")
        children = [child._record for child in result.children or ()]
        for at, child in enumerate(children):
            lines += _draw(child, below, at == len(children) - 1)
    return lines


def _event_line(record: EventRecord) -> str:
    begin = clock.format_time(record.created_ns)[11:23]
    took = _took(record.started_ns, record.completed_ns)
    return f"{record.type}#{record.event_id[-4:]} [{begin}{took}] {record.status}"


def _result_line(result: EventResult[Any]) -> str:
    name = f"{result.eventbus_name}.{result.handler_name}"
    took = _took(result.started_ns, result.completed_ns)
    if result.error is not None:
        outcome = f"{type(result.error).__name__}: {result.error}"
    elif result.has_value:
        outcome = _short(result.result)
    else:
        outcome = str(result.status)
    return f"{name}{took}: {outcome}"


def _took(started: int | None, completed: int | None) -> str:
    if started is None or completed is None:
        return ""
    return f" {(completed - started) / 1e9:.3f} s"


def _short(value: object) -> str:
    if hasattr(value, "event_status"):
        return f"event {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
