"""However a program ends, it ends as it would unrecorded, and its recording says how and where."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from codetracer_python_recorder import Trace
from e2e.plain_and_recorded import RECORDER, Seen, environment, info, run, steadied

# Every program crashes, if at all, on a line with this mark.
HERE = "# here"
CRASH = """\
import ctypes
def crash(n):
    ctypes.string_at(0)  # here
crash(1)
"""
IN_A_THREAD = """\
import ctypes, threading
def crash(n):
    ctypes.string_at(0)  # here
thread = threading.Thread(target=crash, args=(1,), name="Worker")
thread.start()
thread.join()
"""
# The default action of these ends a process.
ENDING = sorted(
    {*range(1, 32), *range(signal.SIGRTMIN, signal.SIGRTMAX + 1)}
    - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
    - {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH}
    # The interpreter ignores two, and makes an exception of the third.
    - {signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT}
)


def no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def ran(words: list[str | Path], cwd: Path) -> Seen:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=no_core,
    )
    errors = done.stderr.decode()
    if done.returncode >= 0:
        errors = re.sub(r"recorder: recorded [^\n]*\n\Z", "", errors)
    return Seen(done.returncode, done.stdout.decode(), steadied(errors))


@dataclass(frozen=True)
class Both:
    """A program run plain and recorded: what both showed, and what the recording says."""

    seen: Seen
    info: dict[str, Any]
    source: str
    trace: Path

    @property
    def ended(self) -> dict[str, Any]:
        ended: dict[str, Any] = self.info["ended"]
        return ended

    def stands(self, thread: str = "MainThread") -> tuple[str, str]:
        """Function and source line where a thread stood."""
        [standing] = [one for one in self.info["standings"] if one["name"] == thread]
        top = standing["frames"][-1]
        return top["function"], self.source.splitlines()[top["line"] - 1].strip()


def both(source: str, cwd: Path, *flags: str) -> Both:
    source = textwrap.dedent(source)
    (cwd / "app.py").write_text(source)
    plain = ran([sys.executable, *flags, "app.py"], cwd)
    trace = cwd / "trace"
    record: list[str | Path] = [*RECORDER, "record", "--trace-dir", trace, "app.py"]
    recorded = ran([record[0], *flags, *record[1:]], cwd)
    assert recorded == plain
    return Both(plain, info(trace), source, trace)


def files(place: Path) -> dict[Path, tuple[int, int]]:
    """Everything in a directory, with its size and when it was changed."""
    seen = ((path, path.stat()) for path in place.rglob("*"))
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in seen}


def died_by(found: Both, number: int, thread: str | None = "MainThread") -> None:
    """The recording says the signal and the thread: in place, in the class, and recovered."""
    assert found.seen.status == -number
    names = {one["thread"]: one["name"] for one in found.info["thread_names"]}
    before = files(found.trace.parent)
    ended = found.ended
    assert (ended["by"], ended["signal"]) == ("signal", number)
    assert names.get(ended["thread"]) == thread
    assert (found.info["partial"], found.info["reason"]) == (True, "signal")
    assert Trace(found.trace).ended == ended
    assert files(found.trace.parent) == before
    recovered = run([*RECORDER, "recover", found.trace], found.trace.parent)
    assert recovered.status == 0, recovered.errors
    again = info(found.trace)
    assert again["status"] == "finished"
    for key in ("ended", "standings", "partial", "reason", "events"):
        assert again[key] == found.info[key], key


ENABLE = "import faulthandler; faulthandler.enable()\n"
# What the program does, flags, whether a traceback is printed, and what is known of the address:
# faulthandler sends the signal once more itself, to whoever was there before it.
FAULTHANDLER: dict[str, tuple[str, list[str], bool, int | None]] = {
    "never": ("", [], False, 0),
    "before the recorder": ("", ["-X", "faulthandler"], True, 0),
    "by the program": (ENABLE, [], True, None),
    "by both": (ENABLE, ["-X", "faulthandler"], True, 0),
    "and disabled again": (ENABLE + "faulthandler.disable()\n", [], False, 0),
}


@pytest.mark.parametrize("how", FAULTHANDLER)
def test_a_segmentation_fault_is_told_with_its_line(how: str, tmp_path: Path) -> None:
    prefix, flags, dumps, address = FAULTHANDLER[how]
    found = both(prefix + CRASH, tmp_path, *flags)
    assert found.seen.errors.count("Fatal Python error") == dumps
    died_by(found, signal.SIGSEGV)
    assert found.ended["address"] == address
    assert found.stands() == ("crash", f"ctypes.string_at(0)  {HERE}")


@pytest.mark.parametrize("flags", [[], ["-X", "faulthandler"]], ids=["plain", "faulthandler"])
def test_a_segmentation_fault_in_a_thread_names_the_thread(
    flags: list[str], tmp_path: Path
) -> None:
    found = both(IN_A_THREAD, tmp_path, *flags)
    died_by(found, signal.SIGSEGV, "Worker")
    assert found.stands("Worker") == ("crash", f"ctypes.string_at(0)  {HERE}")
    assert found.stands()[0] == "<module>"
    people = run([*RECORDER, "info", found.trace], tmp_path).output
    assert "by SIGSEGV in thread 1 (Worker), at address 0x0\n" in people
    assert re.search(r"stood +thread 1 \(Worker\): .*/app\.py:3 in crash\n", people)


@pytest.mark.parametrize("number", ENDING, ids=lambda number: str(int(number)))
def test_each_signal_that_ends_a_program_is_told(number: int, tmp_path: Path) -> None:
    found = both(
        f"""\
        import os
        def end(number):
            print("before", flush=True)
            os.kill(os.getpid(), number)  # here
            print("after", flush=True)
        end({int(number)})
        """,
        tmp_path,
    )
    assert found.seen.output == "before\n"
    died_by(found, number)
    assert found.ended["sender"] == found.info["pid"]
    assert found.stands() == ("end", f"os.kill(os.getpid(), number)  {HERE}")


@pytest.mark.parametrize(
    "name", ["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGPIPE", "SIGXFSZ", "SIGINT"]
)
def test_a_signal_that_does_not_end_a_program_is_not_told(name: str, tmp_path: Path) -> None:
    found = both(
        f"""\
        import os, signal
        try:
            os.kill(os.getpid(), signal.{name})
            print("after")
        except KeyboardInterrupt:
            print("interrupted")
        """,
        tmp_path,
    )
    assert found.seen.status == 0
    assert found.ended == dict.fromkeys(found.ended) | {"by": "exit", "status": 0}
    assert found.info["standings"] is None


@pytest.mark.parametrize("name", ["SIGTSTP", "SIGSTOP", "SIGTTIN"])
def test_a_program_can_be_stopped_and_go_on(name: str, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        f"import os, signal\nos.kill(os.getpid(), signal.{name})\nprint('on')\n"
    )
    words = [*RECORDER, "record", "--trace-dir", "trace", "app.py"]
    # The system stops no process of a group without a parent outside it in the session.
    process = subprocess.Popen(
        words,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WSTOPSIG(status) == getattr(signal, name)
    os.kill(process.pid, signal.SIGCONT)
    output, _ = process.communicate(timeout=60)
    assert (output, process.returncode) == (b"on\n", 0)
    assert info(tmp_path / "trace")["ended"]["by"] == "exit"


def test_a_signal_from_elsewhere_names_who_sent_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import time\nprint('on', flush=True)\ntime.sleep(60)\n")
    words = [*RECORDER, "record", "--trace-dir", "trace", "app.py"]
    process = subprocess.Popen(
        words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"on\n"
    assert info(tmp_path / "trace")["ended"]["by"] == "running"
    process.terminate()
    output, errors = process.communicate(timeout=60)
    assert (output, errors, process.returncode) == (b"", b"", -signal.SIGTERM)
    ended = info(tmp_path / "trace")["ended"]
    assert (ended["by"], ended["signal_name"], ended["sender"]) == (
        "signal",
        "SIGTERM",
        os.getpid(),
    )
    people = run([*RECORDER, "info", "trace"], tmp_path).output
    assert f"by SIGTERM in thread 0 (MainThread), sent by process {os.getpid()}\n" in people


@pytest.mark.parametrize("flags", [[], ["-X", "faulthandler"]], ids=["plain", "faulthandler"])
def test_an_abort_is_told(flags: list[str], tmp_path: Path) -> None:
    found = both("import os\ndef f():\n    os.abort()  # here\nf()\n", tmp_path, *flags)
    died_by(found, signal.SIGABRT)
    assert found.stands() == ("f", f"os.abort()  {HERE}")


def test_a_crash_in_a_thread_of_c_code_is_told(tmp_path: Path) -> None:
    found = both(
        """\
        import ctypes, time
        libc = ctypes.CDLL(None)
        def start():
            libc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, libc.abort, None)
            time.sleep(60)  # here
        start()
        """,
        tmp_path,
    )
    died_by(found, signal.SIGABRT, thread=None)
    assert found.ended["native_thread"] not in (0, found.info["pid"])
    assert found.stands()[0] == "start"


# Calls through C code on a small stack.
OVERFLOW = """\
import threading
threading.stack_size(64 * 1024)
def deeper(n):
    return sorted([n + 1], key=deeper)
def begin():
    deeper(0)
thread = threading.Thread(target=begin, name="Worker")
thread.start()
thread.join()
"""


def test_a_stack_overflow_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(OVERFLOW)
    plain = ran([sys.executable, "app.py"], tmp_path)
    assert plain.status == -signal.SIGSEGV
    recorded = ran([*RECORDER, "record", "--trace-dir", tmp_path / "trace", "app.py"], tmp_path)
    assert recorded == plain
    about = info(tmp_path / "trace")
    died_by(Both(plain, about, OVERFLOW, tmp_path / "trace"), signal.SIGSEGV, "Worker")
    [worker] = [one for one in about["standings"] if one["name"] == "Worker"]
    assert worker["depth"] > 10
    assert worker["frames"][-1]["function"] == "deeper"


def test_an_exit_without_a_word_is_unknown_and_its_line_is_told(tmp_path: Path) -> None:
    found = both(
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "def f():\n    print(1, flush=True)\n    libc._exit(5)  # here\nf()\n",
        tmp_path,
    )
    assert found.seen.status == 5
    assert (found.ended["by"], found.info["reason"]) == ("unknown", "killed")
    assert found.stands() == ("f", f"libc._exit(5)  {HERE}")


def test_a_kill_is_unknown_and_its_line_is_told(tmp_path: Path) -> None:
    found = both("import os\ndef f():\n    os.kill(os.getpid(), 9)  # here\nf()\n", tmp_path)
    assert found.seen.status == -signal.SIGKILL
    assert (found.ended["by"], found.info["reason"]) == ("unknown", "killed")
    assert found.stands()[0] == "f"


EXITS = {
    "an exception in a thread": (0, "threading.Thread(target=lambda: 1 / 0).start()\n"),
    "sys.exit in a thread": (0, "threading.Thread(target=sys.exit, args=(3,)).start()\n"),
    "sys.exit": (3, "sys.exit(3)\n"),
    "os._exit": (4, "import os\nprint(1, flush=True)\nos._exit(4)\n"),
    "os._exit in a thread": (
        5,
        "import os\nthreading.Thread(target=os._exit, args=(5,)).start()\n"
        "threading.Event().wait()\n",
    ),
    "an exception": (1, "1 / 0\n"),
    "a text": (1, "sys.exit('why')\n"),
    "no memory": (
        1,
        "import resource\nsize = 1 << 30\nresource.setrlimit(resource.RLIMIT_AS, (size, size))\n"
        "def f():\n    return bytearray(1 << 31)\nf()\n",
    ),
}


@pytest.mark.parametrize("how", EXITS)
def test_an_exit_is_told_with_its_status(how: str, tmp_path: Path) -> None:
    status, source = EXITS[how]
    found = both("import sys, threading\n" + source, tmp_path)
    assert found.seen.status == status
    assert (found.ended["by"], found.ended["status"]) == ("exit", status)
    assert (found.info["partial"], found.info["standings"]) == (False, None)


def test_a_forked_child_that_crashes_says_nothing_of_its_parent(tmp_path: Path) -> None:
    found = both(
        """\
        import ctypes, os
        def child():
            ctypes.string_at(0)
        pid = os.fork()
        if pid == 0:
            child()
        print(os.WTERMSIG(os.waitpid(pid, 0)[1]))
        """,
        tmp_path,
    )
    assert found.seen.output == "11\n"
    assert (found.ended["by"], found.info["last_words"]) == ("exit", None)


def test_a_signal_that_the_program_survives_is_not_told(tmp_path: Path) -> None:
    found = both(
        """\
        import os, signal
        def handle(number, frame):
            print("handled", number, flush=True)
        for number in (signal.SIGSEGV, signal.SIGTERM, signal.SIGUSR1):
            assert signal.getsignal(number) is signal.SIG_DFL
            assert signal.signal(number, handle) is signal.SIG_DFL
            os.kill(os.getpid(), number)
            assert signal.signal(number, signal.SIG_DFL) is handle
        os._exit(0)
        """,
        tmp_path,
    )
    assert found.seen.output.count("handled") == 3
    assert found.ended["by"] == "exit"


# Asks the system itself, beside what the interpreter believes.
SIGNALS = """\
import ctypes, os, signal, struct, sys
libc = ctypes.CDLL(None)
def actions():
    found = []
    for number in range(1, 65):
        buffer = ctypes.create_string_buffer(152)
        libc.sigaction(number, None, buffer)
        handler, mask = buffer.raw[:8], buffer.raw[8:16]
        (flags,) = struct.unpack("i", buffer.raw[136:140])
        # The C library sets one flag for itself.
        found.append((handler, mask, flags & ~0x04000000))
    return found
def known():
    return [signal.getsignal(number) for number in signal.valid_signals()]
"""


def test_signals_are_as_before_when_recording_has_ended(tmp_path: Path) -> None:
    source = SIGNALS + textwrap.dedent("""\
        import codetracer_python_recorder as recorder, faulthandler
        seen, before = known(), actions()
        for round in range(3):
            recorder.start("out")
            assert known() == seen
            assert actions() != before
            recorder.stop()
            assert known() == seen
            assert actions() == before
        recorder.start("out")
        faulthandler.enable()
        theirs = actions()
        recorder.stop()
        segv = signal.SIGSEGV - 1
        assert actions()[segv] == theirs[segv] != before[segv]
        recorder.start("out")
        recorder.stop()
        assert actions()[segv] == theirs[segv]
        print("same", flush=True)
        if sys.argv[1:]:
            recorder.start("out")
        ctypes.string_at(0)
        """)
    (tmp_path / "app.py").write_text(source)
    for more in ([], ["recorded"]):
        seen = ran([sys.executable, "app.py", *more], tmp_path)
        assert (seen.status, seen.output) == (-signal.SIGSEGV, "same\n"), seen.errors
        assert seen.errors.startswith("Fatal Python error: Segmentation fault\n")
        assert seen.errors.count("Fatal Python error") == 1


def test_a_core_dump_is_made_as_without_the_recorder(tmp_path: Path) -> None:
    """The wait status has a bit that says whether the process left a core dump."""
    (tmp_path / "app.py").write_text(CRASH)

    def status(words: list[str]) -> int:
        limit = resource.getrlimit(resource.RLIMIT_CORE)
        pid = os.fork()
        if pid == 0:
            try:
                resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))
                os.chdir(tmp_path)
                os.execve(words[0], words, environment())
            finally:
                os._exit(99)
        return os.waitpid(pid, 0)[1]

    plain = status([sys.executable, "app.py"])
    assert os.WTERMSIG(plain) == signal.SIGSEGV
    assert status([*RECORDER, "record", "--trace-dir", "trace", "app.py"]) == plain


def test_threads_that_crash_at_once_leave_one_word(tmp_path: Path) -> None:
    found = both(
        """\
        import ctypes, threading
        libc = ctypes.CDLL(None)
        identifier = ctypes.c_ulong()
        for _ in range(8):
            libc.pthread_create(ctypes.byref(identifier), None, libc.abort, None)
        threading.Event().wait(60)
        """,
        tmp_path,
    )
    died_by(found, signal.SIGABRT, thread=None)
