"""What is counted of a recording: in its metadata, in ``info``, and as OpenMetrics text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support import faults
from support.runs import recorder

WORK = "def double(n):\n    return n * 2\nprint(sum(double(n) for n in range(9)))\n"

# One value for each limit, and what the counter is called.
CUT = {
    "x = 'a' * 11": "max_string",
    "x = b'a' * 11": "max_bytes",
    "x = 1 << 200": "max_bytes",
    "x = list(range(6))": "max_items",
    "x = {n: n for n in range(6)}": "max_items",
    "x = [[[[1]]]]": "max_depth",
    "x = [[1], [2], [3], [4]]": "max_objects",
}
LIMITS = ["--max-string=10", "--max-bytes=10", "--max-items=5", "--max-depth=3", "--max-objects=4"]


def counters(place: Path) -> dict[str, int]:
    found: dict[str, int] = Trace(place).info["counters"]
    return found


def cut(place: Path) -> dict[str, int]:
    found = counters(place).items()
    return {name.partition(".")[2]: n for name, n in found if n and name.startswith("truncations.")}


@pytest.mark.parametrize("line", CUT)
def test_what_a_limit_cuts_is_counted_by_limit(tmp_path: Path, line: str) -> None:
    (tmp_path / "app.py").write_text(f"def f():\n    {line}\n    return 1\nf()\n")
    # The names of the module are cut by no limit of this test.
    assert recorder("record", *LIMITS, "app.py", cwd=tmp_path).status == 0
    limited = cut(tmp_path / "trace-out")
    (tmp_path / "app.py").write_text("def f():\n    x = 1\n    return 1\nf()\n")
    assert recorder("record", *LIMITS, "app.py", cwd=tmp_path).status == 0
    usual = cut(tmp_path / "trace-out")
    more = {name: n - usual.get(name, 0) for name, n in limited.items() if n > usual.get(name, 0)}
    assert more == {CUT[line]: more[CUT[line]]}
    assert more[CUT[line]] >= 1


def test_nothing_is_counted_where_no_limit_cuts(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def f():\n    x = ['a', b'b', 3]\n    return x\nf()\n")
    ended = recorder("record", "--capture=calls", "app.py", cwd=tmp_path)
    assert (ended.status, cut(tmp_path / "trace-out")) == (0, {})
    out = recorder("info", cwd=tmp_path).out
    for label in ("cut by limits", "dropped events", "detached", "panics"):
        assert label not in out


def test_info_shows_what_need_not_have_happened(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def f():\n    x = 'a' * 2000\n    return x\nf()\n")
    assert recorder("record", "app.py", cwd=tmp_path).status == 0
    assert "\ncut by limits  2 max_string\n" in recorder("info", cwd=tmp_path).out


def test_a_recording_that_ended_early_counts_why_and_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK.replace("range(9)", "range(150_000)"))
    fault = "store.trace.write#4+=ENOSPC"
    ended = faults.record("--keep-partial-trace", "app.py", cwd=tmp_path, faults=fault)
    assert ended.status == 10
    [place] = [path for path in tmp_path.iterdir() if path.name not in ("app.py", "__pycache__")]
    counted = counters(place)
    assert counted["detached.ERR_NO_SPACE"] == 1
    info = json.loads(recorder("info", "--json", place, cwd=tmp_path).out)
    assert counted["events_recorded"] > info["events"] > 0
    out = recorder("info", place, cwd=tmp_path).out
    assert "\ndetached  " in out.replace("detached ", "detached  ", 1)
    assert "1 ERR_NO_SPACE" in out


def test_a_panic_is_counted_in_the_recording_that_it_ended(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK)
    fault = "entry:PyReturn#5=panic"
    assert faults.record("--keep-partial-trace", "app.py", cwd=tmp_path, faults=fault).status == 70
    counted = counters(tmp_path / "trace-out")
    assert (counted["detached.ERR_PANIC"], counted["panics"]) == (1, 1)
    assert not [name for name in counted if name.startswith("dropped_events")]


def test_the_drainer_s_lag_is_counted(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK.replace("range(9)", "range(150_000)"))
    slow = faults.record("app.py", cwd=tmp_path, faults="store:drainer#2=sleep:400")
    assert slow.status == 0, slow.err
    counted = counters(tmp_path / "trace-out")
    assert counted["drainer_lag_ns_peak"] >= 400_000_000
    assert counted["drainer_backlog_peak"] >= 2
    assert counted["events_recorded"] == Trace(tmp_path / "trace-out").info["events"]


def test_openmetrics_is_read_by_a_parser(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WORK + "x = 'a' * 2000\ny = x\n")
    assert recorder("record", "app.py", cwd=tmp_path).status == 0
    ended = recorder("info", "--openmetrics", cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    families = {family.name: family for family in text_string_to_metric_families(ended.out)}
    info = Trace(tmp_path / "trace-out").info
    told = {
        (sample.name, sample.labels.get("reason")): sample.value
        for family in families.values()
        for sample in family.samples
    }
    for name in ("events", "calls", "lines", "bytes"):
        assert told[f"codetracer_{name}_total", None] == info[name]
    assert told["codetracer_truncations_total", "max_string"] == 2
    assert told["codetracer_panics_total", None] == 0
    assert families["codetracer_drainer_lag_ns_peak"].type == "gauge"
    assert families["codetracer_segments"].type == "counter"
    for family in families.values():
        for sample in family.samples:
            ids = {"run_id": info["run_id"], "trace_id": info["trace_id"]}
            assert ids.items() <= sample.labels.items()
    assert recorder("info", "--json", "--openmetrics", cwd=tmp_path).status == 2
