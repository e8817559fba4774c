"""``explain`` and the streams that commands write to."""

import argparse
import io
import subprocess
import sys

import pytest
from codetracer_python_recorder._gen.codes import CODES
from codetracer_python_recorder.cli import explain, output
from codetracer_python_recorder.exceptions import UsageError


@pytest.mark.parametrize("name", sorted(CODES))
def test_every_code_is_explained(name: str) -> None:
    text = explain.explain_text(name)
    info = CODES[name]
    flat = " ".join(text.split())
    for part in (name, info.kind, info.summary, info.why, info.fix, info.example):
        assert " ".join(part.split()) in flat
    assert text.endswith("\n")
    assert ("retired" in text.splitlines()[0]) == info.retired


@pytest.mark.parametrize("word", ["err_no_space", " NO_SPACE ", "ERR_NO_SPACE"])
def test_case_and_prefix_do_not_matter(word: str) -> None:
    assert explain.explain_text(word) == explain.explain_text("ERR_NO_SPACE")


def test_an_unknown_code_is_a_usage_error_with_a_hint() -> None:
    with pytest.raises(UsageError, match="did you mean ERR_NO_SPACE") as caught:
        explain.explain_text("ERR_NO_SPACES")
    assert caught.value.code == "ERR_UNKNOWN_CODE"


def test_without_a_code_all_active_ones_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.run(argparse.Namespace(code=None)) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == [name for name, info in CODES.items() if not info.retired]


def test_a_reader_that_leaves_ends_the_command_quietly() -> None:
    code = (
        "from codetracer_python_recorder.cli import output\n"
        "for _ in range(100000): output.write_out('x' * 100 + '\\n')\n"
        "output.finish()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
        assert (process.wait(timeout=30), stderr) == (output.PIPE_CLOSED, b"")


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.wants_colour(Terminal())
    assert not output.wants_colour(io.StringIO())
    assert not output.wants_colour(None)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.wants_colour(Terminal())
