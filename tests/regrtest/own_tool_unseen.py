"""Runs ``python -m test`` recorded by a tool that ``sys.monitoring``'s own questions leave out.

Usage: own_tool_unseen.py TRACE ARGUMENTS...

The tests of ``sys.monitoring`` first assert that no tool has events and that the ids 2, 3 and 4
are free. Here the recorder has another id, and ``get_events`` and ``_all_events`` do not speak of
it. So those tests go on to what they are about: which events other tools see.
"""

import sys

import codetracer_python_recorder
from test.libregrtest import main

HELD = (4, 3)
"""What the recorder takes first, and the tests need."""
OWN = 5
"""What it takes then."""


def hide() -> None:
    """Leaves the recorder's tool out of what the tests ask."""
    monitoring = sys.monitoring
    all_events, get_events = monitoring._all_events, monitoring.get_events

    def others() -> dict[str, int]:
        masks = {name: mask & ~(1 << OWN) for name, mask in all_events().items()}
        return {name: mask for name, mask in masks.items() if mask}

    monitoring._all_events = others
    monitoring.get_events = lambda tool: 0 if tool == OWN else get_events(tool)


def record(trace: str) -> None:
    """Starts a recording of everything whose tool has the id ``OWN``."""
    for tool in HELD:
        sys.monitoring.use_tool_id(tool, "held")
    codetracer_python_recorder.start(trace, policy={"all": True})
    for tool in HELD:
        sys.monitoring.free_tool_id(tool)
    if sys.monitoring.get_tool(OWN) != "codetracer-python-recorder":
        raise SystemExit(f"the recorder's tool is not {OWN}")


if __name__ == "__main__":
    record(sys.argv.pop(1))
    hide()
    try:
        main.main()
    finally:
        codetracer_python_recorder.stop()
