"""Runs programs in all modes, interleaved: a slow minute of the machine meets all modes alike.

The order within a repetition turns, because what runs after what makes some per cent.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import jobs
from catalog import Places, Program
from process import JobFailed
from report import Measured

Step = Callable[[], None]


def prepared(
    programs: Sequence[Program], millions: float, places: Places, floor: Path
) -> list[Measured]:
    """The programs that can be run, with their events counted."""
    tasks = [
        jobs.Task(program, program.size_for(millions), places)
        for program in programs
        if program.name not in places.missing
    ]
    return [Measured(task, jobs.count(task, floor)) for task in tasks]


def repetition(measured: Sequence[Measured], floor: Path, captures: Sequence[str], i: int) -> None:
    """Runs each program in each mode once."""
    for one in measured:
        steps = _steps(one, floor, captures)
        turn = i % len(steps)
        for step in steps[turn:] + steps[:turn]:
            step()


def _steps(one: Measured, floor: Path, captures: Sequence[str]) -> list[Step]:
    return [
        lambda: one.untraced.append(jobs.untraced(one.task)),
        lambda: one.floor.append(jobs.at_floor(one.task, floor)),
        *(partial(_record, one, capture) for capture in captures),
        lambda: one.control.append(jobs.untraced(one.task)),
    ]


def _record(one: Measured, capture: str) -> None:
    if capture in one.failed:
        return
    try:
        one.recorded[capture].append(jobs.recorded(one.task, capture))
    except JobFailed as error:
        one.failed[capture] = str(error)
