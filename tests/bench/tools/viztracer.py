"""VizTracer: a record for each call, with its duration, in a ring buffer that is saved at the end.

The buffer is set to hold them all. Calls of C functions, which are no events here, are left out.
"""

import re

from tools.tool import Job, Records, Tool

_STARTS = ("PY_START", "PY_RESUME", "PY_THROW")
_LIBRARY = 200_000
"""Room for the calls of code that is not the program's."""


def _command(job: Job) -> list[str]:
    entries = 3 * sum(job.counts[name] for name in _STARTS) + _LIBRARY
    options = ["--quiet", "--ignore_c_function", "--tracer_entries", str(entries)]
    out = str(job.out / "out.json")
    return [str(job.bin / "viztracer"), *options, "--output_file", out, "--", *job.words]


def _recorded(job: Job) -> int:
    homes = "|".join(re.escape(str(home)) for home in job.homes)
    own = re.compile(rf'"name": "[^"(]*\((?:{homes})/[^"]*"\}}'.encode())
    return 2 * sum(1 for _ in own.finditer((job.out / "out.json").read_bytes()))


TOOL = Tool(
    name="viztracer",
    requirement="viztracer==1.1.1",
    records=Records.CALLS,
    weights=dict.fromkeys(_STARTS, 2),
    ns_per_event=2_000,
    command=_command,
    recorded=_recorded,
    how="`--ignore_c_function`, a buffer for all; a record is a call and its return: two events",
)
