"""Ends of a process that cross the end of its recording: threads, handlers, a full memory."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from codetracer_python_recorder import Trace
from e2e.plain_and_recorded import RECORDER, environment, info, printed, run
from e2e.test_endings import both, died_by, no_core


def test_readers_do_not_take_each_other_for_the_writer(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    run([*RECORDER, "record", "--trace-dir", "trace", "app.py"], tmp_path)
    [lock] = tmp_path.glob(".trace.*.partial/lock")
    with lock.open() as file:
        # As a reader does while it looks.
        fcntl.flock(file, fcntl.LOCK_SH)
        assert info(tmp_path / "trace")["status"] == "interrupted"
        recovery = subprocess.Popen([*RECORDER, "recover", "trace"], cwd=tmp_path)
        time.sleep(0.3)
    assert recovery.wait(timeout=60) == 0
    assert info(tmp_path / "trace")["status"] == "finished"


# Few events in its time.
WORK = """\
def step(n):
    sum(range(5000))
    return n + 1
def work():
    n = 0
    while True:
        n = step(n)
"""


def numbers_follow(trace: Path, thread: str) -> None:
    """The calls of ``step`` in a thread follow each other, up to where its events end."""
    opened = Trace(trace)
    [number] = [number for number, name in opened.threads.items() if name == thread]
    calls = [event for event in opened.steps(number) if event.kind == "call"]
    given = [event.values["n"] for event in calls if event.function == "step"]
    assert given == list(range(len(given)))
    assert len(given) > 0


def test_daemon_threads_that_run_at_exit(tmp_path: Path) -> None:
    found = both(
        "import threading, time\n"
        + WORK
        + """\
for n in range(4):
    threading.Thread(target=work, daemon=True, name=f"T{n}").start()
time.sleep(0.2)
print("end")
""",
        tmp_path,
    )
    assert found.seen.output == "end\n"
    assert (found.ended["by"], found.ended["status"]) == ("exit", 0)
    assert found.info["partial"] is False
    for n in range(4):
        numbers_follow(found.trace, f"T{n}")


def test_a_handler_at_exit_that_raises(tmp_path: Path) -> None:
    found = both(
        "import atexit\ndef last():\n    1 / 0\natexit.register(last)\nprint('end')\n", tmp_path
    )
    assert "ZeroDivisionError" in found.seen.errors
    assert (found.ended["by"], found.info["partial"]) == ("exit", False)
    assert any(e["function"] == "last" for e in printed(found.trace) if e["kind"] == "unwind")


def test_a_handler_at_exit_that_crashes(tmp_path: Path) -> None:
    found = both(
        """\
        import atexit, ctypes
        def last():
            ctypes.string_at(0)  # here
        atexit.register(last)
        print("end", flush=True)
        """,
        tmp_path,
    )
    died_by(found, signal.SIGSEGV)
    assert found.stands()[0] == "last"


def test_a_destructor_that_crashes_after_the_recording(tmp_path: Path) -> None:
    found = both(
        """\
        import ctypes
        class Last:
            def __del__(self, abort=ctypes.CDLL(None).abort):
                abort()
        last = Last()
        """,
        tmp_path,
    )
    assert found.seen.status == -signal.SIGABRT
    # Module teardown is not recorded: the recording is saved by then.
    assert (found.ended["by"], found.ended["status"]) == ("exit", 0)
    assert found.info["partial"] is False


STOPPING = (
    "import ctypes, sys, threading, time\nimport codetracer_python_recorder as recorder\n"
    + WORK
    + """\
libc = ctypes.CDLL(None)
recorder.start(sys.argv[1])
threading.Thread(target=work, daemon=True, name="T").start()
time.sleep(0.1)
def crash():
    time.sleep(float(sys.argv[2]))
    libc.abort()
threading.Thread(target=crash, daemon=True).start()
recorder.stop()
time.sleep(60)
"""
)


def test_a_crash_in_a_thread_while_the_main_thread_stops(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(STOPPING)
    seen: set[str] = set()
    # On a machine with much to do, some more until a crash came before the end and one after it.
    for n in range(64):
        if n >= 8 and len(seen) == 2:
            break
        trace = tmp_path / f"trace-{n}"
        words = [sys.executable, "app.py", str(trace), str(n % 8 * 0.004)]
        done = subprocess.run(
            words,
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            timeout=60,
            preexec_fn=no_core,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGABRT, b"", b"")
        about = info(trace)
        seen.add(about["ended"]["by"])
        if about["ended"]["by"] == "signal":
            assert about["ended"]["signal_name"] == "SIGABRT"
            assert about["partial"] is (about["reason"] == "signal")
        else:
            assert (about["ended"]["by"], about["partial"]) == ("stop", False)
        numbers_follow(trace, "T")
        if about["status"] != "finished":
            assert run([*RECORDER, "recover", trace], tmp_path).status == 0
            assert info(trace)["ended"] == about["ended"]
            numbers_follow(trace, "T")
    assert seen == {"signal", "stop"}


SAVING = (
    "import os, signal, sys\n"
    """\
def step(n):
    return n + 1
for n in range(60_000):
    step(n)
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
"""
)


def test_a_signal_while_the_recording_is_saved(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SAVING)
    seen = set()
    delays = [*(0.0005 + n * 0.008 for n in range(10)), 60]
    for n, delay in enumerate(delays):
        trace = tmp_path / f"trace-{n}"
        words = ["record", "--trace-dir", trace, "app.py", str(delay)]
        done = run([*RECORDER, *words], tmp_path)
        assert done.status in (0, -signal.SIGALRM)
        about = info(trace)
        seen.add((done.status, about["status"]))
        if about["status"] == "finished":
            assert (about["ended"]["by"], about["partial"]) == ("exit", False)
        else:
            assert done.status == -signal.SIGALRM
            assert about["ended"]["signal_name"] == "SIGALRM"
        assert about["calls"] == 60_001
    assert seen >= {(0, "finished"), (-signal.SIGALRM, "interrupted")}


def test_a_recording_cannot_be_recovered_while_its_writer_lives(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import time\nprint(1, flush=True)\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [*RECORDER, "record", "--trace-dir", "trace", "app.py"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    before = sorted(path.name for path in tmp_path.rglob("*"))
    refused = run([*RECORDER, "recover", "--json", "trace"], tmp_path)
    assert refused.status == 2
    assert refused.errors.startswith("recorder: ERR_TRACE_RUNNING: ")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    process.kill()
    process.communicate(timeout=60)
    recovered = json.loads(run([*RECORDER, "recover", "--json", "trace"], tmp_path).output)
    [kept] = recovered["recordings"]
    assert recovered["running"] == []
    assert kept["events"] == kept["segment_events"] > 0
    assert (kept["segments"], kept["partial"], kept["reason"]) == (1, True, "killed")


GROWS = """\
def grow(kept):
    while True:
        kept.append(bytearray(1 << 20))  # here
grow([])
"""
GROUPS = Path("/sys/fs/cgroup")
# Where groups are, what must be there, the file that limits memory: of version 2 and 1.
VERSIONS = (
    (GROUPS, "cgroup.subtree_control", "memory.max"),
    (GROUPS / "memory", "memory.limit_in_bytes", "memory.limit_in_bytes"),
)


def memory_groups() -> tuple[Path, str] | None:
    """Where this process can make groups with a limit of memory, and the file with the limit."""
    for place, needed, limit in VERSIONS:
        file = place / needed
        if not os.access(place, os.W_OK) or not file.is_file():
            continue
        if limit == needed or "memory" in file.read_text().split():
            return place, limit
    return None


@contextmanager
def memory_group(place: Path, file: str, limit: int) -> Iterator[Callable[[], None]]:
    """What a process does to be killed when it takes more memory than ``limit`` bytes."""
    group = place / f"recorder-test-{os.getpid()}"
    group.mkdir()
    try:
        (group / file).write_text(str(limit))

        def enter() -> None:
            no_core()
            (group / "cgroup.procs").write_text(str(os.getpid()))

        yield enter
    finally:
        group.rmdir()


def test_a_program_that_is_killed_for_its_memory(tmp_path: Path) -> None:
    """By the kernel where a group can be made, else by a process that watches it."""
    (tmp_path / "app.py").write_text(GROWS)
    words = [*RECORDER, "record", "--trace-dir", "trace", "app.py"]
    groups = memory_groups()
    if groups is not None:
        with memory_group(*groups, 200 << 20) as enter:
            done = subprocess.run(
                words, cwd=tmp_path, env=environment(), timeout=60, preexec_fn=enter, check=False
            )
            status = done.returncode
    else:
        process = subprocess.Popen(words, cwd=tmp_path, env=environment())
        resident = 0
        while resident < 200 << 20:
            fields = Path(f"/proc/{process.pid}/statm").read_text().split()
            resident = int(fields[1]) * resource.getpagesize()
        process.kill()
        status = process.wait(timeout=60)
    assert status == -signal.SIGKILL
    about = info(tmp_path / "trace")
    assert (about["ended"]["by"], about["reason"]) == ("unknown", "killed")
    [standing] = about["standings"]
    assert standing["frames"][-1]["function"] == "grow"
    assert standing["frames"][-1]["line"] in (2, 3)
