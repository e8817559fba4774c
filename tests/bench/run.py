"""The benchmark: what recording costs, as multiples of a callback that does nothing.

Usage: run.py [--quick] [--repeat N] [--millions M] [--condition NAME] [PROGRAM...]
       run.py --micro [--update]

Prints Markdown tables. A full run writes them into design-docs/performance.md too; a quick one,
or one of some programs only, does not. What is measured, and how, stands in that document.
"""

import argparse
import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import document
import jobs
import machine
import measuring
from catalog import BY_NAME, DEFAULT, SCRATCH, UNIT_PROGRAMS, Program, prepare
from micro import compare
from process import JobFailed
from report import tables, unit_ns

CONDITIONS: Final = {
    "plain": "Nothing else started.",
    "pinned": "Pinned to one core.",
    "busy": "All cores kept busy by other processes of the benchmark.",
}
NOISY: Final = 0.05
"""The share of the machine that may go to others before the figures carry a warning."""
FULL: Final = (5, 6.0)
"""Repetitions and millions of events for each program."""
QUICK: Final = (2, 0.3)


def main() -> int:
    options = _options()
    if options.micro:
        return compare.run(update=options.update)
    captures = jobs.CAPTURES if jobs.RECORDER.exists() else ()
    if not captures:
        _say(f"no {jobs.RECORDER.name} beside {Path(sys.executable).name}: floors only")
    written = bool(captures) and not (options.quick or options.programs)
    programs = _programs(options.programs)
    try:
        for condition in options.conditions:
            with machine.condition(condition):
                text = _section(condition, programs, captures, options)
            print(text, end="")
            if written and not document.write(condition, text):
                _say(f"{document.PATH.name} has no place for {condition!r}: not written")
    except JobFailed as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small and twice, nothing written")
    parser.add_argument("--micro", action="store_true", help="count instructions by callgrind")
    parser.add_argument("--update", action="store_true", help="--micro: write the new baseline")
    parser.add_argument("--repeat", type=int, metavar="N", help=f"repetitions; default {FULL[0]}")
    parser.add_argument(
        "--millions", type=float, metavar="M", help=f"events of each program; default {FULL[1]:g}"
    )
    parser.add_argument("--condition", choices=tuple(CONDITIONS), help="default: all")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="default: all")
    options = parser.parse_args()
    unknown = set(options.programs) - set(BY_NAME)
    if unknown:
        parser.error(f"no such program: {', '.join(sorted(unknown))}; {', '.join(BY_NAME)}")
    repeat, millions = QUICK if options.quick else FULL
    options.repeat = repeat if options.repeat is None else options.repeat
    options.millions = millions if options.millions is None else options.millions
    if options.repeat < 1 or options.millions <= 0:
        parser.error("--repeat and --millions have to be more than 0")
    options.conditions = [options.condition] if options.condition else list(CONDITIONS)
    if options.quick and not options.condition:
        options.conditions = ["plain"]
    return options


def _programs(names: Sequence[str]) -> list[Program]:
    """The programs asked for, and those that F needs."""
    if not names:
        return list(DEFAULT)
    return [BY_NAME[name] for name in dict.fromkeys((*UNIT_PROGRAMS, *names))]


def _section(
    condition: str,
    programs: Sequence[Program],
    captures: Sequence[str],
    options: argparse.Namespace,
) -> str:
    """Measures in one condition."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    floor = jobs.build_floor()
    places = prepare(programs)
    others = machine.Others()
    measured = measuring.prepared(programs, options.millions, places, floor)
    for i in range(options.repeat):
        _say(f"{condition}: repetition {i + 1} of {options.repeat}")
        measuring.repetition(measured, floor, captures, i)
    heading = _heading(condition, options.repeat, others.share())
    return f"{heading}\n\n{tables(measured, unit_ns(measured), places.missing)}"


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


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
