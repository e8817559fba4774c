"""What an event class declares: type name, version, options, result type, JSON Schema.

Owns the reading of class bodies and type parameters, and the checkers of result types. Refuses
instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType, NoneType
from typing import Any, Final, TypeVar, Union

from pydantic import TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError

from .modes import (
    UNSET,
    EventConcurrencyMode,
    EventHandlerCompletionMode,
    EventHandlerConcurrencyMode,
    EventStatus,
    Unset,
)
from .options import EVENT_OPTIONS, LIMIT_OPTIONS, check_option

__all__ = ["DECLARABLE", "KNOWN", "adapter", "adapter_of", "describe", "json_schema", "type_schema"]

STATE_FIELDS: Final = (
    "event_id",
    "event_path",
    "event_parent_id",
    "event_emitted_by_handler_id",
    "event_created_at",
    "event_status",
    "event_started_at",
    "event_completed_at",
    "event_results",
)
DECLARABLE: Final = frozenset((*EVENT_OPTIONS, "event_type", "event_version", "event_result_type"))
KNOWN: Final = frozenset((*DECLARABLE, *STATE_FIELDS))
_NO_OWN: Final[Mapping[str, Any]] = MappingProxyType({})


def describe(cls: Any, name: str, declared: Mapping[str, Any]) -> None:
    """Writes what the class declares on the class.

    Raises:
        TypeError, ValueError: a declared option is not allowed.
    """
    generic = cls.__dict__.get("__pydantic_generic_metadata__") or {}
    origin = generic.get("origin")
    inherited = getattr(cls, "__event_own__", _NO_OWN)
    own = {key: check_option(key, declared[key]) for key in declared if key in EVENT_OPTIONS}
    cls.__event_own__ = MappingProxyType({**inherited, **own}) if own else inherited
    plain = origin.__event_type__ if origin is not None else name
    cls.__event_adapter__ = UNSET
    cls.__event_type__ = declared.get("event_type", plain)
    if "event_version" in declared or not hasattr(cls, "__event_version__"):
        cls.__event_version__ = declared.get("event_version", "1")
    arguments = generic.get("args") or ()
    if "event_result_type" in declared:
        cls.__event_result_type__ = declared["event_result_type"]
    elif origin is not None and arguments and not isinstance(arguments[0], TypeVar):
        cls.__event_result_type__ = arguments[0]
    elif not hasattr(cls, "__event_result_type__"):
        cls.__event_result_type__ = None


def adapter_of(cls: Any) -> TypeAdapter[Any] | None:
    """The checker of what an event class declares, made once."""
    found: TypeAdapter[Any] | Unset | None = cls.__event_adapter__
    if found is UNSET:
        found = cls.__event_adapter__ = adapter(cls.__event_result_type__)
    return found


def adapter(result_type: Any) -> TypeAdapter[Any] | None:
    """The checker of a result type; ``None`` where anything goes.

    Args:
        result_type: a Python type, or the JSON Schema of an event that was loaded from JSON.
    """
    if result_type is None or result_type is Any:
        return None
    if isinstance(result_type, Mapping):
        result_type = _python_type(result_type)
        if result_type is Any:
            return None
    try:
        return _adapter(result_type)
    except TypeError:  # Not hashable.
        return TypeAdapter(result_type)


@lru_cache(maxsize=1024)
def _adapter(result_type: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(result_type)
    except PydanticSchemaGenerationError:
        return TypeAdapter(result_type, config={"arbitrary_types_allowed": True})


@lru_cache(maxsize=1024)
def _schema(result_type: Any) -> dict[str, Any] | None:
    try:
        return _adapter(result_type).json_schema()
    except Exception:  # A type that JSON Schema cannot say is left out.
        return None


def type_schema(result_type: Any) -> Mapping[str, Any] | None:
    """The JSON Schema of a result type."""
    if result_type is None or isinstance(result_type, Mapping):
        return result_type
    return _schema(result_type)


_SIMPLE: Final[Mapping[str, Any]] = {
    "integer": int,
    "number": float,
    "string": str,
    "boolean": bool,
    "null": NoneType,
    "object": dict[str, Any],
}


def _python_type(schema: Mapping[str, Any]) -> Any:
    """The type for a JSON Schema, as far as it is a plain one; else ``Any``."""
    kind = schema.get("type")
    if isinstance(schema.get("anyOf"), list):
        return Union[tuple(_python_type(part) for part in schema["anyOf"])]  # noqa: UP007
    if kind == "array":
        return list[_python_type(schema.get("items", {}))]  # type: ignore[misc]
    return _SIMPLE.get(str(kind), Any)


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Adds the ``event_*`` members to the JSON Schema of a payload."""
    text: dict[str, Any] = {"type": "string"}
    maybe: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    limit = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}
    members: dict[str, Any] = {
        "event_id": {**text, "format": "uuid"},
        "event_type": text,
        "event_version": text,
        "event_result_type": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        **dict.fromkeys(LIMIT_OPTIONS, limit),
        "event_concurrency": _choice(EventConcurrencyMode),
        "event_handler_concurrency": _choice(EventHandlerConcurrencyMode),
        "event_handler_completion": _choice(EventHandlerCompletionMode),
        "event_path": {"type": "array", "items": text},
        "event_parent_id": maybe,
        "event_emitted_by_handler_id": maybe,
        "event_created_at": {**text, "format": "date-time"},
        "event_status": {"enum": [status.value for status in EventStatus]},
        "event_started_at": maybe,
        "event_completed_at": maybe,
        "event_results": {"type": "array", "items": {"type": "object"}},
    }
    return {**schema, "properties": {**members, **schema.get("properties", {})}}


def _choice(mode: Any) -> dict[str, Any]:
    return {"anyOf": [{"enum": [member.value for member in mode]}, {"type": "null"}]}
