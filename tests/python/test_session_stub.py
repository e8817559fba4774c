"""The stub of the compiled module says what the module has."""

from __future__ import annotations

import sys
from pathlib import Path

from support.runs import run


def test_the_stub_agrees_with_the_binary(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mypy.stubtest", "codetracer_python_recorder._native"]
    ended = run(words, tmp_path)
    assert (ended.status, ended.err) == (0, ""), ended.out
