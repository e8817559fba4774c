"""Turns measurements into tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

import budget
from catalog import UNIT_PROGRAMS, Kind
from jobs import CAPTURES, Counts, Expected, Recorded, Task
from process import Run

LEAST_EVENTS = 20_000
"""With fewer events than this a cost per event says nothing, and there is no row."""

LEAST_JUDGED = 500_000
"""With fewer events starting, which has a budget of its own, is most of the whole job."""


@dataclass
class Measured:
    """All runs of one program; the runs of a mode stand beside the untraced ones by position."""

    task: Task
    expected: Expected
    untraced: list[Run] = field(default_factory=list)
    control: list[Run] = field(default_factory=list)
    """Untraced too: what these seem to cost is the error of the other figures."""
    floor: list[Run] = field(default_factory=list)
    recorded: dict[str, list[Recorded]] = field(
        default_factory=lambda: {capture: [] for capture in CAPTURES}
    )
    failed: dict[str, str] = field(default_factory=dict)
    """Why a mode has no runs, by mode."""

    @property
    def name(self) -> str:
        """The program's."""
        return self.task.program.name

    def wrong(self, capture: str) -> str | None:
        """How the first recording that is not whole differs from what was counted."""
        expected = self.expected.of(capture)
        for each in self.recorded[capture]:
            if each.counts != expected:
                return _difference(each.counts, expected)
        return None

    def cost(self, capture: str, unit: float) -> budget.Cost:
        """What a mode costs, as medians."""
        events = self.expected.of(capture).events
        recordings = self.recorded[capture]
        runs = [each.run for each in recordings]
        in_unit = 1e9 / events / unit
        return budget.Cost(
            Added.of(runs, self.untraced, lambda run: run.inside).median * in_unit,
            Added.of(runs, self.untraced, lambda run: run.whole).median * in_unit,
            median(each.bytes for each in recordings) / events,
            Added.of(runs, self.untraced, lambda run: run.peak_kib).median / 1024,
        )


@dataclass(frozen=True)
class Added:
    """A cost added over the untraced runs: the median of the pairs, and best over best."""

    median: float
    least: float

    @classmethod
    def of(cls, runs: Sequence[Run], base: Sequence[Run], key: Callable[[Run], float]) -> "Added":
        """Compares runs with the untraced ones that were taken beside them."""
        pairs = zip(runs, base, strict=False)
        return cls(
            median(key(run) - key(beside) for run, beside in pairs),
            min(key(run) for run in runs) - min(key(run) for run in base),
        )

    def per_event(self, events: int, unit: float) -> str:
        """In ns per event, with the least in parentheses, and in units of F."""
        ns = self.median / events * 1e9
        return f"{ns:,.1f} ({self.least / events * 1e9:,.1f}) | {ns / unit:,.2f} F"


def unit_ns(measured: Sequence[Measured]) -> float:
    """F in ns: the median over the runs of the unit programs under the no-op callback."""
    return median(
        (run.inside - base.inside) / one.expected.at_floor() * 1e9
        for one in measured
        if one.name in UNIT_PROGRAMS
        for run, base in zip(one.floor, one.untraced, strict=False)
    )


def tables(measured: Sequence[Measured], unit: float, missing: dict[str, str]) -> str:
    """All tables of the recorder's own figures, in Markdown."""
    programs = [one for one in measured if one.task.program.per_event]
    parts = [
        f"F = {unit:.1f} ns",
        *(f"`{name}` was not run: {cell(why)}" for name, why in missing.items()),
        _floors(programs, unit),
        *(_mode(programs, capture, unit) for capture in CAPTURES),
        _not_per_event(measured),
        _over_budget(programs, unit),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(title: str, head: Sequence[str], rows: Sequence[str]) -> str:
    """A Markdown table; each row is its cells joined by bars."""
    lines = [f"**{title}**", "", f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    lines += [f"| {row} |".replace("| |", "| |") for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text that does not end its cell."""
    return text.replace("|", "/")


def _floors(programs: Sequence[Measured], unit: float) -> str:
    rows = []
    for one in programs:
        events = one.expected.at_floor()
        added = Added.of(one.floor, one.untraced, lambda run: run.inside)
        noise = Added.of(one.control, one.untraced, lambda run: run.inside)
        base = median(run.inside for run in one.untraced)
        rows.append(
            f"{one.name} | {base:.2f} | {events / 1e6:.2f} | {added.per_event(events, unit)}"
            f" | {noise.median / events * 1e9:+.1f}"
        )
    head = (
        "program",
        "untraced s",
        "events, millions",
        "ns/event",
        "in F",
        "untraced again, ns/event",
    )
    return table("No-op callback", head, rows)


def _mode(programs: Sequence[Measured], capture: str, unit: float) -> str:
    head = (
        "program",
        "recorded/expected",
        "in the program, ns/event",
        "in F",
        "whole job, ns/event",
        "in F",
        "bytes/event",
        "memory added, MiB",
    )
    rows = [_row(one, capture, unit, len(head)) for one in programs if _has_row(one, capture)]
    return table(f"`--capture {capture}`", head, rows) if rows else ""


def _has_row(one: Measured, capture: str) -> bool:
    """Whether a mode was tried, and has a cost per event."""
    if one.expected.of(capture).events < LEAST_EVENTS:
        return False
    return bool(one.recorded[capture]) or capture in one.failed


def _row(one: Measured, capture: str, unit: float, columns: int) -> str:
    said = f"failed: {cell(one.failed[capture])}" if capture in one.failed else None
    if said is None and (wrong := one.wrong(capture)):
        said = f"not counted: {wrong}"
    if said is not None:
        return f"{one.name} | {said}" + " |" * (columns - 2)
    recordings = one.recorded[capture]
    runs = [each.run for each in recordings]
    events = one.expected.of(capture).events
    cost = one.cost(capture, unit)
    inside = Added.of(runs, one.untraced, lambda run: run.inside)
    whole = Added.of(runs, one.untraced, lambda run: run.whole)
    return " | ".join(
        [
            one.name,
            "1",
            inside.per_event(events, unit),
            whole.per_event(events, unit),
            f"{cost.bytes:.2f}",
            f"{cost.memory:.0f}",
        ]
    )


def _difference(recorded: Counts, expected: Counts) -> str:
    pairs = (
        ("events", recorded.events, expected.events),
        ("calls", recorded.calls, expected.calls),
        ("lines", recorded.lines, expected.lines),
    )
    return ", ".join(f"{name} {is_}/{should}" for name, is_, should in pairs if is_ != should)


def _not_per_event(measured: Sequence[Measured]) -> str:
    rows = []
    for one in measured:
        if one.task.program.per_event:
            continue
        for capture, recordings in one.recorded.items():
            if capture in one.failed:
                said = f"failed: {cell(one.failed[capture])}"
            elif not recordings:
                continue
            elif wrong := one.wrong(capture):
                said = f"not counted: {wrong}"
            else:
                said = _cost_of_all(one, [each.run for each in recordings])
            rows.append(f"{one.name} | {capture} | {said}")
    return (
        table("Not per event", ("program", "capture", "cost: median (least)"), rows) if rows else ""
    )


def _cost_of_all(one: Measured, runs: Sequence[Run]) -> str:
    if one.task.program.kind is Kind.WORST:
        return _worst(runs, one.untraced)
    if one.task.program.kind is Kind.START:
        added = Added.of(runs, one.untraced, lambda run: run.whole)
        said = f"{added.median * 1e3:.0f} ms ({added.least * 1e3:.0f}) of CPU, whole job"
        return f"{said}; budget {budget.START_MS:.0f} ms"
    ratio = _times(runs, one.untraced)
    said = f"{ratio:.3f} times the untraced CPU, in the program"
    said += f"; untraced again {_times(one.control, one.untraced):.3f}"
    return f"{said}; budget {budget.LIBRARY_TIMES}"


def _worst(runs: Sequence[Run], base: Sequence[Run]) -> str:
    """The dearest of the program's cases: a call with its line and return."""
    added = {
        case: median(run.cases[case] for run in runs) - median(run.cases[case] for run in base)
        for case in base[0].cases
    }
    case = max(added, key=lambda name: added[name])
    said = f"{added[case] / 1e3:,.1f} µs for a call, its line and its return, given {case}"
    return f"{said}; budget {budget.WORST_US:.0f} µs for one event"


def _times(runs: Sequence[Run], base: Sequence[Run]) -> float:
    return median(run.inside / beside.inside for run, beside in zip(runs, base, strict=False))


def _over_budget(programs: Sequence[Measured], unit: float) -> str:
    rows = []
    for one in programs:
        for capture in CAPTURES:
            if not _has_row(one, capture) or capture in one.failed or one.wrong(capture):
                continue
            cost = one.cost(capture, unit)
            if one.expected.of(capture).events < LEAST_JUDGED:
                cost = replace(cost, whole=0.0, bytes=0.0)
            for what, figure, most in budget.over(cost, one.task.program.kind, capture):
                rows.append(f"{one.name} | {capture} | {what} | {figure:,.2f} | {most:g}")
    head = ("program", "capture", "what", "figure", "budget")
    return table("Over budget", head, rows) if rows else ""
