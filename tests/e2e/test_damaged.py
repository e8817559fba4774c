"""A recording that a power cut damaged: what the commands say of it, and what `recover` saves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.plain_and_recorded import RECORDER, Seen, run

PAGE = 4096
# Values that do not compress, so that the container and the segments have many pages.
PROGRAM = """\
import hashlib, os, sys, threading
def step(n):
    text = hashlib.sha512(str(n).encode()).hexdigest() * 4
    return text[:n % 500]
def work(n):
    for n in range(n, n + 900):
        step(n)
threads = [threading.Thread(target=work, args=(n,), name=f"T{n}") for n in (1000, 2000, 3000)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if sys.argv[1:]:
    os.kill(os.getpid(), 9)
"""


def commanded(*words: str | Path) -> Seen:
    return run([*RECORDER, *words], Path("/"), timeout=60)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same program's recording, committed and as a killed process leaves it."""
    found = {}
    for how, words in (("committed", []), ("killed", ["kill"])):
        place = tmp_path_factory.mktemp(how)
        (place / "app.py").write_text(PROGRAM)
        run([*RECORDER, "record", "--trace-dir", "trace", "app.py", *words], place)
        found[how] = place
    assert (found["committed"] / "trace" / "trace.mcap").stat().st_size > 20 * PAGE
    return found


def events(text: str) -> list[dict[str, Any]]:
    """Events without what a recovered recording may say in another place: states of objects."""
    kept = ("kind", "step", "thread", "function", "line", "call")
    return [{key: event[key] for key in kept} for event in map(json.loads, text.splitlines())]


def damages(file: Path, count: int) -> Iterator[tuple[str, bytes]]:
    """Pages spread over a file: where it ends early, and where a bit is changed."""
    data = file.read_bytes()
    pages = len(data) // PAGE
    for page in sorted({1 + n * (pages - 1) // count for n in range(count)}):
        yield f"cut at page {page}", data[: page * PAGE]
        at = page * PAGE + (page * 997) % min(PAGE, len(data) - page * PAGE)
        yield f"bit of byte {at}", data[:at] + bytes([data[at] ^ 1 << page % 8]) + data[at + 1 :]


def end_of_rows(segment: bytes) -> int:
    """Where the last kilobyte of rows ends that has a checksum; 0 without rows."""
    rows, rows_at = (
        int.from_bytes(segment[at : at + size], "little") for at, size in ((64, 3), (80, 8))
    )
    return rows and rows_at + rows - rows % 1024


def ended_well(seen: Seen, what: str) -> None:
    """No command crashes: an answer, or one line with a code."""
    assert seen.status in (0, 10), (what, seen)
    if seen.status:
        [*_, last] = seen.errors.splitlines()
        assert last.startswith("recorder: ERR_TRACE_CORRUPT: "), (what, seen.errors)


def test_a_damaged_recording_is_read_up_to_the_damage_and_saved(
    recorded: dict[str, Path], tmp_path: Path
) -> None:
    whole = recorded["committed"] / "trace"
    expected = events(commanded("print", "--json", whole).output)
    saved = 0
    for what, data in damages(whole / "trace.mcap", 3):
        place = tmp_path / "trace"
        shutil.copytree(whole, place)
        (place / "trace.mcap").write_bytes(data)
        ended_well(commanded("info", place), what)
        shown = commanded("print", "--json", place)
        ended_well(shown, what)
        before = events(shown.output)
        assert before == expected[: len(before)], what
        assert (len(before) < len(expected)) == (shown.status != 0), what
        recovered = commanded("recover", "--json", place)
        if shown.status == 0:
            assert "ERR_TRACE_NOT_FOUND" in recovered.errors, what
        else:
            [kept] = json.loads(recovered.output)["recordings"]
            assert kept["cut_bytes"] > 0, what
            assert (kept["partial"], kept["reason"]) == (True, "ERR_TRACE_CORRUPT"), what
            about = json.loads(commanded("info", "--json", place).output)
            assert about["cut"]["bytes"] == kept["cut_bytes"], what
            assert about["ended"]["by"] == "exit", what
            after = events(commanded("print", "--json", place).output)
            assert len(after) == kept["events"] == about["events"], what
            assert [event for event in after if event not in expected] == [], what
            assert "left out" in commanded("info", place).output, what
            saved += 1
        shutil.rmtree(place)
    assert saved >= 3


def test_what_a_killed_process_left_is_read_up_to_the_damage_and_saved(
    recorded: dict[str, Path], tmp_path: Path
) -> None:
    [staging] = recorded["killed"].glob(".trace.*.partial")
    expected = events(commanded("print", "--json", recorded["killed"] / "trace").output)
    ends = {file: end_of_rows(file.read_bytes()) for file in (staging / "segments").glob("*.seg")}
    assert sum(end > 0 for end in ends.values()) > 3
    file, end = max(ends.items(), key=lambda entry: entry[1])
    assert end > 4 * PAGE
    (tmp_path / "rows").write_bytes(file.read_bytes()[:end])
    rest = file.read_bytes()[end:]
    told = 0
    for what, data in damages(tmp_path / "rows", 3):
        place = tmp_path / "place"
        shutil.copytree(recorded["killed"], place)
        whole = len(data) == end
        (place / file.relative_to(recorded["killed"])).write_bytes(data + rest * whole)
        before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
        shown = commanded("print", "--json", place / "trace")
        assert shown.status == 0, (what, shown.errors)
        found = events(shown.output)
        about = json.loads(commanded("info", "--json", place / "trace").output)
        assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
        assert about["events"] == len(found), what
        [kept] = json.loads(commanded("recover", "--json", place / "trace").output)["recordings"]
        cut = about["cut"] or {"bytes": 0, "segments": 0, "events": 0}
        assert cut == {
            "bytes": kept["cut_bytes"],
            "segments": kept["cut_segments"],
            "events": kept["missing_events"],
        }, what
        assert events(commanded("print", "--json", place / "trace").output) == found, what
        assert [event for event in found if event not in expected] == [], what
        if len(found) < len(expected):
            assert cut["segments"] > 0, what
            told += 1
        shutil.rmtree(place)
    assert told == 6
