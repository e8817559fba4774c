"""trace0: calls and returns through ``sys.monitoring``, handed to a thread that writes them."""

from tools import perfetto
from tools.tool import CALLS, Job, Records, Tool


def _command(job: Job) -> list[str]:
    return [str(job.bin / "trace0"), "run", "--output", str(job.out / "out.pb"), *job.words]


def _recorded(job: Job) -> int:
    homes = tuple(f"{home}/" for home in job.homes)
    return perfetto.events((job.out / "out.pb").read_bytes(), homes)


TOOL = Tool(
    name="trace0",
    requirement="trace0==0.1.16",
    records=Records.CALLS,
    weights=CALLS,
    ns_per_event=130,
    command=_command,
    recorded=_recorded,
    how="as it comes; Perfetto protobuf",
    python="3.13",
)
