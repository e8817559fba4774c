"""INSTRUCTION events, which tell the lines of long code, say the lines that LINE events say."""

import json
from itertools import zip_longest
from pathlib import Path

import pytest
from oracle import one_liners, tricky, tricky_more
from support.runs import recorder

EXAMPLES = Path(__file__).parents[2] / "examples"
TRICKY = tricky.PROGRAMS | tricky_more.PROGRAMS
LONG = """\
def long(n):
    total = 0
    for i in range(n):
        if i % 3 == 0:
            continue
{in_loop}
        try:
            total += 10 // (i % 5)
        except ZeroDivisionError as error:
            total -= 1
        finally:
            total += (1 if i else
                      2)
        while total % 2: total += 1
    return [total
            for _ in
            range(2)]
def steps(n):
{in_function}
    got = yield n
    while got:
        try:
            got = yield (
                got - 1)
        except ValueError:
            got = 1
    with open(__file__) as own: return own.name[-3:]
print(long(20))
g = steps(1); next(g); g.send(3); g.throw(ValueError()); g.send(2); print(list(g))
"""


def lines(script: Path, out: Path, by: str, *options: str) -> list[tuple[object, ...]]:
    """The control flow, each event with its place."""
    env = {"CODETRACER_LINE_EVENTS": by, "PYTHONHASHSEED": "0"}
    command = ["record", "--capture", "lines", *options, "--trace-dir", out, script]
    ended = recorder(*command, cwd=out.parent, env=env)
    assert "ERR_" not in ended.err
    printed = recorder("print", "--json", out, cwd=out.parent).out.splitlines()
    events = [json.loads(line) for line in printed]
    # The one line of an `__init__.py` without code is line 0, which stands for no line.
    events = [event for event in events if not event["file"].endswith("__init__.py")]
    return sorted(
        ((e["thread"], e["kind"], e["file"], e["line"], e["function"]) for e in events),
        key=lambda event: event[0],
    )


def compare(script: Path, tmp_path: Path, *options: str) -> int:
    by_line = lines(script, tmp_path / "line", "line", *options)
    by_instruction = lines(script, tmp_path / "instruction", "instruction", *options)
    for number, (one, other) in enumerate(zip_longest(by_line, by_instruction)):
        assert one == other, f"event {number}, after {by_line[max(0, number - 5) : number]}"
    return len(by_line)


@pytest.mark.parametrize("name", TRICKY)
def test_a_tricky_program_has_the_same_lines(name: str, tmp_path: Path) -> None:
    script = tmp_path / f"{name}.py"
    script.write_text(TRICKY[name], encoding="utf-8")
    compare(script, tmp_path)


@pytest.mark.parametrize("seed", range(10))
def test_lines_that_branch_and_call_begin_as_often(seed: int, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(one_liners.program(seed), encoding="utf-8")
    assert compare(script, tmp_path) > 1000


@pytest.mark.parametrize("name", ["asyncio_tasks", "exceptions", "generators", "web_router"])
def test_an_example_and_all_the_library_code_it_runs_have_the_same_lines(
    name: str, tmp_path: Path
) -> None:
    assert compare(EXAMPLES / f"{name}.py", tmp_path, "--all") > 5000


def test_long_code_is_told_by_instructions_and_has_the_same_lines(tmp_path: Path) -> None:
    def body(indent: str) -> str:
        return "\n".join(f"{indent}v{n} = n + {n}" for n in range(300))

    script = tmp_path / "long.py"
    program = LONG.replace("{in_loop}", body(" " * 8)).replace("{in_function}", body(" " * 4))
    script.write_text(program, encoding="utf-8")
    by_line = lines(script, tmp_path / "line", "line")
    assert by_line == lines(script, tmp_path / "cheapest", "")
    assert len(by_line) > 300 * 14
