"""The oracle is worth believing: it agrees with a second one, and its comparison notices errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from oracle import compare, tricky, tricky_more
from oracle.compare import Event, Run
from oracle.programs import programs

TRICKY = tricky.PROGRAMS | tricky_more.PROGRAMS

LOOP = """\
def double(n):
    return n * 2
for i in range(3): double(i)
def twice():
    yield 1
    yield 2
g = twice()
next(g)
try:
    g.throw(KeyError)
except KeyError:
    print('end')
"""


def seen(script: Path, by: str = "settrace_recorder") -> Run:
    return compare.expected(script, out=script.with_suffix(f".{by}"), by=by)


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    script = tmp_path / "loop.py"
    script.write_text(LOOP, encoding="utf-8")
    return script


def test_the_oracle_writes_what_a_person_would_write(loop: Path) -> None:
    body = ["call 1 double", "line 2 double", "return 2 double"]
    assert [
        f"{e.kind} {e.line} {e.function} {e.exception}".rstrip() for e in seen(loop).threads[0]
    ] == [
        "call 1 <module>",
        "line 1 <module>",
        *["line 3 <module>", *body] * 3,
        "line 3 <module>",
        "line 4 <module>",
        "line 7 <module>",
        "line 8 <module>",
        "call 4 twice",
        "line 5 twice",
        "yield 5 twice",
        "line 9 <module>",
        "line 10 <module>",
        "throw 5 twice",
        "raise 5 twice KeyError",
        "unwind 5 twice",
        "raise 10 <module> KeyError",
        "line 11 <module>",
        "line 12 <module>",
        "return 12 <module>",
    ]


@pytest.mark.parametrize("name", TRICKY)
def test_both_oracles_agree_on_a_tricky_program(name: str, tmp_path: Path) -> None:
    script = tmp_path / f"{name}.py"
    script.write_text(TRICKY[name], encoding="utf-8")
    one = seen(script)
    assert compare.difference(one, seen(script, "monitoring_check")) is None
    assert len(one.threads[0]) > 10


@pytest.mark.timeout(120)
@settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(source=programs())
def test_both_oracles_agree_on_a_generated_program(
    source: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = tmp_path_factory.mktemp("generated") / "program.py"
    script.write_text(source, encoding="utf-8")
    assert compare.difference(seen(script), seen(script, "monitoring_check")) is None


def test_every_event_matters_to_the_comparison(loop: Path) -> None:
    truth = seen(loop)
    events = truth.threads[0]
    for at, event in enumerate(events):
        without = events[:at] + events[at + 1 :]
        assert compare.difference(truth, replace(truth, threads=[without])) is not None
        twice = [*events[:at], event, *events[at:]]
        assert compare.difference(truth, replace(truth, threads=[twice])) is not None
        for wrong in (
            replace(event, kind="call" if event.kind != "call" else "resume"),
            replace(event, line=event.line + 1),
            replace(event, function=event.function + "x"),
            replace(event, exception="OtherError"),
            replace(event, file=event.file + "x"),
        ):
            changed = [*events[:at], wrong, *events[at + 1 :]]
            assert compare.difference(truth, replace(truth, threads=[changed])) is not None


def test_order_threads_and_output_matter_to_the_comparison() -> None:
    one, two = Event("call", "f", 1, "a"), Event("line", "f", 2, "a")
    truth = Run([[one], [one, two], [two]], 0, "out")
    assert compare.difference(truth, Run([[one], [two], [one, two]], 0, "out")) is None
    assert compare.difference(truth, Run([[one], [two, one], [two]], 0, "out")) is not None
    assert compare.difference(truth, Run([[two], [one, two], [one]], 0, "out")) is not None
    assert compare.difference(truth, Run([[one], [one, two]], 0, "out")) is not None
    assert compare.difference(truth, replace(truth, output="other")) is not None


def test_a_difference_is_shown_where_it_begins() -> None:
    events = [Event("line", "/x/f.py", n, "f") for n in range(20)]
    shown = compare.first_difference(events, events[:10] + events[11:])
    assert shown is not None
    assert "event 10 differs; expected 20 events, recorded 19" in shown
    assert "  - line    f.py:10 f\n" in shown
    assert "  + line    f.py:11 f\n" in shown
