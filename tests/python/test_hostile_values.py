"""Objects that fight back, in any combination: they are recorded, and cannot tell.

A generated program binds such objects to names. Run plain and recorded it prints the same, a log of
the special methods that were called included; its recording is read whole, and is no larger than
the limits of values allow.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.runs import python, recorder

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "8"))
# A value holds at most 256 objects of 64 items of 1024 characters by default, and repeats compress.
LARGEST = 4 * 1024 * 1024

PRELUDE = '''\
import array, collections, ctypes, decimal, enum, functools, operator, types, weakref

LOG = []

def fights(name):
    def method(self, *args, **kwargs):
        LOG.append(name)
        raise BaseException(name)
    return method

METHODS = """repr str eq ne lt hash len iter next getattr getattribute bool index int float bytes
    format sizeof reduce reduce_ex dir contains getitem missing call get set complex length_hint
    reversed instancecheck subclasscheck buffer fspath""".split()
ALL = {f"__{name}__": fights(name) for name in METHODS}

class Liar:
    """Says that it is something else."""
    __class__ = property(fights("class"))
    __dict__ = property(fights("dict"))
    __slots__ = ("held", "never")

class Meta(type):
    locals().update(ALL)

class Slots:
    __slots__ = ("left", "unset", "__weakref__")

class Struct(ctypes.Structure):
    _fields_ = [("n", ctypes.c_int), ("p", ctypes.c_void_p)]

Pair = collections.namedtuple("Pair", "a b")

class Odd(enum.IntFlag):
    ONE = 1
    locals()["__repr__"] = ALL["__repr__"]

MADE = {}

def hostile(base, meta=False):
    """An instance of a subclass that overrides everything."""
    if (base, meta) not in MADE:
        names = {k: v for k, v in ALL.items() if base is not BaseException or k != "__reduce__"}
        MADE[base, meta] = (Meta if meta else type)("Hostile\\u00e9", (base,), dict(names))
    return type.__call__(MADE[base, meta])

def holding(*children):
    it = Slots()
    it.left = children
    return it

def attributes(**children):
    it = types.SimpleNamespace()
    it.__dict__.update(children)
    it.__dict__["a b\\x00"] = 1
    return it

def beneath(child):
    it = hostile(object)
    object.__setattr__(it, "child", child)
    return it

def nest(depth, kind, child):
    for _ in range(depth):
        child = kind(child)
    return child

def cycle(child):
    it = [child]
    it.append({"self": it})
    return it

def caused(child):
    first, second = ValueError(child), KeyError()
    first.__cause__, second.__cause__ = second, first
    first.__context__ = first
    return first

def dead():
    it = Slots()
    return weakref.proxy(it)

def shrinking(child):
    it = {n: child for n in range(50)}
    for n in range(49):
        del it[n]
    return it

def liar(child):
    it = Liar()
    Liar.held.__set__(it, child)
    return it

def stopped(child):
    def values():
        held = child
        yield held
    it = values()
    next(it)
    return it
'''

BASES = ["object", "int", "str", "list", "dict", "tuple", "set", "frozenset", "float", "bytes"]
BASES += ["bytearray", "complex", "BaseException", "collections.deque", "collections.OrderedDict"]
BASES += ["decimal.Decimal", "types.SimpleNamespace"]

LEAVES = st.one_of(
    st.sampled_from(BASES).flatmap(
        lambda base: st.booleans().map(lambda meta: f"hostile({base}, {meta})")
    ),
    st.integers(0, 5000).map(lambda n: f"-(1 << {n})"),
    st.floats().map(lambda x: f"float({str(x)!r})"),
    st.text(max_size=30).map(repr),
    st.text(alphabet="a\x00\ud800\udfff\U0001f600\u202e\x1b", max_size=8).map(
        lambda text: f"{text!a} * 3000"
    ),
    st.binary(max_size=20).map(lambda raw: f"bytearray({raw!r}) * 400"),
    st.sampled_from(
        [
            "dead()",
            "Struct()",
            "Slots()",
            "Slots",
            "Meta('M', (), {})",
            "array.array('d', [1.5] * 500)",
            "memoryview(b'x' * 1000)[::7]",
            "memoryview(bytearray(4)).cast('B', (2, 2))",
            "range(-5, 1 << 200, 3)",
            "slice(None, hostile(int), 2)",
            "Odd(3)",
            "type('T' * 5000, (), {'x': 1})",
            "Pair._make([hostile(int), hostile(str)])",
            "operator.attrgetter('x.y')",
            "functools.partial(print, hostile(object))",
            "types.ModuleType('m')",
            "types.MappingProxyType({'a': hostile(object)})",
            "(lambda: LOG).__code__",
            "fights",
            "ctypes.pointer(ctypes.c_int(1))",
            "NotImplemented",
            "decimal.Decimal('sNaN')",
            "object()",
        ]
    ),
)


def joined(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(children, max_size=4)
    return st.one_of(
        several.map(lambda parts: f"[{', '.join(parts)}]"),
        several.map(lambda parts: f"({''.join(part + ', ' for part in parts)})"),
        several.map(
            lambda parts: "{" + ", ".join(f"{n}: {part}" for n, part in enumerate(parts)) + "}"
        ),
        several.map(lambda parts: f"holding({', '.join(parts)})"),
        several.map(lambda parts: f"collections.deque([{', '.join(parts)}], 3)"),
        children.map(lambda child: f"attributes(child={child})"),
        st.builds(
            lambda depth, kind, child: f"nest({depth}, {kind}, {child})",
            st.integers(0, 3000),
            st.sampled_from(["lambda x: [x]", "lambda x: {1: x}", "holding", "lambda x: (x,)"]),
            children,
        ),
        st.builds(
            lambda how, child: f"{how}({child})",
            st.sampled_from(["beneath", "cycle", "caused", "shrinking", "liar", "stopped"]),
            children,
        ),
    )


HOSTILE = st.recursive(LEAVES, joined, max_leaves=8)


def program(expressions: list[str]) -> str:
    """Binds, passes, returns, changes and drops each object."""
    lines = [PRELUDE, "def give(it):\n    return it\n\ndef work():\n    kept = []"]
    for number, expression in enumerate(expressions):
        lines += [f"    v{number} = {expression}", f"    kept.append(give(v{number}))"]
    lines += ["    return kept", "", "kept = work()", "del kept", "print(LOG)"]
    return "\n".join(lines) + "\n"


def check(place: Path, source: str) -> None:
    script = place / "app.py"
    script.write_text(source, encoding="utf-8", errors="backslashreplace")
    plain = python("app.py", cwd=place)
    assert plain.status == 0, plain.err
    out = place / "out"
    ended = recorder("record", "--trace-dir", out, "app.py", cwd=place)
    assert (ended.status, ended.out) == (plain.status, plain.out), ended.err
    assert plain.err == ended.err[: len(plain.err)]
    shown = recorder("print", out, "--json", cwd=place)
    assert shown.status == 0, shown.err
    # Texts hold other ends of lines.
    events = [json.loads(line) for line in shown.out.removesuffix("\n").split("\n")]
    assert events
    assert (out / "trace.mcap").stat().st_size < LARGEST


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="HOSTILE_EXAMPLES" not in os.environ,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(expressions=st.lists(HOSTILE, min_size=5, max_size=25))
def test_hostile_objects_are_recorded_and_cannot_tell(
    tmp_path_factory: pytest.TempPathFactory, expressions: list[str]
) -> None:
    check(tmp_path_factory.mktemp("hostile"), program(expressions))
