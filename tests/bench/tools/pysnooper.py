"""PySnooper: each line and the variables that changed, printed, in all code below a ``with``."""

import re
from pathlib import Path

from tools.tool import CALLS, Job, Records, Tool

_RUNNER = Path(__file__).parent / "runners" / "with_pysnooper.py"
_SOURCE = "Source path:... "
_EVENT = re.compile(r"\d\d:\d\d:\d\d\.\d+ (?:call|line|return) |Call ended by exception")


def _command(job: Job) -> list[str]:
    return [job.python, str(_RUNNER), str(job.out / "out.txt"), *job.words]


def _recorded(job: Job) -> int:
    homes = tuple(str(home) for home in job.homes)
    own, events = False, 0
    with (job.out / "out.txt").open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            said = line.lstrip(" ")
            if said.startswith(_SOURCE):
                own = said.removeprefix(_SOURCE).startswith(homes)
            elif own and _EVENT.match(said):
                events += 1
    return events


TOOL = Tool(
    name="pysnooper",
    requirement="pysnooper==1.2.3",
    records=Records.LINES_WITH_VALUES,
    weights=CALLS | {"LINE": 1, "JUMP": 1},
    ns_per_event=60_000,
    command=_command,
    recorded=_recorded,
    how="`snoop` of any depth around the script, into a file; this thread only, libraries too",
)
