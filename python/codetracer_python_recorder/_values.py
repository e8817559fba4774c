"""Recorded values as Python objects.

The source is the JSON that ``print --json`` writes. What a limit cut is never made up: it says so.
"""

from ast import literal_eval
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

__all__ = [
    "UNBOUND",
    "Raised",
    "TracebackEntry",
    "Unbound",
    "Value",
    "event_values",
    "exception",
    "groups",
    "values",
]


_TEXT_SHOWN: Final = 40
_DEPTH_SHOWN: Final = 4
_CONTENTS: Final[tuple[Literal["items", "entries", "attrs"], ...]] = ("items", "entries", "attrs")


class Unbound:
    """The type of ``UNBOUND``."""

    def __repr__(self) -> str:
        return "UNBOUND"


UNBOUND: Final = Unbound()
"""Stands for the value of a name that was deleted."""


class Value:
    """A recorded value that is no plain scalar: an object, or something that a limit cut.

    Scalars that were recorded whole are given as themselves: None, bool, int, float, complex, str,
    bytes, ``...`` and NotImplemented.

    Attributes:
        type: the qualified name of its class; ``None`` when it is not known.
        module: the module of the class; ``None`` for built-in ones.
        id: identifies the object within the recording; ``None`` where there is no identity.
        len: true number of items or entries, of attributes where it has neither, or true length of
            a cut text or bytes; ``None`` when it is not known.
        content: which of ``items``, ``entries`` and ``attrs`` the object has, by name, also when it
            is empty; of two that which ``len`` counts; ``None`` for what has none of them, or none
            was recorded.
        items: the recorded items of a list, tuple, set and the like; the content of a wrapper.
        entries: the recorded keys and values of a mapping.
        attrs: the recorded attributes; an object may have them beside items or entries.
        bits: true length in bits of an int that a limit cut; else ``None``.
        text: the recorded part of a cut str or bytes; the name of an enum member.
        cut: whether something of it was not recorded.
        unknown: why the value is not known at all, such as ``depth``; ``None`` when it is.
    """

    __slots__ = (
        "attrs",
        "bits",
        "content",
        "cut",
        "entries",
        "id",
        "items",
        "len",
        "module",
        "text",
        "type",
        "unknown",
    )

    type: str | None
    module: str | None
    id: int | None
    len: int | None
    content: 'Literal["items", "entries", "attrs"] | None'
    items: "list[Any]"
    entries: "list[tuple[Any, Any]]"
    attrs: "dict[str, Any]"
    bits: int | None
    text: str | bytes | None
    cut: bool
    unknown: str | None

    def __init__(self, source: dict[str, Any]) -> None:
        self._take(source)

    def _take(self, source: dict[str, Any]) -> None:
        self.type = source.get("type")
        self.module = source.get("module")
        self.id = source.get("id")
        self.len = source.get("len")
        self.content = next((name for name in _CONTENTS if name in source), None)
        self.items = []
        self.entries = []
        self.attrs = {}
        self.bits = source.get("bits")
        self.text = None
        self.cut = bool(source.get("cut", False))
        self.unknown = source.get("unknown")

    def __repr__(self) -> str:
        return self._shown(())

    def _shown(self, inside: "tuple[int | None, ...]") -> str:
        if self.unknown is not None:
            return f"<unknown: {self.unknown}>"
        if self.text is not None:
            text, more = self.text[:_TEXT_SHOWN], self.cut or len(self.text) > _TEXT_SHOWN
            return f"<{self.type} {text!r}{'...' if more else ''}>"
        parts: list[str] = []
        if len(inside) < _DEPTH_SHOWN and self.id not in inside:
            inside = (*inside, self.id)
            parts += (_inner(item, inside) for item in self.items)
            parts += (f"{_inner(k, inside)}: {_inner(v, inside)}" for k, v in self.entries)
            parts += (f"{name}={_inner(value, inside)}" for name, value in self.attrs.items())
            if self.cut and parts:
                parts.append("...")
        elif self.len:
            parts.append("...")
        shown = f": {', '.join(parts)}" if parts else ""
        return f"<{self.type} {self.id}{shown}>"


class TracebackEntry(NamedTuple):
    """A place that an exception had passed when it was recorded."""

    file: str
    line: int | None
    function: str


class Raised(NamedTuple):
    """An exception as recorded; its ``str()`` is not called, ``message`` is built from its data."""

    type: str | None
    module: str | None
    id: int | None
    message: str | None
    traceback: tuple[TracebackEntry, ...]
    """Outermost place first."""
    cause: int | None
    """Id of ``__cause__``."""
    context: int | None
    """Id of ``__context__``."""


def values(source: dict[str, Any]) -> dict[str, Any]:
    """The values of one frame by name; one object is one ``Value``, however often it occurs."""
    return groups([source])[0]


def groups(sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The values of several frames at one step; one object is one ``Value`` in all of them."""
    known: dict[int, Value] = {}
    return [{name: _value(value, known) for name, value in source.items()} for source in sources]


def event_values(source: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """The values of one event by name, and the objects that it describes beside them."""
    known: dict[int, Value] = {}
    named = {name: _value(value, known) for name, value in source["values"].items()}
    return named, [_value(value, known) for value in source.get("objects", ())]


def exception(source: dict[str, Any] | None) -> Raised | None:
    """The exception of one event."""
    if source is None:
        return None
    return Raised(
        type=source.get("type"),
        module=source.get("module"),
        id=source.get("id"),
        message=source.get("message"),
        traceback=tuple(
            TracebackEntry(entry["file"], entry["line"], entry["function"])
            for entry in source.get("traceback", ())
        ),
        cause=source.get("cause", {}).get("id"),
        context=source.get("context", {}).get("id"),
    )


_SCALARS: Final[dict[str, Callable[[Any], Any]]] = {
    "NoneType": lambda _: None,
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "str": str,
    "bytes": literal_eval,
    "ellipsis": lambda _: ...,
    "NotImplementedType": lambda _: NotImplemented,
}


def _value(source: dict[str, Any], known: dict[int, Value]) -> Any:
    if "unbound" in source:
        return UNBOUND
    identity = source.get("id")
    if identity is None:
        return _scalar(source)
    value = known.get(identity)
    if value is None:
        value = known[identity] = Value(source)
    elif value.content is not None or not any(name in source for name in _CONTENTS):
        return value
    else:
        # It stood too deep to be shown where it came first.
        value._take(source)
    value.items = [_value(item, known) for item in source.get("items", ())]
    value.entries = [(_value(k, known), _value(v, known)) for k, v in source.get("entries", ())]
    value.attrs = {name: _value(v, known) for name, v in source.get("attrs", {}).items()}
    return value


def _scalar(source: dict[str, Any]) -> Any:
    whole = not source.get("cut") and "unknown" not in source and "module" not in source
    convert = _SCALARS.get(source.get("type") or "") if whole else None
    if convert is not None:
        return convert(source["value"])
    value = Value(source)
    text = source.get("value")
    if text is not None:
        value.text = literal_eval(text) if value.type == "bytes" else text
    return value


def _inner(value: Any, inside: tuple[int | None, ...]) -> str:
    return value._shown(inside) if isinstance(value, Value) else repr(value)
