"""The benchmark: what recording costs, as multiples of a callback that does nothing.

Usage: run.py [--quick] [--repeat N] [--millions M] [--condition NAME] [--tools NAMES] [PROGRAM...]
       run.py --plot
       run.py --profile calls|lines|values PROGRAM...
       run.py --micro [--update]

Prints Markdown tables. A full run writes them into design-docs/performance.md too, with a plot; a
quick one, or one of some programs or tools only, writes nothing. What is measured, and how, stands
in that document.
"""

import argparse
import datetime
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import comparing
import comparison
import document
import jobs
import machine
import measuring
import plotting
import profiling
from catalog import BY_NAME, DEFAULT, SCRATCH, UNIT_PROGRAMS, Program, prepare
from micro import compare
from process import JobFailed
from report import tables, unit_ns
from tools import TOOLS
from tools.tool import Tool

CONDITIONS: Final = {
    "plain": "Nothing else started.",
    "pinned": "Pinned to one core.",
    "busy": "All cores kept busy by other processes of the benchmark.",
}
PLOTTED: Final = "plain"
NOISY: Final = 0.05
"""The share of the machine that may go to others before the figures carry a warning."""
QUICK_TOOLS_ON: Final = (*UNIT_PROGRAMS, "object_heavy")
"""The programs that a quick run gives to the tools."""


@dataclass(frozen=True)
class Effort:
    """How much is run."""

    repeat: int
    millions: float
    """Events of each program."""
    tool_repeat: int
    tool_seconds: float
    """What a tool's run is meant to take."""
    tool_longest: float
    """Seconds after which it is given up."""


FULL: Final = Effort(5, 4.0, 3, 0.7, 90.0)
QUICK: Final = Effort(2, 0.3, 1, 0.3, 30.0)


@dataclass(frozen=True)
class Plan:
    """What a run of the benchmark measures."""

    programs: Sequence[Program]
    captures: Sequence[str]
    tools: Sequence[Tool]
    on: Sequence[Program]
    """The programs that the tools are given."""
    effort: Effort
    written: bool


def main() -> int:
    options = _options()
    try:
        with machine.alone(SCRATCH / "lock"):
            return _run(options)
    except (JobFailed, machine.NotAlone) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.micro:
        return compare.run(update=options.update)
    if options.plot:
        return _plotted()
    if options.profile:
        return _profiled(options.profile, [BY_NAME[name] for name in options.programs])
    plan = _plan(options)
    for condition in options.conditions:
        with machine.condition(condition):
            sections = _measure(condition, plan)
        for name, text in sections.items():
            print(text)
            if plan.written and not document.write(name, text):
                _say(f"{document.PATH.name} has no place for {name!r}: not written")
    return _plotted() if plan.written and PLOTTED in options.conditions and plan.tools else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small and twice, nothing written")
    parser.add_argument("--micro", action="store_true", help="count instructions by callgrind")
    parser.add_argument("--update", action="store_true", help="--micro: write the new baseline")
    parser.add_argument("--plot", action="store_true", help="draw the last full run once more")
    parser.add_argument("--profile", choices=jobs.CAPTURES, help="where the instructions go")
    parser.add_argument("--repeat", type=int, metavar="N", help=f"default {FULL.repeat}")
    parser.add_argument(
        "--millions", type=float, metavar="M", help=f"events of each; default {FULL.millions:g}"
    )
    parser.add_argument("--condition", choices=tuple(CONDITIONS), help="default: all")
    parser.add_argument("--tools", default="all", metavar="NAMES", help="all, none, or some: A,B")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="default: all")
    options = parser.parse_args()
    unknown = set(options.programs) - set(BY_NAME)
    if unknown:
        parser.error(f"no such program: {', '.join(sorted(unknown))}; {', '.join(BY_NAME)}")
    known = {tool.name.split()[0]: tool for tool in TOOLS}
    named = {"all": list(known), "none": []}.get(options.tools, options.tools.split(","))
    if unknown := set(named) - set(known):
        parser.error(f"no such tool: {', '.join(sorted(unknown))}; {', '.join(known)}")
    options.tools = [known[name] for name in named]
    for number in (options.repeat, options.millions):
        if number is not None and number <= 0:
            parser.error("--repeat and --millions have to be more than 0")
    options.conditions = [options.condition] if options.condition else list(CONDITIONS)
    if options.quick and not options.condition:
        options.conditions = ["plain"]
    return options


def _plan(options: argparse.Namespace) -> Plan:
    captures = jobs.CAPTURES if jobs.RECORDER.exists() else ()
    if not captures:
        _say(f"no {jobs.RECORDER.name} beside {Path(sys.executable).name}: floors only")
    base = QUICK if options.quick else FULL
    effort = Effort(
        options.repeat or base.repeat,
        options.millions or base.millions,
        min(options.repeat or base.repeat, base.tool_repeat),
        base.tool_seconds,
        base.tool_longest,
    )
    programs = list(DEFAULT)
    if options.programs:
        # Those that F and the cost of starting need are run beside those asked for.
        names = (*UNIT_PROGRAMS, *options.programs, comparing.EMPTY.name)
        programs = [BY_NAME[name] for name in dict.fromkeys(names)]
    on = programs
    if options.quick and not options.programs:
        on = [BY_NAME[name] for name in QUICK_TOOLS_ON]
    written = bool(captures) and not (options.quick or options.programs or options.millions)
    return Plan(programs, captures, options.tools, on, effort, written)


def _measure(condition: str, plan: Plan) -> dict[str, str]:
    """Measures in one condition; the text of each section."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    effort = plan.effort
    floor = jobs.build_floor()
    places = prepare(plan.programs)
    measured = measuring.prepared(plan.programs, effort.millions, places, floor)
    limits = effort.millions, effort.tool_seconds
    compared, missing = comparing.prepared(plan.tools, plan.on, places, floor, limits)
    others = machine.Others()
    for i in range(effort.repeat):
        _say(f"{condition}: repetition {i + 1} of {effort.repeat}")
        measuring.repetition(measured, floor, plan.captures, i)
        if i < effort.tool_repeat:
            comparing.repetition(compared, floor, effort.tool_longest)
    share = others.share()
    unit = unit_ns(measured)
    heading = _heading(condition, effort.repeat, share)
    sections = {condition: f"{heading}\n\n{tables(measured, unit, places.missing)}"}
    if plan.tools:
        heading = _heading(condition, effort.tool_repeat, share)
        text = comparison.tables(compared, measured, missing, unit)
        # A run of some of the tools only has no place in the document.
        whole = len(plan.tools) == len(TOOLS)
        sections[f"{condition} tools" if whole else ""] = f"{heading}\n\n{text}"
        if plan.written and whole and condition == PLOTTED:
            lossy = comparison.losing(compared)
            theirs = {at: one for at, one in comparison.theirs(compared).items() if at not in lossy}
            plotting.keep(unit, comparison.ours(measured), theirs, TOOLS)
    return sections


def _plotted() -> int:
    try:
        plotting.draw()
    except plotting.NotDrawn as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _profiled(capture: str, programs: Sequence[Program]) -> int:
    places = prepare(programs)
    for program in programs:
        print(profiling.profile(program, capture, places))
    return 0


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
