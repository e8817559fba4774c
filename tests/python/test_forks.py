"""A forked child is recorded beside its parent; neither program nor parent's recording notice."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codetracer_python_recorder import Trace
from support.runs import Ended, python, recorder, run, without_closing

HEAD = """\
import os, signal, sys, threading, time
def work(n):
    return n * 2
def wait(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def script(place: Path, body: str) -> Path:
    path = place / "program.py"
    path.write_text(HEAD + textwrap.dedent(body).lstrip("\n"))
    return path


def both(place: Path, body: str, *options: str) -> Trace:
    """Records a program, which must look as it does unrecorded."""
    path = script(place, body)
    plain = python(*options, path, cwd=place)
    recorded = recorder("record", path, cwd=place) if not options else launched(options, path)
    assert Ended(recorded.status, recorded.out, without_closing(recorded.err)) == plain
    return Trace(place / "trace-out")


def launched(options: tuple[str, ...], path: Path) -> Ended:
    command = [sys.executable, *options, "-m", "codetracer_python_recorder", "record", path]
    return run(command, path.parent)


def calls_of(trace: Trace, function: str) -> list[object]:
    return [
        event.values["n"]
        for event in trace.steps()
        if event.kind == "call" and event.function == function
    ]


def walked(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in node["children"]:
        yield child
        yield from walked(child)


ENDINGS = {
    "os._exit": ("os._exit(7)", 7, "_exit"),
    "sys.exit": ("sys.exit(7)", 7, "exit"),
    "the end of the script": ("break", 0, "exit"),
    "an exception": ("sys.stderr = None; raise ValueError('no')", 1, "exit"),
    "os._exit in a thread": (
        "t = threading.Thread(target=os._exit, args=(7,)); t.start(); t.join(); time.sleep(9)",
        7,
        "_exit",
    ),
    "cleared exit handlers": ("import atexit; atexit._clear(); sys.exit(7)", 7, "exit"),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_a_child_has_its_own_recording_however_it_ends(tmp_path: Path, how: str) -> None:
    ending, status, by = ENDINGS[how]
    trace = both(
        tmp_path,
        f"""
        work(1)
        while True:
            child = os.fork()
            if child == 0:
                work(2)
                work(3)
                {ending}
            print(wait(child), flush=True)
            work(4)
            break
        """,
    )
    assert calls_of(trace, "work") == [1, 4]
    (child,) = trace.children
    about = child.info
    assert calls_of(child, "work") == [2, 3]
    assert about["parent_run_id"] == trace.info["run_id"] != about["run_id"]
    assert (about["began_by"], about["ended_by"]) == ("fork", by)
    assert (about["partial"], about["status"]) == (False, "finished")
    assert about["exit_status"] == status
    assert about["pid"] != trace.info["pid"]
    assert trace.info["processes"] == 2
    assert Path(about["path"]).parent == tmp_path / "trace-out" / "children"
    assert not list(tmp_path.glob(".*.partial"))


def test_a_child_states_the_frames_that_were_open_at_the_fork(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        def outer(n):
            return inner(n + 1)
        def inner(n):
            child = os.fork()
            if child == 0:
                work(n)
                os._exit(0)
            return wait(child)
        print(outer(1))
        """,
    )
    (child,) = trace.children
    first = next(child.steps())
    names = [frame.function for frame in child.frames(first.step)]
    assert names == ["<module>", "outer", "inner"]
    assert first.kind == "line"
    assert [event.step for event in child.steps()] == list(range(child.info["events"]))


def test_generations_are_a_tree_in_one_directory(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        def descend(n):
            work(n)
            if n == 3:
                os._exit(0)
            child = os.fork()
            if child == 0:
                descend(n + 1)
            wait(child)
            if n:
                os._exit(n)
        descend(0)
        descend(2)
        """,
    )
    names = [calls_of(generation, "work") for generation in generations(trace)]
    assert names == [[0, 2], [1], [2], [3], [3]]
    assert trace.info["processes"] == 5
    paths = {Path(node["path"]).parent for node in walked(trace.info)}
    assert paths == {tmp_path / "trace-out" / "children"}
    told = recorder("info", cwd=tmp_path).out
    assert "5, with those that came from this one" in told
    shown = recorder("print", cwd=tmp_path).out
    for node in walked(trace.info):
        assert f"{node['pid']} forked, exit status {node['exit_status']} by os._exit" in told
        assert f"{node['pid']} forked" in shown
    # A grandchild's line is indented below its parent's.
    lines = [line for line in shown.splitlines() if line.startswith("process ")]
    depths = [len(line.removeprefix("process ")) - len(line[8:].lstrip()) for line in lines]
    assert depths == [0, 2, 4, 0]


def generations(trace: Trace) -> Iterator[Trace]:
    yield trace
    for child in trace.children:
        yield from generations(child)


def test_a_child_of_a_session_is_recorded_and_can_stop_itself(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        import codetracer_python_recorder as r
        session = r.start("out")
        work(1)
        for ending in ("_exit", "stop", "exit"):
            child = os.fork()
            if child == 0:
                assert r.is_tracing()
                work(2)
                if ending == "_exit":
                    os._exit(0)
                if ending == "stop":
                    session.stop()
                    assert not r.is_tracing()
                sys.exit(0)
            assert wait(child) == 0
        session.stop()
        """,
    )
    ended = python(path, cwd=tmp_path)
    assert (ended.status, ended.out, ended.err) == (0, "", "")
    trace = Trace(tmp_path / "out")
    assert [child.info["ended_by"] for child in trace.children] == ["_exit", "stop", "exit"]
    assert [calls_of(child, "work") for child in trace.children] == [[2], [2], [2]]
    assert calls_of(trace, "work") == [1]


def test_a_child_in_which_nothing_is_recorded_leaves_nothing(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        import subprocess
        subprocess.run(["true"], preexec_fn=os.getpid)
        print(os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", "print(1)"]))
        """,
    )
    assert trace.info["counters"]["forks"] == 2
    assert trace.children == ()
    assert not (tmp_path / "trace-out" / "children").exists()


def test_a_killed_child_leaves_what_it_did(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        child = os.fork()
        if child == 0:
            for n in range(500):
                work(n)
            os.kill(os.getpid(), signal.SIGKILL)
        print(wait(child))
        """,
    )
    (child,) = trace.children
    assert calls_of(child, "work") == list(range(500))
    assert (child.info["status"], child.info["reason"]) == ("interrupted", "killed")
    assert "killed" in recorder("info", cwd=tmp_path).out
    # The family is repaired through its first recording, which is whole.
    done = recorder("recover", cwd=tmp_path)
    assert done.status == 0, done.err
    (child,) = Trace(tmp_path / "trace-out").children
    assert (child.info["status"], child.info["partial"]) == ("finished", True)
    assert calls_of(child, "work") == list(range(500))


def test_workers_that_a_pool_terminates_are_whole(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        import multiprocessing
        if __name__ == "__main__":
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(pool.map(work, range(40), chunksize=1))
        """,
    )
    assert sorted(n for child in trace.children for n in calls_of(child, "work")) == [*range(40)]
    # One that is done before it is terminated ends by itself.
    if any(child.info["status"] != "finished" for child in trace.children):
        assert recorder("recover", cwd=tmp_path).status == 0
    assert all(child.info["status"] == "finished" for child in Trace(trace.info["path"]).children)


def test_the_signal_that_ended_a_child_is_shown(tmp_path: Path) -> None:
    both(
        tmp_path,
        """
        child = os.fork()
        if child == 0:
            work(1)
            os.kill(os.getpid(), signal.SIGTERM)
        print(wait(child))
        """,
    )
    for command in ("info", "print"):
        assert "forked, ended by SIGTERM" in recorder(command, cwd=tmp_path).out


def test_a_child_that_outlives_its_parent_goes_on_in_the_family(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        told, tell = os.pipe()
        if os.fork() == 0:
            os.setsid()
            for number in (0, 1, 2):
                os.close(number)
            work(1)
            os.write(tell, b"!")
            while not os.path.exists("go"):
                time.sleep(0.01)
            for n in range(20_000):
                work(n)
            os.rename("go", "gone")
            os._exit(5)
        os.read(told, 1)
        """,
    )
    ended = recorder("record", path, cwd=tmp_path)
    assert ended.status == 0
    trace = Trace(tmp_path / "trace-out")
    (child,) = trace.children
    assert child.info["status"] == "running"
    assert "still running" in recorder("info", cwd=tmp_path).out
    # A family with a process that runs is not removed by the next recording.
    other = recorder("record", "-c", "x = 1", cwd=tmp_path)
    assert other.status == 0, other.err
    aside = tmp_path / f"trace-out-{trace.info['run_id']}"
    assert aside.is_dir()
    (tmp_path / "go").touch()
    settled = Trace(aside)
    deadline = time.monotonic() + 30
    while settled.children[0].info["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        settled = Trace(aside)
    (child,) = settled.children
    assert (child.info["ended_by"], child.info["exit_status"]) == ("_exit", 5)
    assert calls_of(child, "work") == [1, *range(20_000)]


def test_a_daemon_that_closes_every_descriptor_is_recorded(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        child = os.fork()
        if child == 0:
            work(1)
            os.closerange(3, 1024)
            for n in range(20_000):
                work(n)
            os._exit(0)
        print(wait(child))
        """,
    )
    (child,) = trace.children
    assert calls_of(child, "work") == [1, *range(20_000)]
    assert child.info["partial"] is False


def test_the_parent_can_be_killed_while_a_child_goes_on(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        """
        work(3)
        child = os.fork()
        if child == 0:
            parent = os.getppid()
            work(1)
            os.kill(parent, signal.SIGKILL)
            while os.getppid() == parent:
                time.sleep(0.01)
            work(2)
            open("done", "w").close()
            os._exit(0)
        wait(child)
        """,
    )
    ended = recorder("record", path, cwd=tmp_path)
    assert ended.status == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while not (tmp_path / "done").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    trace = Trace(tmp_path / "trace-out")
    while trace.children[0].info["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        trace = Trace(tmp_path / "trace-out")
    assert trace.info["status"] == "interrupted"
    (child,) = trace.children
    assert calls_of(child, "work") == [1, 2]
    assert recorder("recover", cwd=tmp_path).status == 0
    trace = Trace(tmp_path / "trace-out")
    assert trace.info["status"] == "finished"
    assert calls_of(trace, "work") == [3]
    assert [calls_of(child, "work") for child in trace.children] == [[1, 2]]


def test_a_terminal_of_its_own(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        child, terminal = os.forkpty()
        if child == 0:
            print("tty", os.isatty(1), work(1), flush=True)
            os._exit(0)
        text = b""
        while True:
            try:
                part = os.read(terminal, 100)
            except OSError:
                break
            text += part
            if not part:
                break
        print(text, wait(child))
        """,
    )
    (child,) = trace.children
    assert calls_of(child, "work") == [1]


def test_coroutines_and_threads_go_on_in_the_child(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        import warnings
        warnings.simplefilter("ignore")
        def numbers(n):
            while True:
                n = yield work(n)
        busy = threading.Thread(target=time.sleep, args=(0.3,))
        busy.start()
        going = numbers(1)
        print(next(going), flush=True)
        child = os.fork()
        if child == 0:
            print(going.send(5), flush=True)
            other = threading.Thread(target=work, args=(6,))
            other.start()
            other.join()
            sys.exit(0)
        print(wait(child), going.send(7))
        """,
    )
    (child,) = trace.children
    assert calls_of(child, "work") == [5, 6]
    assert calls_of(trace, "work") == [1, 7]
    assert child.info["threads"] == 2


AWAY = """
import functools, glob, shutil
place = glob.glob(".trace-out.*.partial")[0] + "/children"
# Nothing is recorded between the fork and these.
os.register_at_fork(after_in_child=functools.partial(shutil.rmtree, place))
"""
REPLACED = "os.register_at_fork(after_in_child=functools.partial(os.mknod, place))\n"
FORK = """
child = os.fork()
if child == 0:
    work(1)
    print("child", flush=True)
    os._exit(3)
print(wait(child))
"""


def test_a_family_that_was_removed_is_made_again(tmp_path: Path) -> None:
    ended = recorder("record", script(tmp_path, AWAY + FORK), cwd=tmp_path)
    assert (ended.status, ended.out) == (0, "child\n3\n")
    assert without_closing(ended.err) == ""
    (child,) = Trace(tmp_path / "trace-out").children
    assert calls_of(child, "work") == [1]


@pytest.mark.parametrize("policy", ["abort", "disable"])
def test_a_child_that_cannot_be_recorded_goes_on(tmp_path: Path, policy: str) -> None:
    path = script(tmp_path, AWAY + REPLACED + FORK)
    ended = recorder("record", "--on-recorder-error", policy, path, cwd=tmp_path)
    assert (ended.status, ended.out) == (0, "child\n3\n")
    first, closing = ended.err.splitlines()
    assert first.startswith("recorder: ERR_")
    assert first.endswith("[the process goes on unrecorded]")
    assert closing.startswith("recorder: recorded ")
    assert Trace(tmp_path / "trace-out").children == ()


COUNTING = """\
import os, sys, threading, time, warnings
forks, thread = int(sys.argv[1]), sys.argv[2:]
counted = []
warnings.showwarning = lambda *told, **more: counted.append(told)
def work(n):
    total = 0
    for i in range(n):
        total += i
    return total
if thread:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
for n in range(forks):
    work(n % 50 * 400)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
print(len(counted))
sys.stdout.flush()
os._exit(0)
"""
FORKS = int(os.environ.get("RECORDER_TEST_FORKS", "200"))


def counted(place: Path, *words: str) -> int:
    (place / "counting.py").write_text(COUNTING)
    command = [sys.executable, "-W", "always", "-m", "codetracer_python_recorder", "record"]
    options = ["--capture", "lines", "counting.py", str(FORKS), *words]
    ended = run([*command, *options], place, timeout=60 + FORKS / 10)
    assert ended.status == 0, ended.err
    return int(ended.out)


@pytest.mark.timeout(120 + FORKS / 5)
def test_no_fork_is_warned_about(tmp_path: Path) -> None:
    assert counted(tmp_path) == 0
    about = Trace(tmp_path / "trace-out").info
    # The thread that may not be seen was there between the forks.
    assert about["counters"]["drainer_starts"] > 2
    assert about["counters"]["forks"] == FORKS
    assert len(list((tmp_path / "trace-out" / "children").iterdir())) == FORKS


def test_a_thread_that_stays_is_warned_about(tmp_path: Path) -> None:
    assert counted(tmp_path, "thread") == FORKS


def test_forks_under_load_do_not_deadlock(tmp_path: Path) -> None:
    forks = max(100, FORKS // 20)
    path = script(
        tmp_path,
        f"""
        import warnings
        warnings.simplefilter("ignore")
        stop = False
        def load():
            while not stop:
                work([bytes(5000) for _ in range(50)] and 3)
        def fork():
            for n in range({forks // 4}):
                child = os.fork()
                if child == 0:
                    work(n)
                    os._exit(n % 7)
                assert wait(child) == n % 7
        loads = [threading.Thread(target=load) for _ in range(3)]
        forks = [threading.Thread(target=fork) for _ in range(4)]
        for thread in loads + forks:
            thread.start()
        for thread in forks:
            thread.join()
        stop = True
        for thread in loads:
            thread.join()
        print("done")
        """,
    )
    ended = run(["timeout", str(100 + forks), *launch(path)], tmp_path, timeout=120 + forks)
    assert (ended.status, ended.out) == (0, "done\n"), ended.err
    family = Trace(tmp_path / "trace-out").info["children"]
    assert len(family) == forks // 4 * 4
    assert {(node["status"], node["ended_by"]) for node in family} == {("finished", "_exit")}


def launch(path: Path) -> list[str]:
    return [sys.executable, "-m", "codetracer_python_recorder", "record", str(path)]


def test_a_recording_below_another_is_found_by_its_own_path(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        child = os.fork()
        if child == 0:
            grandchild = os.fork()
            if grandchild == 0:
                work(2)
                os._exit(0)
            wait(grandchild)
            os._exit(0)
        wait(child)
        """,
    )
    (child,) = trace.children
    assert [calls_of(below, "work") for below in Trace(child.info["path"]).children] == [[2]]


def test_the_functions_that_are_watched_are_as_they_were(tmp_path: Path) -> None:
    both(
        tmp_path,
        """
        watched = [os._exit, os.execv, os.execve, os.fork, os.forkpty]
        print(os.execve in os.supports_fd, len(os.supports_fd))
        for function in watched:
            print(function.__name__, function.__text_signature__, type(function))
            print(function is getattr(sys.modules["posix"], function.__name__), function.__self__)
            for wrong in ((1, 2, 3, 4), ()):
                try:
                    function(*wrong, no=1)
                except TypeError as error:
                    print(error)
        """,
    )
    (tmp_path / "later.py").write_text(
        "import os\nimport codetracer_python_recorder as r\n"
        "names = ['_exit', 'execv', 'execve', 'fork']\n"
        "known = {getattr(os, name): name for name in names}\n"
        "with r.trace('out'):\n"
        "    print([known.get(getattr(os, name)) for name in names])\n"
    )
    ended = python("later.py", cwd=tmp_path)
    assert ended.out == "['_exit', 'execv', 'execve', 'fork']\n", ended.err


def test_calls_are_noticed_where_the_interpreter_has_made_them_fast(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        def leave(status):
            os._exit(status)
        def run(path):
            try:
                os.execve(path, ["x"], {})
            except OSError as error:
                return error.errno
        def many(n):
            # Each child goes on with what the interpreter has learned.
            for i in range(n):
                work(i)
                run("/nonexistent")
                child = os.fork()
                if child:
                    print(wait(child), flush=True)
                    continue
                work(-i)
                for again in range(200):
                    try:
                        leave("no")
                    except TypeError:
                        pass
                leave(i)
        many(12)
        """,
    )
    assert len(trace.children) == 12
    for n, child in enumerate(trace.children):
        assert (child.info["ended_by"], child.info["exit_status"]) == ("_exit", n)
