"""Compares the hot path's instructions with the committed ones.

The committed ones are of one interpreter's build and one compiler: on another machine write them
anew (``--update``) from the commit to compare with, and do not commit that.
"""

import json
import platform
import sys
from pathlib import Path
from typing import Final

from jobs import RECORDER

from micro import callgrind
from micro.callgrind import Iteration
from micro.snippets import LOOP, SNIPPETS

BASELINE: Final = Path(__file__).with_name("baseline.json")
TOLERANCE: Final = 0.02
"""By how much a figure may differ before it is named; two runs of one build differ by less."""

Figures = dict[str, float]


def run(*, update: bool) -> int:
    """Counts, prints, compares; 1 where something grew.

    Raises:
        JobFailed: valgrind, a program or the recorder failed.
    """
    if not RECORDER.exists():
        print(f"bench: no {RECORDER.name} beside {Path(sys.executable).name}", file=sys.stderr)
        return 1
    figures = _counted()
    known = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    version = platform.python_version()
    before = known.get(version, {})
    grown = _printed(figures, before)
    if update:
        text = json.dumps(known | {version: figures}, indent=2, sort_keys=True)
        BASELINE.write_text(text + "\n", encoding="utf-8")
        return 0
    if not before:
        print(f"bench: no figures of CPython {version} to compare with", file=sys.stderr)
    return 1 if grown else 0


def _counted() -> Figures:
    """Instructions per event by mode and kind, the bare loop's left out of the others."""
    figures: Figures = {}
    loops: dict[str, Iteration] = {}
    for snippet in SNIPPETS:
        script = callgrind.written(snippet.name, snippet.source)
        bare = callgrind.plain(script)
        for capture in snippet.captures:
            print(f"bench: {capture}: {snippet.name}", file=sys.stderr)
            found = callgrind.recorded(script, capture)
            added = Iteration(found.instructions - bare.instructions, found.events)
            if snippet.name == LOOP:
                loops[capture] = added
                if not added.events:
                    continue
                base = Iteration(0, 0)
            else:
                base = loops[capture]
            instructions = added.instructions - base.instructions
            events = added.events - base.events
            figures[f"{capture}: {snippet.name}"] = round(instructions / events, 1)
    return figures


def _printed(figures: Figures, before: Figures) -> list[str]:
    """Prints the table; the names of what grew."""
    grown = []
    print("| mode: events | instructions/event | committed | |")
    print("| --- | --- | --- | --- |")
    for name, figure in figures.items():
        was = before.get(name)
        said = ""
        if was is not None and abs(figure / was - 1) > TOLERANCE:
            said = f"{figure / was - 1:+.1%}"
            if figure > was:
                grown.append(name)
                said = f"**grew: {said}**"
        print(f"| {name} | {figure:,.1f} | {'' if was is None else f'{was:,.1f}'} | {said} |")
    return grown
