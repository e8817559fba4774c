"""A flight recorder whose program forks: each process keeps the newest part of its own."""

from __future__ import annotations

import textwrap
from pathlib import Path

from codetracer_python_recorder import Trace
from support.runs import Ended, recorder

HEAD = """\
import os, signal, time
from glob import glob
def step(n):
    return n * 7919 % 1000003
def saved(pattern):
    os.kill(os.getpid(), signal.SIGUSR2)
    until = time.monotonic() + 20
    while not glob(pattern) and time.monotonic() < until:
        time.sleep(0.05)
    return bool(glob(pattern))
"""


def recorded(place: Path, source: str, *options: str) -> Ended:
    (place / "app.py").write_text(HEAD + textwrap.dedent(source).lstrip("\n"))
    return recorder("record", "--flight-recorder", *options, "app.py", cwd=place)


def given(trace: Trace) -> list[object]:
    calls = (event for event in trace.steps() if event.kind == "call")
    return [event.values["n"] for event in calls if event.function == "step"]


def test_a_forked_child_keeps_the_newest_part_too(tmp_path: Path) -> None:
    ended = recorded(
        tmp_path,
        """
        child = os.fork()
        n = 1
        for _ in range(60000):
            n = step(n)
        if child:
            os.waitpid(child, 0)
        else:
            os._exit(3)
        """,
        "500K",
    )
    assert ended.status == 0, ended.err
    first = Trace(tmp_path / "trace-out")
    [second] = first.children
    for trace in (first, second):
        flight = trace.info["flight"]
        assert (flight["window"], flight["reason"]) == ("500K", "exit")
        assert flight["dropped_events"] > 10_000
        assert trace.info["bytes"] < 500 * 1024
        assert given(trace)[-1] == pow(7919, 59999, 1000003)
    assert second.info["exit_status"] == 3
    assert second.info["parent_run_id"] == first.info["run_id"]


def test_the_signal_saves_what_each_process_holds_after_a_fork(tmp_path: Path) -> None:
    # So little is recorded that no segment gets full.
    ended = recorded(
        tmp_path,
        """
        step(1)
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            print(saved("trace-out-sigusr2-1"))
        else:
            step(2)
            print(saved(".trace-out.*.partial/children/*-sigusr2-1"), flush=True)
            os._exit(0)
        """,
        "1M",
        "--dump-on",
        "SIGUSR2",
    )
    assert (ended.status, ended.out) == (0, "True\nTrue\n"), ended.err
    first = Trace(tmp_path / "trace-out")
    assert given(Trace(tmp_path / "trace-out-sigusr2-1")) == [1]
    [child] = first.children
    own = Path(child.info["path"])
    dump = Trace(own.with_name(own.name + "-sigusr2-1"))
    assert dump.info["run_id"] == child.info["run_id"]
    assert dump.info["flight"]["reason"] == "SIGUSR2"
    assert given(dump) == [2]
