"""The tracebacks of recorded exceptions are those that the program sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.runs import recorder

PROGRAM = """\
import json, sys
def caught(e):
    tb, out = e.__traceback__, []
    while tb and len(out) < 32:
        out.append([tb.tb_frame.f_code.co_filename, tb.tb_lineno, tb.tb_frame.f_code.co_qualname])
        tb = tb.tb_next
    print(json.dumps(out))
def down(n):
    if n:
        return down(n - 1)
    raise ValueError(n)
def again(n):
    try:
        down(n)
    except ValueError as e:
        caught(e)
        raise
def made(n):
    names = {}
    source = "\\n" * (n % 7) + "def f(n):\\n    {}[n]"
    exec(compile(source, f"made{n % 50}.py", "exec"), names)
    return names["f"]
for n in [0, 1, 2, 0, 1, 40, 40, 3]:
    try:
        again(n)
    except ValueError as e:
        caught(e)
        try:
            raise KeyError(n) from e
        except KeyError as other:
            caught(other)
for n in range(200):
    try:
        made(n)(n)
    except KeyError as e:
        caught(e)
    try:
        json.loads("x" * (n % 3 + 1))
    except ValueError as e:
        caught(e)
"""


def handled(out: Path) -> list[list[list[Any]]]:
    printed = recorder("print", "--json", out, cwd=out.parent).out.splitlines()
    events = [json.loads(line) for line in printed]
    return [
        [[entry["file"], entry["line"], entry["function"]] for entry in e["exception"]["traceback"]]
        for e in events
        if e["kind"] == "handled"
    ]


@pytest.mark.parametrize("capture", ["calls", "values"])
@pytest.mark.parametrize("words", [[], ["--all"]])
def test_each_handled_exception_has_the_traceback_that_the_program_sees(
    tmp_path: Path, capture: str, words: list[str]
) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    out = tmp_path / "out"
    ended = recorder(
        "record", "--capture", capture, *words, "--trace-dir", out, script, cwd=tmp_path
    )
    seen = [json.loads(line) for line in ended.out.splitlines()]
    own = [trace for trace in handled(out) if trace[0][0] == str(script)]
    assert own == seen
    assert len(seen) == 3 * 8 + 2 * 200


def test_more_tracebacks_than_are_kept_as_definitions_stay_whole(tmp_path: Path) -> None:
    name = "n" * 3000
    script = tmp_path / "program.py"
    lines = [f"def {name}(at):", *(f"    if at == {n}: raise ValueError" for n in range(600))]
    lines += [f"for n in range(600):\n    try: {name}(n)\n    except ValueError: pass"]
    script.write_text("\n".join(lines))
    out = tmp_path / "out"
    recorder("record", "--capture", "calls", "--trace-dir", out, script, cwd=tmp_path)
    inner = [trace[-1] for trace in handled(out)]
    assert inner == [[str(script), n + 2, name] for n in range(600)]


ALIKE = """\
import json
def quiet(text):
    return json.loads(text)
def passing(text):
    return quiet(text)
def first(text):
    try:
        passing(text)
    except ValueError:
        pass
def second(text):
    try:
        quiet(text)
    except ValueError:
        pass
for n in range(40):
    first("x")
    second("x")
"""


def test_an_exception_where_another_one_stood_has_its_own_traceback(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(ALIKE)
    assert recorder("record", "app.py", cwd=tmp_path).status == 0
    printed = recorder("print", "--json", cwd=tmp_path).out.splitlines()
    found: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for event in map(json.loads, printed):
        if event["exception"] is not None:
            entries = [entry["function"] for entry in event["exception"]["traceback"]]
            own = tuple(name for name in entries if f"def {name}(" in ALIKE)
            found.setdefault((event["kind"], event["function"]), set()).add(own)
    # It grows by the frame after its event.
    assert found == {
        ("raise", "quiet"): {("quiet",)},
        ("unwind", "quiet"): {("quiet",)},
        ("raise", "passing"): {("quiet",)},
        ("unwind", "passing"): {("quiet",)},
        ("raise", "first"): {("quiet",)},
        ("raise", "second"): {("quiet",)},
        ("handled", "first"): {("first", "passing", "quiet")},
        ("handled", "second"): {("second", "quiet")},
    }
