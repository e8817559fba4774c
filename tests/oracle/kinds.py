"""Expressions of each kind of value, and what they are recorded as, in short.

An object is a list of its type, its items or entries, its attributes, and "cut" where something is
left out; a scalar is its JSON value.
"""

from __future__ import annotations

from typing import Any


def plain(value: dict[str, Any]) -> Any:
    """A recorded value in short: scalars as themselves, objects by type, content and attributes."""
    if "unknown" in value:
        return f"<{value['unknown']}>"
    if "id" not in value:
        return f"{value['value']}..." if value.get("cut") else value["value"]
    said: list[Any] = [value["type"]]
    if "items" in value:
        said.append([plain(item) for item in value["items"]])
    if "entries" in value:
        said.append([[plain(part) for part in entry] for entry in value["entries"]])
    if "attrs" in value:
        said.append({name: plain(one) for name, one in value["attrs"].items()})
    if value.get("cut"):
        said.append("cut")
    return said


PRELUDE = """\
import array, collections, datetime, decimal, enum, fractions, functools, io, pathlib, re
import threading, types, typing, uuid, weakref
from dataclasses import dataclass


class List(list): pass
class Dict(dict): __slots__ = ('extra',)
class Set(set): pass
class Text(str): pass
class Whole(int): pass
class Real(float): pass
class Bytes(bytes): pass
class Pair(tuple): pass
class Point(typing.NamedTuple):
    x: int
    y: object = None
class Deeper(Point): pass
class Slots:
    __slots__ = ('a', '_b', '__c', 'unset', '__dict__', '__weakref__')
    def __init__(self):
        self.a = 1
        self._b = [2]
        self.__c = 3
class Mixed(Slots):
    __slots__ = ('own',)
@dataclass(slots=True)
class Record:
    a: int
    b: list
class Holder:
    shared = [1]
    count = 2
    def method(self): pass
    @property
    def both(self): pass
class Colour(enum.Enum):
    RED = 1
class Bits(enum.IntFlag):
    A = 1
    B = 2
class Failed(Exception):
    __slots__ = ('code',)
class Zone(datetime.tzinfo): pass
class Day(datetime.date): pass
class Proxy(types.ModuleType): pass
def function(a, b=[1], *, c={}): pass
function.calls = 3
def generating(): yield


def with_attributes(value, **attributes):
    for name, one in attributes.items():
        setattr(value, name, one)
    return value


def started(iterator):
    next(iterator)
    return iterator


"""

KINDS: dict[str, tuple[str, Any]] = {
    "list subclass": ("with_attributes(List([1]), n=2)", ["List", [1], {"n": 2}]),
    "list subclass without attributes": ("List('a')", ["List", ["a"]]),
    "dict subclass with a slot": (
        "with_attributes(Dict(k=1), extra=[2])",
        ["Dict", [["k", 1]], {"extra": ["list", [2]]}],
    ),
    "set subclass": ("Set({1})", ["Set", [1]]),
    "str subclass": ("Text('h\\u00e9')", ["Text", ["h\u00e9"]]),
    "int subclass": ("with_attributes(Whole(-7), n=1)", ["Whole", [-7], {"n": 1}]),
    "big int subclass": ("Whole(1 << 70)", ["Whole", [str(1 << 70)]]),
    "float subclass": ("Real(1.5)", ["Real", [1.5]]),
    "bytes subclass": ("Bytes(b'ab')", ["Bytes", ["b'ab'"]]),
    "tuple subclass": ("Pair((1, 2))", ["Pair", [1, 2]]),
    "named tuple": ("Point(1)", ["Point", [1, None], {"_fields": ["tuple", ["x", "y"]]}]),
    "subclass of a named tuple": (
        "with_attributes(Deeper(1, 2), z=3)",
        ["Deeper", [1, 2], {"_fields": ["tuple", ["x", "y"]], "z": 3}],
    ),
    "slots": (
        "with_attributes(Slots(), d=4)",
        ["Slots", {"_Slots__c": 3, "_b": ["list", [2]], "a": 1, "d": 4}],
    ),
    "inherited slots": (
        "with_attributes(Mixed(), own=5)",
        ["Mixed", {"own": 5, "_Slots__c": 3, "_b": ["list", [2]], "a": 1}],
    ),
    "slotted dataclass": ("Record(1, [2])", ["Record", {"a": 1, "b": ["list", [2]]}]),
    "deque": ("collections.deque([1, 2, 3], 2)", ["deque", [2, 3], {"maxlen": 2}]),
    "deque of several blocks": (
        "collections.deque(range(200), 70)",
        ["deque", [*range(130, 194)], {"maxlen": 70}, "cut"],
    ),
    "defaultdict": (
        "collections.defaultdict(list, k=1)",
        [
            "defaultdict",
            [["k", 1]],
            {"default_factory": ["type", {"__qualname__": "list"}, "cut"]},
        ],
    ),
    "OrderedDict": (
        "(lambda d: d.move_to_end('a') or d)(collections.OrderedDict(a=1, b=2))",
        ["OrderedDict", [["b", 2], ["a", 1]]],
    ),
    "Counter": ("collections.Counter('aab')", ["Counter", [["a", 2], ["b", 1]]]),
    "ChainMap": (
        "collections.ChainMap({'a': 1})",
        ["ChainMap", {"maps": ["list", [["dict", [["a", 1]]]]]}],
    ),
    "mapping proxy": (
        "types.MappingProxyType({'a': 1})",
        ["mappingproxy", [["dict", [["a", 1]]]]],
    ),
    "view of a dict": ("{'a': 1}.items()", ["dict_items", [["dict", [["a", 1]]]]]),
    "SimpleNamespace": ("types.SimpleNamespace(a=1)", ["SimpleNamespace", {"a": 1}]),
    "object": ("object()", ["object", {}]),
    "date": ("datetime.date(2020, 1, 31)", ["date", {"year": 2020, "month": 1, "day": 31}]),
    "subclass of date": ("Day(1, 2, 3)", ["Day", {"year": 1, "month": 2, "day": 3}]),
    "datetime": (
        "datetime.datetime(2020, 1, 2, 3, 4, 5, 654321, Zone(), fold=1)",
        [
            "datetime",
            {
                "year": 2020,
                "month": 1,
                "day": 2,
                "hour": 3,
                "minute": 4,
                "second": 5,
                "microsecond": 654321,
                "fold": 1,
                "tzinfo": ["Zone", {}],
            },
        ],
    ),
    "time": (
        "datetime.time(23, 59, 58, 7)",
        ["time", {"hour": 23, "minute": 59, "second": 58, "microsecond": 7, "fold": 0}],
    ),
    "timedelta": (
        "datetime.timedelta(-1, 2, 3)",
        ["timedelta", {"days": -1, "seconds": 2, "microseconds": 3}],
    ),
    "timezone": (
        "datetime.timezone(datetime.timedelta(0, 60), 'X')",
        [
            "timezone",
            {"offset": ["timedelta", {"days": 0, "seconds": 60, "microseconds": 0}], "name": "X"},
        ],
    ),
    "UUID": (
        "uuid.UUID(int=5)",
        ["UUID", {"int": 5, "is_safe": ["SafeUUID", {"_value_": None, "_name_": "unknown"}]}],
    ),
    "Fraction": ("fractions.Fraction(1, 3)", ["Fraction", {"_denominator": 3, "_numerator": 1}]),
    "path": (
        "pathlib.PurePosixPath('/a', 'b')",
        ["PurePosixPath", {"_raw_paths": ["list", ["/a", "b"]]}],
    ),
    "enum member": ("Colour.RED", ["Colour", {"_value_": 1, "_name_": "RED"}]),
    "flags": ("Bits.A | Bits.B", ["Bits", [3], {"_value_": 3, "_name_": "A|B"}]),
    "function": (
        "function",
        [
            "function",
            {
                "__qualname__": "function",
                "__defaults__": ["tuple", [["list", [1]]]],
                "__kwdefaults__": ["dict", [["c", ["dict", []]]]],
                "calls": 3,
            },
        ],
    ),
    "class of the program": (
        "Holder",
        ["type", {"__qualname__": "Holder", "shared": ["list", [1]], "count": 2}],
    ),
    "class of a library": (
        "threading.Thread",
        ["type", {"__qualname__": "Thread"}, "cut"],
    ),
    "built-in class": ("int", ["type", {"__qualname__": "int"}, "cut"]),
    "module": ("io", ["module", {"__name__": "io"}, "cut"]),
    "module of a subclass": ("Proxy('p')", ["Proxy", {"__name__": "p"}, "cut"]),
    "bound method": (
        "Holder().method",
        [
            "method",
            {
                "__func__": ["function", {"__qualname__": "Holder.method"}],
                "__self__": ["Holder", {}],
            },
        ],
    ),
    "built-in function": ("len", ["builtin_function_or_method", {"__qualname__": "len"}]),
    "built-in method": (
        "[1].append",
        ["builtin_function_or_method", {"__name__": "append", "__self__": ["list", [1]]}],
    ),
    "partial": (
        "with_attributes(functools.partial(len, 1, k=2), n=3)",
        [
            "partial",
            {
                "func": ["builtin_function_or_method", {"__qualname__": "len"}],
                "args": ["tuple", [1]],
                "keywords": ["dict", [["k", 2]]],
                "n": 3,
            },
        ],
    ),
    "weak reference": (
        "weakref.ref(Holder)",
        [
            "ReferenceType",
            [["type", {"__qualname__": "Holder", "shared": ["list", [1]], "count": 2}]],
        ],
    ),
    "dead weak reference": ("weakref.ref(Slots())", ["ReferenceType", [None]]),
    "cell": ("(lambda x: lambda: x)(5).__closure__[0]", ["cell", [5]]),
    "generator": (
        "started(generating())",
        ["generator", {"__qualname__": "generating", "state": "suspended"}, "cut"],
    ),
    "generator that has not begun": (
        "generating()",
        ["generator", {"__qualname__": "generating", "state": "created"}, "cut"],
    ),
    "pattern": (
        "re.compile('(a)', re.I)",
        ["Pattern", {"pattern": "(a)", "flags": 34, "groups": 1}],
    ),
    "match": (
        "re.compile(b'a+').search(b'baac')",
        [
            "Match",
            {
                "start": 1,
                "end": 3,
                "string": "b'baac'",
                "pos": 0,
                "endpos": 4,
                "re": ["Pattern", {"pattern": "b'a+'", "flags": 0, "groups": 0}],
            },
        ],
    ),
    "exception": (
        "with_attributes(Failed('a', [1]), code=2, more=[3])",
        [
            "Failed",
            {
                "__message__": "('a', <list>)",
                "args": ["tuple", ["a", ["list", [1]]]],
                "code": 2,
                "more": ["list", [3]],
            },
        ],
    ),
    "exception with an attribute named as a part of ours": (
        "with_attributes(ValueError('a'), message='own', cause=1)",
        [
            "ValueError",
            {"__message__": "a", "args": ["tuple", ["a"]], "message": "own", "cause": 1},
        ],
    ),
    "OSError": (
        "FileNotFoundError(2, 'no', 'f')",
        [
            "FileNotFoundError",
            {
                "__message__": "[Errno 2] no: 'f'",
                "args": ["tuple", [2, "no"]],
                "errno": 2,
                "strerror": "no",
                "filename": "f",
            },
        ],
    ),
    "array of floats": ("array.array('d', [1.5])", ["array", [1.5], {"typecode": "d"}]),
    "array of unsigned": (
        "array.array('Q', [2**64 - 1])",
        ["array", [str(2**64 - 1)], {"typecode": "Q"}],
    ),
    "memory view": (
        "memoryview(bytearray(b'abcd'))[1:3]",
        ["memoryview", ["b'bc'"], {"format": "B", "shape": "(2,)", "readonly": False}],
    ),
    "memory view with gaps": (
        "memoryview(b'abcd')[::2]",
        ["memoryview", ["<unreadable>"], {"format": "B", "shape": "(2,)", "readonly": True}, "cut"],
    ),
    "released memory view": (
        "(lambda v: v.release() or v)(memoryview(b'a'))",
        ["memoryview", "cut"],
    ),
    "iterator": ("iter([1])", ["list_iterator", "cut"]),
    "lock": ("threading.Lock()", ["lock", "cut"]),
    "file of memory": ("with_attributes(io.StringIO(), n=1)", ["StringIO", {"n": 1}, "cut"]),
}

_DECIMALS = """\
0 -0 1 -1.50 1E+10 1E-7 0.000001234 0E-10 0E+3 123456789012345678901234567890.5 -1E-400
NaN sNaN123 -Infinity 12345678901234567890 10000000000000000000 1E+999
"""
DECIMALS = _DECIMALS.split()

KINDS["decimals"] = (
    f"[decimal.Decimal(d) for d in {DECIMALS}]",
    ["list", [["Decimal", [text]] for text in DECIMALS]],
)
