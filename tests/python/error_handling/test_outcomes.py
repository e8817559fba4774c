"""What a failure leads to: when it happens x what the policy says, by command line and calls."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support import faults
from support.runs import Ended, python

# Enough that segments are stored while it runs.
WORK = """\
import sys
def step(n):
    return n * 2
def work():
    total = 0
    for n in range(COUNT):
        total += step(n)
    return total
"""
SCRIPT = WORK + "print(work())\nprint('told', file=sys.stderr)\nsys.exit(3)\n"
OWN = 3
COUNTS = {"drainer": 150_000}
FEW = 2_000

# By moment: the fault, its code, and the status of its kind.
MOMENTS = {
    "start": ("store.staging.create=EACCES", "ERR_PERMISSION", 10),
    "attach": ("entry:Launch=panic,entry:Start=panic", "ERR_PANIC", 70),
    "callback": ("entry:PyReturn#100=panic", "ERR_PANIC", 70),
    "drainer": ("store.trace.write#4+=ENOSPC", "ERR_NO_SPACE", 10),
    "taken": ("hooks.tool#50=EPERM", "ERR_TOOL_ID_TAKEN", 20),
    "commit": ("store.commit.rename=EIO", "ERR_IO", 10),
}
BEFORE = ("start", "attach")
WHILE_IT_RUNS = ("callback", "drainer")
KINDS = {10: "EnvironmentError", 20: "TargetError", 70: "InternalError"}


@dataclass(frozen=True)
class Case:
    """One cell of the table, for each of the switches that it has."""

    moment: str
    disable: bool
    keep: bool
    require: bool
    propagate: bool = True

    def __str__(self) -> str:
        on = [name for name in ("disable", "keep", "require") if getattr(self, name)]
        return "-".join([self.moment, *on, *([] if self.propagate else ["zero"])])

    @property
    def head(self) -> str:
        return f"COUNT = {COUNTS.get(self.moment, FEW)}\n"

    @property
    def result(self) -> str:
        return str(sum(2 * n for n in range(COUNTS.get(self.moment, FEW))))

    @property
    def code(self) -> str:
        return MOMENTS[self.moment][1]

    @property
    def kind_status(self) -> int:
        return MOMENTS[self.moment][2]

    @property
    def keeps(self) -> bool:
        return self.keep and self.moment not in BEFORE

    @property
    def misses(self) -> bool:
        """Whether the missing recording is what is told in the end."""
        return self.require and self.disable and not self.keeps

    def words(self) -> list[str]:
        return [
            *(["--on-recorder-error=disable"] if self.disable else []),
            *(["--keep-partial-trace"] if self.keep else []),
            *(["--require-trace"] if self.require else []),
            *([] if self.propagate else ["--no-propagate-script-exit"]),
        ]


CASES = [
    Case(moment, disable, keep, require, propagate)
    for moment, disable, keep, require, propagate in itertools.product(
        MOMENTS, (False, True), (False, True), (False, True), (True, False)
    )
]
API_CASES = [case for case in CASES if case.propagate]


def check_what_is_left(place: Path, case: Case, code: str | None = None) -> None:
    left = [path for path in place.iterdir() if path.suffix != ".py"]
    if not case.keeps:
        assert left == []
        return
    [trace] = left
    opened = Trace(trace)
    assert (opened.info["partial"], opened.info["reason"]) == (True, code or case.code)
    assert opened.info["events"] > 0
    assert any(step.function == "work" for step in opened.steps())
    metadata = json.loads((trace / "trace_metadata.json").read_text())
    assert (metadata["partial"], metadata["reason"]) == (True, code or case.code)


def coded(err: str) -> list[str]:
    """The codes of the lines for people."""
    return [line.split(": ")[1] for line in err.splitlines() if line.startswith("recorder: ERR_")]


STOPS = """\
print(work())
import codetracer_python_recorder as r
r.stop()
assert not r.is_tracing()
"""


@pytest.mark.parametrize("stops", [False, True], ids=["", "stops"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_command_line_follows_the_table(tmp_path: Path, case: Case, stops: bool) -> None:
    script = SCRIPT.replace("print(work())\n", STOPS) if stops else SCRIPT
    (tmp_path / "app.py").write_text(case.head + script)
    fault = MOMENTS[case.moment][0]
    words = [*case.words(), "--json-errors", "app.py"]
    ended = faults.record(*words, cwd=tmp_path, faults=fault)
    runs = case.disable or case.moment not in BEFORE
    assert ended.out == (case.result + "\n" if runs else "")
    assert ended.err.count("told\n") == int(runs)
    own = OWN if case.propagate else 0
    status = (2 if case.misses else own) if case.disable else case.kind_status
    assert ended.status == status, ended.err
    codes = [case.code, *(["ERR_TRACE_MISSING"] if case.misses else [])]
    assert coded(ended.err) == codes, ended.err
    trailers = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert [trailer["error_code"] for trailer in trailers] == codes
    announced = "recorder: a recording that fails half way will be kept" in ended.err
    assert announced == (case.keep and case.moment not in BEFORE)
    if runs and case.moment in (*BEFORE, *WHILE_IT_RUNS):
        assert ended.err.index(case.code) < ended.err.index("told"), "said at once"
    check_what_is_left(tmp_path, case)


API = (
    WORK
    + """
import codetracer_python_recorder as r
from contextlib import nullcontext
def attempt(name, call):
    try:
        return call()
    except r.RecorderError as error:
        print(name, type(error).__name__, error.code)
"""
)
WAYS = {
    "stop": """
if attempt("start", lambda: r.start("out", policy=POLICY)):
    print(work(), r.is_tracing() if RUNS else None)
    attempt("stop", r.stop)
    attempt("again", r.stop)
""",
    "flush": """
if attempt("start", lambda: r.start("out", policy=POLICY)):
    print(work(), r.is_tracing() if RUNS else None)
    attempt("flush", r.flush)
    attempt("stop", r.stop)
""",
    "with": """
entered = []
def block():
    with r.trace("out", policy=POLICY):
        entered.append(1)
        print(work(), r.is_tracing() if RUNS else None)
attempt("block", block)
attempt("again", r.stop)
""",
    "raising": """
def block():
    with r.trace("out", policy=POLICY):
        print(work(), r.is_tracing() if RUNS else None)
        1 / 0
try:
    attempt("start", block)
except ZeroDivisionError as error:
    print("passes", error.__context__)
""",
}


def run_calls(place: Path, case: Case, way: str) -> Ended:
    policy = {
        "on_recorder_error": "disable" if case.disable else "abort",
        "keep_partial_trace": case.keep,
        "require_trace": case.require,
        "json_errors": True,
    }
    head = case.head + f"POLICY = {policy}\nMOMENT = {case.moment!r}\nBEFORE = {BEFORE}\n"
    head += f"RUNS = {case.moment in WHILE_IT_RUNS}\n"
    return faults.program(head + API + WAYS[way], place, faults=MOMENTS[case.moment][0])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", API_CASES, ids=str)
def test_calls_follow_the_table(tmp_path: Path, case: Case, way: str) -> None:
    ended = run_calls(tmp_path, case, way)
    kind = KINDS[case.kind_status]
    ran = f"{case.result} {False if case.moment in WHILE_IT_RUNS else None}"
    if case.moment in BEFORE and not case.disable:
        expected = [f"{'block' if way == 'with' else 'start'} {kind} {case.code}"]
    else:
        expected = [ran]
        said_by = "flush" if way == "flush" and case.moment in WHILE_IT_RUNS else "stop"
        last = "block" if way == "with" else "stop"
        said_by = last if said_by == "stop" else said_by
        if way == "raising":
            expected.append("passes None")
        elif case.misses:
            expected.append(f"{last} UsageError ERR_TRACE_MISSING")
        elif not case.disable:
            expected.append(f"{said_by} {kind} {case.code}")
    assert ended.out.splitlines() == expected, ended.err
    assert ended.status == 0
    # Raised failures are no lines for people, unless recording ended while the program ran.
    said = case.disable or case.moment in WHILE_IT_RUNS or way == "raising"
    if case.moment in BEFORE and not case.disable:
        said = False
    misses = ["ERR_TRACE_MISSING"] if case.misses else []
    people = [*([case.code] if said else []), *(misses if way == "raising" else [])]
    assert coded(ended.err) == people, ended.err
    trailers = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert [trailer["error_code"] for trailer in trailers] == [case.code, *misses]
    check_what_is_left(tmp_path, case)


@pytest.mark.parametrize("disable", [False, True])
@pytest.mark.parametrize("way", ["cli", "api"])
def test_a_mistake_of_the_caller_is_an_error_under_both(
    tmp_path: Path, way: str, disable: bool
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    (tmp_path / "app.py").write_text(f"COUNT = {FEW}\n" + SCRIPT)
    policy = "disable" if disable else "abort"
    if way == "cli":
        words = [f"--on-recorder-error={policy}", "--trace-dir=out", "app.py"]
        ended = faults.record(*words, cwd=tmp_path)
        assert (ended.status, ended.out, coded(ended.err)) == (2, "", ["ERR_OUTPUT_FOREIGN"])
    else:
        start = f"r.start('out', policy={{'on_recorder_error': {policy!r}}})"
        ended = faults.program(API + f"attempt('start', lambda: {start})\n", tmp_path)
        assert ended.out == "start UsageError ERR_OUTPUT_FOREIGN\n"


@pytest.mark.parametrize("disable", [False, True])
def test_an_empty_recording_is_none_where_one_is_required(tmp_path: Path, disable: bool) -> None:
    (tmp_path / "app.py").write_text(f"COUNT = {FEW}\n" + SCRIPT)
    words = ["--require-trace", *(["--on-recorder-error=disable"] if disable else []), "app.py"]
    ended = faults.record(*words, cwd=tmp_path, faults="suppress")
    assert (ended.status, ended.out) == (2, f"{sum(2 * n for n in range(FEW))}\n")
    assert coded(ended.err) == ["ERR_TRACE_MISSING"]
    fine = faults.record("--require-trace", "app.py", cwd=tmp_path)
    assert (fine.status, coded(fine.err)) == (OWN, [])


ENDINGS = {
    "returns": "pass",
    "status": "sys.exit(7)",
    "text": "sys.exit('sorry')",
    "raises": "raise KeyError('lost')",
    "interrupted": "raise KeyboardInterrupt",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_end_of_the_program_is_reproduced_or_made_zero(tmp_path: Path, ending: str) -> None:
    (tmp_path / "app.py").write_text("import sys\ndef end():\n    " + ENDINGS[ending] + "\nend()\n")
    plain = python("app.py", cwd=tmp_path)
    same = faults.record("app.py", cwd=tmp_path)
    assert same.status == plain.status
    assert same.err.startswith(plain.err)
    zero = faults.record("--no-propagate-script-exit", "app.py", cwd=tmp_path)
    assert zero.status == (plain.status if ending == "killed" else 0)
    assert zero.err.startswith(plain.err)


def test_switches_are_set_by_default_then_environment_then_call_then_argument(
    tmp_path: Path,
) -> None:
    source = """
import codetracer_python_recorder as r
key = "keep_partial_trace"
print(r.policy_snapshot()[key])
r.configure_policy(keep_partial_trace=False, log_level=None)
print(r.policy_snapshot()[key], "trace_dir" in r.policy_snapshot())
before = r.policy_snapshot()
with r.trace("out", policy={key: True, "capture": "calls"}):
    pass
print(r.policy_snapshot() == before)
for bad in ({"capture": "all", "all": True}, {"nonsense": 1}, {"trace_dir": "x"}):
    try:
        r.configure_policy(**bad)
    except r.UsageError as error:
        print(error.code, r.policy_snapshot() == before)
r.configure_policy_from_env()
print(r.policy_snapshot()[key])
"""
    env = {"CODETRACER_KEEP_PARTIAL_TRACE": "yes"}
    ended = faults.program(source, tmp_path, env=env)
    refused = "ERR_INVALID_POLICY_VALUE True\n" * 3
    assert ended.out == f"True\nFalse False\nTrue\n{refused}True\n", ended.err
    assert Trace(tmp_path / "out").info["policy"]["capture"] == "calls"
