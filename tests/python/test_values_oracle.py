"""The values of names that a line binds are recorded as a `sys.settrace` oracle saw them."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from oracle import compare, values
from oracle.value_programs import PROGRAMS


def seen(script: Path) -> list[dict[str, Any]]:
    out = script.with_suffix(".values")
    done = compare.run([sys.executable, compare.HERE / "values_recorder.py", out, script])
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def recorded(script: Path) -> list[dict[str, Any]]:
    trace = script.with_suffix(".trace")
    done = compare.record(script, out=trace)
    assert done.returncode == 0, done.stderr
    return compare.printed(trace)


def write(tmp_path: Path, source: str) -> Path:
    script = tmp_path / "program.py"
    script.write_text(source, encoding="utf-8")
    return script


@pytest.mark.parametrize("name", PROGRAMS)
def test_bound_values_are_recorded_as_the_oracle_saw_them(name: str, tmp_path: Path) -> None:
    script = write(tmp_path, PROGRAMS[name])
    assert (found := values.difference(seen(script), recorded(script))) is None, found


def bound(source: str, tmp_path: Path, name: str = "v") -> dict[str, Any]:
    """What the recording says `v` holds in the end."""
    held = [e["values"][name] for e in recorded(write(tmp_path, source)) if name in e["values"]]
    assert held
    found: dict[str, Any] = held[-1]
    return found


def test_a_long_string_is_cut_and_says_how_long_it_was(tmp_path: Path) -> None:
    found = bound("v = 'ab' * 1000\n", tmp_path)
    assert found["type"] == "str"
    assert found["value"] == "ab" * 512
    assert found["len"] == 2000
    assert found["cut"] is True


def test_a_string_of_the_limit_is_whole(tmp_path: Path) -> None:
    assert bound("v = '\\u4e2d' * 1024\n", tmp_path) == {"type": "str", "value": "\u4e2d" * 1024}


def test_long_bytes_and_ints_are_cut_and_say_so(tmp_path: Path) -> None:
    for source in ("v = b'x' * 257\n", "v = 1 << 2100\n"):
        found = bound(source, tmp_path)
        assert found["cut"] is True, found
    assert "cut" not in bound("v = b'x' * 256\n", tmp_path)
    assert bound("v = -(1 << 2000)\n", tmp_path) == {"type": "int", "value": str(-(1 << 2000))}


def test_a_wide_container_shows_64_items_and_its_true_length(tmp_path: Path) -> None:
    found = bound("v = list(range(65))\n", tmp_path)
    assert [item["value"] for item in found["items"]] == list(range(64))
    assert (found["len"], found["cut"]) == (65, True)
    found = bound("v = list(range(64))\n", tmp_path)
    assert (found["len"], len(found["items"]), found["cut"]) == (64, 64, False)


def test_one_object_under_two_names_has_one_id(tmp_path: Path) -> None:
    events = recorded(write(tmp_path, "a = [1]\nb = a\nc = [1]\n"))
    ids = {n: v["id"] for e in events for n, v in e["values"].items() if n in "abc"}
    assert ids["a"] == ids["b"] != ids["c"]


def test_reading_values_runs_no_code_of_the_program(tmp_path: Path) -> None:
    source = """\
def refuse(*_): raise SystemExit('looked at')
names = '''repr str eq hash len bool index getattr getattribute iter format sizeof dir
call get lt int float'''.split()
class Shy:
    __class__ = property(refuse)
v = w = Shy()
for name in names: setattr(Shy, f'__{name}__', refuse)
def f(x): y = x; z = [x, (x,)]; return z
v = f(v)
v = w
"""
    assert bound(source, tmp_path)["type"] == "Shy"


def damaged(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Wrong copies of an event: each name's value lost, of another type, of another content."""
    found = []
    for name, value in event["values"].items():
        lost = copy.deepcopy(event)
        del lost["values"][name]
        wrongs = [lost]
        changes: list[dict[str, Any]] = [{"type": "Other"}]
        if "value" in value:
            changes.append({"value": f"{value['value']}x"})
        if value.get("items") or value.get("entries"):
            content = "items" if "items" in value else "entries"
            changes += [{content: value[content][:-1]}, {"len": value["len"] + 1}]
        for change in changes:
            wrong = copy.deepcopy(event)
            wrong["values"][name] |= change
            wrongs.append(wrong)
        found += wrongs
    return found


def told(event: dict[str, Any]) -> dict[str, Any]:
    """The oracle's event in the recorder's words."""

    def value(node: dict[str, Any]) -> dict[str, Any]:
        said = {"type": node["type"]}
        if "repr" in node:
            return said | {"value": values.scalar(node)}
        said |= {"id": node.get("same", node.get("number"))}
        if "items" in node:
            said |= {"items": [value(item) for item in node["items"]], "len": node["len"]}
        if "entries" in node:
            entries = [[value(part) for part in entry] for entry in node["entries"]]
            said |= {"entries": entries, "len": node["len"]}
        if "attrs" in node:
            said |= {"attrs": {k: value(v) for k, v in node["attrs"].items()}}
        return said

    said = {n: values.UNBOUND if v is None else value(v) for n, v in event["changed"].items()}
    if "result" in event:
        said["return"] = value(event["result"])
    keys = {key: event[key] for key in ("kind", "line", "after", "function")}
    return keys | {"call": event["frame"], "values": said}


@pytest.mark.parametrize("name", ["scalars", "containers", "ways_to_bind", "cells_and_globals"])
def test_every_value_matters_to_the_comparison(name: str, tmp_path: Path) -> None:
    truth = seen(write(tmp_path, PROGRAMS[name]))
    retold = [told(event) for event in truth]
    assert values.difference(truth, retold) is None
    for at, event in enumerate(retold):
        for wrong in damaged(event):
            changed = [*retold[:at], wrong, *retold[at + 1 :]]
            assert values.difference(truth, changed) is not None, wrong
    assert values.difference(truth, retold[:-1]) is not None
    extra = [retold[0] | {"values": {"a": {"type": "int", "value": 1}}}, *retold[1:]]
    assert values.difference(truth, extra) is not None
