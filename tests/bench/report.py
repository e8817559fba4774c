"""Turns measurements into tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from jobs import CAPTURES, Counts, Expected, Recorded, Run

UNIT_PROGRAMS = ("call_heavy", "line_heavy")
"""The programs whose no-op floor is the unit F."""
LEAST_EVENTS = 100_000
"""With fewer events than this a cost per event says nothing, and there is no row."""
EMPTY, LIBRARY = "empty", "library"
"""Programs whose cost is not per event."""


@dataclass
class Measured:
    """All runs of one program; the runs of a mode stand beside the untraced ones by position."""

    program: str
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
        return f"{ns:.1f} ({self.least / events * 1e9:.1f}) | {ns / unit:.2f} F"


def unit_ns(measured: Sequence[Measured]) -> float:
    """F in ns: the median over the runs of the unit programs under the no-op callback."""
    return median(
        (run.inside - base.inside) / one.expected.at_floor() * 1e9
        for one in measured
        if one.program in UNIT_PROGRAMS
        for run, base in zip(one.floor, one.untraced, strict=False)
    )


def tables(measured: Sequence[Measured]) -> str:
    """All tables, in Markdown."""
    unit = unit_ns(measured)
    programs = [one for one in measured if one.program not in (EMPTY, LIBRARY)]
    parts = [
        f"F = {unit:.1f} ns",
        _floors(programs, unit),
        *(_mode(programs, capture, unit) for capture in CAPTURES),
        _not_per_event(measured),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _floors(programs: Sequence[Measured], unit: float) -> str:
    rows = []
    for one in programs:
        events = one.expected.at_floor()
        added = Added.of(one.floor, one.untraced, lambda run: run.inside)
        noise = Added.of(one.control, one.untraced, lambda run: run.inside)
        base = median(run.inside for run in one.untraced)
        rows.append(
            f"{one.program} | {base:.2f} | {events / 1e6:.1f} | {added.per_event(events, unit)}"
            f" | {noise.median / events * 1e9:+.1f}"
        )
    return _table(
        "No-op callback",
        (
            "program",
            "untraced s",
            "events, millions",
            "ns/event",
            "in F",
            "untraced again, ns/event",
        ),
        rows,
    )


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
    return _table(f"`--capture {capture}`", head, rows) if rows else ""


def _has_row(one: Measured, capture: str) -> bool:
    """Whether a mode was tried, and has a cost per event."""
    if one.expected.of(capture).events < LEAST_EVENTS:
        return False
    return bool(one.recorded[capture]) or capture in one.failed


def _row(one: Measured, capture: str, unit: float, columns: int) -> str:
    if capture in one.failed:
        return " | ".join([one.program, f"failed: {_cell(one.failed[capture])}"]) + " |" * (
            columns - 2
        )
    expected = one.expected.of(capture)
    recordings = one.recorded[capture]
    wrong = [each.counts for each in recordings if each.counts != expected]
    if wrong:
        said = f"not counted: {_difference(wrong[0], expected)}"
        return f"{one.program} | {said}" + " |" * (columns - 2)
    runs = [each.run for each in recordings]
    events = expected.events
    inside = Added.of(runs, one.untraced, lambda run: run.inside)
    whole = Added.of(runs, one.untraced, lambda run: run.whole)
    memory = Added.of(runs, one.untraced, lambda run: run.peak_kib)
    size = median(each.bytes for each in recordings) / events
    return " | ".join(
        [
            one.program,
            "1",
            inside.per_event(events, unit),
            whole.per_event(events, unit),
            f"{size:.2f}",
            f"{memory.median / 1024:.0f}",
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
        for capture, recordings in one.recorded.items():
            if not recordings or one.program not in (EMPTY, LIBRARY):
                continue
            runs = [each.run for each in recordings]
            counts = recordings[0].counts
            said = "1" if counts == one.expected.of(capture) else "not counted"
            if said == "1" and one.program == EMPTY:
                added = Added.of(runs, one.untraced, lambda run: run.whole)
                said = f"{added.median * 1e3:.0f} ms ({added.least * 1e3:.0f}) of CPU, whole job"
            elif said == "1":
                pairs = zip(runs, one.untraced, strict=False)
                ratio = median(run.inside / base.inside for run, base in pairs)
                again = zip(one.control, one.untraced, strict=False)
                noise = median(run.inside / base.inside for run, base in again)
                said = f"{ratio:.3f} times the untraced CPU, in the program"
                said += f"; untraced again {noise:.3f}"
            rows.append(f"{one.program} | {capture} | {said}")
        for capture, why in one.failed.items():
            if one.program in (EMPTY, LIBRARY):
                rows.append(f"{one.program} | {capture} | failed: {_cell(why)}")
    if not rows:
        return ""
    return _table("Not per event", ("program", "capture", "cost: median (least)"), rows)


def _table(title: str, head: Sequence[str], rows: Sequence[str]) -> str:
    lines = [f"**{title}**", "", f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    lines += [f"| {row} |".replace("| |", "| |") for row in rows]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "/")
