"""The figures of the event bus as Markdown, for the page that holds all figures."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Flat", "Report", "Row", "typescript"]

TYPESCRIPT = Path(__file__).parents[3] / "typescript"
GOAL_OF_EMIT = 1 / 10


@dataclass(frozen=True)
class Row:
    """A case: events a second of the floor and of the bus, and the least fraction wanted."""

    case: str
    floor: float
    bus: float
    goal: float | None

    def line(self) -> str:
        found = self.bus / self.floor
        goal = "" if self.goal is None else f"{self.goal:.3f}{_mark(found >= self.goal)}"
        return f"| {self.case} | {self.floor:,.0f} | {self.bus:,.0f} | {found:.3f} | {goal} |"


@dataclass(frozen=True)
class Flat:
    """How much more an event costs with many of something."""

    case: str
    ratio: float

    def line(self) -> str:
        return f"| {self.case} | {self.ratio:.2f} | 1.50{_mark(self.ratio <= 1.5)} |"


@dataclass
class Report:
    """The figures of one language."""

    title: str
    rows: list[Row] = field(default_factory=list)
    flat: list[Flat] = field(default_factory=list)
    kept: float = 0.0
    others: list[tuple[str, str, float]] = field(default_factory=list)

    def text(self) -> str:
        lines = [
            f"**{self.title}**",
            "",
            "| case | floor, events/s | bus, events/s | fraction | goal |",
            "| --- | --- | --- | --- | --- |",
            *(row.line() for row in self.rows),
            "",
            "| cost of an event | times | goal |",
            "| --- | --- | --- |",
            *(flat.line() for flat in self.flat),
            f"| memory of a kept event with one result | {self.kept:,.0f} bytes "
            f"| 1,500{_mark(self.kept <= 1_500)} |",
        ]
        if self.others:
            lines += ["", "| other package | case | events/s |", "| --- | --- | --- |"]
            lines += [f"| {name} | {case} | {rate:,.0f} |" for name, case, rate in self.others]
        return "\n".join(lines) + "\n"


def _mark(good: bool) -> str:
    return "" if good else " missed"


def typescript(quick: bool) -> list[Report]:
    """Measures the other half of the bus, without and with AsyncLocalStorage."""
    words = ["node", "bench/run.mjs", "--json", *(["--quick"] if quick else [])]
    done = subprocess.run(words, cwd=TYPESCRIPT, check=True, capture_output=True, text=True)
    version = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True)
    return [
        _typescript_report(f"TypeScript, Node {version.stdout.strip()[1:]}, {text}", figures)
        for text, figures in zip(
            ("without AsyncLocalStorage", "with AsyncLocalStorage"),
            json.loads(done.stdout).values(),
            strict=True,
        )
    ]


def _typescript_report(title: str, figures: dict[str, float]) -> Report:
    report = Report(title, kept=figures["memory"])
    for name, floor in figures.items():
        case = name.removesuffix(" floor")
        if case != name:
            goal = GOAL_OF_EMIT if case == "emit+await" else None
            report.rows.append(Row(case, floor, figures[f"{case} ours"], goal))
    flat = [name for name in figures if name.startswith("flat: ")]
    for few, many in zip(flat[::2], flat[1::2], strict=True):
        text = f"{many.removeprefix('flat: ')}, of {few.removeprefix('flat: ')}"
        report.flat.append(Flat(text, figures[few] / figures[many]))
    for name, figure in figures.items():
        case, _, package = name.rpartition(" ")
        if package in ("mitt", "abxbus"):
            report.others.append((f"{package} (npm)", case, figure))
    return report


def machine(before: str) -> str:
    """What the figures were taken on; ``before`` is the load when it began."""
    return (
        f"{platform.machine()}, {os.cpu_count()} processors, {sys.platform}. Load averages of the "
        f"machine: {before} before, {load()} after; other work on it makes floors and buses "
        "slower together.\n"
    )


def load() -> str:
    """The load averages of one, five and fifteen minutes."""
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())
