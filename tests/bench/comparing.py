"""Runs published tools on the programs, each at a size that it can finish."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Final

import jobs
from catalog import BY_NAME, SCRATCH, Places, Program
from process import JobFailed, Run, TooLate, measured
from tools import environments
from tools.environments import NotInstalled
from tools.tool import Job, Tool

EMPTY: Final = BY_NAME["empty"]
LEAST: Final = 2_000
"""A tool that has fewer events in a program than this is not run on it,"""
_LEAST_SECONDS: Final = 0.01
"""nor where they are known to cost less than this, which is lost in the cost of starting."""
_SMALLER: Final = 5
_MEMORY: Final = 6 << 30
_FEWEST: Final = 0.003
"""Millions of events that the slowest tool is given."""


@dataclass
class Compared:
    """All runs of one tool on one program; the untraced ones are of the tool's interpreter."""

    tool: Tool
    task: jobs.Task
    bin: Path
    counts: dict[str, int]
    untraced: list[Run] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    failed: str | None = None

    @property
    def events(self) -> int:
        """What the tool has to have recorded."""
        return self.tool.expected(self.counts)

    def enough(self) -> bool:
        """Whether the tool has something to record."""
        seconds = self.events * self.tool.ns_per_event / 1e9
        return self.events >= LEAST and seconds >= _LEAST_SECONDS

    def run(self, floor: Path, longest: float) -> None:
        """Runs the program by itself and under the tool, unless that has failed before.

        A program that is too big for the tool is made smaller, once and for all.
        """
        while self.failed is None:
            try:
                self._run(longest)
            except TooLate as error:
                if not self._shrink(floor):
                    self.failed = f"{error}, given {self.events:,} events"
            except JobFailed as error:
                self.failed = str(error)
            except Exception as error:
                self.failed = f"what it left cannot be counted: {type(error).__name__}: {error}"
            else:
                return

    def _run(self, longest: float) -> None:
        out = Path(tempfile.mkdtemp(dir=SCRATCH))
        environment = self.task.places.environment | {
            "PYTHONPATH": str(self.task.program.path.parent)
        }
        homes = self.task.places.homes()
        job = Job(self.bin, out, self.task.words, homes, self.counts, environment)
        try:
            base = measured([job.python, *self.task.words], environment)
            run = measured(_limited(self.tool.command(job)), environment, longest=longest)
            size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
            if not self.recorded:
                self.recorded.append(self.tool.recorded(job))
        finally:
            shutil.rmtree(out, ignore_errors=True)
        self.untraced.append(base)
        self.runs.append(run)
        self.bytes.append(size)

    def _shrink(self, floor: Path) -> bool:
        """Makes the program a fifth, as long as nothing has been measured and enough is left."""
        size = self.task.size // _SMALLER
        if self.runs or size == 0:
            return False
        task = replace(self.task, size=size)
        counts = jobs.count(task, floor).in_files()
        if not LEAST <= self.tool.expected(counts) < self.events:
            return False
        self.task, self.counts = task, counts
        return True

    def inside(self) -> float:
        """CPU added in the program, in seconds."""
        pairs = zip(self.runs, self.untraced, strict=True)
        return median(run.inside - base.inside for run, base in pairs)

    def whole(self) -> float:
        """CPU added to the whole job, in seconds."""
        pairs = zip(self.runs, self.untraced, strict=True)
        return median(run.whole - base.whole for run, base in pairs)

    def memory_mib(self) -> float:
        """Peak resident memory added."""
        pairs = zip(self.runs, self.untraced, strict=True)
        return median(run.peak_kib - base.peak_kib for run, base in pairs) / 1024


def _limited(command: list[str]) -> list[str]:
    """The command with a bound on its memory: some tools keep all that they record there."""
    prlimit = shutil.which("prlimit")
    return [prlimit, f"--as={_MEMORY}", *command] if prlimit else command


def prepared(
    tools: Sequence[Tool],
    programs: Sequence[Program],
    places: Places,
    floor: Path,
    limits: tuple[float, float],
) -> tuple[list[Compared], dict[str, str]]:
    """What is to be run, and which tools cannot be, with the reason.

    Args:
        limits: millions of events at most, and seconds that a run is meant to take.
    """
    compared: list[Compared] = []
    missing: dict[str, str] = {}
    counted: dict[tuple[str, int], dict[str, int]] = {}
    for tool in tools:
        try:
            place = environments.prepared(tool, SCRATCH / "tools")
        except NotInstalled as error:
            missing[tool.name] = str(error)
            continue
        most, seconds = limits
        millions = max(_FEWEST, min(most, seconds / tool.ns_per_event * 1e3))
        for program in dict.fromkeys((EMPTY, *programs)):
            if program.name in places.missing or not (program.per_event or program is EMPTY):
                continue
            task = jobs.Task(program, program.size_for(millions), places)
            key = program.name, task.size
            if key not in counted:
                counted[key] = jobs.count(task, floor).in_files()
            one = Compared(tool, task, place, counted[key])
            if program is EMPTY or one.enough():
                compared.append(one)
    return compared, missing


def repetition(compared: Sequence[Compared], floor: Path, longest: float) -> None:
    """Runs each tool on each program once."""
    for one in compared:
        before = one.failed
        one.run(floor, longest)
        if one.failed is not None and before is None:
            name = one.task.program.name
            print(f"bench: {one.tool.name} on {name}: {one.failed}", file=sys.stderr)
