"""Long runs: whether memory and time per unit stay the same however long a program runs.

For each kind of work: the program by itself and recorded, with samples on the way, and the
recording opened. ``run.py [KIND[=N]...] [--write]``; with ``--write`` the table goes into
design-docs/performance.md.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import document  # noqa: E402
import machine  # noqa: E402
from catalog import SCRATCH  # noqa: E402

SIZES: Final = {
    "codes": 1_000_000,
    "files": 200_000,
    "classes": 200_000,
    "threads": 10_000,
    "crowd": 10_000,
    "tasks": 100_000,
    "events": 20_000_000,
}
"""Units of work by kind; see ``work.py``. Each unit of ``events`` is five events."""

WORK: Final = HERE / "work.py"
_RECORD: Final = [sys.executable, "-m", "codetracer_python_recorder", "record"]
_INFO: Final = [sys.executable, "-m", "codetracer_python_recorder", "info", "--json"]

Samples = Sequence[tuple[int, float, int]]


@dataclass(frozen=True)
class Cost:
    """What recording added: CPU in microseconds per unit, memory in MiB, disk in bytes."""

    kind: str
    units: int
    untraced: float
    early: float
    """From a tenth to three tenths of the work."""
    late: float
    """From eight tenths to the end."""
    memory_early: float
    """At a fifth of the work."""
    memory_late: float
    bytes_per_unit: float
    events: int
    open_seconds: float
    open_mib: float


def measure(kind: str, units: int) -> Cost:
    """Runs one kind of work, by itself and recorded."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    out, place = SCRATCH / "long.json", SCRATCH / "long-out"
    shutil.rmtree(place, ignore_errors=True)
    script = [str(WORK), str(out), kind, str(units)]
    plain = _samples([sys.executable, *script], out)
    recorded = _samples([*_RECORD, "--trace-dir", str(place), *script], out)
    started = time.monotonic()
    answer, peak = _opened(place)
    seconds = time.monotonic() - started
    info = json.loads(answer)
    shutil.rmtree(place, ignore_errors=True)
    last = len(plain) - 1

    def added(begin: int, end: int) -> float:
        return _per_unit(recorded, begin, end) - _per_unit(plain, begin, end)

    def memory(at: int) -> float:
        return (recorded[at][2] - plain[at][2]) / 1024

    tenth = last // 10
    return Cost(
        kind,
        units,
        _per_unit(plain, tenth, last),
        added(tenth, 3 * tenth),
        added(8 * tenth, last),
        memory(2 * tenth),
        memory(last),
        info["bytes"] / units,
        info["events"],
        seconds,
        peak,
    )


def _samples(command: Sequence[str], out: Path) -> Samples:
    out.unlink(missing_ok=True)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    samples: Samples = json.loads(out.read_text())
    return samples


def _opened(place: Path) -> tuple[bytes, float]:
    """What ``info --json`` says, and its peak of resident memory in MiB."""
    answer = SCRATCH / "long-info.json"
    with answer.open("wb") as output:
        child = subprocess.Popen([*_INFO, str(place)], stdout=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"info failed with status {child.returncode}")
    return answer.read_bytes(), usage.ru_maxrss / 1024


def _per_unit(samples: Samples, begin: int, end: int) -> float:
    (done, start, _), (upto, stop, _) = samples[begin], samples[end]
    return (stop - start) / (upto - done) * 1e6


def table(costs: Sequence[Cost]) -> str:
    """The costs in Markdown."""
    lines = [
        time.strftime("%Y-%m-%d, ") + machine.described() + ".",
        "",
        "| work | units | events | untraced us | added us, early | late "
        "| memory added MiB, early | late | bytes | open s | open MiB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {c.kind} | {c.units:,} | {c.events:,} | {c.untraced:.2f} | {c.early:.2f} "
        f"| {c.late:.2f} | {c.memory_early:.0f} | {c.memory_late:.0f} | {c.bytes_per_unit:.1f} "
        f"| {c.open_seconds:.2f} | {c.open_mib:.0f} |"
        for c in costs
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", nargs="*", metavar="KIND[=N]", help=", ".join(SIZES))
    parser.add_argument("--write", action="store_true", help="put the table into the page")
    args = parser.parse_args()
    wanted: dict[str, int] = {}
    for word in args.work or SIZES:
        kind, _, number = word.partition("=")
        if kind not in SIZES:
            parser.error(f"there is no work {kind!r}; there is {', '.join(SIZES)}")
        wanted[kind] = int(number.replace("_", "")) if number else SIZES[kind]
    costs = []
    for kind, units in wanted.items():
        costs.append(measure(kind, units))
        print(table(costs[-1:]), flush=True)
    if args.write and not document.write("long-runs", table(costs)):
        print("the page has no place for the table", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
