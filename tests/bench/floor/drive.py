"""Runs a program as ``__main__`` under callbacks of ``_floor``.

Usage: drive.py noop MODULE PROGRAM SIZE
       drive.py count MODULE PROGRAM SIZE COUNTS DIRECTORIES

MODULE is the compiled ``_floor``. ``noop`` listens to lines, starts and returns everywhere.
``count`` counts the events of code in DIRECTORIES (joined by colons) and writes them to COUNTS as
JSON: all, and those of code that has no file.
"""

import importlib.machinery
import importlib.util
import json
import os
import runpy
import sys
from collections.abc import Callable
from types import ModuleType

from endings import TOOL, Endings

MONITORING = sys.monitoring
FLOOR_EVENTS = ("LINE", "PY_START", "PY_RETURN")
COUNTED = (*FLOOR_EVENTS, "PY_RESUME", "PY_YIELD", "PY_THROW", "PY_UNWIND", "JUMP")
"""What C callbacks count; the last is for the iterations of loops on one line."""


def load(path: str) -> ModuleType:
    """The extension module at ``path``, wherever that is."""
    loader = importlib.machinery.ExtensionFileLoader("_floor", path)
    spec = importlib.util.spec_from_loader("_floor", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def listen(callbacks: dict[str, Callable[..., object]]) -> None:
    """Registers callbacks for events everywhere."""
    MONITORING.use_tool_id(TOOL, "floor")
    mask = 0
    for name, callback in callbacks.items():
        event = getattr(MONITORING.events, name)
        MONITORING.register_callback(TOOL, event, callback)
        mask |= event
    MONITORING.set_events(TOOL, mask)


def main() -> None:
    mode, extension, program, size, *rest = sys.argv[1:]
    floor = load(extension)
    sys.path[0] = os.path.dirname(program)
    sys.argv[:] = [program, size]
    if mode == "noop":
        listen(dict.fromkeys(FLOOR_EVENTS, floor.noop))
        runpy.run_path(program, run_name="__main__")
        MONITORING.set_events(TOOL, 0)
        return
    counts, directories = rest
    homes = tuple(home + os.sep for home in directories.split(os.pathsep))
    endings = Endings(floor.inside)
    callbacks = dict(zip(COUNTED, floor.counters(homes, len(COUNTED)), strict=True))
    listen(callbacks | endings.callbacks())
    runpy.run_path(program, run_name="__main__")
    MONITORING.set_events(TOOL, 0)
    found = {name: floor.total(i) for i, name in enumerate(COUNTED)}
    kinds = {name: total for name, (total, _) in found.items()} | endings.totals()
    nameless = {name: without for name, (_, without) in found.items()}
    with open(counts, "w", encoding="ascii") as out:
        json.dump({"kinds": kinds, "nameless": nameless}, out)


main()
