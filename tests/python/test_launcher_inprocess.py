"""Where a new interpreter would not load the recorder, the program runs inside ours."""

from __future__ import annotations

import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from support.runs import Ended, recorder, run, without_closing

PROBE = """
import json, sys
main = sys.modules["__main__"]
print(json.dumps({
    "argv": sys.argv,
    "orig_argv": sys.orig_argv,
    "path": sys.path,
    "is_main": main.__dict__ is globals(),
    "name": __name__,
    "file": globals().get("__file__"),
    "package": main.__package__,
    "spec": None if main.__spec__ is None else main.__spec__.name,
    "loader": getattr(main.__loader__, "__name__", type(main.__loader__).__name__),
    "globals": sorted(name for name in globals()),
    "code": sys._getframe().f_code.co_filename,
}, indent=1))
"""
WITHOUT_SITE = {"PYTHONPATH": sysconfig.get_path("platlib")}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "probe.py").write_text(PROBE)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(PROBE)
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("__main__.py", PROBE)
    return tmp_path


def both(place: Path, *program: str) -> tuple[Ended, Ended]:
    """The program without the recorder, and in its process."""
    plain = run([sys.executable, "-S", *program], place, env=WITHOUT_SITE)
    command = [sys.executable, "-S", "-m", "codetracer_python_recorder", "record", *program]
    return plain, run(command, place, env=WITHOUT_SITE)


def own_stderr(err: str) -> str:
    """What the program wrote, after the note that it runs here."""
    note, _, rest = without_closing(err).partition("\n")
    assert note == (
        "recorder: the program runs inside the recorder's process: "
        "-S keeps the recorder out of a new interpreter"
    )
    return rest


@pytest.mark.parametrize(
    "program",
    [
        ["probe.py", "one", "--all"],
        ["./probe.py"],
        ["package", "one"],
        ["app.zip", "one"],
        ["-m", "package", "one"],
        ["-mprobe", "one"],
        ["-c", PROBE, "one"],
    ],
    ids=lambda program: " ".join(program)[:20].strip(),
)
def test_the_program_sees_what_the_interpreter_gives_it(place: Path, program: list[str]) -> None:
    plain, recorded = both(place, *program)
    assert recorded.out == plain.out
    assert own_stderr(recorded.err) == plain.err
    assert recorded.status == plain.status == 0


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("print('done')\n", 0),
        ("import sys\nsys.exit(3)\n", 3),
        ("import sys\nsys.exit('that was it')\n", 1),
        ("def f(n):\n    return 1 / n\nf(0)\n", 1),
        ("def broken(:\n", 1),
        ("import sys\nsys.excepthook = lambda *e: print(e[1])\nraise ValueError('no')\n", 1),
        ("raise KeyboardInterrupt\n", -2),
    ],
)
@pytest.mark.parametrize("words", [["program.py"], ["-m", "program"]], ids=["script", "module"])
def test_the_program_ends_as_it_would(
    tmp_path: Path, words: list[str], source: str, status: int
) -> None:
    (tmp_path / "program.py").write_text(source)
    plain, recorded = both(tmp_path, *words)
    assert recorded.out == plain.out
    assert own_stderr(recorded.err) == plain.err
    assert recorded.status == plain.status == status


def test_the_program_is_recorded_and_its_ending_known(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("def f(n):\n    return n\nf(7)\nraise SystemExit(4)\n")
    _, recorded = both(tmp_path, "program.py")
    assert recorded.status == 4
    shown = recorder("print", cwd=tmp_path)
    assert [line.split("  [")[0] for line in shown.out.splitlines()] == [
        "<module>",
        "  f(n=7) -> 7",
        "  raise SystemExit: 4  at line 4",
        "  raises SystemExit: 4",
    ]
    assert "exit status  4" in recorder("info", cwd=tmp_path).out


def test_a_recording_that_cannot_start_keeps_the_program_from_starting(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("print('ran')\n")
    taken = "import sys\nfor n in range(6):\n    sys.monitoring.use_tool_id(n, f'tool{n}')\n"
    (tmp_path / "take.py").write_text(
        taken + "import runpy\nrunpy.run_module('codetracer_python_recorder', None, '__main__')\n"
    )
    command = [sys.executable, "-S", "take.py", "record", "program.py"]
    ended = run(command, tmp_path, env=WITHOUT_SITE)
    assert ended.status == 10
    assert ended.out == ""
    assert ended.err.startswith("recorder: ERR_TOOL_ID_UNAVAILABLE: ")
    assert "tool0" in ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program.py", "take.py"]
