"""What has to be loaded before a recorded program can start."""

from __future__ import annotations

import sys
from pathlib import Path

from support.runs import run

PROBE = """
import os, sys
own = set(sys.modules)
def instead(*args):
    print(sorted(name for name in set(sys.modules) - own if not name.startswith("codetracer")))
    os._exit(0)
os.execve = instead
from codetracer_python_recorder.cli import main
main(["record", "-c", "pass"])
"""


def test_a_launch_loads_no_heavy_module(tmp_path: Path) -> None:
    ended = run([sys.executable, "-u", "-c", PROBE], tmp_path)
    assert (ended.status, ended.err) == (0, "")
    loaded = set(eval(ended.out))
    assert loaded.isdisjoint({"typing", "argparse", "json", "re", "enum", "collections", "pathlib"})


def test_the_recorder_loads_little_into_the_program(tmp_path: Path) -> None:
    code = "import sys; print(sorted(n for n in sys.modules if 'codetracer' in n or n in {heavy}))"
    words = [sys.executable, "-m", "codetracer_python_recorder", "-c"]
    ended = run([*words, code.format(heavy={"typing", "json", "re"})], tmp_path)
    assert eval(ended.out) == [
        "codetracer_python_recorder",
        "codetracer_python_recorder._native",
        "codetracer_python_recorder._start",
    ]
