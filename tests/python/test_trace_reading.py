"""``Trace``: calls as a tree, events, values at a step, exceptions."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from codetracer_python_recorder import Call, EnvironmentError, Trace, UsageError, Value
from codetracer_python_recorder._values import UNBOUND
from support.runs import clean_environment, recorder

Record = Callable[..., Trace]


def tree(call: Call) -> Any:
    """Function and children, nested."""
    return [call.function, *map(tree, call.children)]


def test_calls_are_a_tree_with_arguments_and_results(record: Record) -> None:
    trace = record(
        """
        def outer(a, *rest, key=None):
            inner(a + 1)
            return [inner(n) for n in rest]

        def inner(n):
            return n * n

        outer(1, 2, 3, key="k")
        """
    )
    [module] = trace.calls()
    assert tree(module) == ["<module>", ["outer", ["inner"], ["inner"], ["inner"]]]
    [outer] = module.children
    assert (outer.args["a"], outer.args["key"]) == (1, "k")
    assert outer.args["rest"].items == [2, 3]
    assert isinstance(outer.result, Value)
    assert (outer.result.type, outer.result.items, outer.result.len) == ("list", [4, 9], 2)
    assert [(call.args, call.result) for call in outer.children] == [
        ({"n": 2}, 4),
        ({"n": 2}, 4),
        ({"n": 3}, 9),
    ]
    assert outer.file == str(Path(trace.info["path"]).parent / "app.py")
    assert (outer.line, outer.depth, outer.thread, outer.task) == (1, 1, 0, None)
    assert module.first_step == 0
    assert module.last_step == trace.info["events"] - 1
    assert (outer.returned, outer.exception, outer.opened_before) == (True, None, False)
    assert [call.function for call in module.walk()] == ["<module>", "outer", *["inner"] * 3]
    assert outer.children[0] == outer.children[0] != outer.children[1]


def test_events_come_in_order_and_agree_with_print(record: Record, tmp_path: Path) -> None:
    trace = record("def f(x):\n    y = x + 1\n    return y\nf(1)\nf(2)\n")
    events = list(trace.steps())
    printed = recorder("print", "--json", cwd=tmp_path).out.splitlines()
    assert [event.source for event in events] == [json.loads(line) for line in printed]
    assert [event.step for event in events] == list(range(trace.info["events"]))
    in_f = [(e.kind, e.line, e.after, e.values) for e in events if e.function == "f"][:4]
    assert in_f == [
        ("call", 1, None, {"x": 1}),
        ("line", 2, None, {}),
        ("line", 3, 2, {"y": 2}),
        ("return", 3, 3, {"return": 2}),
    ]
    assert [event.step for event in trace.steps(start=5)] == [e.step for e in events[5:]]
    assert all(a.ns <= b.ns for a, b in pairwise(events))
    found = trace.event(4)
    assert found is not None
    assert found.source == events[4].source
    assert trace.event(10**6) is None


def test_a_page_may_begin_anywhere(record: Record) -> None:
    trace = record(
        """
        def f(n, shared):
            return n
        shared = {"a": [1, 2]}
        for n in range(3000):
            f(n, shared)
        """,
    )
    whole = {e.step: e for e in trace.steps()}
    for start in (1, 777, 6001, len(whole) - 1):
        event = next(trace.steps(start=start))
        assert event.step == start
        assert event.values.keys() == whole[start].values.keys()
    call = next(e for e in trace.steps(start=3000) if e.kind == "call")
    assert call.values["shared"].entries[0][1].items == [1, 2]
    assert [e.values["n"] for e in trace.steps() if e.kind == "call" and e.call] == [*range(3000)]


def test_a_tree_too_large_for_one_page_is_the_same_tree(record: Record) -> None:
    trace = record(
        """
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        def leaf(n):
            return n
        def many():
            for n in range(3000):
                leaf(n)
        fib(14)
        many()
        """,
        "--capture",
        "values",
    )

    def check(call: Call, n: int) -> int:
        assert (call.function, call.args) == ("fib", {"n": n})
        if n < 2:
            assert (call.children, call.result) == ((), n)
            return 1
        first, second = call.children
        return 1 + check(first, n - 1) + check(second, n - 2)

    fib, many = trace.calls()[0].children
    assert check(fib, 14) == 1219
    assert [call.result for call in many.children] == [*range(3000)]
    assert sum(1 for _ in trace.calls()[0].walk()) == trace.info["calls"]


DAMAGED = ("ERR_TRACE_CORRUPT", "ERR_NOT_A_TRACE", "ERR_TRACE_VERSION")
SCALARS = {
    "none": "None",
    "true": "True",
    "small": "-5",
    "large": "2**53 + 1",
    "huge": "-(2**200)",
    "half": "0.5",
    "minus_zero": "-0.0",
    "infinite": "1e999",
    "complicated": "complex(1.5, -2)",
    "text": "'tëxt\\n\\x00 \\U0001f600'",
    "surrogate": "'a\\ud800b'",
    "raw": 'b"\\x00\'\\xff"',
    "dots": "...",
    "refused": "NotImplemented",
}


def test_scalars_are_themselves(record: Record) -> None:
    trace = record("\n".join(f"{name} = {text}" for name, text in SCALARS.items()) + "\nend = 1\n")
    found = trace.values(trace.info["events"] - 1)
    for name, text in SCALARS.items():
        expected = eval(text)
        assert type(found[name]) is type(expected)
        assert found[name] == expected
        assert repr(found[name]) == repr(expected)
    record("nan = float('nan')\n")
    last = Trace(Path(trace.info["path"])).info["events"] - 1
    assert math.isnan(Trace(Path(trace.info["path"])).values(last)["nan"])


def test_what_a_limit_cut_says_so(record: Record) -> None:
    trace = record("s = 'ab' * 5000\nb = b'x' * 5000\nl = list(range(500))\nend = 1\n")
    found = trace.values(trace.info["events"] - 1)
    assert (found["s"].cut, found["s"].len, found["s"].text) == (True, 10000, "ab" * 512)
    assert (found["b"].cut, found["b"].len, found["b"].text) == (True, 5000, b"x" * 256)
    assert (found["l"].cut, found["l"].len, found["l"].items) == (True, 500, [*range(64)])
    assert repr(found["s"]).endswith("...>")


def test_objects_keep_identity_sharing_and_cycles(record: Record) -> None:
    trace = record(
        """
        class Point:
            def __init__(self, x):
                self.x = x
        shared = [1]
        pair = (shared, shared)
        loop = {"self": None}; loop["self"] = loop
        point = Point(shared)
        end = 1
        """
    )
    found = trace.values(trace.info["events"] - 1)
    first, second = found["pair"].items
    assert first is second is found["shared"]
    assert found["point"].type == "Point"
    assert found["point"].module == "__main__"
    assert found["point"].attrs["x"] is found["shared"]
    [(key, inner)] = found["loop"].entries
    assert key == "self"
    assert inner is found["loop"]
    assert repr(found["loop"]) == f"<dict {inner.id}: 'self': <dict {inner.id}: ...>>"


def test_values_at_a_step_are_those_of_that_moment(record: Record) -> None:
    trace = record(
        """
        def f(items):
            total = 0
            for item in items:
                total += item
            del item
            return total
        f([1, 2, 3])
        """
    )
    lines = [event for event in trace.steps() if event.function == "f" and event.line == 4]
    assert [trace.values(event.step)["total"] for event in lines if event.kind == "line"] == [
        0,
        1,
        3,
    ]
    last = next(e for e in trace.steps() if e.function == "f" and e.kind == "return")
    assert trace.values(last.step).keys() == {"items", "total"}
    assert trace.values(last.step)["items"].items == [1, 2, 3]
    deleted = next(e for e in trace.steps() if e.values.get("item") is UNBOUND)
    assert deleted.after == 5
    with pytest.raises(UsageError, match="no step 1000000") as caught:
        trace.values(1000000)
    assert caught.value.code == "ERR_INVALID_ARGUMENT"


def test_exceptions_have_their_place_and_message(record: Record) -> None:
    trace = record(
        """
        def deep():
            raise ValueError("no", 3)
        def middle():
            try:
                deep()
            except ValueError as error:
                raise KeyError("worse") from error
        try:
            middle()
        except KeyError:
            pass
        """
    )
    first, second = trace.exceptions()
    assert (first.function, first.line, first.origin) == ("deep", 2, True)
    assert first.exception is not None
    assert (first.exception.type, first.exception.module) == ("ValueError", None)
    assert first.exception.message == "('no', 3)"
    assert [entry.function for entry in first.exception.traceback][-1] == "deep"
    assert second.exception is not None
    assert (second.function, second.exception.type) == ("middle", "KeyError")
    middle = next(call for call in trace.calls()[0].walk() if call.function == "middle")
    assert not middle.returned
    assert middle.exception is not None
    assert middle.exception.message == second.exception.message
    assert trace.info["exceptions"] == 2


def test_threads_have_names_and_their_own_calls(record: Record) -> None:
    trace = record(
        """
        import threading
        def work(n):
            return n
        threads = [threading.Thread(target=work, args=(n,), name=f"w{n}") for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        """
    )
    assert sorted(trace.threads.values()) == ["MainThread", "w0", "w1", "w2"]
    number = next(number for number, name in trace.threads.items() if name == "w1")
    [call] = [call for root in trace.calls(number) for call in root.walk()]
    assert (call.function, call.args, call.thread) == ("work", {"n": 1}, number)
    assert {event.thread for event in trace.steps(number)} == {number}
    assert len(trace.calls()) == 4


def test_generators_and_tasks_are_one_call_each(record: Record) -> None:
    trace = record(
        """
        import asyncio
        def numbers():
            yield from range(3)
        async def work(n):
            await asyncio.sleep(0)
            return n
        async def main():
            return await asyncio.gather(*(asyncio.create_task(work(n)) for n in range(2)))
        print(list(numbers()), asyncio.run(main()))
        """
    )
    calls = [call for root in trace.calls() for call in root.walk()]
    assert [c.function for c in calls].count("numbers") == 1
    workers = [call for call in calls if call.function == "work"]
    assert [call.result for call in workers] == [0, 1]
    assert len({call.task for call in workers}) == 2
    assert {event.kind for event in trace.steps()} >= {"yield", "resume"}


def test_a_recording_that_was_cut_off_is_read_in_place(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os, signal\ndef f(n):\n    return n\n"
        "for n in range(100):\n    f(n)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = recorder("record", "app.py", cwd=tmp_path)
    assert ended.status == -signal.SIGKILL
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    trace = Trace(tmp_path / "trace-out")
    assert (trace.info["partial"], trace.info["reason"]) == (True, "killed")
    [module] = trace.calls()
    assert module.last_step is None
    assert [call.result for call in module.children] == [*range(100)]
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_a_recording_is_read_while_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import sys\ndef f(n):\n    return n\nf(1)\nf(2)\n"
        "print('now', flush=True)\nsys.stdin.read()\n"
    )
    command = [sys.executable, "-m", "codetracer_python_recorder", "record", "app.py"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        trace = Trace(tmp_path / "trace-out")
        assert trace.info["reason"] == "running"
        assert [call.result for call in trace.calls()[0].children] == [1, 2]
        assert recorder("recover", cwd=tmp_path).err.startswith("recorder: ERR_TRACE_RUNNING: ")
        process.communicate(b"")
    assert not Trace(tmp_path / "trace-out").info["partial"]


@pytest.mark.parametrize("length", [0, 1, 8, 100, 0.3, 0.6, 0.9, -1])
def test_a_truncated_file_is_an_error_and_never_a_crash(record: Record, length: float) -> None:
    trace = record("def f(n):\n    return n\nfor n in range(2000):\n    f(n)\n")
    file = Path(trace.info["path"]) / "trace.mcap"
    size = file.stat().st_size
    os.truncate(file, int(size * length) if 0 < length < 1 else int(length) % size)
    with pytest.raises((EnvironmentError, UsageError)) as caught:
        _read_all(Path(trace.info["path"]))
    assert caught.value.code in DAMAGED


def test_changed_bytes_are_an_error_or_the_same_recording(record: Record, tmp_path: Path) -> None:
    trace = record("def f(n):\n    return [n]\nfor n in range(200):\n    f(n)\n")
    path = Path(trace.info["path"])
    content = (path / "trace.mcap").read_bytes()
    expected = _read_all(path)
    copy = tmp_path / "copy"
    shutil.copytree(path, copy)
    for at in range(0, len(content), max(1, len(content) // 150)):
        changed = bytearray(content)
        changed[at] ^= 0x55
        (copy / "trace.mcap").write_bytes(changed)
        assert _read_or_code(copy) in (expected, *DAMAGED), at


def test_a_source_outside_the_recording_is_never_shown(record: Record, tmp_path: Path) -> None:
    trace = record("x = 1\ny = 2\n")
    (tmp_path / "secret.txt").write_text("top secret\ntop secret\n")
    path = Path(trace.info["path"])
    metadata = json.loads((path / "trace_metadata.json").read_text())
    [name] = metadata["sources"]
    copy = path / metadata["sources"][name]["file"]
    shown = recorder("print", "--lines", cwd=tmp_path).out
    assert "y = 2" in shown
    copy.unlink()
    copy.symlink_to(tmp_path / "secret.txt")
    assert "secret" not in recorder("print", "--lines", cwd=tmp_path).out
    metadata["sources"][name]["file"] = "../secret.txt"
    (path / "trace_metadata.json").write_text(json.dumps(metadata))
    assert "secret" not in recorder("print", "--lines", cwd=tmp_path).out
    copy.unlink()
    os.mkfifo(copy)
    assert recorder("print", "--lines", cwd=tmp_path).status == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda trace: trace.values("1"),
        lambda trace: trace.values(-1),
        lambda trace: trace.values(2**64),
        lambda trace: trace.event(True),
        lambda trace: trace.calls(2**32),
        lambda trace: trace.steps("main"),
    ],
)
def test_a_wrong_number_is_a_coded_error(record: Record, call: Callable[[Trace], object]) -> None:
    trace = record("x = 1\n")
    with pytest.raises(UsageError) as caught:
        call(trace)
    assert caught.value.code == "ERR_INVALID_ARGUMENT"


def _read_or_code(path: Path) -> list[dict[str, Any]] | str | None:
    try:
        return _read_all(path)
    except (EnvironmentError, UsageError) as error:
        return error.code


def _read_all(path: Path) -> list[dict[str, Any]]:
    trace = Trace(path)
    events = [event.source for event in trace.steps()]
    for root in trace.calls():
        for call in root.walk():
            assert call.function
    trace.values(events[-1]["step"])
    return events
