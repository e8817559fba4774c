"""Turns the runs of published tools into tables, beside the recorder's own figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from comparing import EMPTY, Compared
from report import LEAST_EVENTS, Added, Measured, cell, table
from tools import environments
from tools.tool import Records, Tool

_OURS: Final = {
    Records.CALLS: "calls",
    Records.CALLS_WITH_VALUES: "calls",
    Records.LINES_WITH_VALUES: "values",
}
"""The mode of ours that a tool is compared with."""
_LAST_RELEASE: Final = "codetracer 0.3.0"
_WHOLE: Final = 0.99
"""From this part of the expected events on a tool has recorded them all."""


@dataclass(frozen=True)
class Figure:
    """What an event costs, in ns, without starting and stopping."""

    inside: float
    whole: float


@dataclass(frozen=True)
class Goal:
    """How many times as much as ours a tool has to cost."""

    tool: str
    times: float
    which: str
    """``inside`` or ``whole``."""


def ours(measured: Sequence[Measured]) -> dict[tuple[str, str], Figure]:
    """Our own figures by program and mode."""
    start = {one.name: one for one in measured}.get(EMPTY.name)
    figures = {}
    for one in measured:
        for capture, recordings in one.recorded.items():
            events = one.expected.of(capture).events
            if not recordings or events < LEAST_EVENTS or one.wrong(capture):
                continue
            runs = [each.run for each in recordings]
            inside = Added.of(runs, one.untraced, lambda run: run.inside).median
            whole = Added.of(runs, one.untraced, lambda run: run.whole).median
            if start is not None and start.recorded[capture]:
                starting = [each.run for each in start.recorded[capture]]
                whole -= Added.of(starting, start.untraced, lambda run: run.whole).median
            figures[one.name, capture] = Figure(inside / events * 1e9, whole / events * 1e9)
    return figures


def theirs(compared: Sequence[Compared]) -> dict[tuple[str, str], Figure]:
    """The tools' figures by program and tool, of the runs that were finished."""
    start = {
        one.tool.name: one.whole() for one in compared if one.task.program is EMPTY and one.runs
    }
    return {
        (one.task.program.name, one.tool.name): Figure(
            one.inside() / one.events * 1e9,
            (one.whole() - start.get(one.tool.name, 0.0)) / one.events * 1e9,
        )
        for one in compared
        if one.runs and one.failed is None and one.task.program is not EMPTY
    }


def losing(compared: Sequence[Compared]) -> set[tuple[str, str]]:
    """Programs and tools where the tool has not recorded the whole program."""
    return {
        (one.task.program.name, one.tool.name)
        for one in compared
        if one.recorded and one.recorded[0] < _WHOLE * one.events
    }


def tables(
    compared: Sequence[Compared],
    measured: Sequence[Measured],
    missing: dict[str, str],
    unit: float,
) -> str:
    """All tables of the comparison, in Markdown."""
    own, figures = ours(measured), theirs(compared)
    tools = list({one.tool.name: one.tool for one in compared}.values())
    parts = [
        f"F = {unit:.1f} ns",
        *(f"`{name}` was not run: {cell(why)}" for name, why in missing.items()),
        _tools(tools, compared),
        *(_tool(tool, compared, own, figures, unit) for tool in tools),
        _goals(compared, own, figures),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def goals(tools: Sequence[Tool]) -> list[Goal]:
    """What the recorder is held to, beside each tool."""
    out = []
    for tool in tools:
        if tool.name == _LAST_RELEASE:
            out += [Goal(tool.name, 100, "inside"), Goal(tool.name, 100, "whole")]
        elif tool.records is Records.LINES_WITH_VALUES:
            out += [Goal(tool.name, 10, "inside"), Goal(tool.name, 10, "whole")]
        elif tool.name == "trace0":
            out.append(Goal(tool.name, 1, "whole"))
        elif tool.name == "viztracer":
            out.append(Goal(tool.name, 15, "whole"))
    return out


def _tools(tools: Sequence[Tool], compared: Sequence[Compared]) -> str:
    start = {one.tool.name: one for one in compared if one.task.program is EMPTY}
    rows = []
    for tool in tools:
        began = start.get(tool.name)
        said = f"{began.whole() * 1e3:.0f}" if began is not None and began.runs else "failed"
        rows.append(
            f"{tool.name} | `{tool.requirement}` | {environments.version_of(tool)}"
            f" | {tool.records.value} | {tool.how} | {said}"
        )
    head = ("tool", "package", "CPython", "records", "how it is run", "start and stop, ms of CPU")
    return table("The tools", head, rows)


def _tool(
    tool: Tool,
    compared: Sequence[Compared],
    own: dict[tuple[str, str], Figure],
    figures: dict[tuple[str, str], Figure],
    unit: float,
) -> str:
    mode = _OURS[tool.records]
    head = (
        "program",
        "events, thousands",
        "recorded/expected",
        "in the program, ns/event",
        "in F",
        "times ours",
        "whole job, ns/event",
        "in F",
        "times ours",
        "bytes/event",
        "memory added, MiB",
    )
    rows = []
    for one in compared:
        name = one.task.program.name
        if one.tool is not tool or one.task.program is EMPTY:
            continue
        events = f"{one.events / 1e3:,.0f}"
        if one.failed is not None:
            rows.append(f"{name} | {events} | failed: {cell(one.failed)}" + " |" * (len(head) - 3))
            continue
        figure, mine = figures[name, tool.name], own.get((name, mode))
        cells = [name, events, _share(one)]
        for theirs_, ours_ in (
            (figure.inside, mine.inside if mine else 0.0),
            (figure.whole, mine.whole if mine else 0.0),
        ):
            cells += [f"{theirs_:,.0f}", f"{theirs_ / unit:,.1f} F", _times(theirs_, ours_)]
        cells += [f"{min(one.bytes) / one.events:,.1f}", f"{one.memory_mib():.0f}"]
        rows.append(" | ".join(cells))
    return table(f"{tool.name}, beside `--capture {mode}`", head, rows) if rows else ""


def _share(one: Compared) -> str:
    share = one.recorded[0] / one.events
    return "1" if one.recorded[0] == one.events else f"{share:.4f}"


def _times(theirs_: float, ours_: float) -> str:
    return f"{theirs_ / ours_:,.1f}" if ours_ > 0 else ""


def _goals(
    compared: Sequence[Compared],
    own: dict[tuple[str, str], Figure],
    figures: dict[tuple[str, str], Figure],
) -> str:
    """For each goal the program that is nearest to missing it."""
    rows = []
    lossy = losing(compared)
    tools = {one.tool.name: one.tool for one in compared}
    for goal in goals(list(tools.values())):
        mode = _OURS[tools[goal.tool].records]
        ratios = [
            (getattr(figure, goal.which) / getattr(own[program, mode], goal.which), program)
            for (program, tool), figure in figures.items()
            if tool == goal.tool and getattr(own.get((program, mode)), goal.which, 0) > 0
        ]
        if not ratios:
            continue
        least, program = min(ratios)
        missed = sum(ratio < goal.times for ratio, _ in ratios)
        said = "met" if not missed else f"**missed** on {missed} of {len(ratios)}"
        note = ", where it loses events" if (program, goal.tool) in lossy else ""
        where = "in the program" if goal.which == "inside" else "whole job"
        rows.append(
            f"{goal.tool} | {mode} | {where} | {goal.times:g} | {least:,.1f} on {program}{note}"
            f" | {said}"
        )
    head = ("tool", "our mode", "what", "times ours, goal", "least", "")
    return table("Goals", head, rows) if rows else ""
