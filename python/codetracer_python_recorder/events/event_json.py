"""Events as JSON, and back.

Owns the wire form that Python and TypeScript share: snake_case members, RFC 3339 times, options
only
where the event has them itself, big integers as strings. Refuses NaN and the infinities.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import SerializationInfo
from pydantic_core import to_jsonable_python

from . import clock, errors, event_schema
from .event_handler import EventHandler
from .event_result import EventResult
from .modes import UNSET, EventResultStatus, EventStatus
from .options import EVENT_OPTIONS, check_option
from .record import EventRecord

if TYPE_CHECKING:
    from .base_event import BaseEvent

__all__ = ["LoadedError", "clone", "dump", "dump_result", "take_fields", "wire_value"]

_SAFE: Final = 2**53


class LoadedError(errors.EventHandlerError):
    """An error read from JSON whose class is not known here.

    Attributes:
        error_type: the name of its class.
    """

    error_type: str = "EventHandlerError"


class LoadedResult(EventResult[Any]):
    """A result read from JSON, which knows other events by their ids only."""

    __slots__ = ("child_ids", "returned_id")

    child_ids: list[str]
    returned_id: str | None


def wire_value(value: Any) -> Any:
    """``value`` as JSON that every language reads alike.

    Raises:
        ValueError: it holds NaN or an infinity.
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_SAFE <= value <= _SAFE else str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} has no JSON form")
        return value
    if isinstance(value, Mapping):
        return {str(key): wire_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [wire_value(item) for item in value]
    return wire_value(to_jsonable_python(value, inf_nan_mode="constants"))


def dump(record: EventRecord, payload: dict[str, Any], info: SerializationInfo) -> dict[str, Any]:
    """The members of an event, its own first, then the payload's."""
    members = _members(record, json=info.mode == "json")
    chosen, left_out = info.include, info.exclude
    if chosen is not None:
        members = {name: value for name, value in members.items() if name in chosen}
    if left_out is not None:
        partly = left_out if isinstance(left_out, dict) else {}
        members = {
            name: value
            for name, value in members.items()
            if name not in left_out or isinstance(partly.get(name), dict | set)
        }
    if info.exclude_none:
        members = {name: value for name, value in members.items() if value is not None}
    if info.mode == "json":
        payload = {name: wire_value(value) for name, value in payload.items()}
    return {**members, **payload}


def _members(record: EventRecord, *, json: bool) -> dict[str, Any]:
    event = record.event
    result_type = event.event_result_type
    own = {name: record.own[name] for name in sorted(record.own) if name in EVENT_OPTIONS}
    results = (record.results or {}).values()
    return {
        "event_id": record.event_id,
        "event_type": record.type,
        "event_version": event.event_version,
        "event_result_type": event_schema.type_schema(result_type) if json else result_type,
        **({name: wire_value(value) for name, value in own.items()} if json else own),
        "event_path": list(record.path),
        "event_parent_id": record.parent_id,
        "event_emitted_by_handler_id": record.emitted_by,
        "event_created_at": clock.format_time(record.created_ns),
        "event_status": record.status.value,
        "event_started_at": _time(record.started_ns),
        "event_completed_at": _time(record.completed_ns),
        "event_results": [dump_result(result, json=json) for result in results],
    }


def dump_result(result: EventResult[Any], *, json: bool) -> dict[str, Any]:
    """One result. Without a value there is no key ``result``, without an error no ``error``."""
    members: dict[str, Any] = {
        "handler_id": result.handler.id,
        "handler_name": result.handler.handler_name,
        "eventbus_name": result.handler.eventbus_name,
        "eventbus_id": result.handler.eventbus_id,
        "status": result.status.value,
        "started_at": _time(result.started_ns),
        "completed_at": _time(result.completed_ns),
        "event_children": [child.event_id for child in result.children or ()],
    }
    if isinstance(result, LoadedResult):
        members["event_children"] = list(result.child_ids)
        if result.returned_id is not None:
            members["result_event_id"] = result.returned_id
    if result.has_value:
        returned = getattr(result.result, "event_id", None)
        if returned is not None:
            members["result_event_id"] = returned
        else:
            members["result"] = wire_value(result.result) if json else result.result
    if result.error is not None:
        error = result.error
        members["error"] = {
            "type": getattr(error, "error_type", type(error).__name__),
            "message": str(error),
            "timeout_seconds": wire_value(getattr(error, "timeout_seconds", None)),
        }
    return members


def take_fields(record: EventRecord, data: dict[str, Any]) -> set[str]:
    """Moves the ``event_*`` members of ``data`` to the record.

    Returns:
        The names of the options among them.

    Raises:
        TypeError, ValueError: a member has no allowed value.
    """
    taken = {name: data.pop(name) for name in list(data) if name in event_schema.KNOWN}
    options = {name: check_option(name, taken[name]) for name in taken if name in EVENT_OPTIONS}
    given = set(options)
    if taken.get("event_result_type") is not None:
        declared = record.event.__event_result_type__
        loaded = taken["event_result_type"]
        if declared is None or not isinstance(loaded, Mapping):
            options["event_result_type"] = loaded
            given.add("event_result_type")
    if options:
        record.own = {**record.own, **options}
    if taken.get("event_type") is not None:
        record.type = _text("event_type", taken["event_type"])
    if taken.get("event_version") is not None:
        record.version = _text("event_version", taken["event_version"])
    if taken.get("event_id") is not None:
        record.id = _text("event_id", taken["event_id"])
    if taken.get("event_created_at") is not None:
        record.created_ns = clock.parse_time(taken["event_created_at"])
    record.parent_id = taken.get("event_parent_id")
    record.emitted_by = taken.get("event_emitted_by_handler_id")
    record.path = tuple(taken.get("event_path") or ())
    record.started_ns = _parse(taken.get("event_started_at"))
    record.completed_ns = _parse(taken.get("event_completed_at"))
    record.status = EventStatus(taken.get("event_status", EventStatus.PENDING))
    _load_results(record, taken.get("event_results") or ())
    return given


def clone(record: EventRecord, event: BaseEvent[Any]) -> EventRecord:
    """The record of a copy of the event: the same identity and outcome, bound to no bus."""
    twin = EventRecord(event, record.type, record.own)
    for name in ("version", "created_ns", "started_ns", "completed_ns", "status", "path"):
        setattr(twin, name, getattr(record, name))
    twin.id = record.event_id
    twin.parent_id, twin.emitted_by = record.parent_id, record.emitted_by
    for key, result in (record.results or {}).items():
        copy = type(result)(twin, result.handler, None)
        if isinstance(result, LoadedResult) and isinstance(copy, LoadedResult):
            copy.child_ids, copy.returned_id = result.child_ids, result.returned_id
        for name in ("_value", "error", "children", "status", "started_ns", "completed_ns"):
            setattr(copy, name, getattr(result, name))
        if twin.results is None:
            twin.results = {}
        twin.results[key] = copy
        if result is record.winner:
            twin.winner = copy
    return twin


def _load_results(record: EventRecord, loaded: Iterable[Mapping[str, Any]]) -> None:
    for members in loaded:
        handler = EventHandler(
            None,
            record.type,
            id=members["handler_id"],
            handler_name=members.get("handler_name"),
            file_path=None,
        )
        handler.eventbus_name = members.get("eventbus_name", "")
        handler.eventbus_id = members.get("eventbus_id", "")
        result = LoadedResult(record, handler, None)
        result.child_ids = list(members.get("event_children") or ())
        result.returned_id = members.get("result_event_id")
        result.status = EventResultStatus(members["status"])
        result.started_ns = _parse(members.get("started_at"))
        result.completed_ns = _parse(members.get("completed_at"))
        result._value = members.get("result", UNSET)
        if members.get("error") is not None:
            result.error = _load_error(members["error"], result)
        if record.results is None:
            record.results = {}
        record.results[handler.id] = result
    done = [r for r in (record.results or {}).values() if r.result is not None]
    record.winner = min(done, key=lambda r: r.completed_ns or 0, default=None)


def _load_error(members: Mapping[str, Any], result: EventResult[Any]) -> BaseException:
    kind = getattr(errors, members["type"], None) if members["type"] in errors.__all__ else None
    if kind is None or not hasattr(kind, "handler_id"):
        unknown = LoadedError(members["message"], event_result=result)
        unknown.error_type = members["type"]
        return unknown
    limit = members.get("timeout_seconds")
    error: BaseException = kind(members["message"], event_result=result, timeout_seconds=limit)
    return error


def _time(at_ns: int | None) -> str | None:
    return None if at_ns is None else clock.format_time(at_ns)


def _parse(text: str | None) -> int | None:
    return None if text is None else clock.parse_time(text)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a text that is not empty, not {value!r}")
    return value
