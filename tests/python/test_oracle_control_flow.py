"""The recorder and a `sys.settrace` oracle see the same calls, lines, returns and exceptions."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from oracle import compare, tricky, tricky_more
from oracle.programs import programs

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
TRICKY = tricky.PROGRAMS | tricky_more.PROGRAMS

# `ORACLE_EXAMPLES=500` looks for new failures, and makes the one it finds small.
LOOKING_FOR = int(os.environ.get("ORACLE_EXAMPLES", "0"))
PHASES = (Phase.generate, Phase.shrink) if LOOKING_FOR else (Phase.generate,)


def judge(script: Path, out: Path, *arguments: str) -> None:
    oracle = compare.expected(script, *arguments, out=out / "oracle.jsonl")
    recorder = compare.recorded(script, *arguments, out=out / "trace")
    assert compare.difference(oracle, recorder) is None
    assert oracle.status == recorder.status


def test_there_are_examples_to_judge() -> None:
    assert len(EXAMPLES) >= 6
    assert len(TRICKY) >= 18


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_recorded_as_the_oracle_saw_it(script: Path, tmp_path: Path) -> None:
    judge(script, tmp_path)


@pytest.mark.parametrize("name", TRICKY)
def test_a_tricky_program_is_recorded_as_the_oracle_saw_it(name: str, tmp_path: Path) -> None:
    script = tmp_path / f"{name}.py"
    script.write_text(TRICKY[name], encoding="utf-8")
    judge(script, tmp_path)


def test_modules_beside_the_script_are_recorded_as_the_oracle_saw_them(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("from .prices import total\n", encoding="utf-8")
    (package / "prices.py").write_text(
        "from dataclasses import dataclass\n\n@dataclass\nclass Item:\n    price: int\n\n"
        "def total(items):\n    return sum(i.price for i in items)\n",
        encoding="utf-8",
    )
    (tmp_path / "broken.py").write_text("x = 1\nraise ImportError('broken')\n", encoding="utf-8")
    script = tmp_path / "main.py"
    script.write_text(
        "import sys\nimport shop.prices\ntry:\n    import broken\nexcept ImportError:\n    pass\n"
        "for n in map(int, sys.argv[1:]): print(shop.total([shop.prices.Item(n)]))\n",
        encoding="utf-8",
    )
    judge(script, tmp_path, "4", "5")


@pytest.mark.timeout(60 + 60 * LOOKING_FOR)
@settings(
    max_examples=LOOKING_FOR or 30,
    derandomize=not LOOKING_FOR,
    deadline=None,
    database=None,
    phases=PHASES,
    suppress_health_check=list(HealthCheck),
)
@given(source=programs())
def test_a_generated_program_is_recorded_as_the_oracle_saw_it(source: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "program.py")
        script.write_text(source, encoding="utf-8")
        judge(script, Path(directory))
