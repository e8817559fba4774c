"""How much of a value is recorded is the user's to say, and what was left out says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.runs import python, recorder

PROGRAM = """
def f(text, data, number, items, deep):
    return len(text)
f('abcdefgh' * 10, b'0123456789', 10 ** 40, list(range(20)), [[[['x']]]])
"""

SMALL = {"max_string": 5, "max_bytes": 4, "max_items": 3, "max_depth": 2}


def arguments(trace: Path) -> dict[str, Any]:
    shown = recorder("print", "--json", trace, cwd=trace.parent)
    events = [json.loads(line) for line in shown.out.splitlines()]
    (found,) = (e["values"] for e in events if e["kind"] == "call" and e["function"] == "f")
    assert isinstance(found, dict)
    return found


def written(tmp_path: Path, source: str = PROGRAM) -> Path:
    script = tmp_path / "program.py"
    script.write_text(source)
    return script


def given(limits: dict[str, int]) -> list[str]:
    return [f"--{key.replace('_', '-')}={value}" for key, value in limits.items()]


def check_small(found: dict[str, Any]) -> None:
    assert (found["text"]["value"], found["text"]["len"], found["text"]["cut"]) == (
        "abcde",
        80,
        True,
    )
    assert (found["data"]["len"], found["data"]["cut"]) == (10, True)
    assert (found["number"]["bits"], found["number"]["cut"]) == ((10**40).bit_length(), True)
    items = found["items"]
    assert [item["value"] for item in items["items"]] == [0, 1, 2]
    assert (items["len"], items["cut"]) == (20, True)
    assert "items" in found["deep"]["items"][0]
    assert "items" not in found["deep"]["items"][0]["items"][0]


def test_options_say_how_much_of_a_value_is_recorded(tmp_path: Path) -> None:
    script = written(tmp_path)
    done = recorder("record", *given(SMALL), "--trace-dir", tmp_path / "out", script, cwd=tmp_path)
    assert done.status == 0, done.err
    check_small(arguments(tmp_path / "out"))


def test_variables_and_start_say_so_too(tmp_path: Path) -> None:
    script = written(
        tmp_path,
        "from codetracer_python_recorder import trace\n"
        f"with trace('out', policy={ {key: SMALL[key] for key in ('max_string', 'max_items')} }):\n"
        + "".join(f"    {line}\n" for line in PROGRAM.splitlines()),
    )
    env = {"CODETRACER_MAX_BYTES": "4", "CODETRACER_MAX_DEPTH": "2", "CODETRACER_MAX_ITEMS": "9"}
    done = python(script, cwd=tmp_path, env=env)
    assert done.status == 0, done.err
    check_small(arguments(tmp_path / "out"))


def test_much_can_be_asked_for(tmp_path: Path) -> None:
    script = written(
        tmp_path,
        "def f(text, items, deep):\n    pass\n"
        "deep = 'x'\nfor _ in range(20): deep = [deep]\n"
        "f('ab' * 8000, list(range(1500)), deep)\n",
    )
    limits = {"max_string": 16000, "max_depth": 30}
    done = recorder(
        "record", *given(limits), "--trace-dir", tmp_path / "deep", script, cwd=tmp_path
    )
    assert done.status == 0, done.err
    found = arguments(tmp_path / "deep")
    assert found["text"] == {"type": "str", "value": "ab" * 8000}
    limits = {"max_items": 1000, "max_depth": 30}
    done = recorder("record", *given(limits), "--trace-dir", tmp_path / "out", script, cwd=tmp_path)
    assert done.status == 0, done.err
    found = arguments(tmp_path / "out")
    assert [item["value"] for item in found["items"]["items"]] == list(range(1000))
    deep = found["deep"]
    for _ in range(20):
        (deep,) = deep["items"]
    assert deep == {"type": "str", "value": "x"}


@pytest.mark.parametrize("word", ["0", "-1", "1001", "some", ""])
def test_a_limit_that_is_none_is_refused(word: str, tmp_path: Path) -> None:
    script = written(tmp_path)
    done = recorder("record", f"--max-items={word}", script, cwd=tmp_path)
    assert done.status == 2
    assert "ERR_INVALID_POLICY_VALUE" in done.err
    assert "from 1 to 1000" in done.err
    assert list(tmp_path.iterdir()) == [script]


def test_a_number_of_a_million_digits_costs_no_more_than_a_short_one(tmp_path: Path) -> None:
    """Every bind of it is recorded; what is beyond the limit is not looked at."""
    script = written(
        tmp_path,
        "n = 1 << 100_000_000\n"
        "def f(number):\n    return number\n"
        "for i in range(2000):\n    m = f(n)\n",
    )
    done = recorder("record", "--trace-dir", tmp_path / "out", script, cwd=tmp_path)
    assert done.status == 0, done.err
    shown = recorder("print", "--json", tmp_path / "out", cwd=tmp_path).out
    calls = [json.loads(line) for line in shown.splitlines() if '"call"' in line[:20]]
    assert sum(e["values"].get("number", {}).get("bits") == 100_000_001 for e in calls) == 2000
