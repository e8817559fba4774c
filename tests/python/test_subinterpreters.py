"""Interpreters beside the main one run unrecorded, and untouched."""

from __future__ import annotations

import textwrap
from pathlib import Path

from codetracer_python_recorder import Trace
from support.runs import Ended, python, recorder, without_closing

PROGRAM = """\
import sys, threading
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

INSIDE = '''
import sys
def inside(n):
    try:
        raise ValueError(n)
    except ValueError:
        return n + 1
total = sum(inside(n) for n in range(300))
ours = [name for name in sys.modules if "codetracer" in name]
print(total, sys.monitoring.get_tool(2), ours, flush=True)
'''

def work(n):
    interpreter = interpreters.create()
    failed = interpreters.run_string(interpreter, INSIDE)
    interpreters.destroy(interpreter)
    return failed

print(work(1), flush=True)
threads = [threading.Thread(target=work, args=(n,)) for n in (2, 3)]
for thread in threads:
    thread.start()
    thread.join()
print(work(4))
"""

REFUSED = """\
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
interpreters.run_string(interpreters.create(), '''
import codetracer_python_recorder as r
try:
    r.start("trace")
except r.EnvironmentError as error:
    print(error.code, flush=True)
''')
"""


def test_a_program_with_more_interpreters_is_as_without_the_recorder(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(textwrap.dedent(PROGRAM))
    plain = python("app.py", cwd=tmp_path)
    recorded = recorder("record", "app.py", cwd=tmp_path)
    assert Ended(recorded.status, recorded.out, without_closing(recorded.err)) == plain
    assert plain.out.splitlines()[:2] == ["45150 None []", "None"]
    events = list(Trace(tmp_path / "trace-out").steps())
    calls = [event.values["n"] for event in events if event.kind == "call" and event.values]
    assert sorted(calls) == [1, 2, 3, 4]
    assert not [event for event in events if event.function == "inside"]


def test_recording_cannot_begin_in_one(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(REFUSED)
    ended = python("app.py", cwd=tmp_path)
    assert (ended.status, ended.out) == (0, "ERR_SUBINTERPRETER\n"), ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]
