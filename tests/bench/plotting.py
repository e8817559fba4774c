"""Keeps the figures of the last full run and has them drawn, by matplotlib in its own environment.

matplotlib is no dependency of the project: it is installed beside the tools, when it is needed.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import document
from catalog import DEFAULT, HERE, SCRATCH
from comparison import Figure
from process import last_line
from tools.tool import Records, Tool

MATPLOTLIB: Final = "matplotlib==3.11.2"
_FIGURES: Final = SCRATCH / "figures.json"
_HOME: Final = SCRATCH / "tools" / "matplotlib"
_MODES: Final = {"calls": "calls", "values": "lines with variables"}

Figures = Mapping[tuple[str, str], Figure]


class NotDrawn(Exception):
    """There is no plot; why is the message."""


def keep(unit: float, ours: Figures, theirs: Figures, tools: Sequence[Tool]) -> None:
    """Writes down what ``draw`` needs: the cost of the whole job, in units of F."""
    series = []

    def add(panel: str, name: str, costs: dict[str, float]) -> None:
        points = {program: ns / unit for program, ns in costs.items() if ns > 0}
        series.append({"panel": panel, "name": name, "points": points})

    for mode, title in _MODES.items():
        own = {program: one.whole for (program, each), one in ours.items() if each == mode}
        add(title, "this recorder", own)
        for tool in tools:
            lines = tool.records is Records.LINES_WITH_VALUES
            if lines == (mode == "values"):
                found = {name: one.whole for (name, by), one in theirs.items() if by == tool.name}
                add(title, tool.name, found)
    programs = [program.name for program in DEFAULT if program.per_event]
    _FIGURES.write_text(json.dumps({"programs": programs, "series": series}), encoding="utf-8")


def draw() -> None:
    """Draws ``performance.png`` and ``performance.svg`` beside the document.

    Raises:
        NotDrawn: there are no figures, or matplotlib cannot be had.
    """
    if not _FIGURES.exists():
        raise NotDrawn("no figures of a full run to draw")
    python = str(_HOME / "bin" / "python")
    stamp = _HOME / "complete"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != MATPLOTLIB:
        _run([sys.executable, "-m", "venv", "--clear", str(_HOME)])
        _run([python, "-m", "pip", "install", "--quiet", MATPLOTLIB])
        stamp.write_text(MATPLOTLIB, encoding="utf-8")
    script = str(HERE / "plot" / "draw.py")
    _run([python, script, str(_FIGURES), str(document.PATH.with_suffix(""))])
    name = document.PATH.stem
    said = "CPU per event of this recorder and of other tools, by program"
    document.write("plot", f"[![{said}]({name}.png)]({name}.svg)\n")


def _run(words: list[str]) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise NotDrawn(last_line(done.stderr))
