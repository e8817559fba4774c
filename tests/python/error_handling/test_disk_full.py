"""A full disk, real and at every single write: nothing torn, told once, the program whole."""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support import faults
from support.runs import Ended, recorder

# Small: a few calls, one thread, one source file.
SMALL = """\
def double(n):
    return n * 2
print([double(n) for n in range(5)])
print("end", flush=True)
"""
SMALL_OUT = "[0, 2, 4, 6, 8]\nend\n"
# Some tens of megabytes of rows.
LARGE = """\
import sys
def text(n):
    return str(n) * 20
size = 0
for n in range(60_000):
    size += len(text(n))
    if n % 10_000 == 0:
        print(n, flush=True)
print(size)
"""


def everything_that_is_written(tmp_path: Path) -> list[str]:
    """The fault points of the store that a small recording passes, in their order."""
    log = tmp_path / "passed"
    (tmp_path / "app.py").write_text(SMALL)
    ended = faults.record("app.py", cwd=tmp_path, faults=f"store.*=log:{log}")
    assert ended.status == 0, ended.err
    passed = log.read_text().split()
    log.unlink()
    for path in sorted((tmp_path / "trace-out").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "trace-out").rmdir()
    return passed


POINTS = {
    "store.commit.rename",
    "store.commit.sync",
    "store.json.create",
    "store.json.rename",
    "store.json.sync",
    "store.json.write",
    "store.segment.create",
    "store.segment.map",
    "store.segment.reserve",
    "store.source.create",
    "store.source.write",
    "store.staging.create",
    "store.staging.lock",
    "store.trace.bytes",
    "store.trace.create",
    "store.trace.sync",
    "store.trace.write",
    "store.words.map",
    "store.words.reserve",
}


def told(ended: Ended) -> dict[str, object]:
    """The one line of JSON."""
    [line] = [line for line in ended.err.splitlines() if line.startswith("{")]
    found: dict[str, object] = json.loads(line)
    return found


def read_whole(trace: Path) -> Trace:
    opened = Trace(trace)
    assert sum(1 for _ in opened.steps()) == opened.info["events"]
    return opened


@pytest.mark.parametrize("keep", [False, True], ids=["dropped", "kept"])
@pytest.mark.parametrize("lasts", [True, False], ids=["lasting", "once"])
def test_no_space_at_every_write_of_a_small_recording(
    tmp_path: Path, lasts: bool, keep: bool
) -> None:
    passed = everything_that_is_written(tmp_path)
    assert set(passed) >= POINTS
    words = ["--json-errors", *(["--keep-partial-trace"] if keep else []), "app.py"]
    saved = 0
    for n, point in enumerate(passed, start=1):
        fault = f"store.*#{n}{'+' if lasts else ''}=ENOSPC"
        ended = faults.record(*words, cwd=tmp_path, faults=fault)
        left = sorted(path for path in tmp_path.iterdir() if path.name != "app.py")
        where = f"{n}: {point}\n{ended.err}"
        if ended.status == 0:
            # Nothing was refused: a point that is no call, or one whose failure costs nothing.
            assert ended.out == SMALL_OUT, where
            assert [path.name for path in left] == ["trace-out"], where
            assert not read_whole(left[0]).info["partial"], where
            saved += 1
        else:
            assert ended.status == 10, where
            assert ended.out in ("", SMALL_OUT), where
            assert (told(ended)["error_code"], told(ended)["exit_status"]) == (
                "ERR_NO_SPACE",
                10,
            ), where
            for path in left:
                opened = read_whole(path)
                assert keep, where
                assert opened.info["partial"], where
                assert opened.info["reason"] == "ERR_NO_SPACE", where
        for path in itertools.chain(tmp_path.glob("trace-out*"), tmp_path.glob(".trace-out*")):
            for inner in sorted(path.rglob("*"), reverse=True):
                inner.rmdir() if inner.is_dir() else inner.unlink()
            path.rmdir()
    # Among the points are those where bytes could be damaged; these are not calls.
    assert saved < len(passed) / 3


@pytest.fixture
def small_disk(tmp_path: Path) -> object:
    """A file system of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", bytes(place), b"tmpfs", 0, b"size=1m") != 0:
        error = ctypes.get_errno()
        assert error == errno.EPERM, os.strerror(error)
        pytest.skip("this user may not mount a file system")
    yield place
    assert libc.umount2(bytes(place), 2) == 0


@pytest.mark.parametrize("keep", [False, True], ids=["dropped", "kept"])
@pytest.mark.parametrize("used", [0, 200, 400, 600, 800, 960, 1020], ids=lambda used: f"{used}KiB")
def test_a_disk_of_a_mebibyte(tmp_path: Path, small_disk: Path, used: int, keep: bool) -> None:
    (tmp_path / "app.py").write_text(LARGE)
    (small_disk / "thesis").write_bytes(b"x" * used * 1024)
    words = ["--json-errors", *(["--keep-partial-trace"] if keep else [])]
    ended = recorder(
        "record", *words, "--trace-dir", str(small_disk / "out"), "app.py", cwd=tmp_path
    )
    assert ended.status == 10, ended.err
    assert told(ended)["error_code"] == "ERR_NO_SPACE"
    numbers = [*range(0, 60_000, 10_000), sum(20 * len(str(n)) for n in range(60_000))]
    assert ended.out in ("", "".join(f"{n}\n" for n in numbers))
    left = [path for path in small_disk.iterdir() if path.name != "thesis"]
    assert (small_disk / "thesis").stat().st_size == used * 1024
    if not keep or ended.out == "":
        assert left == []
        return
    [trace] = left
    opened = read_whole(trace)
    assert (opened.info["partial"], opened.info["reason"]) == (True, "ERR_NO_SPACE")
