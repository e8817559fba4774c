"""Under ``--follow`` what a program starts is recorded as well, and looks as it does unrecorded."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codetracer_python_recorder import Trace
from e2e.plain_and_recorded import RECORDER, plain, run, told_apart, without_summary

HEAD = """\
import os, subprocess, sys
def work(n):
    return n * 2
def child(n, then=""):
    return [sys.executable, "-c", f"def work(n): return n\\nwork({n})\\n" + then]
"""


def write(place: Path, body: str) -> Path:
    path = place / "program.py"
    path.write_text(HEAD + textwrap.dedent(body).lstrip("\n"))
    return path


def both(place: Path, body: str, *options: str) -> Trace:
    path = write(place, body)
    expected = plain([path], place)
    command = [*RECORDER, "record", "--trace-dir", place / "trace", *options, path]
    actual = without_summary(run(command, place))
    assert not told_apart(expected, actual), told_apart(expected, actual)
    return Trace(place / "trace")


def calls_of(trace: Trace) -> list[object]:
    return [e.values["n"] for e in trace.steps() if e.kind == "call" and e.function == "work"]


def family(trace: Trace) -> Iterator[Trace]:
    for child in trace.children:
        yield child
        yield from family(child)


def followed(trace: Trace) -> list[tuple[str, list[object]]]:
    """How each process that worked came to be recorded, and its work."""
    members = [(member.info["began_by"], calls_of(member)) for member in family(trace)]
    return sorted(member for member in members if member[1])


STARTS = {
    "inherited": "subprocess.run(child(1), check=True)",
    "a copy of the environment": "subprocess.run(child(1), env=dict(os.environ), check=True)",
    "os.environ itself": "subprocess.run(child(1), env=os.environ, check=True)",
    "a changed environment": "subprocess.run(child(1), env={**os.environ, 'A': 'b'}, check=True)",
    "a shell": "subprocess.run(' '.join(map(repr, child(1)[:1])) + ' own.py', shell=True)",
    "os.system": "os.system(sys.executable + ' own.py')",
    "preexec_fn": "subprocess.run(child(1), preexec_fn=os.getpid, check=True)",
    "posix_spawn": "os.waitpid(os.posix_spawn(sys.executable, child(1), os.environ), 0)",
    "posix_spawnp": "os.waitpid(os.posix_spawnp(sys.executable, child(1), {**os.environ}), 0)",
    "spawnv": "os.spawnv(os.P_WAIT, sys.executable, child(1))",
    "spawnve": "os.spawnve(os.P_WAIT, sys.executable, child(1), os.environ)",
}


@pytest.mark.parametrize("how", STARTS)
def test_every_way_to_start_an_interpreter_is_followed(tmp_path: Path, how: str) -> None:
    (tmp_path / "own.py").write_text("def work(n): return n\nwork(1)\n")
    trace = both(tmp_path, f"work(0)\n{STARTS[how]}\n", "--follow")
    assert calls_of(trace) == [0]
    assert followed(trace) == [("follow", [1])]
    (child,) = [member for member in family(trace) if calls_of(member)]
    about = child.info
    assert about["parent_run_id"] == trace.info["run_id"]
    assert (about["status"], about["ended_by"], about["exit_status"]) == ("finished", "exit", 0)
    assert Path(about["path"]).parent == tmp_path / "trace" / "children"


@pytest.mark.parametrize("how", STARTS)
def test_without_it_none_is(tmp_path: Path, how: str) -> None:
    (tmp_path / "own.py").write_text("def work(n): return n\nwork(1)\n")
    assert list(family(both(tmp_path, f"work(0)\n{STARTS[how]}\n"))) == []


def test_what_followed_processes_start_is_followed(tmp_path: Path) -> None:
    (tmp_path / "next.py").write_text(
        "import subprocess, sys\n"
        "def work(n): return n\n"
        "n = int(sys.argv[1])\n"
        "work(n)\n"
        "if n < 3:\n"
        "    subprocess.run([sys.executable, __file__, str(n + 1)], check=True)\n"
    )
    trace = both(tmp_path, "subprocess.run([sys.executable, 'next.py', '1'])\n", "--follow")
    depth = trace
    for n in (1, 2, 3):
        (depth,) = depth.children
        assert calls_of(depth) == [n]
    assert depth.children == ()


def test_the_program_cannot_tell(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        import posix
        shown = sorted(os.environ), sorted(posix.environ), len(os.environb)
        print(hash(str(shown)) == hash(str(shown)), [n for n in os.environ if "CODETRACER" in n])
        print([n for n in posix.environ if b"CODETRACER" in n])
        print("_posixsubprocess" in sys.modules)
        own = {"A": "b", "PATH": os.environ["PATH"]}
        given = dict(own)
        subprocess.run(child(1, "import os; print([n for n in os.environ if 'TRACER' in n])"),
                       env=given)
        print(given == own)
        print(subprocess.run(child(2, "raise SystemExit(5)")).returncode)
        try:
            os.execve("/nowhere/python", ["python"], os.environ)
        except FileNotFoundError as error:
            print(error)
        try:
            os.posix_spawn(sys.executable, child(1), {"A": 5})
        except TypeError as error:
            print(error)
        """,
        "--follow",
    )
    assert followed(trace) == [("follow", [1]), ("follow", [2])]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("pool", ["Pool", "ProcessPoolExecutor"])
def test_workers_are_followed(tmp_path: Path, method: str, pool: str) -> None:
    trace = both(
        tmp_path,
        f"""
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            if "{pool}" == "Pool":
                with context.Pool(2) as pool:
                    print(pool.map(work, range(10)))
                    pool.close()
                    pool.join()
            else:
                with ProcessPoolExecutor(2, mp_context=context) as executor:
                    print(list(executor.map(work, range(10))))
        """,
        "--follow",
    )
    work = [n for member in family(trace) for n in calls_of(member)]
    assert sorted(work, key=str) == list(range(10))
    workers = [member.info for member in family(trace) if calls_of(member)]
    assert {about["began_by"] for about in workers} == {"follow" if method == "spawn" else "fork"}
    assert all(about["partial"] is False for about in workers)


def test_forked_workers_need_no_switch(tmp_path: Path) -> None:
    trace = both(
        tmp_path,
        """
        import multiprocessing
        pool = multiprocessing.get_context("fork").Pool(2)
        print(pool.map(work, range(10)))
        pool.terminate()
        """,
    )
    work = [n for member in family(trace) for n in calls_of(member)]
    assert sorted(work, key=str) == list(range(10))


@pytest.mark.parametrize("call", ["execv", "execve", "execvp", "execl"])
@pytest.mark.parametrize("follow", [True, False])
def test_another_program_takes_over(tmp_path: Path, call: str, follow: bool) -> None:
    words = {
        "execv": "os.execv(sys.executable, child(1, 'exit(7)'))",
        "execve": "os.execve(sys.executable, child(1, 'exit(7)'), os.environ)",
        "execvp": "os.environ['PATH'] = '/nowhere:' + os.path.dirname(sys.executable); "
        "os.execvp(os.path.basename(sys.executable), child(1, 'exit(7)'))",
        "execl": "os.execl(sys.executable, *child(1, 'exit(7)'))",
    }
    path = write(tmp_path, f"work(0)\nprint(1, flush=True)\n{words[call]}\n")
    expected = plain([path], tmp_path)
    assert expected.status == 7
    options = ["--follow"] if follow else []
    command = [*RECORDER, "record", "--trace-dir", tmp_path / "trace", *options, path]
    actual = without_summary(run(command, tmp_path))
    assert not told_apart(expected, actual)
    trace = Trace(tmp_path / "trace")
    about = trace.info
    assert calls_of(trace) == [0]
    assert (about["status"], about["ended_by"]) == ("finished", "exec")
    assert (about["partial"], about["exit_status"]) == (False, None)
    assert followed(trace) == ([("follow", [1])] if follow else [])
    for child in trace.children:
        assert child.info["pid"] == about["pid"]
        assert child.info["exit_status"] == 7


def test_a_program_that_is_not_replaced_after_all_goes_on(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\0")
    (tmp_path / "empty").chmod(0o755)
    path = write(
        tmp_path,
        """
        def fail(n):
            try:
                os.execv("./empty", ["empty"])
            except OSError as error:
                work(n)
                print(error)
        work(0)
        fail(1)
        work(2)
        """,
    )
    expected = plain([path], tmp_path)
    actual = run([*RECORDER, "record", "--trace-dir", tmp_path / "trace", path], tmp_path)
    assert (actual.status, actual.output) == (expected.status, expected.output)
    trace = Trace(tmp_path / "trace")
    assert calls_of(trace) == [0]
    assert followed(trace) == [("return", [1, 2])]
    (child,) = trace.children
    assert (child.info["ended_by"], child.info["exit_status"]) == ("exit", 0)
    assert child.info["run_id"] != child.info["parent_run_id"] == trace.info["run_id"]


def test_a_family_that_is_gone_is_a_warning(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        import glob, shutil
        for place in glob.glob(".trace.*.partial"):
            os.rename(place, "elsewhere")
        done = subprocess.run(child(1, "exit(3)"), capture_output=True, text=True)
        print(done.returncode, done.stderr.count("\\n"), done.stderr.split(":")[1:2], flush=True)
        os.rename("elsewhere", place)
        """,
    )
    ended = run(
        [*RECORDER, "record", "--follow", "--trace-dir", tmp_path / "trace", path], tmp_path
    )
    assert (ended.status, ended.output) == (0, "3 1 [' ERR_TRACE_NOT_FOUND']\n")


def test_a_server_that_forks_ahead_and_is_terminated(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        import signal, socket
        listener = socket.create_server(("127.0.0.1", 0))
        def serve():
            while True:
                connection, _ = listener.accept()
                connection.sendall(str(work(int(connection.recv(100)))).encode())
                connection.close()
        children = []
        for _ in range(3):
            forked = os.fork()
            if forked == 0:
                serve()
            children.append(forked)
        def stop(*_):
            for forked in children:
                os.kill(forked, signal.SIGTERM)
            for forked in children:
                os.waitpid(forked, 0)
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        with open("port.new", "w") as file:
            file.write(str(listener.getsockname()[1]))
        os.rename("port.new", "port")
        while True:
            signal.pause()
        """,
    )
    command = [*RECORDER, "record", "--trace-dir", str(tmp_path / "trace"), str(path)]
    server = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "port").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        port = int((tmp_path / "port").read_text())
        for n in range(30):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(str(n).encode())
                assert int(connection.recv(100)) == 2 * n
        os.kill(server.pid, signal.SIGTERM)
        errors = server.communicate(timeout=60)[1]
    finally:
        server.kill()
    assert server.returncode == 0
    assert errors.startswith("recorder: recorded "), errors
    trace = Trace(tmp_path / "trace")
    assert len(trace.children) == 3
    served = [n for child in trace.children for n in calls_of(child)]
    assert sorted(served, key=str) == sorted(range(30), key=str)
    assert {child.info["status"] for child in trace.children} == {"interrupted"}
    done = run([*RECORDER, "recover", "--json", tmp_path / "trace"], tmp_path)
    assert done.status == 0, done.errors
    recovered: dict[str, Any] = json.loads(done.output)
    assert len(recovered["recordings"]) == 3
    served = [n for child in Trace(tmp_path / "trace").children for n in calls_of(child)]
    assert sorted(served, key=str) == sorted(range(30), key=str)
