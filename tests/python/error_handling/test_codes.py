"""Each code of the catalogue is provoked, by what really leads to it or by a fault point.

``REAL`` and ``FAULTS`` say how. A code in neither fails its test, so a new code needs a way here.
What a way gives back are the codes that were told: lines on stderr and trailers of JSON.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import textwrap
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from codetracer_python_recorder._gen.codes import CODES, EXIT_STATUS
from support import faults
from support.runs import SCRIPT, Ended, python, recorder, run, unprivileged

DOCUMENTS = Path(__file__).parents[3] / "design-docs"
ACTIVE = [name for name, info in CODES.items() if not info.retired]
TRAILERS = {"CODETRACER_JSON_ERRORS": "1"}
WORK = "def double(n):\n    return n * 2\nprint(sum(double(n) for n in range(9)))\n"

Way = Callable[[Path], Ended]


def told(ended: Ended) -> list[str]:
    """The codes of the failures that a process told, or that a program caught, in their order."""
    lines = ended.err.splitlines()
    trailers = [json.loads(line)["error_code"] for line in lines if line.startswith("{")]
    caught = re.findall(r"^caught (ERR_[A-Z_]+)$", ended.out, re.MULTILINE)
    return caught if caught else trailers


def command(*words: str, before: Callable[[], object] | None = None, **files: str) -> Way:
    """The command line, beside files of these contents."""

    def way(place: Path) -> Ended:
        for name, content in {"app": WORK, **files}.items():
            (place / f"{name}.py").write_text(content)
        return recorder(*words, cwd=place, env=TRAILERS, before=before)

    return way


def after(prepare: Callable[[Path], object], way: Way) -> Way:
    """A way that needs something else to be there."""

    def prepared(place: Path) -> Ended:
        prepare(place)
        return way(place)

    return prepared


def calls(source: str) -> Way:
    """A program that records itself, up to its first error."""
    program = f"""\
import os, sys, time
import codetracer_python_recorder as r
try:
{textwrap.indent(source, "    ")}
except r.RecorderError as error:
    print("caught", error.code)
    sys.exit(error.exit_status)
"""

    def way(place: Path) -> Ended:
        (place / "program.py").write_text(program)
        return python("program.py", cwd=place, env=TRAILERS)

    return way


def fault(text: str) -> Way:
    """``record`` of a small program in the build with fault points."""

    def way(place: Path) -> Ended:
        (place / "app.py").write_text(WORK)
        return faults.record("app.py", cwd=place, faults=text, env=TRAILERS)

    return way


def recorded(place: Path) -> Path:
    (place / "app.py").write_text(WORK)
    assert recorder("record", "app.py", cwd=place).status == 0
    return place / "trace-out"


def cut(place: Path) -> None:
    trace = recorded(place) / "trace.mcap"
    os.truncate(trace, trace.stat().st_size // 2)


def of_another_format(place: Path) -> None:
    (place / "old").mkdir()
    for name in ("trace.json", "trace_metadata.json", "trace_paths.json"):
        (place / "old" / name).write_text("{}")


def unreadable(place: Path) -> None:
    (place / "secret.py").write_text(WORK)
    (place / "secret.py").chmod(0)


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def package() -> Path:
    import codetracer_python_recorder

    return Path(codetracer_python_recorder.__file__).parent


def without_the_compiled_module(place: Path) -> Ended:
    copy = place / "lib" / "codetracer_python_recorder"
    shutil.copytree(package(), copy, ignore=shutil.ignore_patterns("_native*.so", "__pycache__"))
    (place / "app.py").write_text(WORK)
    env = {"PYTHONPATH": str(place / "lib"), **TRAILERS}
    return python("-m", "codetracer_python_recorder", "record", "app.py", cwd=place, env=env)


def with_an_interpreter_that_is_removed(place: Path) -> Ended:
    venv.create(place / "venv", symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = place / "venv" / "lib" / version / "site-packages"
    shutil.copy(package().parent / "codetracer_python_recorder.pth", site)
    (site / "package.pth").write_text(f"{package().parent}\n")
    (place / "app.py").write_text(WORK)
    source = (
        "import os, sys, codetracer_python_recorder.cli as cli; os.unlink(sys.executable); "
        "sys.exit(cli.main(['record', 'app.py']))"
    )
    return run([place / "venv/bin/python", "-c", source], place, env=TRAILERS)


def attached_to_one_that_refuses(place: Path) -> Ended:
    """A process that was started with remote debugging switched off."""
    refuses = subprocess.Popen(["sleep", "60"], env={"PYTHON_DISABLE_REMOTE_DEBUG": "1"})
    try:
        return recorder("attach", str(refuses.pid), cwd=place, env=TRAILERS)
    finally:
        refuses.kill()
        refuses.wait()


def interrupted_twice(place: Path) -> Ended:
    """Saving that takes its time, interrupted twice."""
    source = """
import os, signal, time
import codetracer_python_recorder as r
def work(n):
    for _ in range(n):
        step()
def step():
    return 1
signal.signal(signal.SIGINT, lambda *_: None)
own = os.getpid()
told, tell = os.pipe()
if os.fork() == 0:
    os.read(told, 1)
    for _ in range(2):
        time.sleep(0.3)
        os.kill(own, signal.SIGINT)
    os._exit(0)
r.start("out")
work(300_000)
os.write(tell, b"!")
r.stop()
"""
    return faults.program(source, place, faults="store:drainer#3+=sleep:400", env=TRAILERS)


INSIDE = """
import codetracer_python_recorder as r, os
try:
    r.start("out")
except r.RecorderError as error:
    os.write(1, f"caught {error.code}".encode())
"""


def in_subinterpreter(legacy: bool) -> Way:
    """A call in an interpreter that shares the GIL with the main one, or that has its own."""
    return calls(
        "try:\n    import _interpreters as subs\n"
        f"    sub = subs.create('legacy' if {legacy} else 'isolated')\n"
        "except ImportError:\n    import _xxsubinterpreters as subs\n"
        f"    sub = subs.create(isolated=not {legacy})\n"
        f"subs.run_string(sub, {INSIDE!r})\nsys.exit(10)\n"
    )


REAL: dict[str, Way] = {
    "ERR_ALREADY_TRACING": calls("r.start('a')\nr.start('b')\n"),
    "ERR_UNSUPPORTED_FORMAT": command("record", "--format", "xml", "app.py"),
    "ERR_UNSUPPORTED_OPTION": command("record", "--io-capture", "app.py"),
    "ERR_UNKNOWN_OPTION": command("record", "--verbos", "app.py"),
    "ERR_UNKNOWN_COMMAND": command("inof"),
    "ERR_INVALID_ARGUMENT": command("print", "--depth", "minus-one"),
    "ERR_INVALID_POLICY_VALUE": command("record", "--capture", "everything", "app.py"),
    "ERR_UNKNOWN_CODE": command("explain", "ERR_NO_SUCH_CODE"),
    "ERR_SCRIPT_NOT_FOUND": command("record", "missing.py"),
    "ERR_SCRIPT_UNREADABLE": after(unreadable, command("record", "secret.py", before=unprivileged)),
    "ERR_MODULE_NOT_FOUND": command("record", "-m", "no_such_module"),
    "ERR_OUTPUT_NOT_DIRECTORY": command("record", "--trace-dir", "app.py", "app.py"),
    "ERR_OUTPUT_FOREIGN": command("record", "--trace-dir", ".", "app.py"),
    "ERR_TRACE_NOT_FOUND": command("info", "nowhere"),
    "ERR_NOT_A_TRACE": command("info", "app.py"),
    "ERR_TRACE_RUNNING": command(
        "record",
        "app.py",
        app=f"import subprocess, sys\nsys.exit(subprocess.run([{str(SCRIPT)!r}, 'recover'])"
        ".returncode)\n",
    ),
    "ERR_TRACE_MISSING": command(
        "record",
        "--require-trace",
        "--on-recorder-error=disable",
        "--trace-dir=none/such/out",
        "app.py",
    ),
    "ERR_NO_FLIGHT_RECORDER": calls("r.start('a').dump('b')\n"),
    "ERR_SIGNAL_TAKEN": calls(
        "import signal\nsignal.signal(signal.SIGUSR2, print)\n"
        "r.start('a', flight_recorder='32M', policy={'dump_on': 'SIGUSR2'})\n"
    ),
    "ERR_PROCESS_NOT_FOUND": command("attach", "999999999"),
    "ERR_MISSING_EXTRA": calls(
        "sys.modules['pydantic'] = None\nimport codetracer_python_recorder.lifecycle\n"
    ),
    "ERR_PERMISSION": after(
        lambda place: (place / "closed").mkdir(0o555),
        command("record", "--trace-dir", "closed/out", "app.py", before=unprivileged),
    ),
    "ERR_TOO_MANY_FILES": calls(
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        "r.is_tracing()\nheld = [os.dup(0) for _ in range(36)]\nr.start('out')\n"
    ),
    "ERR_FILE_TOO_LARGE": command("record", "app.py", before=small_files),
    "ERR_NOT_FOUND": command("record", "--trace-dir", "none/such/out", "app.py"),
    "ERR_OUT_OF_MEMORY": calls(
        "import resource\nr.is_tracing()\n"
        "pages = int(open('/proc/self/statm').read().split()[0])\n"
        "size = pages * resource.getpagesize() + 2**19\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size, size))\nr.start('out')\n"
    ),
    "ERR_TRACE_DIR_CREATE_FAILED": command("record", "--trace-dir", "app.py/out", "app.py"),
    "ERR_UNSUPPORTED_PYTHON": without_the_compiled_module,
    "ERR_SUBINTERPRETER": in_subinterpreter(legacy=True),
    "ERR_TOOL_ID_UNAVAILABLE": calls(
        "for number in range(6):\n    sys.monitoring.use_tool_id(number, 'other')\nr.start('out')\n"
    ),
    "ERR_ATTACH_UNSUPPORTED": command("attach", str(os.getpid())),
    "ERR_ATTACH_REFUSED": attached_to_one_that_refuses,
    "ERR_LAUNCH_FAILED": with_an_interpreter_that_is_removed,
    "ERR_TRACE_CORRUPT": after(cut, command("info")),
    "ERR_TRACE_VERSION": after(of_another_format, command("info", "old")),
    "ERR_INTERNAL": calls(
        "from codetracer_python_recorder import _native\n_native.encode_options({'x': object()})\n"
    ),
    "ERR_TOOL_ID_TAKEN": command(
        "record",
        "app.py",
        app="import sys\n[own] = [n for n in range(6) if sys.monitoring.get_tool(n)]\n"
        "sys.monitoring.free_tool_id(own)\n" + WORK,
    ),
    "ERR_FD_TAKEN": command(
        "record",
        "app.py",
        app=WORK + "import glob, os\n[it] = glob.glob('.trace-out*/trace.mcap')\n"
        "os.unlink(it)\nos.closerange(3, 65536)\n",
    ),
    "ERR_TRACE_INCOMPLETE": interrupted_twice,
    "ERR_HOOK_FAILED": calls(
        "from codetracer_python_recorder.lifecycle import RecordingCommitted\n"
        "session = r.start('out')\nsession.on(RecordingCommitted, lambda event: 1 / 0)\nr.stop()\n"
    ),
    "ERR_HOOK_TIMEOUT": calls(
        "from codetracer_python_recorder.lifecycle import RecordingCommitted\n"
        "session = r.start('out')\n"
        "session.on(RecordingCommitted, lambda event: time.sleep(60), timeout=0.2)\nr.stop()\n"
    ),
}

FAULTS = {
    "ERR_IO": "store.commit.rename=EIO",
    "ERR_NO_SPACE": "store.trace.write=ENOSPC",
    "ERR_READ_ONLY": "store.staging.create=EROFS",
    "ERR_FRAME_LAYOUT": "frame.layout=ENOENT",
    "ERR_MMAP_UNSAFE": "store.segment.reserve=EOPNOTSUPP",
    "ERR_PANIC": "entry:PyReturn=panic",
    "ERR_DRAINER_FAILED": "store:drainer=panic",
}

# Recording goes on; the recording says so.
WARNINGS = ["ERR_FRAME_LAYOUT", "ERR_MMAP_UNSAFE"]
# What could be saved is, as the one who interrupted wanted.
SAID = ["ERR_TRACE_INCOMPLETE"]


@pytest.mark.parametrize("code", ACTIVE)
def test_it_is_provoked_and_told(tmp_path: Path, code: str) -> None:
    injected = {code: fault(text) for code, text in FAULTS.items()}
    ways = [ways[code] for ways in (REAL, injected) if code in ways]
    assert len(ways) == 1, f"{code} has {len(ways)} ways in this file; it needs one"
    ended = ways[0](tmp_path)
    if code in WARNINGS:
        assert ended.status == 0, ended.err
        info = Trace(tmp_path / "trace-out").info
        assert [warning["code"] for warning in info["warnings"]] == [code]
        return
    assert told(ended)[-1:] == [code], ended.err
    assert ended.status == (0 if code in SAID else EXIT_STATUS[CODES[code].kind])


def test_an_interpreter_with_a_gil_of_its_own_is_told_the_same(tmp_path: Path) -> None:
    assert told(in_subinterpreter(legacy=False)(tmp_path)) == ["ERR_SUBINTERPRETER"]


def test_there_is_no_way_for_what_is_no_code() -> None:
    assert {*REAL, *FAULTS} <= {*ACTIVE}


def test_the_status_lists_what_only_a_fault_point_provokes() -> None:
    text = (DOCUMENTS / "error-handling-implementation-plan.status.md").read_text()
    rows = re.findall(r"^\| `(ERR_\w+)` \| `([^`]+)` \|", text, re.MULTILINE)
    assert dict(rows) == FAULTS


# What is not at hand where tests run.
ELSEWHERE = {
    "ERR_NO_SPACE": "a full disk",
    "ERR_READ_ONLY": "a read-only file system",
    "ERR_MMAP_UNSAFE": "a file system without fallocate",
    "ERR_UNSUPPORTED_PYTHON": "an older interpreter",
    "ERR_LAUNCH_FAILED": "an interpreter that is embedded",
    "ERR_TRACE_INCOMPLETE": "a process to kill",
    "ERR_TRACE_RUNNING": "a second terminal",
    "ERR_TRACE_VERSION": "a later version",
}
COMMAND = "codetracer-python-recorder "
TYPED = [code for code in ACTIVE if COMMAND in CODES[code].example]


@pytest.mark.parametrize("code", [code for code in TYPED if code not in ELSEWHERE])
def test_its_example_leads_to_it_as_typed(tmp_path: Path, code: str) -> None:
    recorded(tmp_path)
    env = {"PATH": f"{SCRIPT.parent}:{os.environ['PATH']}", **TRAILERS}
    words = ["sh", "-c", CODES[code].example]
    ended = run(words, tmp_path, env=env, before=unprivileged)
    assert told(ended)[-1:] == [code], ended.err
    assert ended.status == EXIT_STATUS[CODES[code].kind]


def test_what_the_onboarding_page_shows_runs(tmp_path: Path) -> None:
    text = (DOCUMENTS / "onboarding.md").read_text()
    snippets = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    shown = [python("-c", snippet, cwd=tmp_path) for snippet in snippets]
    assert [ended.status for ended in shown] == [0, 0, 0], shown
    assert [ended.out for ended in shown] == [
        "45\n",
        "runs, recorded or not\n",
        "work\nFalse None\n",
    ]


def test_the_onboarding_page_names_codes_that_there_are() -> None:
    named = set(re.findall(r"ERR_[A-Z_]+", (DOCUMENTS / "onboarding.md").read_text()))
    assert named <= {*CODES}
    retired = {name for name, info in CODES.items() if info.retired}
    assert retired <= named
