"""hunter: each line and the variables that changed, printed by two of its actions."""

import re
from pathlib import Path

from tools.tool import CALLS, Job, Records, Tool

_RUNNER = Path(__file__).parent / "runners" / "with_hunter.py"
_EVENT = re.compile(rb":\d+ +(?:call|line|return) ")


def _command(job: Job) -> list[str]:
    homes = ":".join(str(home) for home in job.homes)
    return [job.python, str(_RUNNER), str(job.out), homes, *job.words]


def _recorded(job: Job) -> int:
    with (job.out / "code.txt").open("rb") as lines:
        return sum(1 for line in lines if _EVENT.search(line[:80]))


TOOL = Tool(
    name="hunter",
    requirement="hunter==3.9.0",
    records=Records.LINES_WITH_VALUES,
    weights=CALLS | {"LINE": 1, "JUMP": 1},
    ns_per_event=30_000,
    command=_command,
    recorded=_recorded,
    how="`CodePrinter` and `VarsSnooper` into files, for the program's own files",
)
