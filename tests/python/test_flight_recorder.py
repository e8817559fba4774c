"""A flight recorder keeps the newest part: bounded, true, and there whatever ends the program."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support.runs import Ended, python, recorder

FLIGHT = Path(__file__).resolve().parent.parent / "bench" / "flight.py"

LOOP = """
    class Account:
        def __init__(self):
            self.total = 0
            self.last = []

        def add(self, n):
            self.total += n
            self.last.append(n)
            if len(self.last) > 3:
                self.last = self.last[1:]
            return self.total

    def numbers(n):
        for i in range(n):
            yield i * 7 % 13

    def fail(n):
        try:
            raise ValueError(n)
        except ValueError as error:
            return str(error)

    def main(n):
        account = Account()
        for i, number in enumerate(numbers(n)):
            account.add(number)
            if i % 10 == 0:
                text = fail(i)
        return account

    main(30000)
"""


def program(place: Path, source: str) -> Path:
    path = place / "app.py"
    path.write_text(textwrap.dedent(source).lstrip("\n"))
    return path


def flown(place: Path, source: str, *options: str) -> Trace:
    program(place, source)
    ended = recorder("record", "--flight-recorder", *options, "app.py", cwd=place)
    assert ended.status == 0, ended.err
    return Trace(place / "trace-out")


def told(trace: Trace, start: int) -> Iterator[object]:
    """What each event says, but for its time; of some also all names of a frame that began then."""
    for number, event in enumerate(trace.steps(start=start)):
        yield event.step, event.kind, event.function, event.line, event.depth, event.call
        if event.function in ("Account.add", "fail") and number > 100 and number % 5000 < 10:
            names = trace.values(event.step)
            yield {name: shown(value) for name, value in names.items()}


def shown(value: object) -> str:
    return re.sub(r"#\d+|0x[0-9a-f]+", "", repr(value))


def first_whole(trace: Trace) -> int:
    """The step from which on everything is there."""
    return trace.info["flight"]["dropped"]["step"] + 1


def dumped(source: str, place: Path) -> Ended:
    """Runs a program that records itself."""
    head = "import os, signal, sys, time\nimport codetracer_python_recorder as r\n"
    (place / "program.py").write_text(head + textwrap.dedent(source).lstrip("\n"))
    return python("program.py", cwd=place)


# What is kept is what an ordinary recording has, from where it begins.


def test_the_newest_part_is_as_in_a_recording_of_everything(tmp_path: Path) -> None:
    program(tmp_path, LOOP)
    whole = recorder("record", "--trace-dir", "whole", "app.py", cwd=tmp_path)
    assert whole.status == 0
    trace = flown(tmp_path, LOOP, "500K")
    start = first_whole(trace)
    expected = list(told(Trace(tmp_path / "whole"), start))
    assert 1000 < len(expected) < Trace(tmp_path / "whole").info["events"] - 1000
    assert list(told(trace, start)) == expected


def test_a_gap_says_how_much_was_dropped_where(tmp_path: Path) -> None:
    trace = flown(tmp_path, LOOP, "500K")
    flight = trace.info["flight"]
    last = first_whole(trace) - 1
    [gap] = [event for event in trace.steps() if event.kind == "gap"]
    assert gap.step == last
    assert flight["dropped_events"] == last + 1
    events = trace.info["events"]
    assert [event.step for event in trace.steps()] == list(range(last, last + events))
    ended = recorder("print", "trace-out", cwd=tmp_path)
    assert f"{flight['dropped_events']} events are missing here" in ended.out


def test_calls_that_began_before_are_there_as_opened(tmp_path: Path) -> None:
    trace = flown(tmp_path, LOOP, "500K")
    begun = [call for root in trace.calls() for call in root.walk() if call.function == "main"]
    assert [call.opened_before for call in begun] == [True]
    frames = trace.frames(first_whole(trace) + 500)
    assert [frame.function for frame in frames][:2] == ["<module>", "main"]


def test_a_short_run_is_whole(tmp_path: Path) -> None:
    trace = flown(tmp_path, "def f(n):\n    return n\nf(1)\n", "1M")
    info = trace.info
    assert info["flight"] == {
        "window": "1M",
        "reason": "exit",
        "dropped": None,
        "dropped_events": 0,
    }
    assert not info["partial"]
    assert next(event.kind for event in trace.steps()) == "call"


def test_seconds_keep_what_is_not_older(tmp_path: Path) -> None:
    source = """
        import time
        def step(n):
            return n + 1
        end = time.monotonic() + 4
        n = 0
        while time.monotonic() < end:
            for _ in range(1000):
                n = step(n)
            time.sleep(0.001)
    """
    trace = flown(tmp_path, source, "1s")
    assert trace.info["flight"]["dropped_events"] > 0
    assert 0.9e9 < trace.info["duration_ns"] < 2e9


# Bounds.


def test_twenty_seconds_of_a_busy_loop_fit_32_mib_and_end_with_the_newest_events() -> None:
    ended = subprocess.run(
        [sys.executable, str(FLIGHT), "--seconds", "20", "--no-cost"],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_code_objects_that_come_and_go_take_no_room(tmp_path: Path) -> None:
    source = """
        for i in range(30000):
            exec(f"def f{i}(a):\\n    b{i} = a + {i}\\n    return b{i}\\nf{i}(1)", {})
    """
    trace = flown(tmp_path, source, "500K")
    assert trace.info["bytes"] < 500 * 1024
    seen = 0
    begun = set()
    for event in trace.steps(start=first_whole(trace)):
        if event.kind == "call":
            begun.add(event.call)
        # Names of a frame that began before are not known.
        if event.kind == "return" and event.function != "<module>" and event.call in begun:
            seen += 1
            number = int((event.function or "")[1:])
            assert event.line == 3
            assert trace.values(event.step)[f"b{number}"] == number + 1
            if seen == 50:
                break
    assert seen == 50


def test_no_window_keeps_everything(tmp_path: Path) -> None:
    assert "flight" not in flown(tmp_path, "print(1)\n", "").info


@pytest.mark.parametrize(
    "window", ["32", "32X", "1K", "-1M", "0s", "30 s", "M", "2000G", "\N{ARABIC-INDIC DIGIT ONE}M"]
)
def test_a_bad_window_is_refused_before_the_program_runs(tmp_path: Path, window: str) -> None:
    program(tmp_path, "print('ran')\n")
    ended = recorder("record", f"--flight-recorder={window}", "app.py", cwd=tmp_path)
    assert ended.status == 2
    assert ended.out == ""
    assert "ERR_INVALID_POLICY_VALUE" in ended.err
    assert "384K" in ended.err


def test_a_signal_without_a_flight_recorder_is_refused(tmp_path: Path) -> None:
    program(tmp_path, "print('ran')\n")
    ended = recorder("record", "--dump-on", "SIGUSR2", "app.py", cwd=tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert "ERR_INVALID_POLICY_VALUE" in ended.err


# Recordings that are saved on the way.


def test_a_dump_has_everything_before_it_and_nothing_is_lost_after_it(tmp_path: Path) -> None:
    ended = dumped(
        """
        def f(n):
            return n
        session = r.start("out", flight_recorder="1M")
        for i in range(2000):
            f(i)
        print(session.dump("early", reason="a reason"))
        for i in range(2000, 4000):
            f(i)
        session.dump("late")
        session.stop()
        """,
        tmp_path,
    )
    assert ended.status == 0, ended.err
    assert ended.out.strip() == str(tmp_path / "early")
    results = {
        name: [
            trace.values(event.step)["n"]
            for event in trace.steps()
            if event.kind == "return" and event.function == "f"
        ]
        for name in ("early", "late", "out")
        for trace in [Trace(tmp_path / name)]
    }
    assert results["early"] == list(range(2000))
    assert results["late"] == results["out"] == list(range(4000))
    early = Trace(tmp_path / "early").info
    assert (early["flight"]["reason"], early["partial"], early["status"]) == (
        "a reason",
        False,
        "finished",
    )
    assert Trace(tmp_path / "late").info["flight"]["reason"] == "dump"
    ids = {Trace(tmp_path / name).info["trace_id"] for name in ("early", "late", "out")}
    assert len(ids) == 3
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["early", "late", "out", "program.py"]


def test_a_signal_saves_what_is_held_and_interrupts_nothing(tmp_path: Path) -> None:
    ended = dumped(
        """
        import ctypes, subprocess
        libc = ctypes.CDLL(None, use_errno=True)
        session = r.start("out", flight_recorder="1M", policy={"dump_on": "SIGUSR2"})
        print(signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL)
        def f(n):
            return n
        for number in (1, 2):
            f(number)
            sender = subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -USR2 {os.getpid()}"])
            print(libc.poll(None, 0, 1500), ctypes.get_errno())
            sender.wait()
        session.stop()
        print(signal.SIGUSR2 in signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)
        os.kill(os.getpid(), signal.SIGUSR2)
        """,
        tmp_path,
    )
    assert ended.out.splitlines() == ["True", "0 0", "0 0", "False"]
    assert ended.status == -signal.SIGUSR2
    for number in (1, 2):
        trace = Trace(tmp_path / f"out-sigusr2-{number}")
        assert trace.info["flight"]["reason"] == "SIGUSR2"
        calls = [call for root in trace.calls() for call in root.walk() if call.function == "f"]
        assert [call.args["n"] for call in calls] == list(range(1, number + 1))


def test_a_handler_that_the_program_installs_later_is_called(tmp_path: Path) -> None:
    ended = dumped(
        """
        session = r.start("out", flight_recorder="1M", policy={"dump_on": "SIGUSR2"})
        signal.signal(signal.SIGUSR2, lambda *_: print("handled"))
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(0.5)
        session.stop()
        os.kill(os.getpid(), signal.SIGUSR2)
        """,
        tmp_path,
    )
    assert (ended.status, ended.out) == (0, "handled\nhandled\n"), ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "program.py"]


def test_a_handler_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    ended = dumped(
        """
        signal.signal(signal.SIGUSR2, lambda *_: print("handled"))
        try:
            r.start("out", flight_recorder="1M", policy={"dump_on": "SIGUSR2"})
        except r.UsageError as error:
            print(error.code, error.context["signal"])
        os.kill(os.getpid(), signal.SIGUSR2)
        """,
        tmp_path,
    )
    assert ended.out == "ERR_SIGNAL_TAKEN SIGUSR2\nhandled\n"
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


def test_what_cannot_be_saved_is_said_and_recording_goes_on(tmp_path: Path) -> None:
    ended = dumped(
        """
        session = r.start("out", flight_recorder="1M")
        os.mkdir("taken")
        open("taken/mine", "w").close()
        for place in ("out", "taken", "none/such/place"):
            try:
                session.dump(place)
            except r.RecorderError as error:
                print(error.code)
        session.dump("good")
        session.stop()
        """,
        tmp_path,
    )
    codes = ["ERR_INVALID_ARGUMENT", "ERR_OUTPUT_FOREIGN", "ERR_NOT_FOUND"]
    assert ended.out.split() == codes, ended.err
    assert Trace(tmp_path / "good").info["events"] > 0
    assert Trace(tmp_path / "out").info["events"] > 0
    assert os.listdir(tmp_path / "taken") == ["mine"]


def test_forks_between_dumps_leave_no_thread_behind(tmp_path: Path) -> None:
    ended = dumped(
        """
        import warnings
        warnings.simplefilter("error")
        session = r.start("out", flight_recorder="1M", policy={"dump_on": "SIGUSR2"})
        def f(n):
            return n
        for i in range(30):
            for n in range(200):
                f(n)
            if i % 3 == 0:
                os.kill(os.getpid(), signal.SIGUSR2)
            if i % 5 == 0:
                session.dump(f"dump-{i}")
            if os.fork() == 0:
                os._exit(0)
            os.wait()
        session.stop()
        """,
        tmp_path,
    )
    assert (ended.status, ended.err) == (0, "")
    assert Trace(tmp_path / "dump-25").info["events"] > 1000


# What a process leaves that dies.

IDLE = """
    import ctypes, os, signal, sys, threading
    import codetracer_python_recorder as r
    session = r.start("out", flight_recorder="500K")
    go = threading.Event()
    def idle(n):
        if n:
            return idle(n - 1)
        go.wait()
        last = 41
        last += 1
        return last
    def step(n):
        return n * 7919 % 1000003
    thread = threading.Thread(target=idle, args=(5,))
    thread.start()
    n = 1
    for i in range(60000):
        n = step(n)
    go.set()
    thread.join()
    if sys.argv[1] == "dump":
        session.dump("saved")
        session.stop()
    elif sys.argv[1] == "fault":
        ctypes.string_at(0)
    else:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("end", "status", "reason"),
    [
        ("dump", 0, "dump"),
        ("fault", -signal.SIGSEGV, "SIGSEGV"),
        ("kill", -signal.SIGKILL, "killed"),
    ],
)
def test_a_thread_whose_events_were_all_dropped_goes_on(
    tmp_path: Path, end: str, status: int, reason: str
) -> None:
    program(tmp_path, IDLE)
    assert python("app.py", end, cwd=tmp_path).status == status
    place = "saved" if end == "dump" else "out"
    if end != "dump":
        ended = recorder("recover", "out", cwd=tmp_path)
        assert ended.status == 0, ended.err
    trace = Trace(tmp_path / place)
    info = trace.info
    assert info["flight"]["dropped_events"] > 100_000
    assert (info["flight"]["reason"], info["cut"]) == (reason, None)
    ends = [event for event in trace.steps() if event.function == "idle"]
    assert [event.kind for event in ends] == ["line"] * 3 + ["return"] * 6
    assert [event.depth for event in ends if event.kind == "return"] == sorted(
        (event.depth for event in ends if event.kind == "return"), reverse=True
    )


def test_threads_go_on_in_any_dump_whatever_it_lets_go(tmp_path: Path) -> None:
    program(
        tmp_path,
        """
        import threading
        import codetracer_python_recorder as r
        session = r.start("out", flight_recorder="500K")
        def idle(go):
            go.wait()
            last = 41
            last += 1
            return last
        def step(n):
            return n * 7919 % 1000003
        gates = [threading.Event() for _ in range(24)]
        threads = [threading.Thread(target=idle, args=(gate,)) for gate in gates]
        for thread in threads:
            thread.start()
        n = 1
        for i in range(30000):
            n = step(n)
        for number, (gate, thread) in enumerate(zip(gates, threads)):
            for i in range(1100):
                n = step(n)
            gate.set()
            thread.join()
            session.dump(f"dump-{number}")
        session.stop()
        """,
    )
    assert python("app.py", cwd=tmp_path).status == 0
    dumps = [Trace(tmp_path / f"dump-{number}") for number in range(24)]
    assert [dump.info["cut"] for dump in dumps] == [None] * 24
    for number, dump in enumerate(dumps):
        # Threads are numbered in the order in which they are first seen, the main one first.
        ends = [event for event in dump.steps() if event.function == "idle"]
        last = [event.kind for event in ends if event.thread == number + 1]
        assert last == ["line"] * 3 + ["return"]


def test_a_damaged_part_is_left_out_and_told(tmp_path: Path) -> None:
    program(tmp_path, IDLE)
    assert python("app.py", "kill", cwd=tmp_path).status == -signal.SIGKILL
    [staging] = tmp_path.glob(".out.*.partial")
    dropped = Trace(staging).info["flight"]["dropped_events"]
    parts = sorted((staging / "ring").iterdir())
    head, size = parts[1], parts[1].stat().st_size
    head.write_bytes(b"?" * size)
    ended = recorder("recover", "out", cwd=tmp_path)
    assert ended.status == 0, ended.err
    info = Trace(tmp_path / "out").info
    assert info["flight"]["dropped_events"] == dropped
    assert info["cut"]["bytes"] >= size
    assert info["cut"]["events"] > 1000
