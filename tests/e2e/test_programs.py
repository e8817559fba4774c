"""Programs of many kinds show a person the same, recorded or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from e2e.plain_and_recorded import both, info, plain, printed, recorded, told_apart

IDENTITY = """\
import inspect, json, os, sys
def depth(n=1):
    try:
        return depth(n + 1)
    except RecursionError:
        return n
frames = []
frame = sys._getframe()
while frame is not None:
    frames.append([frame.f_code.co_name, os.path.basename(frame.f_code.co_filename)])
    frame = frame.f_back
spec = __spec__
main = sys.modules['__main__']
print(json.dumps({
    'argv': sys.argv, 'orig_argv': sys.orig_argv[1:], 'path': sys.path[:2],
    'file': globals().get('__file__'), 'name': __name__, 'package': __package__,
    'spec': spec and [spec.name, spec.origin, spec.parent],
    'cached': repr(globals().get('__cached__')),
    'loader': type(__loader__).__name__, 'is_main': main.__dict__ is globals(),
    'names': sorted(globals()), 'depth': depth(), 'limit': sys.getrecursionlimit(),
    'frames': frames, 'stack': len(inspect.stack()), 'flags': str(sys.flags),
    'trace': sys.gettrace(),
    'profile': sys.getprofile(), 'warnings': sys.warnoptions, 'cwd': os.getcwd(),
    'environ': sorted(name for name in os.environ if name != '_'), 'prefix': sys.prefix,
    'xoptions': sys._xoptions, 'modules': 'codetracer_python_recorder.cli' in sys.modules,
}, indent=1))
"""


def write(path: Path, source: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


@pytest.mark.parametrize("way", ["script", "relative", "module", "package", "directory", "code"])
def test_a_program_cannot_see_how_it_is_run(way: str, tmp_path: Path) -> None:
    write(tmp_path / "who.py", IDENTITY)
    write(tmp_path / "pack" / "__init__.py", "")
    write(tmp_path / "pack" / "__main__.py", IDENTITY)
    write(tmp_path / "plain" / "__main__.py", IDENTITY)
    words: dict[str, list[str | Path]] = {
        "script": [tmp_path / "who.py"],
        "relative": ["who.py"],
        "module": ["-m", "who"],
        "package": ["-m", "pack"],
        "directory": ["plain"],
        "code": ["-c", IDENTITY],
    }
    arguments = ["one", "--two", "-m", "", "-"]
    shown = both([*words[way], *arguments], tmp_path, tmp_path / "trace")
    assert json.loads(shown.output)["argv"][1:] == arguments


def test_a_script_is_run_from_another_directory(tmp_path: Path) -> None:
    write(tmp_path / "app" / "helper.py", "WORD = 'helped'\n")
    write(tmp_path / "app" / "main.py", "import helper, os\nprint(helper.WORD, os.getcwd())\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    both(["../app/main.py"], elsewhere, tmp_path / "trace")
    files = {Path(event["file"]).name for event in printed(tmp_path / "trace")}
    assert files == {"main.py", "helper.py"}
    assert list(elsewhere.iterdir()) == []


def test_standard_input_reaches_the_program(tmp_path: Path) -> None:
    shown = both(["-m", "json.tool"], tmp_path, tmp_path / "trace", stdin='{"b": [1, 2]}')
    assert json.loads(shown.output) == {"b": [1, 2]}
    script = write(
        tmp_path / "cat.py", "import sys\nprint(input()); print(sys.stdin.read().upper())"
    )
    both([script], tmp_path, tmp_path / "trace2", stdin="first\nrest\nof it")


ENDS = {
    "by status": ("import sys\nsys.exit(3)\n", 3),
    "by status zero": ("import sys\nsys.exit(0)\n", 0),
    "by no status": ("raise SystemExit\n", 0),
    "by a message": ("import sys\nsys.exit('gone wrong')\n", 1),
    "by true": ("import sys\nsys.exit(True)\n", 1),
    "by an enum": ("import enum, sys\nclass E(enum.IntEnum):\n    A = 0\nsys.exit(E.A)\n", 0),
    "by an enum of four": (
        "import enum, sys\nclass E(enum.IntEnum):\n    A = 4\nsys.exit(E.A)\n",
        4,
    ),
    "by a status in a function": ("import sys\ndef f():\n    sys.exit(7)\nf()\n", 7),
    "by an exception": (
        "def f(x):\n    return 1 / x\ndef g():\n    try:\n        f(0)\n"
        "    except ZeroDivisionError as e:\n        raise KeyError('k') from e\ng()\n",
        1,
    ),
    "by a group": ("raise ExceptionGroup('g', [ValueError(1), KeyError(2)])\n", 1),
    "by a syntax error": ("x = = 1\n", 1),
    "by recursion": ("def f(n): return f(n + 1)\nf(0)\n", 1),
    "by an exit handler that fails": (
        "import atexit\natexit.register(lambda: 1 / 0)\nprint(1)\n",
        0,
    ),
    "by an exception in a thread": (
        "import threading\ndef f(): raise ValueError('in thread')\n"
        "t = threading.Thread(target=f)\nt.start()\nt.join()\nprint('on')\n",
        0,
    ),
    "by an interrupt": ("raise KeyboardInterrupt\n", 130),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_program_ends_as_it_does_plain(name: str, tmp_path: Path) -> None:
    source, status = ENDS[name]
    script = write(tmp_path / "program.py", source)
    expected = plain([script], tmp_path)
    if name != "by an interrupt":
        assert expected.status == status
    trace = tmp_path / "trace"
    actual = recorded([script], tmp_path, trace)
    assert told_apart(expected, actual) == ""
    about = info(trace)
    assert about["partial"] is False
    # No code of the program ran that could have had a status.
    assert about["exit_status"] == (None if name == "by a syntax error" else status)


def test_classes_of_main_are_pickled_and_sent_to_workers(tmp_path: Path) -> None:
    source = """\
import multiprocessing, pickle, sys
class Point:
    def __init__(self, x): self.x = x
    def __reduce__(self): return Point, (self.x + 1,)
def work(point):
    return Point(point.x * 10), __name__
if __name__ == '__main__':
    p = pickle.loads(pickle.dumps(Point(1)))
    print(type(p) is Point, p.x, pickle.dumps(Point)[-20:])
    for method in ('spawn', 'fork', 'forkserver'):
        with multiprocessing.get_context(method).Pool(1) as pool:
            result, name = pool.apply(work, (Point(2),))
            print(method, type(result) is Point, result.x, name)
"""
    script = write(tmp_path / "points.py", source)
    shown = both([script], tmp_path, tmp_path / "trace")
    assert shown.output.count("True") == 4, shown.output


def test_eight_busy_threads_are_recorded_each_for_itself(tmp_path: Path) -> None:
    source = """\
import threading
totals = [0] * 8
def work(n):
    for i in range(5000):
        totals[n] += step(i)
def step(i):
    return i % 7
threads = [threading.Thread(target=work, args=(n,), name=f'busy-{n}') for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(totals)
"""
    script = write(tmp_path / "busy.py", source)
    both([script], tmp_path, tmp_path / "trace")
    about = info(tmp_path / "trace")
    assert about["threads"] == 9
    names = json.dumps(about)
    assert all(f'"busy-{n}"' in names for n in range(8))
    calls: dict[int, int] = {}
    steps = []
    for event in printed(tmp_path / "trace"):
        steps.append(event["step"])
        if event["kind"] == "call" and event["function"] == "step":
            calls[event["thread"]] = calls.get(event["thread"], 0) + 1
    assert list(calls.values()) == [5000] * 8
    assert steps == list(range(len(steps))) == list(range(about["events"]))


def test_the_two_runs_are_told_apart_by_any_difference(tmp_path: Path) -> None:
    script = write(
        tmp_path / "program.py", "import sys\nprint('out')\nprint('err', file=sys.stderr)\n"
    )
    one = plain([script], tmp_path)
    for change in ("sys.exit(1)", "print(1)", "print(1, file=sys.stderr)"):
        write(script, script.read_text(encoding="utf-8") + change + "\n")
        assert told_apart(one, plain([script], tmp_path)) != ""
    assert told_apart(one, one) == ""
