"""What was recorded when a program was killed is there for every reader, and says it is partial."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from e2e.plain_and_recorded import RECORDER, environment, info, printed, run

# Counts its finished calls in a mapped file, so that the count is there whatever happens to it.
COUNTER = """\
import mmap, os, signal, struct, sys, threading
file = open(sys.argv[1], 'r+b')
shared = mmap.mmap(file.fileno(), 8)
def step(n):
    return n * 2
def work(limit):
    for n in range(1, limit + 1):
        step(n)
        shared[:8] = n.to_bytes(8, 'little')
    return limit
"""

ENDINGS = {
    "SIGKILL": "work(3000); os.kill(os.getpid(), signal.SIGKILL)\n",
    "SIGSEGV": "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
    "work(3000); os.kill(os.getpid(), signal.SIGSEGV)\n",
    "SIGTERM": "work(3000); os.kill(os.getpid(), signal.SIGTERM)\n",
}


def counted(counter: Path) -> int:
    (value,) = struct.unpack("<Q", counter.read_bytes())
    return int(value)


def start(tmp_path: Path, ending: str) -> tuple[subprocess.Popen[bytes], Path]:
    script, counter = tmp_path / "program.py", tmp_path / "counter"
    script.write_text(COUNTER + ending, encoding="utf-8")
    counter.write_bytes(bytes(8))
    command = [
        *RECORDER,
        "record",
        "--trace-dir",
        str(tmp_path / "trace"),
        str(script),
        str(counter),
    ]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return process, counter


def steps_returned(events: list[dict[str, Any]]) -> int:
    return sum(e["kind"] == "return" and e["function"] == "step" for e in events)


def holds_everything(events: list[dict[str, Any]], count: int) -> None:
    """Nothing is lost of what a callback had returned from: at most the call under way is more."""
    returned = steps_returned(events)
    assert count <= returned <= count + 1
    arguments = [
        e["values"]["n"]["value"] for e in events if e["kind"] == "call" and e["function"] == "step"
    ]
    assert arguments == list(range(1, len(arguments) + 1))
    assert [e["step"] for e in events] == list(range(len(events)))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_recording_cut_short_holds_all_calls_and_says_partial(
    ending: str, tmp_path: Path
) -> None:
    process, counter = start(tmp_path, ENDINGS[ending])
    process.wait(timeout=60)
    assert process.returncode != 0
    assert counted(counter) == 3000
    trace = tmp_path / "trace"
    before = sorted(path.name for path in tmp_path.iterdir())
    about = info(trace)
    assert about["partial"] is True
    assert about["reason"]
    holds_everything(printed(trace), 3000)
    assert sorted(path.name for path in tmp_path.iterdir()) == before

    done = run([*RECORDER, "recover", "--json", trace], tmp_path)
    assert done.status == 0, done.errors
    assert isinstance(json.loads(done.output), dict)
    assert trace.is_dir()
    assert not list(tmp_path.glob(".trace.*.partial"))
    assert info(trace)["partial"] is True
    holds_everything(printed(trace), 3000)


@pytest.mark.parametrize("after", [0.05, 0.4, 1.5])
def test_a_kill_at_any_moment_loses_no_finished_call(after: float, tmp_path: Path) -> None:
    process, counter = start(tmp_path, "work(10**9)\n")
    deadline = time.monotonic() + 30
    while counted(counter) == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)
    count = counted(counter)
    assert count > 0
    trace = tmp_path / "trace"
    assert info(trace)["partial"] is True
    done = run([*RECORDER, "recover", "--json", trace], tmp_path)
    assert done.status == 0, done.errors
    about = info(trace)
    assert about["partial"] is True
    # work itself, the module, and a step for each that was counted, perhaps one more under way.
    assert count + 2 <= about["calls"] <= count + 3


def test_a_recording_under_way_can_be_read(tmp_path: Path) -> None:
    process, counter = start(tmp_path, "work(3000)\nsignal.pause()\n")
    try:
        deadline = time.monotonic() + 30
        while counted(counter) < 3000 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert counted(counter) == 3000
        assert steps_returned(printed(tmp_path / "trace")) == 3000
        assert process.poll() is None
        refused = run([*RECORDER, "recover", tmp_path / "trace"], tmp_path)
        assert refused.status != 0
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)


def test_a_lost_call_is_noticed() -> None:
    values = {"n": {"type": "int", "value": 1}}
    call = {"kind": "call", "function": "step", "values": values, "step": 0}
    back = {"kind": "return", "function": "step", "values": {}, "step": 1}
    holds_everything([call, back], 1)
    for events, count in (([call, back], 2), ([call], 1), ([call, call | {"step": 1}], 0)):
        with pytest.raises(AssertionError):
            holds_everything(events, count)
