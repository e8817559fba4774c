"""``attach``: what is refused, and that the script that a process is given records it."""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from codetracer_python_recorder import EnvironmentError, Trace
from codetracer_python_recorder.cli import attach
from codetracer_python_recorder.cli.attach import NEEDED, script, version_of
from support.runs import clean_environment, python, recorder

CAN = sys.version_info[:2] >= NEEDED


@contextmanager
def running(place: Path, *options: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """An interpreter that is busy until the block ends."""
    source = (
        "import select, sys, time\n"
        "print(1, flush=True)\n"
        "while not select.select([sys.stdin], [], [], 0)[0]:\n"
        "    time.sleep(0.01)\n"
    )
    child = subprocess.Popen(
        [sys.executable, *options, "-c", source],
        cwd=place,
        env=clean_environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    try:
        yield child
    finally:
        child.communicate(b"\n")
    assert child.returncode == 0


@pytest.mark.parametrize("word", ["", "x", "-1", "0", "1.5", "99999999999"])
def test_what_is_no_process_number_is_refused(tmp_path: Path, word: str) -> None:
    ended = recorder("attach", "--", word, cwd=tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert "ERR_INVALID_ARGUMENT" in ended.err


def test_there_is_no_such_process(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    ended = recorder("attach", str(gone.pid), cwd=tmp_path)
    assert ended.status == 2
    assert "ERR_PROCESS_NOT_FOUND" in ended.err


def test_a_system_without_proc_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attach, "Path", lambda name: Path("/nowhere" + name))
    with pytest.raises(EnvironmentError, match="/proc") as told:
        attach.run(argparse.Namespace(pid=str(os.getppid()), trace_dir="out"))
    assert told.value.code == "ERR_ATTACH_UNSUPPORTED"
    assert told.value.context["needs"] == "linux"


def powerless() -> None:
    """For ``before``: root has no power over the processes of others either."""
    drop_from_bounding_set, kill, ptrace = 24, 5, 19
    for capability in (kill, ptrace):
        ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


def test_a_process_of_somebody_else_is_refused(tmp_path: Path) -> None:
    nobody = 65534
    other = subprocess.Popen(["sleep", "60"], user=nobody) if os.geteuid() == 0 else None
    try:
        pid = 1 if other is None else other.pid
        ended = recorder("attach", str(pid), cwd=tmp_path, before=powerless)
    finally:
        if other is not None:
            other.kill()
            other.wait()
    assert ended.status == 10
    assert "ERR_PERMISSION" in ended.err


@pytest.mark.parametrize("how", ["variable", "option"])
def test_a_process_that_switched_it_off_is_refused(tmp_path: Path, how: str) -> None:
    options = ["-X", "disable-remote-debug"] if how == "option" else []
    more = {"PYTHON_DISABLE_REMOTE_DEBUG": "1"} if how == "variable" else {}
    with running(tmp_path, *options, **more) as child:
        ended = recorder("attach", str(child.pid), cwd=tmp_path)
    assert ended.status == 10
    assert "ERR_ATTACH_REFUSED" in ended.err


def test_the_version_of_a_process_is_seen_from_outside() -> None:
    with running(Path.cwd()) as child:
        assert version_of(child.pid) == sys.version_info[:2]
    other = subprocess.Popen(["sleep", "60"])
    try:
        assert version_of(other.pid) is None
    finally:
        other.kill()
        other.wait()


def test_what_the_process_is_given_records_it_to_its_end(tmp_path: Path) -> None:
    """The script runs where a process would run it: in ``__main__``, while a function runs."""
    (tmp_path / "given.py").write_text(script(str(tmp_path / "out")))
    (tmp_path / "program.py").write_text(
        "def work(n):\n"
        "    before = set(globals())\n"
        "    with open('given.py') as file:\n"
        "        exec(compile(file.read(), 'given.py', 'exec'), globals())\n"
        "    total = n + 1\n"
        "    assert set(globals()) == before\n"
        "    return total\n"
        "print(work(41))\n"
    )
    ended = python("program.py", cwd=tmp_path)
    assert (ended.status, ended.out) == (0, "42\n"), ended.err
    trace = Trace(tmp_path / "out")
    [call] = [call for root in trace.calls() for call in root.walk() if call.function == "work"]
    assert call.opened_before
    values = [event.values["total"] for event in trace.steps() if "total" in event.values]
    assert values == [42]


def test_a_running_process_is_recorded_where_the_interpreter_can(tmp_path: Path) -> None:
    with running(tmp_path) as child:
        ended = recorder("attach", str(child.pid), "--trace-dir", "out", cwd=tmp_path)
        if CAN:
            time.sleep(0.5)
    if CAN:
        assert ended.status == 0, ended.err
        assert f"process {child.pid} records itself" in ended.out
        assert Trace(tmp_path / "out").info["events"] > 0
    else:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        assert (ended.status, ended.out) == (10, "")
        assert "ERR_ATTACH_UNSUPPORTED" in ended.err
        assert f"needs=3.14, found={version}" in ended.err
        assert not (tmp_path / "out").exists()
