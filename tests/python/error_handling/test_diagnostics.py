"""Lines of JSON, the log, and what is counted: shape, place, and once per failure."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from codetracer_python_recorder.metrics import openmetrics
from support import faults
from support.runs import Ended, python, recorder

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
WORK = "def double(n):\n    return n * 2\nprint(sum(double(n) for n in range(9)))\n"
PANIC = "entry:PyReturn#3=panic"


def lines(ended: Ended) -> list[dict[str, object]]:
    return [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]


def test_a_failure_is_one_line_of_json(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK)
    ended = faults.record("--json-errors", "app.py", cwd=tmp_path, faults=PANIC)
    [line] = lines(ended)
    assert sorted(line) == [
        "context",
        "error_code",
        "error_kind",
        "exit_status",
        "message",
        "run_id",
        "trace_id",
    ]
    assert (line["error_code"], line["error_kind"], line["exit_status"]) == (
        "ERR_PANIC",
        "Internal",
        70,
    )
    assert line["context"] == {
        "entry": "callback PY_RETURN",
        "location": line["context"]["location"],  # type: ignore[index]
    }
    assert UUID7.fullmatch(str(line["run_id"]))
    assert UUID7.fullmatch(str(line["trace_id"]))
    assert lines(faults.record("app.py", cwd=tmp_path, faults=PANIC)) == []


MISTAKES = {
    "flag": (["record", "--json-errors", "none.py"], {}),
    "default command": (["--json-errors", "none.py"], {}),
    "after a value": (["record", "--trace-dir", "x", "--json-errors", "none.py"], {}),
    "variable": (["record", "none.py"], {"CODETRACER_JSON_ERRORS": "yes"}),
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_on_the_command_line_is_one_too(tmp_path: Path, words: str) -> None:
    given, env = MISTAKES[words]
    ended = recorder(*given, cwd=tmp_path, env=env)
    [line] = lines(ended)
    assert (line["error_code"], line["exit_status"]) == ("ERR_SCRIPT_NOT_FOUND", ended.status)
    assert line["trace_id"] is None
    # What is the program's is not looked at.
    assert lines(recorder("record", "none.py", "--json-errors", cwd=tmp_path)) == []


def test_calls_tell_each_failure_once(tmp_path: Path) -> None:
    source = """
import codetracer_python_recorder as r
def attempt(call):
    try:
        call()
    except r.RecorderError as error:
        print(error.code)
attempt(lambda: r.start("program.py"))
attempt(lambda: r.start("out", policy={"capture": "none"}))
r.start("out")
attempt(lambda: r.start("other"))
r.stop()
"""
    ended = faults.program(source, tmp_path, env={"CODETRACER_JSON_ERRORS": "1"})
    codes = ["ERR_OUTPUT_NOT_DIRECTORY", "ERR_INVALID_POLICY_VALUE", "ERR_ALREADY_TRACING"]
    assert ended.out.split() == codes
    assert [line["error_code"] for line in lines(ended)] == codes
    assert faults.program(source, tmp_path).err == ""


def test_the_log_has_lines_of_json(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\nos.chdir('/')\n" + WORK)
    log = tmp_path / "log"
    for level in ("off", "info"):
        words = ["--log-file=log", f"--log-level={level}", "app.py"]
        ended = faults.record(*words, cwd=tmp_path, faults=PANIC)
        written = [json.loads(line) for line in log.read_text().splitlines()]
        log.unlink()
        for line in written:
            assert sorted(line) == sorted(
                ["ts", "level", "target", "run_id", "trace_id", "error_code", "message", "fields"]
            )
        [failure] = [line for line in written if line["level"] == "ERROR"]
        assert failure["error_code"] == "ERR_PANIC"
        assert UUID7.fullmatch(failure["trace_id"])
        assert (len(written) > 1) == (level == "info")
        # To stderr only where a level is given; no line of the log looks like a failure's.
        assert len(lines(ended)) == (len(written) if level == "info" else 0)
        assert all("error_kind" not in line for line in lines(ended))


def test_a_log_file_that_cannot_be_written_is_an_error_before_the_program(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK)
    ended = recorder("record", "--log-file=none/such", "app.py", cwd=tmp_path)
    assert (ended.status, ended.out) == (10, "")
    assert ended.err.startswith("recorder: ERR_NOT_FOUND: cannot open the log file")
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]


def test_counts_reach_the_sink_of_the_program(tmp_path: Path) -> None:
    source = """
import sys
import codetracer_python_recorder as r
def double(n):
    return n * 2
got = []
r.install_metrics(got.append)
for name in ("one", "two"):
    try:
        with r.trace(name):
            double(2)
            r.flush()
    except r.RecorderError:
        pass
for counts in got:
    print(sorted(counts.items()))
r.install_metrics(lambda counts: 1 / 0)
sys.unraisablehook = lambda it: print(it.exc_type.__name__)
with r.trace("three"):
    double(2)
print("goes on")
try:
    r.install_metrics(3)
except r.UsageError as error:
    print(error.code)
"""
    ended = faults.program(source, tmp_path, faults="entry:PyReturn=panic")
    first, second, *rest = ended.out.splitlines()
    assert first == "[('detached.ERR_PANIC', 1), ('panics', 1)]"
    assert "('codes_traced'," in second
    assert "panics" not in second
    assert rest == ["ZeroDivisionError", "goes on", "ERR_INVALID_ARGUMENT"]


def test_counts_are_openmetrics() -> None:
    text = openmetrics({"panics": 2, "detached.ERR_IO": 1, "detached.ERR_PANIC": 3}, {"job": 'a"b'})
    assert text == (
        "# TYPE codetracer_detached counter\n"
        'codetracer_detached_total{job="a\\"b",reason="ERR_IO"} 1\n'
        'codetracer_detached_total{job="a\\"b",reason="ERR_PANIC"} 3\n'
        "# TYPE codetracer_panics counter\n"
        'codetracer_panics_total{job="a\\"b"} 2\n'
        "# EOF\n"
    )
    assert openmetrics({}) == "# EOF\n"


def test_the_counters_of_a_recording_can_be_exported(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK)
    assert recorder("record", "app.py", cwd=tmp_path).status == 0
    text = openmetrics(Trace(tmp_path / "trace-out").info["counters"])
    assert "\ncodetracer_panics_total 0\n" in text
    assert "\ncodetracer_segments_total 1\n" in text


def test_stdout_is_left_to_the_program(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK)
    plain = python("app.py", cwd=tmp_path)
    words = ["--json-errors", "--log-level=trace", "--keep-partial-trace", "app.py"]
    for fault in ("", PANIC, "store.commit.rename=EIO", "entry:AtExit=panic"):
        assert faults.record(*words, cwd=tmp_path, faults=fault).out == plain.out
