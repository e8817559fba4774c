"""``CODETRACER_TRACE``: a recording that the import of the package starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support import faults
from support.late import LATE
from support.runs import (
    Ended,
    listing,
    python,
    recorder,
    unprivileged,
    without_closing,
    without_compiled_module,
)

WORK = """\
import sys
import codetracer_python_recorder as r
def step(n):
    return n * 2
def work():
    return sum(step(n) for n in range(100))
print(work())
"""
END = "print('told', file=sys.stderr)\nsys.exit(3)\n"
OUT = "9900\n"
TRACE = {"CODETRACER_TRACE": "out"}


def left(place: Path) -> list[str]:
    names = [name for name in listing(place) if "/" not in name]
    return [name for name in names if not name.endswith(".py") and name != "__pycache__"]


def imported(place: Path, source: str, **env: str) -> Ended:
    (place / "app.py").write_text(source)
    return python("app.py", cwd=place, env={**TRACE, **env}, before=unprivileged)


def test_it_is_saved_when_the_program_ends(tmp_path: Path) -> None:
    ended = imported(tmp_path, WORK + END, CODETRACER_CAPTURE="calls")
    assert (ended.status, ended.out, ended.err) == (3, OUT, "told\n")
    assert left(tmp_path) == ["out"]
    info = Trace(tmp_path / "out").info
    assert (info["partial"], info["exit_status"], info["calls"]) == (False, 3, 102)
    assert info["policy"]["capture"] == "calls"


def test_stop_saves_it(tmp_path: Path) -> None:
    source = WORK + "import os\nprint(r.is_tracing())\nr.flush()\nr.stop(exit_code=5)\n"
    source += "print(r.is_tracing(), os.path.exists('out'))\nwork()\n" + END
    ended = imported(tmp_path, source)
    assert (ended.status, ended.out, ended.err) == (3, OUT + "True\nFalse True\n", "told\n")
    info = Trace(tmp_path / "out").info
    assert (info["partial"], info["exit_status"]) == (False, 5)


def test_another_recording_is_refused_while_it_runs(tmp_path: Path) -> None:
    source = "try:\n    r.start('other')\nexcept r.UsageError as error:\n    print(error.code)\n"
    ended = imported(tmp_path, WORK + source)
    assert (ended.status, ended.out) == (0, OUT + "ERR_ALREADY_TRACING\n")
    assert left(tmp_path) == ["out"]


def test_without_the_variable_nothing_happens(tmp_path: Path) -> None:
    for env in ({"CODETRACER_TRACE": ""}, {"CODETRACER_FORMAT": "none"}):
        ended = python("-c", "import codetracer_python_recorder as r; print(r.is_tracing())",
                       cwd=tmp_path, env=env)  # fmt: skip
        assert (ended.status, ended.out, ended.err) == (0, "False\n", "")
    assert left(tmp_path) == []


MISTAKES = {
    "CODETRACER_FORMAT": ("json", "ERR_UNSUPPORTED_FORMAT"),
    "CODETRACER_TRACE_FILTER": ("none/such.toml", "ERR_UNSUPPORTED_OPTION"),
    "CODETRACER_CAPTURE": ("everything", "ERR_INVALID_POLICY_VALUE"),
    "CODETRACER_KEEP_PARTIAL_TRACE": ("perhaps", "ERR_INVALID_POLICY_VALUE"),
    "CODETRACER_ON_RECORDER_ERROR": ("ignore", "ERR_INVALID_POLICY_VALUE"),
    "CODETRACER_MAX_STRING": ("-1", "ERR_INVALID_POLICY_VALUE"),
    "CODETRACER_TRACE": ("app.py", "ERR_OUTPUT_NOT_DIRECTORY"),
}


@pytest.mark.parametrize("disable", [False, True], ids=["abort", "disable"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_a_line_and_the_status_at_the_end(
    tmp_path: Path, name: str, disable: bool
) -> None:
    value, code = MISTAKES[name]
    policy = {"CODETRACER_ON_RECORDER_ERROR": "disable"} if disable else {}
    ended = imported(tmp_path, WORK + END, **{**policy, "CODETRACER_JSON_ERRORS": "1", name: value})
    assert (ended.status, ended.out) == (2, OUT)
    line, trailer, told = ended.err.splitlines()
    assert line.startswith(f"recorder: {code}: ")
    assert (json.loads(trailer)["error_code"], told) == (code, "told")
    assert left(tmp_path) == []


def test_a_bad_value_is_no_failure_where_nothing_is_to_be_recorded(tmp_path: Path) -> None:
    for name, (value, _) in MISTAKES.items():
        if name != "CODETRACER_TRACE":
            ended = python(
                "-c", "import codetracer_python_recorder", cwd=tmp_path, env={name: value}
            )
            assert (ended.status, ended.err) == (0, ""), name


@pytest.mark.parametrize("require", [False, True], ids=["", "required"])
@pytest.mark.parametrize("disable", [False, True], ids=["abort", "disable"])
def test_a_place_that_cannot_be_written_follows_the_policy(
    tmp_path: Path, disable: bool, require: bool
) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    env = {"CODETRACER_TRACE": "closed/out", "CODETRACER_REQUIRE_TRACE": str(require)}
    if disable:
        env["CODETRACER_ON_RECORDER_ERROR"] = "disable"
    ended = imported(tmp_path, WORK + END, **env)
    assert ended.out == OUT
    first, second, *rest = ended.err.splitlines()
    assert first.startswith("recorder: ERR_PERMISSION: ")
    assert first.endswith("[the program runs unrecorded]") == disable
    assert second == "told"
    if disable and require:
        assert [line.split(": ")[1] for line in rest] == ["ERR_TRACE_MISSING"]
    else:
        assert rest == []
    assert ended.status == ((2 if require else 3) if disable else 10)


MOMENTS = {
    "attach": ("entry:Launch=panic", "ERR_PANIC", 70),
    "callback": ("entry:PyReturn#50=panic", "ERR_PANIC", 70),
    "commit": ("store.commit.rename=EIO", "ERR_IO", 10),
    "taken": ("hooks.tool#5=EPERM", "ERR_TOOL_ID_TAKEN", 20),
}


@pytest.mark.parametrize("disable", [False, True], ids=["abort", "disable"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_failure_is_told_once_and_follows_the_policy(
    tmp_path: Path, moment: str, disable: bool
) -> None:
    fault, code, status = MOMENTS[moment]
    policy = {"CODETRACER_ON_RECORDER_ERROR": "disable"} if disable else {}
    ended = faults.program(WORK + END, tmp_path, faults=fault, env={**TRACE, **policy})
    assert (ended.status, ended.out) == (3 if disable else status, OUT), ended.err
    assert [line.split(": ")[1] for line in ended.err.splitlines() if "ERR_" in line] == [code]
    assert left(tmp_path) == []


def test_a_failure_that_stop_raised_is_not_the_status_too(tmp_path: Path) -> None:
    stop = "try:\n    r.stop()\nexcept r.RecorderError as error:\n    print(error.code)\n"
    fault = "store.commit.rename=EIO"
    ended = faults.program(WORK + stop + END, tmp_path, faults=fault, env=TRACE)
    assert (ended.status, ended.out, ended.err) == (3, OUT + "ERR_IO\n", "told\n")


RECORDED_LATE = "import codetracer_python_recorder\n" + LATE


@pytest.mark.parametrize("require", [False, True], ids=["", "required"])
@pytest.mark.parametrize("disable", [False, True], ids=["abort", "disable"])
def test_a_missing_compiled_module_follows_the_policy(
    tmp_path: Path, disable: bool, require: bool
) -> None:
    env = {**without_compiled_module(tmp_path), "CODETRACER_REQUIRE_TRACE": str(require)}
    if disable:
        env["CODETRACER_ON_RECORDER_ERROR"] = "disable"
    ended = imported(tmp_path, RECORDED_LATE, **env)
    assert ended.out == "ran\nhandler\nlate\n"
    assert ended.status == ((2 if require else 3) if disable else 10)
    codes = [line.split(": ")[1] for line in ended.err.splitlines()]
    assert codes == ["ERR_UNSUPPORTED_PYTHON", *(["ERR_TRACE_MISSING"] * (disable and require))]


@pytest.mark.parametrize("missing", [False, True], ids=["", "no compiled module"])
def test_a_forked_child_keeps_its_own_status(tmp_path: Path, missing: bool) -> None:
    source = "import os\nchild = os.fork()\nif child == 0:\n    sys.exit(4)\n"
    source += "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    env = {"CODETRACER_TRACE": "none/such/place"}
    if missing:
        env = without_compiled_module(tmp_path)
    ended = imported(tmp_path, "import sys\nimport codetracer_python_recorder\n" + source, **env)
    assert (ended.status, ended.out) == (10, "4\n")
    assert ended.err.count("\n") == 1


def test_the_command_line_and_its_program_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK + END)
    ended = recorder("record", "--trace-dir=own", "app.py", cwd=tmp_path, env=TRACE)
    assert (ended.status, ended.out, without_closing(ended.err)) == (3, OUT, "told\n")
    for words in (["info", "own"], ["--version"]):
        assert recorder(*words, cwd=tmp_path, env=TRACE).status == 0
        assert python("-m", "codetracer_python_recorder", *words, cwd=tmp_path, env=TRACE).err == ""
    assert left(tmp_path) == ["own"]
    # A program that has the command among its own words is none of ours.
    words = ["-m", "app", "-m", "codetracer_python_recorder"]
    assert python(*words, cwd=tmp_path, env=TRACE).status == 3
    assert left(tmp_path) == ["out", "own"]
