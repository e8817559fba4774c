"""Fixtures of several test files."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from codetracer_python_recorder import Trace
from support.runs import recorder


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Trace]:
    """Records a program and opens the recording."""

    def run(source: str, *options: str) -> Trace:
        (tmp_path / "app.py").write_text(textwrap.dedent(source).lstrip("\n"))
        ended = recorder("record", *options, "app.py", cwd=tmp_path)
        assert ended.status == 0, ended.err
        return Trace(tmp_path / "trace-out")

    return run
