"""ChronoTrace: lines with local values through ``sys.monitoring``, in a file of columns."""

import subprocess

from tools.tool import CALLS, Job, Records, Tool

_COUNT = """
import sys
from chronotrace.recorder.events import EventKind
from chronotrace.store import ChronoReader
kinds = {name for name in EventKind.__members__ if name in sys.argv[2:]}
with ChronoReader.open(sys.argv[1]) as reader:
    print(sum(event.kind.name in kinds for event in reader.iter_events()))
"""
_KINDS = ("LINE", "CALL", "RETURN", "YIELD", "RESUME", "THROW", "UNWIND")


def _command(job: Job) -> list[str]:
    out = ["--no-index", "--out", str(job.out / "out.chrono")]
    include = [word for home in job.homes for word in ("--include", f"{home}/**")]
    return [str(job.bin / "chronotrace"), "record", *out, *include, *job.words]


def _recorded(job: Job) -> int:
    words = [job.python, "-c", _COUNT, str(job.out / "out.chrono"), *_KINDS]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return int(done.stdout)


TOOL = Tool(
    name="chronotrace",
    requirement="chronotrace==0.1.1",
    records=Records.LINES_WITH_VALUES,
    weights=CALLS | {"LINE": 1},
    ns_per_event=20_000,
    command=_command,
    recorded=_recorded,
    how="`record --no-index`: without the index that it would make next",
)
