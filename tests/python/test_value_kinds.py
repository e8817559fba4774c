"""What a value of each kind is recorded as: content, attributes, what is left out and said so."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from oracle import compare
from oracle.kinds import KINDS, PRELUDE, plain
from support.runs import recorder


def recorded(source: str, directory: Path) -> list[dict[str, Any]]:
    script = directory / "program.py"
    script.write_text(source, encoding="utf-8")
    done = compare.record(script, out=directory / "trace")
    assert done.returncode == 0, done.stderr
    return compare.printed(directory / "trace")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one program that binds every value was recorded to bind."""
    lines = [f"v = {source}" for source, _ in KINDS.values()]
    events = recorded(PRELUDE + "\n".join(lines) + "\n", tmp_path_factory.mktemp("kinds"))
    first = PRELUDE.count("\n") + 1
    own = [e for e in events if e["function"] == "<module>" and "v" in e["values"]]
    told = {e["after"]: e["values"]["v"] for e in own}
    return {kind: told[first + at] for at, kind in enumerate(KINDS)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_recorded_as_what_it_is(kind: str, found: dict[str, Any]) -> None:
    assert plain(found[kind]) == KINDS[kind][1], json.dumps(found[kind])


def bound(source: str, tmp_path: Path) -> dict[str, Any]:
    events = recorded(textwrap.dedent(source), tmp_path)
    told: dict[str, Any] = [e["values"]["v"] for e in events if "v" in e["values"]][-1]
    return told


def test_lengths_are_true_where_content_is_cut(tmp_path: Path) -> None:
    source = """\
    class Wide(list): pass
    v = Wide(range(100))
    v.__dict__.update((f'a{i}', i) for i in range(80))
    v = (v,)
    """
    [wide] = bound(source, tmp_path)["items"]
    assert (wide["len"], len(wide["items"]), len(wide["attrs"]), wide["cut"]) == (
        100,
        64,
        64,
        True,
    )


def test_causes_and_contexts_are_exceptions(tmp_path: Path) -> None:
    source = """\
    try:
        try:
            1 / 0
        except ZeroDivisionError as e:
            raise KeyError('k') from e
    except KeyError as e:
        v = e
    """
    attrs = bound(source, tmp_path)["attrs"]
    assert attrs["__traceback__"]["value"].endswith(":5 <module>")
    assert attrs["__cause__"]["type"] == "ZeroDivisionError"
    assert attrs["__cause__"]["attrs"]["__message__"]["value"] == "division by zero"
    assert attrs["__context__"]["id"] == attrs["__cause__"]["id"]
    assert attrs["__suppress_context__"]["value"] is True


def test_a_table_of_holes_costs_bounded_time_and_says_that_it_is_cut(tmp_path: Path) -> None:
    source = """\
    import collections
    d = dict.fromkeys(range(1_000_000))
    s = set(range(1_000_000))
    collections.deque(map(d.pop, range(999_990)), 0)
    collections.deque(map(s.discard, range(999_990)), 0)
    v = [d, s]
    """
    for one in bound(source, tmp_path)["items"]:
        assert (one["len"], one["cut"]) == (10, True)


CHANGED_IN_PLACE = {
    "set": ("v = {1}", "v.add(2)"),
    "slots": ("v = Slotted(1)", "v.a = 2"),
    "slot_beside": ("v = Slotted(1)", "v.b = 2"),
    "slot_gone": ("v = Slotted(1)", "del v.a"),
    "slots_and_dict": ("v = Both(1)", "v.other = 2"),
    "function_default": ("def v(a=1): pass", "v.__defaults__ = (2,)"),
    "function_keyword": ("def v(*, a=1): pass", "v.__kwdefaults__ = {'a': 2}"),
    "function_attribute": ("def v(): pass", "v.calls = 1"),
    "function_name": ("def v(): pass", "v.__qualname__ = 'w'"),
    "member": ("v = Plain.A", "v.note = 1"),
    "scalar_member": ("v = Number.A", "v.note = 1"),
    "text_member": ("v = Text.A", "v.note = 1"),
    "member_again": ("v = Number.A; v.note = 2", "v.note = 3"),
}


@pytest.mark.parametrize("kind", CHANGED_IN_PLACE)
def test_a_value_that_was_seen_shows_its_change(kind: str, tmp_path: Path) -> None:
    made, change = CHANGED_IN_PLACE[kind]
    source = f"""\
    import enum
    class Slotted:
        __slots__ = ("a", "b")
        def __init__(self, a): self.a = a
    class Both(Slotted): pass
    class Plain(enum.Enum): A = [1]
    class Number(enum.IntEnum): A = 1
    class Text(enum.StrEnum): A = "a"
    def same(v): return v
    {made}
    same(v)
    {change}
    same(v)
    """
    source = textwrap.dedent(source)
    events = recorded(source, tmp_path)
    lines = source.splitlines()
    own = [e for e in events if e["function"] == "<module>" and "v" in e["values"]]
    told = {lines[e["after"] - 1]: e["values"]["v"] for e in own if "after" in e}
    assert set(told) == {made, change}
    assert plain(told[made]) != plain(told[change])


COUNTING = """\
import collections, datetime, decimal, functools, types, weakref

calls = []
METHODS = '''repr str eq ne lt hash len bool iter next getattribute getattr index int float
contains getitem missing format sizeof dir call get set delete instancecheck subclasscheck
reduce_ex reversed length_hint bytes fspath enter exit'''.split()


def counted(name):
    def method(*_, **__):
        calls.append(name)
        raise AttributeError(name)
    return method


class Meta(type):
    pass


def value(base, *args):
    space = {'__class__': property(counted('class')), 'lazy': property(counted('lazy'))}
    if not issubclass(base, (int, tuple, bytes)):
        space['__slots__'] = ('s',)
    cls = Meta('Shy', (base,), space)
    made = cls(*args)
    if '__slots__' in space:
        made.s = [1]
    for name in METHODS:
        setattr(cls, f'__{name}__', counted(name))
    return made


def run(held):
    a = held
    b = [held, (held,)]
    c = {'k': held}
    return b


bases = [
    (object,), (list, [1]), (dict, {'a': 1}), (set, [1]), (frozenset, [1]), (tuple, (1, 2)),
    (int, 5), (float, 2.5), (str, 'text'), (bytes, b'x'), (bytearray, b'x'), (complex, 1j),
    (collections.deque, [1]), (collections.OrderedDict, {'a': 1}), (collections.Counter, 'aab'),
    (collections.defaultdict, list), (datetime.date, 2020, 1, 2), (datetime.timedelta, 1),
    (decimal.Decimal, '1.5'), (functools.partial, print), (types.SimpleNamespace,),
    (types.ModuleType, 'm'), (weakref.ref, Meta), (Exception, 'bad'),
]
for base, *args in bases:
    made = value(base, *args)
    run(made)
key = value(object)
for name in ('hash', 'eq'):
    delattr(type(key), f'__{name}__')
run({key: 1, 'k': {key}})
for name in METHODS:
    setattr(Meta, f'__{name}__', counted('meta ' + name))
run(type(key))
print(collections.Counter(calls))
"""


def test_recording_calls_no_method_of_any_value(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(COUNTING, encoding="utf-8")
    alone = compare.run([sys.executable, script])
    assert alone.returncode == 0, alone.stderr
    done = compare.record(script, out=tmp_path / "trace")
    assert done.stdout == alone.stdout
    events = compare.printed(tmp_path / "trace")
    shown = [e["values"]["a"] for e in events if "a" in e["values"]]
    assert len(shown) == 26
    assert shown[1]["items"] == [{"type": "int", "value": 1}]


def test_a_number_too_long_to_be_kept_may_be_followed_by_one_of_another_length(
    tmp_path: Path,
) -> None:
    (tmp_path / "program.py").write_text(
        "import decimal\n"
        "for digits in (40000, 40001, 40000, 40002):\n"
        "    number = decimal.Decimal('1' * digits)\n"
        "    del number\n"
    )
    ended = recorder("record", "program.py", cwd=tmp_path)
    assert ended.status == 0, ended.err
    shown = recorder("print", "--json", "trace-out", cwd=tmp_path)
    assert shown.status == 0, shown.err
    assert all(f'"len":{digits}' in shown.out for digits in (40000, 40001, 40002))
