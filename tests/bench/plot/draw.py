"""Draws the cost per event, by tool and program: ``draw.py FIGURES OUT``, without a suffix.

One panel for what records calls and one for what records lines with variables. The axis is
logarithmic, in units of F. The ground is opaque, so that a page's own does not matter.
"""

import json
import sys
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "bench"
mpl.rcParams["svg.fonttype"] = "path"

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator  # noqa: E402

GROUND, INK, GRID = "#fbfbf8", "#24292f", "#d8dbe0"
OURS = "this recorder"
# Okabe and Ito's colours, which the colour-blind tell apart; each has a shape of its own too.
STYLES = {
    OURS: ("#d55e00", "D"),
    "trace0": ("#0072b2", "o"),
    "viztracer": ("#009e73", "s"),
    "kolo": ("#cc79a7", "^"),
    "chronotrace": ("#56b4e9", "v"),
    "hunter": ("#8a6d00", "p"),
    "pysnooper": ("#6f42c1", "h"),
    "codetracer 0.3.0": ("#24292f", "d"),
}


def named(value: float, _: int) -> str:
    return f"{value:,.0f} F" if value >= 1 else f"{value:g} F"


def panel(axes: Any, title: str, programs: list[str], series: list[dict[str, Any]]) -> None:
    rows = {name: i for i, name in enumerate(programs)}
    for i in rows.values():
        axes.axhline(i, color=GRID, linewidth=0.7, zorder=0)
    for each in series:
        points = [(cost, rows[name]) for name, cost in each["points"].items() if name in rows]
        if not points:
            continue
        colour, marker = STYLES[each["name"]]
        axes.plot(
            *zip(*points, strict=True),
            linestyle="none",
            marker=marker,
            markersize=8 if each["name"] == OURS else 7,
            color=colour,
            markeredgecolor=GROUND,
            markeredgewidth=0.8,
            alpha=0.9,
            label=each["name"],
            zorder=3 if each["name"] == OURS else 2,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(10))
    axes.xaxis.set_major_formatter(FuncFormatter(named))
    axes.grid(axis="x", color=GRID, linewidth=0.7)
    axes.set_yticks(list(rows.values()), list(rows))
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel("CPU of the whole job per event, in units of F, without starting and stopping")
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.11),
        ncols=3,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.2,
    )
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        figures = json.load(file)
    plt.rcParams.update(
        {
            "figure.facecolor": GROUND,
            "axes.facecolor": GROUND,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "font.size": 10,
        }
    )
    titles = list(dict.fromkeys(each["panel"] for each in figures["series"]))
    figure, several = plt.subplots(
        1, len(titles), figsize=(13, 6.6), sharex=True, sharey=True, layout="constrained"
    )
    several[0].invert_yaxis()
    for axes, title in zip(several, titles, strict=True):
        chosen = [each for each in figures["series"] if each["panel"] == title]
        panel(axes, f"Records {title}", figures["programs"], chosen)
    for suffix in ("png", "svg"):
        metadata = {"Date": None} if suffix == "svg" else None
        figure.savefig(f"{sys.argv[2]}.{suffix}", dpi=140, metadata=metadata)


main()
