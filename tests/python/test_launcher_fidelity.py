"""A recorded program is told the same about itself, and ends the same, as an unrecorded one."""

from __future__ import annotations

import re
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
from support.runs import python, recorder, run, without_closing

PROBE = """
import json, os, sys

def spec(module):
    found = module.__spec__
    return None if found is None else [found.name, found.origin, found.parent]

main = sys.modules["__main__"]
depth, frame = 0, sys._getframe()
while frame.f_back is not None:
    depth, frame = depth + 1, frame.f_back
print(json.dumps({
    "argv": sys.argv,
    "orig_argv": sys.orig_argv,
    "path": sys.path,
    "flags": list(sys.flags),
    "xoptions": sys._xoptions,
    "warnoptions": sys.warnoptions,
    "name": __name__,
    "is_main": main.__dict__ is globals(),
    "file": globals().get("__file__"),
    "package": main.__package__,
    "cached": getattr(main, "__cached__", None),
    "loader": type(main.__loader__).__name__,
    "spec": spec(main),
    "globals": sorted(globals()),
    "code": sys._getframe().f_code.co_filename,
    "bottom": frame.f_code.co_filename,
    "depth": depth,
    "limit": sys.getrecursionlimit(),
    "environment": sorted(name for name in os.environ if name.startswith("CODETRACER")),
    "monitoring": sys.gettrace() is None and sys.getprofile() is None,
    "excepthook": sys.excepthook is sys.__excepthook__,
    "threads": [t.name for t in __import__("threading").enumerate()],
    "cwd": os.getcwd(),
    "stdin": sys.stdin.read(),
}, indent=1))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the probe in every shape that the interpreter runs."""
    (tmp_path / "probe.py").write_text(PROBE)
    (tmp_path / "-odd name.py").write_text(PROBE)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(PROBE)
    (package / "part.py").write_text(PROBE)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.py").symlink_to("package/part.py")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("__main__.py", PROBE)
    return tmp_path


def same(place: Path, *program: str, options: list[str], cwd: Path | None = None) -> None:
    cwd = cwd or place
    out = place.parent / (place.name + "-out")
    plain = run([sys.executable, *options, *program], cwd, stdin="typed\n")
    command = [sys.executable, *options, "-m", "codetracer_python_recorder", "record"]
    recorded = run([*command, "--trace-dir", str(out), *program], cwd, stdin="typed\n")
    assert recorded.out == plain.out
    assert without_closing(recorded.err) == plain.err
    assert recorded.status == plain.status
    assert "trace.mcap" in [path.name for path in out.iterdir()]


@pytest.mark.parametrize(
    "program",
    [
        ["probe.py"],
        ["./probe.py", "--help", "-m", "x", "--", "--trace-dir", "elsewhere", ""],
        ["link.py", "one"],
        ["package", "one"],
        ["app.zip", "one"],
        ["-m", "package", "--depth", "1"],
        ["-m", "package.part", "-c"],
        ["-mprobe", "one"],
        ["-c", PROBE, "-m", "one"],
        ["-c" + PROBE],
        ["--", "-odd name.py", "one"],
    ],
    ids=lambda program: " ".join(program)[:30].strip(),
)
def test_the_program_sees_what_the_interpreter_gives_it(place: Path, program: list[str]) -> None:
    same(place, *program, options=[])


@pytest.mark.parametrize(
    "options",
    [
        ["-u"],
        ["-OO", "-B"],
        ["-X", "dev", "-Xutf8=0"],
        ["-W", "error", "-Wdefault::ImportWarning"],
        ["-bI"],
        ["-P"],
        ["-s", "-E"],
        ["--check-hash-based-pycs", "never"],
    ],
    ids=lambda options: " ".join(options),
)
def test_the_interpreters_own_options_reach_the_program(place: Path, options: list[str]) -> None:
    same(place, "probe.py", "one", options=options)


def test_a_script_may_be_named_from_another_directory(place: Path) -> None:
    same(place, "../probe.py", options=[], cwd=place / "sub")
    same(place, str(place / "probe.py"), options=[], cwd=place / "sub")


ENDINGS = {
    "falls off the end": "print('done')",
    "exit status": "import sys; sys.exit(3)",
    "exit with a text": "import sys; sys.exit('that was it')",
    "exit with nothing": "import sys; sys.exit()",
    "large exit status": "import sys; sys.exit(2**40)",
    "uncaught exception": """
        def outer():
            inner(0)
        def inner(n):
            return 1 / n
        outer()
    """,
    "chained exception": """
        try:
            {}['key']
        except KeyError as error:
            raise ValueError('worse') from error
    """,
    "exception group": "raise ExceptionGroup('many', [ValueError(1), KeyError(2)])",
    "syntax error": "def broken(:",
    "keyboard interrupt": "raise KeyboardInterrupt",
    "own excepthook": """
        import sys
        sys.excepthook = lambda *args: print('hook', args[0].__name__, file=sys.stderr)
        1 / 0
    """,
    "atexit": "import atexit; atexit.register(print, 'late'); print('early')",
    "recursion": """
        def down(n):
            return down(n + 1)
        try:
            down(0)
        except RecursionError:
            print('caught')
        import sys
        def depth():
            n = 0
            def go():
                nonlocal n
                n += 1
                go()
            try:
                go()
            except RecursionError:
                return n
        print(depth())
    """,
    "thread exception": """
        import threading
        def work():
            raise ValueError('in a thread')
        thread = threading.Thread(target=work, name='worker')
        thread.start()
        thread.join()
    """,
    "unraisable": """
        class Bad:
            def __del__(self):
                raise ValueError('in del')
        bad = Bad()
        del bad
    """,
    "warning": "import warnings; warnings.warn('careful')",
    "generator left open": """
        def numbers():
            try:
                yield 1
            finally:
                print('closed')
        left = numbers()
        next(left)
    """,
    "spawned children see no option of ours": """
        import os, subprocess, sys
        code = "import os, sys; print([n for n in os.environ if 'CODETRACER' in n], len(sys.argv))"
        subprocess.run([sys.executable, '-c', code], check=True)
    """,
    "pickled main class": """
        import pickle
        class Point:
            def __init__(self, x):
                self.x = x
        copy = pickle.loads(pickle.dumps(Point(3)))
        print(type(copy) is Point, copy.x, Point.__module__)
    """,
    "multiprocessing": """
        import multiprocessing
        class Point:
            def __init__(self, x):
                self.x = x
        def double(point):
            return Point(point.x * 2)
        if __name__ == '__main__':
            for method in ('spawn', 'fork', 'forkserver'):
                with multiprocessing.get_context(method).Pool(2) as pool:
                    print(method, [p.x for p in pool.map(double, [Point(1), Point(2)])])
    """,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_program_ends_as_it_would_without_recording(tmp_path: Path, ending: str) -> None:
    script = tmp_path / "program.py"
    script.write_text(_dedented(ENDINGS[ending]))
    plain = python("program.py", "one", cwd=tmp_path)
    recorded = recorder("program.py", "one", cwd=tmp_path)
    assert recorded.out == plain.out
    assert _without_addresses(without_closing(recorded.err)) == _without_addresses(plain.err)
    assert recorded.status == plain.status


KILLS = {
    "by a signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "by SIGKILL": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "by abort": "import os; os.abort()",
}


@pytest.mark.parametrize("kill", KILLS)
def test_a_program_that_is_ended_leaves_a_recording_to_read(tmp_path: Path, kill: str) -> None:
    (tmp_path / "program.py").write_text("x = 1\ny = x + 1\n" + KILLS[kill])
    plain = python("program.py", cwd=tmp_path)
    recorded = recorder("program.py", cwd=tmp_path)
    assert (recorded.status, recorded.out) == (plain.status, plain.out)
    shown = recorder("print", "--lines", cwd=tmp_path)
    assert shown.status == 0
    assert "y = x + 1" in shown.out or "y = 2" in shown.out
    recovered = recorder("recover", cwd=tmp_path)
    assert recovered.status == 0, recovered.err
    assert "partial" in recorder("info", cwd=tmp_path).out


def test_module_frames_of_the_interpreter_stay_in_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("def f():\n    raise ValueError('no')\nf()\n")
    plain = python("-m", "fails", cwd=tmp_path)
    recorded = recorder("-m", "fails", cwd=tmp_path)
    assert "<frozen runpy>" in plain.err
    assert without_closing(recorded.err) == plain.err
    assert recorded.status == plain.status == 1


def _without_addresses(text: str) -> str:
    return re.sub("0x[0-9a-f]+", "0x...", text)


def _dedented(text: str) -> str:
    return textwrap.dedent(text).strip() + "\n"
