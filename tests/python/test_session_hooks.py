"""``TraceSession.on``: what handlers are told, and that none holds or breaks the program."""

from __future__ import annotations

import json
import textwrap
import time
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support.runs import Ended, python

PRELUDE = """
import asyncio, json, os, sys, threading, time
import codetracer_python_recorder as r
from codetracer_python_recorder.lifecycle import (
    LifecycleEvent, RecorderFailed, RecordingCommitted, RecordingDetached, RecordingStarted)

ALL = (RecordingStarted, RecordingDetached, RecordingCommitted, RecorderFailed)

def say(event):
    told = event.model_dump(exclude={"path", "trace_id", "run_id", "bytes", "context"})
    told = {k: v for k, v in told.items() if not k.startswith("event_")}
    os.write(1, (type(event).__name__ + " " + json.dumps(told) + "\\n").encode())

def work(n):
    return n + 1

def attempt(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except r.RecorderError as error:
        cause = type(error.__cause__).__name__ if error.__cause__ else None
        print(json.dumps([error.code, type(error).__name__, cause]), flush=True)
    else:
        print("null", flush=True)
"""
WITHIN = 8.0
"""Seconds that a program with a handler of 1 s may take on a busy machine."""


def program(place: Path, body: str, *options: str) -> Ended:
    (place / "app.py").write_text(PRELUDE + textwrap.dedent(body))
    return python(*options, "app.py", cwd=place)


def functions(trace: Path) -> list[str | None]:
    return [call.function for root in Trace(trace).calls() for call in root.walk()]


@pytest.mark.parametrize("end", ["session.stop()", "r.stop()", "", "sys.exit(0)"])
def test_a_handler_can_send_the_saved_recording_away(tmp_path: Path, end: str) -> None:
    ended = program(
        tmp_path,
        f"""
        import shutil

        def upload(event):
            shutil.copytree(event.path, "sent")
            with open("sent.json", "w") as file:
                json.dump(event.model_dump(mode="json"), file)

        session = r.start("out")
        session.on(RecordingCommitted, upload)
        work(1)
        {end}
        """,
        "-Xdev",
        "-Werror",
    )
    assert (ended.status, ended.out, ended.err) == (0, "", "")
    told = json.loads((tmp_path / "sent.json").read_text())
    assert "work" in functions(tmp_path / "sent")
    metadata = json.loads((tmp_path / "sent/trace_metadata.json").read_text())
    for name in ("trace_id", "run_id", "events", "calls", "partial"):
        assert told[name] == metadata[name]
    assert (told["path"], told["reason"]) == (str(tmp_path / "out"), None)
    assert told["bytes"] > 0


def test_each_handler_is_told_each_moment_once(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        async def asynchronous(event):
            await asyncio.sleep(0.01)
            os.write(1, b"async\\n")

        with r.trace("out") as session:
            for kind in ALL:
                session.on(kind, say)
            session.on(RecordingCommitted, asynchronous)
            r.flush()
            session.flush()
        session.stop()
        r.stop()
        """,
    )
    started, *rest = ended.out.splitlines()
    assert started == 'RecordingStarted {"format": "native"}'
    committed, slow = sorted(rest, key=lambda line: line == "async")
    assert committed.startswith('RecordingCommitted {"partial": false, "reason": null')
    assert (slow, ended.status, ended.err) == ("async", 0, "")


def test_a_handler_registered_late_is_told_what_happened(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        session = r.start("out")
        work(1)
        session.stop()
        print("stopped", flush=True)
        for kind in ALL:
            session.on(kind, say)
        print("registered", flush=True)
        """,
    )
    names = [line.split()[0] for line in ended.out.splitlines()]
    assert names == ["stopped", "RecordingStarted", "RecordingCommitted", "registered"]
    assert (ended.status, ended.err) == (0, "")


def test_a_handler_that_fails_is_raised_when_all_is_done(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        def fails(event):
            raise KeyError("upload")

        session = r.start("out")
        session.on(RecordingCommitted, fails)
        session.on(RecordingCommitted, say)
        attempt(session.stop)
        attempt(session.stop)
        print(r.is_tracing())

        session = r.start("second")
        attempt(session.on, RecordingStarted, fails)
        print(r.is_tracing())
        attempt(session.stop)
        """,
    )
    committed, *rest = ended.out.splitlines()
    assert committed.startswith("RecordingCommitted")
    error = '["ERR_HOOK_FAILED", "TargetError", "KeyError"]'
    assert rest == [error, "null", "False", error, "True", "null"]
    assert (ended.status, ended.err) == (0, "")
    assert Trace(tmp_path / "out").calls()
    assert Trace(tmp_path / "second").calls()


def test_under_disable_a_handler_that_fails_is_one_warning(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        session = r.start("out", policy={"on_recorder_error": "disable"})
        session.on(RecordingCommitted, lambda event: 1 / 0)
        session.stop()
        print("goes on")
        """,
    )
    assert (ended.status, ended.out) == (0, "goes on\n")
    [line] = ended.err.splitlines()
    assert line.startswith("recorder: ERR_HOOK_FAILED: a handler raised ZeroDivisionError")
    assert line.endswith("[the program goes on]")


def test_the_exception_of_a_block_passes_before_a_handlers(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        try:
            with r.trace("out") as session:
                session.on(RecordingCommitted, lambda event: 1 / 0)
                raise KeyError("mine")
        except KeyError as error:
            print(repr(error), error.__context__)
        """,
    )
    assert (ended.status, ended.out) == (0, "KeyError('mine') None\n")
    assert ended.err.count("\n") == ended.err.count("ERR_HOOK_FAILED") == 1


@pytest.mark.parametrize("end", ["attempt(session.stop)", ""])
@pytest.mark.parametrize(
    "handler",
    [
        "def hang(event): time.sleep(1e6)",
        "def hang(event): threading.Event().wait()",
        "async def hang(event): await asyncio.sleep(1e6)",
        "async def hang(event): time.sleep(1e6)",
        textwrap.dedent("""
        async def hang(event):
            while True:
                try:
                    await asyncio.sleep(1e6)
                finally:
                    continue
        """),
        "async def hang(event): asyncio.create_task(asyncio.sleep(1e6)); await asyncio.sleep(1e6)",
    ],
    ids=["sleeps", "waits", "async", "blocks the loop", "swallows cancellation", "leaves tasks"],
)
def test_a_handler_that_hangs_does_not_hold_the_program(
    tmp_path: Path, handler: str, end: str
) -> None:
    began = time.monotonic()
    ended = program(
        tmp_path,
        handler
        + textwrap.dedent(f"""
        session = r.start("out")
        session.on(RecordingCommitted, hang, timeout=1)
        session.on(RecordingCommitted, say)
        {end}
        print("end")
        """),
    )
    assert time.monotonic() - began < WITHIN
    assert ended.status == 0
    if end:
        assert '["ERR_HOOK_TIMEOUT", "TargetError", null]\nend\n' in ended.out
        assert ended.err == ""
    else:
        assert ended.err.count("\n") == ended.err.count("ERR_HOOK_TIMEOUT") == 1
    assert ended.out.count("RecordingCommitted") == 1
    assert Trace(tmp_path / "out").calls()


@pytest.mark.parametrize("leave", ["sys.exit(5)", "raise KeyboardInterrupt"])
@pytest.mark.parametrize("word", ["", "async "])
def test_a_handler_cannot_end_the_program(tmp_path: Path, leave: str, word: str) -> None:
    ended = program(
        tmp_path,
        f"""
        {word}def leaves(event):
            {leave}

        session = r.start("out")
        session.on(RecordingCommitted, leaves)
        session.on(RecordingCommitted, say)
        attempt(session.stop)
        print("end")
        """,
    )
    assert (ended.status, ended.err) == (0, "")
    told, error, end = ended.out.splitlines()
    assert told.startswith("RecordingCommitted")
    assert json.loads(error)[:2] == ["ERR_HOOK_FAILED", "TargetError"]
    assert end == "end"


def test_the_program_may_end_while_handlers_run(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = program(
        tmp_path,
        """
        def slow(event):
            os.write(1, b"begins\\n")
            going.set()
            time.sleep(1e6)

        going = threading.Event()
        session = r.start("out")
        session.on(RecordingCommitted, slow, timeout=1e6)
        threading.Thread(target=session.stop, daemon=True).start()
        going.wait()
        sys.exit(3)
        """,
    )
    assert (ended.status, ended.out, ended.err) == (3, "begins\n", "")
    assert time.monotonic() - began < WITHIN


def test_what_the_program_takes_away_is_told(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        def free():
            for number in range(6):
                if sys.monitoring.get_tool(number):
                    sys.monitoring.free_tool_id(number)

        for policy in ({}, {"on_recorder_error": "disable"}, {"keep_partial_trace": True}):
            session = r.start("out", policy=policy)
            for kind in ALL[1:]:
                session.on(kind, say)
            work(1)
            free()
            attempt(session.stop)
        """,
    )
    lines = ended.out.splitlines()
    failed = 'RecorderFailed {"stage": "commit", "code": "ERR_TOOL_ID_TAKEN", "kind": "Target"'
    assert [line.split()[0] for line in lines] == [
        "RecorderFailed",
        '["ERR_TOOL_ID_TAKEN",',
        "RecorderFailed",
        "null",
        *sorted(["RecorderFailed", "RecordingCommitted"], key=lines[4:6].__str__().find),
        '["ERR_TOOL_ID_TAKEN",',
    ]
    assert sum(line.startswith(failed) for line in lines) == 3
    kept = 'RecordingCommitted {"partial": true, "reason": "ERR_TOOL_ID_TAKEN"'
    assert sum(line.startswith(kept) for line in lines) == 1
    assert ended.status == 0


def test_a_disk_that_takes_no_more_detaches_and_is_told_at_the_next_safe_point(
    tmp_path: Path,
) -> None:
    ended = program(
        tmp_path,
        """
        import resource

        session = r.start("out")
        for kind in ALL[1:]:
            session.on(kind, say)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        deadline = time.monotonic() + 30
        while r.is_tracing() and time.monotonic() < deadline:
            for n in range(20_000):
                work(n)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        print("detached", r.is_tracing(), flush=True)
        attempt(r.flush)
        attempt(session.stop)
        """,
    )
    first, *told, raised, stopped = ended.out.splitlines()
    assert first == "detached False"
    detached, failed = sorted(told, key=lambda line: line.startswith("RecorderFailed"))
    code = json.loads(raised)[0]
    assert detached == f'RecordingDetached {{"code": "{code}"}}'
    assert failed.startswith(f'RecorderFailed {{"stage": "running", "code": "{code}"')
    assert stopped == "null"
    assert ended.status == 0


def test_a_commit_that_fails_is_told_and_raised(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        session = r.start("out")
        for kind in ALL[1:]:
            session.on(kind, say)
        session.on(RecorderFailed, lambda event: 1 / 0)
        os.mkdir("out")
        open("out/mine", "w").close()
        attempt(session.stop)
        """,
    )
    told, raised = ended.out.splitlines()
    code = json.loads(raised)[0]
    assert told.startswith(f'RecorderFailed {{"stage": "commit", "code": "{code}"')
    assert code.startswith("ERR_OUTPUT_")
    assert ended.err.count("\n") == ended.err.count("ERR_HOOK_FAILED") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_start_that_fails_is_told_under_disable(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        for number in range(6):
            sys.monitoring.use_tool_id(number, "other")
        session = r.start("out", policy={"on_recorder_error": "disable"})
        for kind in ALL:
            session.on(kind, say)
        """,
    )
    [line] = ended.out.splitlines()
    assert line.startswith('RecorderFailed {"stage": "start", "code": "ERR_TOOL_ID_UNAVAILABLE"')
    assert (ended.status, ended.err.count("\n")) == (0, 1)


def test_handlers_are_not_recorded_and_what_they_ran_first_is_later(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        def only_there(event):
            work(1)
            try:
                helper()
            except ValueError:
                pass

        async def there_too(event):
            work(2)

        def helper():
            raise ValueError

        def generate():
            yield 1

        def main():
            list(generate())
            work(3)
            try:
                helper()
            except ValueError:
                pass

        with r.trace("out", policy={"all": True}) as session:
            session.on(RecordingStarted, only_there)
            session.on(RecordingStarted, there_too)
            session.on(RecordingStarted, lambda event: list(generate()))
            main()
        """,
    )
    assert (ended.status, ended.err) == (0, "")
    trace = Trace(tmp_path / "out")
    calls = [call for root in trace.calls() for call in root.walk()]
    own = [call for call in calls if call.file and call.file.endswith("app.py")]
    assert [c.function for c in own] == ["<module>", "main", "generate", "work", "helper"]
    assert [c.args for c in own if c.function == "work"] == [{"n": 3}]
    assert {call.thread for call in calls} == {calls[0].thread}
    assert not [c for c in calls if c.file and "asyncio" in c.file and "run_forever" in c.function]


def test_threads_run_on_while_handlers_do(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        done = threading.Event()
        counts = [0] * 4

        def busy(at):
            while not done.is_set():
                counts[at] = work(counts[at])
                time.sleep(0.005)

        threads = [threading.Thread(target=busy, args=(at,)) for at in range(4)]
        session = r.start("out", policy={"capture": "calls"})
        def sees(event):
            before = list(counts)
            time.sleep(0.5)
            print(all(now > then for now, then in zip(counts, before)), threading.active_count())
        session.on(RecordingCommitted, sees)
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        alive = threading.active_count()
        session.stop()
        done.set()
        for thread in threads:
            thread.join()
        print(alive, threading.enumerate() == [threading.main_thread()])
        """,
    )
    assert (ended.status, ended.out, ended.err) == (0, "True 5\n5 True\n", "")
    recorded = functions(tmp_path / "out")
    assert recorded.count("busy") == 4
    assert "sees" not in recorded


def test_a_forked_child_calls_no_handler(tmp_path: Path) -> None:
    ended = program(
        tmp_path,
        """
        session = r.start("out")
        session.on(RecordingCommitted, lambda event: os.write(1, b"told\\n"))
        if os.fork() == 0:
            session.stop()
            sys.exit(0)
        os.wait()
        """,
        "-Werror",
    )
    assert (ended.status, ended.out, ended.err) == (0, "told\n", "")


def test_ctrl_c_ends_the_wait_for_a_handler(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = program(
        tmp_path,
        """
        import signal

        def hang(event):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1e6)

        session = r.start("out")
        session.on(RecordingCommitted, hang, timeout=1e6)
        try:
            session.stop()
        except KeyboardInterrupt:
            print("interrupted", r.is_tracing())
        """,
    )
    assert (ended.status, ended.out, ended.err) == (0, "interrupted False\n", "")
    assert time.monotonic() - began < WITHIN


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("int, say", "TypeError"),
        ("LifecycleEvent, say", "TypeError"),
        ("'RecordingCommitted', say", "TypeError"),
        ("RecordingCommitted, None", "TypeError"),
        ("RecordingCommitted, say, timeout='1'", "TypeError"),
        ("RecordingCommitted, say, timeout=True", "TypeError"),
        ("RecordingCommitted, say, timeout=0", "ValueError"),
        ("RecordingCommitted, say, timeout=float('nan')", "ValueError"),
        ("RecordingCommitted, say, timeout=float('inf')", "ValueError"),
    ],
)
def test_a_mistake_is_a_coded_error(tmp_path: Path, arguments: str, kind: str) -> None:
    ended = program(
        tmp_path,
        f"""
        session = r.start("out")
        try:
            session.on({arguments})
        except {kind} as error:
            print(error.code, type(error).__name__)
        session.stop()
        """,
    )
    assert (ended.out, ended.err) == ("ERR_INVALID_ARGUMENT UsageError\n", "")


def test_without_handlers_nothing_of_the_event_bus_is_imported(tmp_path: Path) -> None:
    code = """
import sys
import codetracer_python_recorder as r
with r.trace("out") as session:
    r.flush()
names = {name.partition(".")[0] for name in sys.modules}
print(sorted(names & {"asyncio", "pydantic", "pydantic_core"}))
print(sorted(n for n in sys.modules if n.startswith("codetracer_python_recorder.")))
"""
    ended = python("-c", code, cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    nothing, own = ended.out.splitlines()
    assert nothing == "[]"
    assert not {"_hooks", "lifecycle", "events"} & {
        name.rpartition(".")[2] for name in json.loads(own.replace("'", '"'))
    }


def test_without_pydantic_the_error_says_what_to_type(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["pydantic"] = None
import codetracer_python_recorder as r
def attempt(function):
    try:
        function()
    except r.UsageError as error:
        print(error.code, "pip install 'codetracer-python-recorder[events]'" in error.message)
def load():
    import codetracer_python_recorder.lifecycle
attempt(load)
session = r.start("out")
attempt(lambda: session.on("RecordingCommitted", print))
session.stop()
"""
    ended = python("-c", code, cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "ERR_MISSING_EXTRA True\n" * 2
    assert Trace(tmp_path / "out").calls()
