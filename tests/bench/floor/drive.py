"""Runs a program as ``__main__`` under callbacks of ``_floor``.

Usage: drive.py noop|count MODULE PROGRAM [COUNTS]

MODULE is the compiled ``_floor``. ``noop`` listens to lines, starts and returns everywhere.
``count`` counts the events of code in the program's directory and writes them to COUNTS as JSON.
"""

import importlib.machinery
import importlib.util
import json
import os
import runpy
import sys
from types import ModuleType

MONITORING = sys.monitoring
TOOL = MONITORING.PROFILER_ID
FLOOR_EVENTS = ("LINE", "PY_START", "PY_RETURN")
ALL_EVENTS = (
    *FLOOR_EVENTS,
    "PY_RESUME",
    "PY_YIELD",
    "PY_THROW",
    "PY_UNWIND",
    "RAISE",
    "EXCEPTION_HANDLED",
)


def load(path: str) -> ModuleType:
    """The extension module at ``path``, wherever that is."""
    loader = importlib.machinery.ExtensionFileLoader("_floor", path)
    spec = importlib.util.spec_from_loader("_floor", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def main() -> None:
    mode, extension, program = sys.argv[1:4]
    counts = sys.argv[4] if mode == "count" else None
    floor = load(extension)
    home = os.path.dirname(program)
    sys.path[0] = home
    sys.argv[:] = [program]
    if counts is None:
        events: tuple[str, ...] = FLOOR_EVENTS
        callbacks = (floor.noop,) * len(events)
    else:
        events = ALL_EVENTS
        callbacks = floor.counters(home + os.sep, len(events))
    MONITORING.use_tool_id(TOOL, "floor")
    mask = 0
    for name, callback in zip(events, callbacks, strict=True):
        event = getattr(MONITORING.events, name)
        MONITORING.register_callback(TOOL, event, callback)
        mask |= event
    MONITORING.set_events(TOOL, mask)
    runpy.run_path(program, run_name="__main__")
    MONITORING.set_events(TOOL, 0)
    if counts is not None:
        totals = {name: floor.total(i) for i, name in enumerate(events)}
        with open(counts, "w", encoding="ascii") as out:
            json.dump(totals, out)


main()
