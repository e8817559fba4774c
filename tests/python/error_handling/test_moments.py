"""What a program or a machine may do to a recording, each by the real thing."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support import faults
from support.runs import (
    SCRIPT,
    Ended,
    clean_environment,
    listing,
    python,
    recorder,
    unprivileged,
    without_closing,
)

WORK = """\
import os, sys
def step(n):
    return n * 2
def work(count=1000):
    return sum(step(n) for n in range(count))
"""
END = "print(work())\nsys.exit(3)\n"
OUT = "999000\n"
SESSION = """
import codetracer_python_recorder as r
def attempt(call, *args):
    try:
        return call(*args)
    except r.RecorderError as error:
        print(error.code)
"""


def record(place: Path, source: str, *words: str, **keywords: object) -> Ended:
    (place / "app.py").write_text(WORK + source)
    return recorder("record", *words, "app.py", cwd=place, **keywords)


def call(place: Path, source: str) -> Ended:
    return python("-c", WORK + SESSION + source, cwd=place)


def codes(ended: Ended) -> list[str]:
    return [line.split(": ")[1] for line in ended.err.splitlines() if ": ERR_" in line]


def left(place: Path) -> list[str]:
    return [name for name in listing(place) if "/" not in name and name != "app.py"]


def test_a_read_only_directory(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    ended = record(tmp_path, END, "--trace-dir=closed/out", before=unprivileged)
    assert (ended.status, ended.out, codes(ended)) == (10, "", ["ERR_PERMISSION"])
    assert left(tmp_path) == ["closed"]


def test_a_directory_that_becomes_read_only_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    source = "os.chmod('place', 0o555)\n" + END
    ended = record(tmp_path, source, "--trace-dir=place/out", before=unprivileged)
    assert (ended.status, ended.out, codes(ended)) == (10, OUT, ["ERR_PERMISSION"])
    (tmp_path / "place").chmod(0o755)
    for found in (tmp_path / "place").iterdir():
        # What could not be removed is hidden, and no recording.
        assert found.name.startswith(".out.")


@pytest.mark.parametrize("disable", [False, True], ids=["abort", "disable"])
def test_no_descriptor_is_free(tmp_path: Path, disable: bool) -> None:
    policy = {"on_recorder_error": "disable"} if disable else {}
    source = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
attempt(r.is_tracing)
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
attempt(lambda: r.start("out", policy={policy}))
print(r.is_tracing(), work())
for number in held:
    os.close(number)
with r.trace("later"):
    work()
"""
    ended = call(tmp_path, source)
    assert ended.status == 0, ended.err
    expected = "False " + OUT
    assert ended.out == (expected if disable else "ERR_TOO_MANY_FILES\n" + expected)
    assert codes(ended) == (["ERR_TOO_MANY_FILES"] if disable else [])
    assert left(tmp_path) == ["later"]


def test_a_program_that_uses_up_its_descriptors(tmp_path: Path) -> None:
    source = """
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
work(200_000)
"""
    ended = record(tmp_path, source + END)
    assert (ended.status, ended.out, codes(ended)) == (10, OUT, ["ERR_TOO_MANY_FILES"])
    # Where it can let go of some in time, nothing is lost.
    ended = record(tmp_path, source + "os.close(held.pop())\n" * 6 + END)
    assert (ended.status, ended.out, without_closing(ended.err)) == (3, OUT, "")
    assert Trace(tmp_path / "trace-out").info["calls"] > 200_000


def limited(size: int) -> object:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_files_may_not_be_as_large_as_a_segment(tmp_path: Path) -> None:
    ended = record(tmp_path, END, before=limited(64 * 1024))
    assert (ended.status, ended.out, codes(ended)) == (10, "", ["ERR_FILE_TOO_LARGE"])
    assert left(tmp_path) == []


@pytest.mark.parametrize("keep", [False, True], ids=["dropped", "kept"])
def test_files_may_not_be_as_large_as_the_recording(tmp_path: Path, keep: bool) -> None:
    source = "import hashlib\ndef dense(n):\n    return hashlib.sha512(b'%d' % n).hexdigest()\n"
    source += "for n in range(30_000):\n    dense(n)\n" + END
    words = ["--keep-partial-trace"] if keep else []
    ended = record(tmp_path, source, *words, before=limited(1024 * 1024))
    assert (ended.status, ended.out, codes(ended)) == (10, OUT, ["ERR_FILE_TOO_LARGE"])
    if keep:
        [trace] = left(tmp_path)
        opened = Trace(tmp_path / trace)
        assert (opened.info["partial"], opened.info["reason"]) == (True, "ERR_FILE_TOO_LARGE")
        assert sum(1 for _ in opened.steps()) == opened.info["events"] > 0
    else:
        assert left(tmp_path) == []


def test_a_filter_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "filter.toml").touch(mode=0o000)
    ended = record(tmp_path, END, "--trace-filter", "filter.toml", before=unprivileged)
    assert (ended.status, ended.out, codes(ended)) == (2, "", ["ERR_UNSUPPORTED_OPTION"])
    session = call(tmp_path, "attempt(lambda: r.start('out', trace_filter='filter.toml'))\n")
    assert (session.out, session.err) == ("ERR_UNSUPPORTED_OPTION\n", "")


BAD = {
    "CODETRACER_CAPTURE": "everything",
    "CODETRACER_ON_RECORDER_ERROR": "ignore",
    "CODETRACER_REQUIRE_TRACE": "perhaps",
    "CODETRACER_MAX_DEPTH": "deep",
    "CODETRACER_LOG_LEVEL": "loud",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_environment(tmp_path: Path, name: str) -> None:
    ended = record(tmp_path, END, env={name: BAD[name]})
    assert (ended.status, ended.out, codes(ended)) == (2, "", ["ERR_INVALID_POLICY_VALUE"])
    assert name in ended.err
    session = python(
        "-c", WORK + SESSION + "attempt(r.start, 'out')\nr.start('out', apply_env_policy=False)\n"
        "r.stop()\n", cwd=tmp_path, env={name: BAD[name]},
    )  # fmt: skip
    assert (session.status, session.out) == (0, "ERR_INVALID_POLICY_VALUE\n")
    assert left(tmp_path) == ["out"]


# Enough segments that one is stored after the other while it is stopped.
SAVING = """
import signal
def on_interrupt(number, frame):
    print("interrupted", is_saved(), flush=True)
    raise KeyboardInterrupt
def is_saved():
    return os.path.exists("out") or os.path.exists("trace-out")
"""
STOPPED = """
signal.signal(signal.SIGINT, on_interrupt)
r.start("out", policy={"on_recorder_error": "%s"})
work(150_000)
print("stopping", flush=True)
try:
    r.stop()
    print("not interrupted")
except KeyboardInterrupt:
    print("delivered", r.is_tracing(), flush=True)
"""
AT_EXIT = """
import atexit
signal.signal(signal.SIGINT, signal.SIG_IGN if %r else signal.default_int_handler)
work(150_000)
print("stopping", flush=True)
"""


def interrupt(place: Path, words: list[str | Path], times: int, gap: float = 0.6) -> Ended:
    """Runs a program that says when it stops, and interrupts it then."""
    env = {
        "PYTHONPATH": str(faults.package()),
        # Each segment takes its time to be stored, from the third on.
        faults.VARIABLE: "store:drainer#3+=sleep:400",
    }
    with subprocess.Popen(
        [str(word) for word in words], cwd=place, env=clean_environment(**env), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        first = running.stdout.readline()
        assert first == "stopping\n", running.communicate()
        for _ in range(times):
            time.sleep(gap)
            os.kill(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=60)
    return Ended(running.returncode, out, err)


@pytest.mark.parametrize("policy", ["abort", "disable"])
def test_the_first_interrupt_waits_until_the_recording_is_saved(
    tmp_path: Path, policy: str
) -> None:
    (tmp_path / "app.py").write_text(WORK + SESSION + SAVING + STOPPED % policy)
    ended = interrupt(tmp_path, [sys.executable, "app.py"], 1)
    assert (ended.status, ended.out) == (0, "interrupted True\ndelivered False\n"), ended.err
    assert ended.err == ""
    info = Trace(tmp_path / "out").info
    assert (info["partial"], info["calls"] > 150_000) == (False, True)


@pytest.mark.parametrize("policy", ["abort", "disable"])
def test_the_second_interrupt_ends_saving(tmp_path: Path, policy: str) -> None:
    (tmp_path / "app.py").write_text(WORK + SESSION + SAVING + STOPPED % policy)
    ended = interrupt(tmp_path, [sys.executable, "app.py"], 2)
    # One reaches the program, when what could be saved is.
    assert (ended.status, ended.out) == (0, "interrupted True\ndelivered False\n"), ended.err
    [line] = ended.err.splitlines()
    assert line.startswith("recorder: ERR_TRACE_INCOMPLETE: ")
    assert line.endswith("[kept what was saved until then, marked partial]")
    opened = Trace(tmp_path / "out")
    assert (opened.info["partial"], opened.info["reason"]) == (True, "ERR_TRACE_INCOMPLETE")
    assert 0 < opened.info["calls"] < 150_000
    assert sum(1 for _ in opened.steps()) == opened.info["events"]
    counted = opened.info["counters"]
    dropped = counted["dropped_events.ERR_TRACE_INCOMPLETE"]
    assert dropped == counted["events_recorded"] - opened.info["events"] > 0
    assert left(tmp_path) == ["out"]


@pytest.mark.parametrize("ignored", [False, True], ids=["handled", "ignored"])
def test_interrupts_at_the_end_of_a_recorded_program(tmp_path: Path, ignored: bool) -> None:
    (tmp_path / "app.py").write_text(WORK + SAVING + AT_EXIT % ignored)
    ended = interrupt(tmp_path, [SCRIPT, "record", "app.py"], 2)
    info = Trace(tmp_path / "trace-out").info
    assert info["partial"] == (not ignored)
    assert (ended.status, ended.out) == (0, "")
    assert codes(ended) == ([] if ignored else ["ERR_TRACE_INCOMPLETE"])


def test_an_interrupt_of_a_program_without_handler_ends_it_when_all_is_saved(
    tmp_path: Path,
) -> None:
    source = STOPPED % "abort"
    source = source.replace("on_interrupt", "signal.SIG_DFL")
    (tmp_path / "app.py").write_text(WORK + SESSION + SAVING + source)
    ended = interrupt(tmp_path, [sys.executable, "app.py"], 1)
    assert (ended.status, ended.out, ended.err) == (-signal.SIGINT, "", "")
    assert not Trace(tmp_path / "out").info["partial"]


def test_sigterm(tmp_path: Path) -> None:
    source = "import signal\nwork()\nos.kill(os.getpid(), signal.SIGTERM)\n"
    ended = record(tmp_path, source)
    assert (ended.status, ended.out, ended.err) == (-signal.SIGTERM, "", "")
    info = json.loads(recorder("info", "--json", cwd=tmp_path).out)
    assert (info["partial"], info["reason"], info["calls"] > 1000) == (True, "signal", True)
    handled = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\nwork()\n"
    ended = record(tmp_path, handled + "os.kill(os.getpid(), signal.SIGTERM)\n")
    assert ended.status == 9
    info = Trace(tmp_path / "trace-out").info
    assert (info["partial"], info["exit_status"]) == (False, 9)


def test_one_session_after_another_and_none_in_another(tmp_path: Path) -> None:
    source = """
for name in ("one", "two"):
    with r.trace(name):
        work(100)
        attempt(r.start, "inner")
        attempt(lambda: r.trace("inner").__enter__())
    print(r.is_tracing())
    attempt(r.stop)
    attempt(r.stop)
"""
    ended = call(tmp_path, source)
    assert ended.out == "ERR_ALREADY_TRACING\nERR_ALREADY_TRACING\nFalse\n" * 2
    assert (ended.status, ended.err, left(tmp_path)) == (0, "", ["one", "two"])
    counts = [Trace(tmp_path / name).info["calls"] for name in ("one", "two")]
    assert counts[0] == counts[1] > 100


def test_stop_in_another_thread(tmp_path: Path) -> None:
    source = """
import threading
r.start("out")
work(100)
stopper = threading.Thread(target=lambda: (work(10), attempt(r.stop)))
stopper.start()
stopper.join()
print(r.is_tracing(), work())
attempt(r.stop)
"""
    ended = call(tmp_path, source)
    assert (ended.status, ended.out, ended.err) == (0, "False " + OUT, "")
    info = Trace(tmp_path / "out").info
    # Two threads; nothing of what came after.
    assert (info["partial"], info["threads"]) == (False, 2)
    assert 110 < info["calls"] < 1000


def test_many_threads_stop_at_once(tmp_path: Path) -> None:
    source = """
import threading
r.start("out")
gate = threading.Barrier(8)
def stop():
    gate.wait()
    attempt(r.stop)
stoppers = [threading.Thread(target=stop) for _ in range(8)]
for stopper in stoppers:
    stopper.start()
for stopper in stoppers:
    stopper.join()
print(r.is_tracing())
"""
    ended = call(tmp_path, source)
    assert (ended.status, ended.out, ended.err) == (0, "False\n", "")
    assert not Trace(tmp_path / "out").info["partial"]
    assert left(tmp_path) == ["out"]


def test_a_program_that_changes_its_directory(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    ended = record(tmp_path, "os.chdir('elsewhere')\n" + END)
    assert (ended.status, ended.out, without_closing(ended.err)) == (3, OUT, "")
    assert left(tmp_path) == ["elsewhere", "trace-out"]
    source = "r.start('out')\nos.chdir('elsewhere')\nwork()\nos.rmdir('../elsewhere')\nr.stop()\n"
    assert call(tmp_path, source).err == ""
    assert left(tmp_path) == ["out", "trace-out"]
    for name in ("out", "trace-out"):
        assert Trace(tmp_path / name).info["calls"] > 1000


def test_a_program_that_frees_our_tool_id(tmp_path: Path) -> None:
    free = """
for number in range(6):
    if sys.monitoring.get_tool(number):
        sys.monitoring.free_tool_id(number)
"""
    for words, status in (([], 20), (["--on-recorder-error=disable"], 3)):
        ended = record(tmp_path, free + END, *words)
        assert (ended.status, ended.out, codes(ended)) == (status, OUT, ["ERR_TOOL_ID_TAKEN"])
        assert left(tmp_path) == []


REPLACED = {
    "text": "import io\nsys.stderr = sys.__stderr__ = io.StringIO()\n",
    "broken": "class Broken:\n    def write(self, text):\n        print(1 / 0)\n"
    "    def flush(self):\n        pass\nsys.stderr = sys.__stderr__ = Broken()\n",
    "none": "sys.stderr = sys.__stderr__ = None\n",
    "closed": "sys.stderr.close()\n",
}


@pytest.mark.parametrize("way", REPLACED)
def test_a_program_that_replaces_its_stderr(tmp_path: Path, way: str) -> None:
    (tmp_path / "app.py").write_text(WORK + REPLACED[way] + END)
    ended = faults.record("app.py", cwd=tmp_path)
    assert (ended.status, ended.out, without_closing(ended.err)) == (3, OUT, "")
    failed = faults.record("app.py", cwd=tmp_path, faults="entry:PyReturn#500=panic")
    assert (failed.status, failed.out, codes(failed)) == (70, OUT, ["ERR_PANIC"])
    session = WORK + SESSION + "r.start('out')\n" + REPLACED[way] + "work()\nattempt(r.stop)\n"
    ended = faults.program(session, tmp_path, faults="entry:PyReturn#500=panic")
    assert (ended.status, ended.out, codes(ended)) == (0, "ERR_PANIC\n", ["ERR_PANIC"])
