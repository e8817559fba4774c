"""The benchmark: what recording costs, as multiples of a callback that does nothing.

Usage: run.py [--quick] [--repeat N] [--condition plain|pinned|busy] [PROGRAM...]

Prints Markdown tables. A full run writes them into design-docs/performance.md too; a quick one,
or one of some programs only, does not. What is measured, and how, stands in that document.
"""

import argparse
import datetime
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import jobs
import machine
from report import EMPTY, LIBRARY, UNIT_PROGRAMS, Measured, tables

PROGRAMS: Final = (
    *UNIT_PROGRAMS,
    "object_heavy",
    "string_heavy",
    "generators",
    "exceptions",
    "threads",
    EMPTY,
    LIBRARY,
)
DOCUMENT: Final = jobs.HERE.parent.parent / "design-docs" / "performance.md"
CONDITIONS: Final = {
    "plain": "Nothing else started.",
    "pinned": "Pinned to one core.",
    "busy": "All cores kept busy by other processes of the benchmark.",
}
NOISY: Final = 0.05
"""The share of the machine that may go to others before the figures carry a warning."""


def main() -> int:
    options = _options()
    programs = tuple(dict.fromkeys((*UNIT_PROGRAMS, *options.programs)))
    full = not (options.quick or options.programs)
    try:
        with machine.condition(options.condition):
            others = machine.Others()
            measured = _measure(programs if options.programs else PROGRAMS, options.repeat)
            share = others.share()
    except jobs.JobFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    text = _heading(options.condition, options.repeat, share) + "\n\n" + tables(measured)
    print(text, end="")
    if full and jobs.RECORDER.exists():
        _write(DOCUMENT, options.condition, text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two repetitions, nothing written")
    parser.add_argument("--repeat", type=int, metavar="N", help="repetitions; default 5")
    parser.add_argument("--condition", choices=tuple(CONDITIONS), default="plain")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="default: all")
    options = parser.parse_args()
    unknown = set(options.programs) - set(PROGRAMS)
    if unknown:
        parser.error(f"no such program: {', '.join(sorted(unknown))}; {', '.join(PROGRAMS)}")
    options.repeat = options.repeat or (2 if options.quick else 5)
    if options.repeat < 1:
        parser.error("--repeat has to be at least 1")
    return options


def _measure(programs: Sequence[str], repeat: int) -> list[Measured]:
    """Runs everything, interleaved: a slow minute of the machine meets all modes alike.

    The order within a repetition turns, because what runs after what makes some per cent.
    """
    floor = jobs.build_floor()
    captures = jobs.CAPTURES if jobs.RECORDER.exists() else ()
    if not captures:
        _say(f"no {jobs.RECORDER.name} beside {Path(sys.executable).name}: floors only")
    measured = [Measured(program, jobs.count(program, floor)) for program in programs]
    for i in range(repeat):
        _say(f"repetition {i + 1} of {repeat}")
        for one in measured:
            steps = _steps(one, floor, captures)
            turn = i % len(steps)
            for step in steps[turn:] + steps[:turn]:
                step()
    return measured


def _steps(one: Measured, floor: Path, captures: Sequence[str]) -> list[Callable[[], None]]:
    """What one repetition runs of a program."""
    return [
        lambda: one.untraced.append(jobs.untraced(one.program)),
        lambda: one.floor.append(jobs.at_floor(one.program, floor)),
        *(partial(_record, one, capture) for capture in captures),
        lambda: one.control.append(jobs.untraced(one.program)),
    ]


def _record(one: Measured, capture: str) -> None:
    if capture in one.failed:
        return
    try:
        one.recorded[capture].append(jobs.recorded(one.program, capture))
    except jobs.JobFailed as error:
        one.failed[capture] = str(error)


def _heading(condition: str, repeat: int, share: float) -> str:
    lines = [
        f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {machine.described()}.",
        f"{CONDITIONS[condition]} Medians of {repeat} interleaved runs.",
    ]
    if condition != "busy":
        lines.append(f"Other work on the machine: {share:.0%} of its CPU.")
        if share > NOISY:
            lines.append("**Taken on a busy machine.**")
    return "\n".join(lines)


def _write(document: Path, condition: str, text: str) -> None:
    """Puts the text between the two markers of its condition."""
    begin, end = f"<!-- bench {condition} -->", f"<!-- end bench {condition} -->"
    before, found, rest = document.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        _say(f"{document.name} has no place for {condition!r}: not written")
        return
    document.write_text(f"{before}{begin}\n{text}{end}{after}")


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
