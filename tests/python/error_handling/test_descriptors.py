"""Programs that close descriptors of the recorder, and open their own files under the numbers."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support import faults
from support.runs import SCRIPT, Ended, listing, python, recorder, without_closing
from support.runs import run as command

HEAD = """\
import fcntl, os, sys
def step(n):
    return n * 2
def work(count=1000):
    return sum(step(n) for n in range(count))
def own(*numbers):
    for number in numbers:
        path = f"own-{number}"
        found = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC)
        if found != number:
            os.dup2(found, number)
            os.close(found)
        os.write(number, path.encode())
def high():
    return sorted(int(n) for n in os.listdir("/proc/self/fd") if int(n) >= 50)
"""
END = "print(work())\nsys.exit(3)\n"
OUT = "999000\n"

START = "import codetracer_python_recorder as r\nr.start('trace-out')\n"
STOP = """
try:
    r.stop()
except r.RecorderError as error:
    print(error.code)
"""


def check_own(place: Path, *numbers: int) -> None:
    for number in numbers:
        assert (place / f"own-{number}").read_bytes() == f"own-{number}".encode()
    assert len(list(place.glob("own-*"))) == len(numbers)


def run(place: Path, source: str, *words: str) -> Ended:
    (place / "app.py").write_text(HEAD + source)
    return recorder("record", *words, "app.py", cwd=place)


def whole(place: Path) -> None:
    info = Trace(place / "trace-out").info
    assert (info["partial"], info["exit_status"]) == (False, 3)
    # The program's own calls, whatever it did to its descriptors.
    assert info["calls"] > 1000


LOW = (2, *range(3, 51))


def test_files_under_low_numbers_get_no_byte_of_ours(tmp_path: Path) -> None:
    source = f"os.closerange(2, 51)\nown(*{LOW})\n" + END
    ended = run(tmp_path, source)
    check_own(tmp_path, *LOW)
    # What is said goes where stderr was when recording started.
    assert (ended.status, ended.out, without_closing(ended.err)) == (3, OUT, "")
    whole(tmp_path)


def test_a_failure_is_told_to_the_stderr_of_the_start(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HEAD + f"os.closerange(2, 51)\nown(*{LOW})\n" + END)
    fault = "entry:PyReturn#100=panic"
    ended = faults.record("--json-errors", "app.py", cwd=tmp_path, faults=fault)
    check_own(tmp_path, *LOW)
    assert (ended.status, ended.out) == (70, OUT)
    assert ended.err.startswith("recorder: ERR_PANIC: ")
    assert ended.err.count("\n") == 2


def test_files_under_low_numbers_get_no_byte_of_a_session(tmp_path: Path) -> None:
    source = HEAD + START + f"os.closerange(2, 51)\nown(*{LOW})\nprint(work())" + STOP
    ended = python("-c", source + "sys.exit(3)", cwd=tmp_path)
    check_own(tmp_path, *LOW)
    assert (ended.status, ended.out, ended.err) == (3, OUT, "")
    assert not Trace(tmp_path / "trace-out").info["partial"]


CLOSERS = {
    "from 3": ("os.closerange(3, 1025)\n", True),
    "from 2": ("os.closerange(2, 1025)\n", False),
    "one by one": (
        "import contextlib\nfor n in range(3, 1025):\n"
        "    with contextlib.suppress(OSError):\n        os.close(n)\n",
        True,
    ),
}


@pytest.mark.parametrize("closer", CLOSERS)
def test_a_recording_outlives_the_closing_of_every_descriptor(tmp_path: Path, closer: str) -> None:
    source, heard = CLOSERS[closer]
    # Enough that segments are stored before and after.
    more = "work(200_000)\n"
    numbers = (3, 4) if heard else (2, 3, 4)
    ended = run(tmp_path, more + source + f"own(*{numbers})\n" + more + END)
    check_own(tmp_path, *numbers)
    assert (ended.status, ended.out) == (3, OUT)
    assert (without_closing(ended.err) if heard else ended.err) == ""
    whole(tmp_path)
    assert Trace(tmp_path / "trace-out").info["calls"] > 400_000


def test_stderr_that_was_closed_at_the_start_is_nowhere(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HEAD + "own(2)\n" + END)
    ended = command(["sh", "-c", f"exec '{SCRIPT}' record app.py 2>&-"], tmp_path)
    check_own(tmp_path, 2)
    assert (ended.status, ended.out) == (3, OUT)
    whole(tmp_path)


TAKEN = "held = high()\nos.closerange(3, 1025)\nown(*held)\nprint(len(held))\n"


@pytest.mark.parametrize("keep", [False, True], ids=["dropped", "kept"])
@pytest.mark.parametrize("disable", [False, True], ids=["abort", "disable"])
def test_a_number_that_the_program_took_is_told_and_not_written_to(
    tmp_path: Path, disable: bool, keep: bool
) -> None:
    words = [
        *(["--on-recorder-error=disable"] if disable else []),
        *(["--keep-partial-trace"] if keep else []),
    ]
    ended = run(tmp_path, "work(200_000)\n" + TAKEN + "work(200_000)\n" + END, *words)
    check_own(tmp_path, 512, 513, 514)
    assert (ended.status, ended.out) == (3 if disable else 20, "3\n" + OUT)
    codes = [line.split(": ")[1] for line in ended.err.splitlines() if "ERR_" in line]
    assert codes == ["ERR_FD_TAKEN"]
    left = [name for name in listing(tmp_path) if "/" not in name and "own-" not in name]
    if keep:
        [trace] = [name for name in left if name != "app.py"]
        info = Trace(tmp_path / trace).info
        assert (info["partial"], info["reason"]) == (True, "ERR_FD_TAKEN")
    else:
        assert left == ["app.py"]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_each_descriptor_is_checked(tmp_path: Path, which: int) -> None:
    source = f"held = high()\nos.close(held[{which}])\nown(held[{which}])\n"
    ended = run(tmp_path, source + END)
    check_own(tmp_path, 512 + which)
    assert (ended.status, ended.out) == (20, OUT)
    assert [line.split(": ")[1] for line in ended.err.splitlines()] == ["ERR_FD_TAKEN"]


def test_a_session_leaves_the_program_s_files_open(tmp_path: Path) -> None:
    source = HEAD + START + TAKEN + "print(work())" + STOP
    source += "print([fcntl.fcntl(n, fcntl.F_GETFD) >= 0 for n in held], high() == held)\n"
    ended = python("-c", source, cwd=tmp_path)
    check_own(tmp_path, 512, 513, 514)
    assert ended.out == f"3\n{OUT}ERR_FD_TAKEN\n[True, True, True] True\n"
    assert (ended.status, ended.err) == (0, "")


def test_descriptors_are_high_closed_on_exec_and_given_back(tmp_path: Path) -> None:
    source = HEAD + START + "print(high(), [fcntl.fcntl(n, fcntl.F_GETFD) for n in high()])\n"
    source += "child = os.fork()\nif child == 0:\n    print(high(), flush=True)\n    os._exit(0)\n"
    source += "os.waitpid(child, 0)\n" + STOP + "print(high())\n"
    source = source.replace("child = os.fork()", "sys.stdout.flush()\nchild = os.fork()")
    ended = python("-c", source, cwd=tmp_path)
    assert ended.out == "[512, 513, 514] [1, 1, 1]\n[512, 513, 515]\n[]\n", ended.err


@pytest.mark.parametrize("limit", [64, 100, 300, 513, 514])
def test_descriptors_are_as_high_as_the_limit_allows(tmp_path: Path, limit: int) -> None:
    (tmp_path / "app.py").write_text(HEAD + "print(high())\n" + END)

    def before() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    ended = recorder("record", "app.py", cwd=tmp_path, before=before)
    assert ended.status == 3, ended.err
    assert ended.out == f"{[limit - 3, limit - 2, limit - 1]}\n{OUT}"
    whole(tmp_path)
