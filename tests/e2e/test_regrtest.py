"""CPython's own tests end the same, recorded or not, and what compares them can tell."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
from regrtest.checking import check, opening
from regrtest.comparing import PROCESS, Difference, Explained, differences, problems
from regrtest.explained import EXPLAINED
from regrtest.modules import EVERY, OWN_TOOL_UNSEEN
from regrtest.outcomes import Run, outcomes
from support.runs import python

# Quick ones; all of them: `./dev regrtest`. What differs is explained for these releases of
# Python; others have other tests of monitoring.
QUICK = ("test_generators", "test_sys_settrace", "test_gc")
EXPLAINED_FOR = ((3, 12, 1), (3, 13, 0))
DIFFERING = ("test_monitoring", OWN_TOOL_UNSEEN) if sys.version_info[:3] in EXPLAINED_FOR else ()

PASSED = Run(0, "SUCCESS", {"test.a": "passed", "test.b": "skipped"}, 1.0, 1000, "")
FAILED = dataclasses.replace(
    PASSED, status=2, result="FAILURE", outcomes={"test.a": "failed", "test.b": "skipped"}
)
KNOWN = Explained("test_x", Difference("test.a", "passed", "failed"), "it asks", ("3.12",))

# A second tool gets LINE as the code starts, or does not; the first one counts an event of its own.
TWO_TOOLS = """
import sys
monitoring, events = sys.monitoring, sys.monitoring.events

def numbers():
    yield 1
    return 2

def looped():
    for _ in numbers():
        pass

def arm(code, offset):
    if code is looped.__code__:
        monitoring.set_local_events(5, code, events.LINE)

def counted(event, armed):
    seen = []
    for tool in (0, 5):
        monitoring.use_tool_id(tool, "tool")
    monitoring.register_callback(0, event, lambda code, *_: seen.append(code))
    monitoring.register_callback(0, events.LINE, lambda *_: None)
    monitoring.register_callback(5, events.LINE, lambda *_: None)
    monitoring.register_callback(5, events.PY_START, arm if armed else lambda *_: None)
    monitoring.set_events(5, events.PY_START)
    monitoring.set_events(0, event | also)
    looped()
    monitoring.set_events(0, 0)
    monitoring.set_events(5, 0)
    monitoring.set_local_events(5, looped.__code__, 0)
    for tool in (0, 5):
        monitoring.free_tool_id(tool)
    return seen.count(looped.__code__)

event = getattr(events, sys.argv[1])
also = getattr(events, sys.argv[2])
print(counted(event, False) > 0, end=" ")
looped.__code__ = looped.__code__.replace()
print(counted(event, True) > 0)
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("module", [*QUICK, *DIFFERING])
def test_a_module_of_cpython_s_tests_runs_recorded_as_it_runs_plain(
    module: str, tmp_path: Path
) -> None:
    checked = check(module, tmp_path, 120, EXPLAINED)
    assert checked.problems == []
    assert checked.plain.result == "SUCCESS"
    assert len(checked.plain.outcomes) >= 25


@pytest.mark.parametrize("events", [("INSTRUCTION", "LINE"), ("STOP_ITERATION", "NO_EVENTS")])
def test_python_takes_events_from_another_tool_without_a_recorder(
    events: tuple[str, str], tmp_path: Path
) -> None:
    shown = python("-c", TWO_TOOLS, *events, cwd=tmp_path)
    assert (shown.status, shown.out) == (0, "True False\n"), shown.err


@pytest.mark.parametrize(
    ("plain", "recorded", "expected"),
    [
        (PASSED, PASSED, []),
        (FAILED, FAILED, []),
        (PASSED, FAILED, [Difference("test.a", "passed", "failed")]),
        (FAILED, PASSED, [Difference("test.a", "failed", "passed")]),
        (
            PASSED,
            dataclasses.replace(PASSED, outcomes={"test.a": "passed", "test.c": "passed"}),
            [Difference("test.b", "skipped", "absent"), Difference("test.c", "absent", "passed")],
        ),
        (
            PASSED,
            dataclasses.replace(PASSED, status=3, result="SUCCESS, ENV CHANGED"),
            [Difference(PROCESS, "status 0, SUCCESS", "status 3, SUCCESS, ENV CHANGED")],
        ),
        (
            PASSED,
            Run(-11, "", {}, 1.0, 1000, ""),
            [
                Difference("test.a", "passed", "absent"),
                Difference("test.b", "skipped", "absent"),
                Difference(PROCESS, "status 0, SUCCESS", "status -11, no result"),
            ],
        ),
        (
            PASSED,
            dataclasses.replace(FAILED, status=None, result=""),
            [
                Difference("test.a", "passed", "failed"),
                Difference(PROCESS, "status 0, SUCCESS", "ended for its time, no result"),
            ],
        ),
    ],
)
def test_runs_are_told_apart_by_test_and_by_how_the_process_ended(
    plain: Run, recorded: Run, expected: list[Difference]
) -> None:
    assert differences(plain, recorded) == expected


@pytest.mark.parametrize(
    ("module", "version", "found", "expected"),
    [
        ("test_x", "3.12", [KNOWN.difference], []),
        ("test_x", "3.13", [], []),
        ("test_y", "3.12", [], []),
        ("test_x", "3.13", [KNOWN.difference], ["not explained: test.a: passed became failed"]),
        ("test_y", "3.12", [KNOWN.difference], ["not explained: test.a: passed became failed"]),
        (
            "test_x",
            "3.12",
            [Difference("test.a", "passed", "error")],
            [
                "not explained: test.a: passed became error",
                "explained, but did not differ: test.a: passed became failed",
            ],
        ),
        ("test_x", "3.12", [], ["explained, but did not differ: test.a: passed became failed"]),
    ],
)
def test_only_what_is_explained_may_differ_and_it_must(
    module: str, version: str, found: list[Difference], expected: list[str]
) -> None:
    assert problems(module, version, found, [KNOWN]) == expected


def test_outcomes_are_read_from_the_report_and_subtests_from_the_log() -> None:
    report = """
        <testsuites><testsuite>
        <testcase name="test.m.A.good" status="run" result="completed" />
        <testcase name="test.m.A.bad"><failure type="AssertionError">no</failure></testcase>
        <testcase name="test.m.A.broken"><error type="KeyError">no</error></testcase>
        <testcase name="test.m.A.left"><skipped>later</skipped></testcase>
        <testcase name="test.m.A.known"><output type="AssertionError">no</output></testcase>
        <testcase name="test.m.A.lucky"><outcome>UNEXPECTED_SUCCESS</outcome></testcase>
        <testcase />
        </testsuite></testsuites>"""
    log = "FAIL: parts (test.m.A.parts) (i=1)\nFAIL: bad (test.m.A.bad)\n"
    log += "ERROR: setUpClass (test.m.B)\n"
    assert outcomes(report, log) == {
        "test.m.A.good": "passed",
        "test.m.A.bad": "failed",
        "test.m.A.broken": "error",
        "test.m.A.left": "skipped",
        "test.m.A.known": "expected failure",
        "test.m.A.lucky": "unexpected success",
        "test.m.A.parts": "failed",
        "test.m.B": "error",
    }
    assert outcomes("", log.splitlines()[0]) == {"test.m.A.parts": "failed"}


def test_a_recording_that_does_not_open_is_a_problem(tmp_path: Path) -> None:
    (found,) = opening(tmp_path / "none")
    assert found.startswith("the recording does not open: ")


def test_every_explained_difference_is_of_a_module_that_is_run_and_has_its_reason() -> None:
    assert {one.module for one in EXPLAINED} <= set(EVERY)
    assert {version for one in EXPLAINED for version in one.versions} == {"3.12", "3.13"}
    assert all(len(one.reason) > 40 for one in EXPLAINED)


@pytest.mark.parametrize(("words", "status"), [(["no_such_test"], 2), (["--help"], 0)])
def test_the_runner_refuses_a_module_that_it_does_not_know(
    words: list[str], status: int, tmp_path: Path
) -> None:
    tests = str(Path(__file__).parents[1])
    shown = python("-m", "regrtest", *words, cwd=tmp_path, env={"PYTHONPATH": tests})
    assert shown.status == status, shown.err
