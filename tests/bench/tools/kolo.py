"""kolo: calls and returns with arguments and locals, of code that is no library's."""

import re

from tools.tool import CALLS, Job, Records, Tool

_FRAME = re.compile(rb"\xa5event(?:\xa4call|\xa6return|\xa6resume|\xa5yield|\xa5throw|\xa6unwind)")
"""The key and the value of a frame's event, in MessagePack."""


def _command(job: Job) -> list[str]:
    """It reads and writes ``.kolo`` in the directory that it is started in."""
    home = job.out / ".kolo"
    home.mkdir()
    # Else it starts a process that works on, at nobody's expense, when the program has ended.
    (home / "config.toml").write_text("auto_emit = false\n", encoding="utf-8")
    return ["/usr/bin/env", "-C", str(job.out), str(job.bin / "kolo"), "run", *job.words]


def _recorded(job: Job) -> int:
    traces = (job.out / ".kolo").rglob("*.kolo")
    return sum(sum(1 for _ in _FRAME.finditer(trace.read_bytes())) for trace in traces)


TOOL = Tool(
    name="kolo",
    requirement="kolo==3.6.1",
    records=Records.CALLS_WITH_VALUES,
    weights=CALLS,
    ns_per_event=1_500,
    command=_command,
    recorded=_recorded,
    how="`kolo run` with `auto_emit` off, which goes on in a process of its own",
)
