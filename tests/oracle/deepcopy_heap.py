"""Reads objects without running code of the program, and numbers them.

Owns what counts as an object's state: items, entries and attributes of containers and instances
(of subclasses and slots too), data attributes of the program's classes, names of enum members,
fields of dates. Everything is read through descriptors of built-in types. Refuses to go into
modules, generators and objects of C types that keep no attributes: their state is their type.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)
from typing import Any

Ref = dict[str, Any]
State = dict[str, Any]

LIMIT = 64
MOST_NODES = 20_000
_HEAP_TYPE = 1 << 9
_IMMUTABLE = 1 << 8

_mro = type.__dict__["__mro__"].__get__
_qualname = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
_namespace = type.__dict__["__dict__"].__get__
_flags = type.__dict__["__flags__"].__get__

_OPAQUE = (ModuleType, BuiltinFunctionType)
_DATA = (list, tuple, dict, set, frozenset, deque, OrderedDict, defaultdict, Counter)
_FIELDS: dict[type, tuple[str, ...]] = {
    datetime.date: ("year", "month", "day"),
    datetime.time: ("hour", "minute", "second", "microsecond"),
    datetime.datetime: ("year", "month", "day", "hour", "minute", "second", "microsecond"),
    datetime.timedelta: ("days", "seconds", "microseconds"),
}


def scalar(value: Any) -> Ref | None:
    """A value that has no identity worth recording, exactly; None for an object."""
    kind = type(value)
    said: Any
    if value is None or value is ... or value is NotImplemented:
        said = None
    elif kind is bool:
        said = value
    elif kind is int:
        said = hex(value)
    elif kind is float:
        said = repr(value)
    elif kind is complex:
        said = [repr(value.real), repr(value.imag)]
    elif kind is str:
        said = value
    elif kind is bytes:
        said = value.hex()
    else:
        return None
    return {"type": kind.__qualname__, "value": said}


def attributes(value: Any, mro: tuple[type, ...]) -> dict[str, Any] | None:
    """What an instance keeps in its `__dict__` and slots; None when it has neither."""
    found: dict[str, Any] = {}
    keeps = False
    for kind in mro:
        namespace = _namespace(kind)
        own = namespace.get("__dict__")
        if isinstance(own, (GetSetDescriptorType, MemberDescriptorType)):
            keeps = True
            held = own.__get__(value)
            if type(held) is dict:
                found |= {name: one for name, one in held.items() if type(name) is str}
        if "__slots__" in namespace and _flags(kind) & _HEAP_TYPE:
            keeps = True
            for name, member in namespace.items():
                if isinstance(member, MemberDescriptorType):
                    try:
                        found.setdefault(name, member.__get__(value))
                    except AttributeError:
                        continue
    return found if keeps else None


def declared(mro: tuple[type, ...]) -> list[str]:
    """Names that C types give to their instances; a recording may show them as attributes."""
    return [
        name
        for kind in mro
        if not _flags(kind) & _HEAP_TYPE or _flags(kind) & _IMMUTABLE
        for name, member in _namespace(kind).items()
        if isinstance(member, (GetSetDescriptorType, MemberDescriptorType))
    ]


def ordered_entries(value: Any) -> list[tuple[Any, Any]]:
    """The entries of an OrderedDict in its own order, without hashing a key."""
    held = {id(key): one for key, one in dict.items(value)}
    return [(key, held[id(key)]) for key in OrderedDict.__iter__(value)]


def class_data(value: Any) -> dict[str, Any]:
    """The public attributes of a class of the program that are scalars or containers."""
    namespace = _namespace(value)
    if namespace.get("__module__") != "__main__":
        return {}
    return {
        name: one
        for name, one in namespace.items()
        if not name.startswith("_") and (scalar(one) is not None or type(one) in _DATA)
    }


def state(value: Any, ref: Callable[[Any], Ref]) -> State:
    """The shallow state of an object; what it refers to goes through `ref`."""
    kind = type(value)
    mro = _mro(kind)
    module = _module(kind)
    node: State = {"type": _qualname(kind)}
    if module != "builtins":
        node["module"] = module

    def refs(values: Iterable[Any]) -> list[Ref]:
        return [ref(one) for one in values]

    if type in mro:
        data = {name: ref(one) for name, one in class_data(value).items()}
        return node | {"open": "class attributes", "attrs": data}
    if enum.Enum in mro:
        return node | {"enum": attributes(value, mro)["_name_"]}  # type: ignore[index]
    if kind in _FIELDS:
        fields = {name: ref(getattr(value, name)) for name in _FIELDS[kind]}
        return node | {"fields": fields, "texts": [str(value), repr(value)]}
    if kind in (decimal.Decimal, uuid.UUID):
        node["texts"] = [str(value), repr(value)]
    if kind in _OPAQUE:
        return node
    if kind is range or kind is slice:
        return node | {"items": refs((value.start, value.stop, value.step))}
    if kind is bytearray:
        return node | {"bytes": bytes(value).hex(), "len": len(value)}
    for base in (list, tuple, deque):
        if base in mro:
            content = list(base.__iter__(value))
            node |= {"items": refs(content[:LIMIT]), "len": len(content)}
    for gathering in (set, frozenset):
        if gathering in mro:
            members = sorted(refs(gathering.__iter__(value)), key=json.dumps)
            node |= {"members": members, "len": len(members)}
    if dict in mro:
        whole = ordered_entries(value) if OrderedDict in mro else list(dict.items(value))
        entries = [[ref(key), ref(one)] for key, one in whole[:LIMIT]]
        node |= {"entries": entries, "len": len(whole)}
    if BaseException in mro:
        node |= {"open": "exceptions", "args": refs(BaseException.args.__get__(value)[:LIMIT])}  # type: ignore[attr-defined]
    if kind is FunctionType:
        node["open"] = "function attributes"
    held = attributes(value, mro)
    if held is not None and not ("len" in node and not held):
        plain = {name: one for name, one in held.items() if not name.startswith("__")}
        node["attrs"] = {name: ref(one) for name, one in list(plain.items())[:LIMIT]}
        node["held"] = len(held)
        node["declared"] = declared(mro)
    return node


class Heap:
    """Numbers objects and says how their states change.

    It keeps no object alive: a generator that the program drops has to end there. So a number is an
    address and a type, and stands for one object as long as that object lives.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}
        self._written: dict[int, str] = {}
        self._waiting: list[tuple[int, Any]] = []
        self._visited: set[int] = set()

    def ref(self, value: Any) -> Ref:
        """A scalar itself, or the number of an object whose state `changes` then includes."""
        inline = scalar(value)
        if inline is not None:
            return inline
        number = self._numbers.setdefault((id(value), id(type(value))), len(self._numbers))
        if number not in self._visited:
            self._visited.add(number)
            self._waiting.append((number, value))
        return {"ref": number}

    def changes(self) -> dict[int, State]:
        """States of the objects reached since the last call, where they are not as last told."""
        found: dict[int, State] = {}
        while self._waiting:
            number, value = self._waiting.pop()
            now = state(value, self.ref)
            text = json.dumps(now)
            if self._written.get(number) != text:
                self._written[number] = text
                found[number] = now
            if len(self._visited) > MOST_NODES:
                raise RuntimeError("the program holds more objects than the oracle follows")
        self._visited.clear()
        return found
