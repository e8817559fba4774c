"""``record`` where the compiled module cannot be loaded: the policy is followed without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.late import LATE
from support.runs import listing, python, without_compiled_module


@pytest.mark.parametrize("way", ["exec", "same process"])
@pytest.mark.parametrize(
    "words", [[], ["--require-trace"], ["--no-propagate-script-exit"]], ids=str
)
def test_record_without_a_compiled_module_follows_the_policy(
    tmp_path: Path, words: list[str], way: str
) -> None:
    env = without_compiled_module(tmp_path)
    (tmp_path / "app.py").write_text(LATE)
    options = ["-S"] if way == "same process" else []
    ended = python(
        *options, "-m", "codetracer_python_recorder", "record", "--on-recorder-error=disable",
        "--json-errors", *words, "app.py", cwd=tmp_path, env=env,
    )  # fmt: skip
    assert ended.out == "ran\nhandler\nlate\n", ended.err
    assert ended.status == {"[]": 3, "['--require-trace']": 2}.get(str(words), 0)
    codes = ["ERR_UNSUPPORTED_PYTHON", *(["ERR_TRACE_MISSING"] * ("--require-trace" in words))]
    said = [line for line in ended.err.splitlines() if line.startswith("recorder: ")]
    assert [line.split(": ")[1] for line in said] == codes
    trailers = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert [trailer["error_code"] for trailer in trailers] == codes
    names = [name for name in listing(tmp_path) if "/" not in name]
    assert names == ["app.py", "lib"]
