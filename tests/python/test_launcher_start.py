"""What happens in the launched interpreter before the program's first line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.runs import clean_environment, listing, python, run, unprivileged, without_closing

VARIABLE = "CODETRACER_PYTHON_RECORDER_LAUNCH"
PROGRAM = "import os; print('ran', [n for n in os.environ if n.startswith('CODETRACER')])"
RAN = "ran []\n"


def launch(place: Path, value: str) -> tuple[int, str, str]:
    ended = python("-c", PROGRAM, cwd=place, env={VARIABLE: value}, before=unprivileged)
    return ended.status, ended.out, ended.err


def options(place: Path, **more: object) -> str:
    return json.dumps({"dir": str(place / "out"), "next_command": "show", **more})


def test_recording_starts_and_the_variable_is_gone(tmp_path: Path) -> None:
    status, out, err = launch(tmp_path, options(tmp_path))
    assert (status, out, without_closing(err)) == (0, RAN, "")
    assert err.endswith(f"next: show {tmp_path}/out\n")
    assert listing(tmp_path)[0] == "out"


def test_without_the_variable_nothing_is_loaded(tmp_path: Path) -> None:
    code = "import sys; print([n for n in sys.modules if 'codetracer' in n])"
    assert python("-c", code, cwd=tmp_path).out == "[]\n"
    assert python("-c", code, cwd=tmp_path, env={VARIABLE: ""}).out == "[]\n"


def test_under_abort_the_program_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    closed = str(tmp_path / "out" / "below")
    status, out, err = launch(tmp_path, options(tmp_path, dir=closed))
    assert (status, out) == (10, "")
    assert err.startswith("recorder: ERR_PERMISSION: ")
    assert err.count("\n") == 1
    assert listing(tmp_path) == ["out"]


def test_under_disable_the_program_runs_unrecorded(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    closed = str(tmp_path / "out" / "below")
    status, out, err = launch(tmp_path, options(tmp_path, dir=closed, on_recorder_error="disable"))
    assert (status, out) == (0, RAN)
    assert err.startswith("recorder: ERR_PERMISSION: ")
    assert err.endswith("[the program runs unrecorded]\n")
    assert err.count("\n") == 1
    assert listing(tmp_path) == ["out"]


@pytest.mark.parametrize("value", ["{", "[]", "nonsense", '{"dir": "x", "capture": "all"}'])
def test_options_that_make_no_sense_are_one_coded_line(tmp_path: Path, value: str) -> None:
    status, out, err = launch(tmp_path, value)
    assert (status, out) == (2, "")
    assert err.startswith("recorder: ERR_INVALID_ARGUMENT: ")
    assert err.count("\n") == 1
    assert listing(tmp_path) == []


def test_a_closed_stderr_is_no_reason_to_fail_differently(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for descriptors in ("2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"):
        command = f'exec "$0" -c "import sys" {descriptors}'
        ended = run(
            ["sh", "-c", command, sys.executable], tmp_path, env={VARIABLE: options(tmp_path)}
        )
        assert (ended.status, ended.out, ended.err) == (2, "", "")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_long_command_line_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import sys; print(len(sys.argv), sum(map(len, sys.argv)))\n")
    words = [f"argument-{number:06}" for number in range(30000)]
    command = [sys.executable, "-m", "codetracer_python_recorder", "app.py", *words]
    ended = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(), capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, b"30001 450006\n")
    code = "x = 1\n" * 20000 + "print(x)"
    command = [sys.executable, "-m", "codetracer_python_recorder", "-c", code]
    ended = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(), capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, b"1\n")


def test_arguments_need_not_be_text(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import sys; print(ascii(sys.argv))\n")
    command = [sys.executable, "-m", "codetracer_python_recorder", "app.py", b"a\xff", "\u00e9"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(), capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, b"['app.py', 'a\\udcff', '\\xe9']\n")
    assert b"recorder: recorded" in ended.stderr
