"""The files that have an interpreter start recording: ``.pth``, and ``.start`` from 3.15 on."""

from __future__ import annotations

import sysconfig
import textwrap
from pathlib import Path

from codetracer_python_recorder import Trace
from support.runs import Ended, python, recorder, without_closing

SITE = Path(sysconfig.get_path("purelib"))

# What `site` of CPython 3.15 does with the two: a `.start` beside it has import lines of the
# `.pth` ignored, and is read when every `.pth` has been.
AS_3_15 = """
import pkgutil, site, sys
ran = site.addpackage
def without_imports(place, name, known):
    if name != "codetracer_python_recorder.pth":
        return ran(place, name, known)
site.addpackage = without_imports
site.main()
site.addpackage = ran
for line in open({start!r}, encoding="utf-8").read().splitlines():
    pkgutil.resolve_name(line)()
del ran, without_imports, line
import runpy
runpy.run_path("app.py", run_name="__main__")
"""
PROGRAM = """
import sys
def work(n):
    return n + 1
print(work(1), sorted(name for name in sys.modules if "codetracer" in name and "start" in name))
"""


# Keeps what `record` would leave in the environment of the interpreter that it becomes.
TAKE = """
import sys
from codetracer_python_recorder.cli import launch, main
def become(plan, options):
    with open(kept, "w", encoding="utf-8") as file:
        file.write(options)
    sys.exit(0)
launch.become = become
kept = sys.argv.pop(1)
sys.exit(main(sys.argv[1:]))
"""


def as_3_15(place: Path, **environment: str) -> Ended:
    start = AS_3_15.format(start=str(SITE / "codetracer_python_recorder.start"))
    (place / "begin.py").write_text(textwrap.dedent(start))
    return python("-S", "begin.py", cwd=place, env=environment)


def test_the_start_file_begins_recording(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    options = tmp_path / "options"
    (tmp_path / "take.py").write_text(TAKE)
    took = python("take.py", options, "record", "app.py", cwd=tmp_path)
    assert options.exists(), took.err
    ended = as_3_15(tmp_path, CODETRACER_PYTHON_RECORDER_LAUNCH=options.read_text())
    assert (ended.status, without_closing(ended.err)) == (0, "")
    assert ended.out.startswith("2 ")
    assert "_codetracer_python_recorder_start" not in ended.out
    calls = [event for event in Trace(tmp_path / "trace-out").steps() if event.kind == "call"]
    assert [event.values["n"] for event in calls if event.function == "work"] == [1]


def test_without_a_wish_the_start_file_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    ended = as_3_15(tmp_path)
    assert (ended.status, ended.out, ended.err) == (0, "2 []\n", "")


def test_both_files_are_installed_and_agree(tmp_path: Path) -> None:
    pth = (SITE / "codetracer_python_recorder.pth").read_text()
    module = (SITE / "_codetracer_python_recorder_start.py").read_text()
    variable = "CODETRACER_PYTHON_RECORDER_LAUNCH"
    assert variable in pth
    assert variable in module
    assert (SITE / "codetracer_python_recorder.start").read_text() == (
        "_codetracer_python_recorder_start:begin\n"
    )
    (tmp_path / "app.py").write_text(PROGRAM)
    ended = recorder("record", "app.py", cwd=tmp_path)
    assert "_codetracer_python_recorder_start" not in ended.out
