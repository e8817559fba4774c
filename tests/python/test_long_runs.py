"""What the recorder remembers does not grow with what a program had and has no more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace

WORK = Path(__file__).resolve().parent.parent / "bench" / "long" / "work.py"

LEAST_KIB = 1024
"""Smaller growth is the allocator's."""


def grown(place: Path, kind: str, units: int) -> int:
    """KiB that the process grew by from half of the work to its end."""
    samples = place / "samples.json"
    record = [sys.executable, "-m", "codetracer_python_recorder", "record"]
    work = [str(WORK), str(samples), kind, str(units)]
    subprocess.run(
        [*record, "--trace-dir", str(place / "trace"), *work],
        check=True,
        capture_output=True,
    )
    rows: list[tuple[int, float, int]] = json.loads(samples.read_text())
    return rows[-1][2] - rows[len(rows) // 2][2]


@pytest.mark.parametrize(
    ("kind", "units", "bytes_each"),
    [
        ("codes", 40_000, 100),
        ("files", 40_000, 100),
    ],
)
def test_memory_does_not_grow(tmp_path: Path, kind: str, units: int, bytes_each: int) -> None:
    growth = grown(tmp_path, kind, units)
    assert growth * 1024 < LEAST_KIB * 1024 + units / 2 * bytes_each


def test_code_objects_that_are_gone_keep_their_names_in_the_recording(tmp_path: Path) -> None:
    grown(tmp_path, "codes", 20_000)
    trace = Trace(tmp_path / "trace")
    seen = 0
    for event in trace.steps():
        if event.kind == "call" and event.function.startswith("f") and event.function[1:].isdigit():
            assert event.function == f"f{seen % 1000}"
            assert event.line == 1
            seen += 1
    assert seen == 20_000


def test_the_list_of_paths_has_every_path(tmp_path: Path) -> None:
    grown(tmp_path, "files", 5_000)
    paths = json.loads((tmp_path / "trace" / "trace_paths.json").read_text())
    assert paths[0] == str(WORK)
    assert [path for path in paths if path.startswith("<cell ")] == [
        f"<cell {i}>" for i in range(5_000)
    ]
