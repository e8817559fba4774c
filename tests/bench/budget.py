"""What recording may cost, by program and mode, and which figures are over it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from catalog import Kind

MEMORY_MIB: Final = 48.0
START_MS: Final = 25.0
WORST_US: Final = 50.0
LIBRARY_TIMES: Final = 1.05


@dataclass(frozen=True)
class Cost:
    """CPU per event in units of F, bytes per event, MiB of resident memory."""

    inside: float
    whole: float
    bytes: float
    memory: float


_CONTROL_FLOW: Final = Cost(2, 4, 1, MEMORY_MIB)
_VALUES: Final = {
    Kind.SCALAR: Cost(2.5, 5, 4, MEMORY_MIB),
    Kind.CONTAINERS: Cost(8, 14, 8, MEMORY_MIB),
}
_COLUMNS: Final = {
    "inside": "in the program, F",
    "whole": "whole job, F",
    "bytes": "bytes/event",
    "memory": "memory added, MiB",
}


def limit(kind: Kind, capture: str) -> Cost:
    """The budget of a program that has a cost per event."""
    return _VALUES[kind] if capture == "values" else _CONTROL_FLOW


def over(cost: Cost, kind: Kind, capture: str) -> Iterator[tuple[str, float, float]]:
    """What is over the budget: its name, the figure, the budget."""
    allowed = limit(kind, capture)
    for field, title in _COLUMNS.items():
        figure, most = getattr(cost, field), getattr(allowed, field)
        if figure > most:
            yield title, figure, most
