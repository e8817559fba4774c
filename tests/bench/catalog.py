"""The programs of the benchmark: where they stand, how big they are run, what they are held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import made
import packages

HERE: Final = Path(__file__).resolve().parent
PROGRAMS: Final = HERE / "programs"
SCRATCH: Final = HERE.parent.parent / ".build" / "bench"
MADE: Final = SCRATCH / "made"


class Kind(Enum):
    """What a program's cost is compared with."""

    SCALAR = "scalar"
    CONTAINERS = "containers"
    START = "start"
    """Starting and stopping only."""
    WORST = "worst"
    """Single events, each as dear as can be."""
    LIBRARY = "library"
    """Code that is not recorded."""


@dataclass(frozen=True)
class Program:
    """One program; its size is proportional to its events."""

    name: str
    kind: Kind
    size: float
    """What to give it for about a million events."""
    share: float = 1.0
    """How many events it is run for, as a part of what the others get: less where each is slow."""
    made: bool = False
    """Whether its source is written by ``made``."""
    package: str | None = None
    """The environment variable through which it is told where its package is."""

    @property
    def path(self) -> Path:
        """Its source."""
        return (MADE if self.made else PROGRAMS) / f"{self.name}.py"

    @property
    def per_event(self) -> bool:
        """Whether its cost is per event."""
        return self.kind in (Kind.SCALAR, Kind.CONTAINERS)

    def size_for(self, millions: float) -> int:
        """The size that makes about so many millions of events, before its share."""
        return max(1, round(self.size * millions * self.share))


UNIT_PROGRAMS: Final = ("call_heavy", "line_heavy")
"""The programs whose no-op floor is the unit F."""
SUITE: Final = "BENCH_SUITE"
FORMATTER: Final = "BENCH_FORMATTER"
PACKAGES: Final = {SUITE: packages.suite, FORMATTER: packages.formatter}
"""What fetches a package, by the environment variable that names its place."""

_ALL: Final = (
    Program("call_heavy", Kind.SCALAR, 126),
    Program("line_heavy", Kind.SCALAR, 1_800),
    Program("string_heavy", Kind.CONTAINERS, 6_500),
    Program("object_heavy", Kind.CONTAINERS, 52_000),
    Program("matrix", Kind.CONTAINERS, 220),
    Program("graph", Kind.CONTAINERS, 110),
    Program("sort_in_place", Kind.CONTAINERS, 90),
    Program("big_int", Kind.SCALAR, 250_000),
    Program("long_function", Kind.SCALAR, 833, share=0.1, made=True),
    Program("long_script", Kind.SCALAR, 80_000, share=0.1, made=True),
    Program("exceptions", Kind.SCALAR, 50_000),
    Program("generators", Kind.SCALAR, 95_000),
    Program("coroutines", Kind.SCALAR, 4_300),
    Program("threads", Kind.SCALAR, 20_800),
    Program("suite", Kind.CONTAINERS, 110, package=SUITE),
    Program("formatter", Kind.CONTAINERS, 4, package=FORMATTER),
    Program("worst", Kind.WORST, 3.5),
    Program("empty", Kind.START, 1),
    Program("library", Kind.LIBRARY, 300),
    Program("billion", Kind.CONTAINERS, 170_000),
)
ON_REQUEST: Final = frozenset({"billion"})
"""Run only where they are named."""
BY_NAME: Final = {program.name: program for program in _ALL}
DEFAULT: Final = tuple(program for program in _ALL if program.name not in ON_REQUEST)


@dataclass(frozen=True)
class Places:
    """What was prepared for some programs."""

    environment: dict[str, str]
    """Where the packages are, by environment variable."""
    missing: dict[str, str]
    """Programs that cannot be run, and why."""

    def homes(self) -> list[Path]:
        """The directories whose code is a program's own."""
        return [PROGRAMS, MADE, *map(Path, self.environment.values())]


def prepare(programs: Sequence[Program]) -> Places:
    """Writes and fetches what the programs need."""
    made.write(MADE, PROGRAMS / "measure.py")
    environment: dict[str, str] = {}
    missing: dict[str, str] = {}
    for program in programs:
        if program.package is None:
            continue
        try:
            environment[program.package] = str(PACKAGES[program.package](SCRATCH / "packages"))
        except packages.NotFetched as error:
            missing[program.name] = str(error)
    return Places(environment, missing)
