"""What the benchmark knows of a published tool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

Counts = dict[str, int]
"""Events of a program by CPython's names, ``JUMP`` for the iterations of loops on one line."""


class Records(Enum):
    """What a tool keeps of a program."""

    CALLS = "calls"
    CALLS_WITH_VALUES = "calls, arguments, locals"
    LINES_WITH_VALUES = "lines with variables"


@dataclass(frozen=True)
class Job:
    """One run of a tool."""

    bin: Path
    """Directory of its virtual environment's programs."""
    out: Path
    """An empty directory for what it leaves."""
    words: Sequence[str]
    """The script and its arguments."""
    homes: Sequence[Path]
    """Directories whose code is the program's own."""
    counts: Counts
    """The program's own events."""
    environment: Mapping[str, str]
    """What is set for the program beyond what is set for all."""

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.bin / "python")


@dataclass(frozen=True)
class Tool:
    """One published tool."""

    name: str
    requirement: str
    """What pip installs, pinned."""
    records: Records
    weights: Counts
    """How many events of its own it has for each of CPython's."""
    ns_per_event: float
    """About what an event costs in the whole job; from it comes the size that it is run at."""
    command: Callable[[Job], list[str]]
    recorded: Callable[[Job], int]
    """Events of the program's own code, counted in what it left."""
    how: str
    """How it is set, for the reader of a table."""
    python: str | None = None
    """The version of CPython that it needs, where any of ours will not do."""
    also: tuple[str, ...] = field(default=())
    """Further requirements."""

    def expected(self, counts: Counts) -> int:
        """The events that it has to have recorded."""
        return sum(times * counts[name] for name, times in self.weights.items())


CALLS: Counts = dict.fromkeys(
    ("PY_START", "PY_RETURN", "PY_RESUME", "PY_YIELD", "PY_THROW", "PY_UNWIND"), 1
)
"""A record for each beginning and each end of a stay in a frame."""
