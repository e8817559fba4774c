"""The recorder's own earlier, published release, in its default format."""

import json
import os
import shutil
import subprocess
from dataclasses import replace

from tools.tool import CALLS, Job, Records, Tool


def _options(job: Job, form: str) -> list[str]:
    program = str(job.bin / "codetracer-python-recorder")
    return [program, "--trace-dir", str(job.out), "--format", form, *job.words]


def _command(job: Job) -> list[str]:
    return _options(job, "binary")


def _recorded(job: Job) -> int:
    """Its binary format has no reader here, so a second run, in JSON, is counted.

    A step stands for a line or the start of a call. One return is the whole program's.
    """
    other = replace(job, out=job.out / "json")
    env = os.environ | job.environment
    subprocess.run(_options(other, "json"), check=True, capture_output=True, env=env)
    records = json.loads((other.out / "trace.json").read_bytes())
    shutil.rmtree(other.out)
    return sum("Step" in record or "Return" in record for record in records) - 1


TOOL = Tool(
    name="codetracer 0.3.0",
    requirement="codetracer-python-recorder==0.3.0",
    records=Records.LINES_WITH_VALUES,
    weights=CALLS | {"LINE": 1},
    ns_per_event=40_000,
    command=_command,
    recorded=_recorded,
    how="as it comes: binary; counted in a second run, in JSON",
)
