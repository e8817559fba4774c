"""Tells two runs of a module apart, and holds the differences against those explained."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from regrtest.outcomes import Run

PROCESS: Final = "(the process)"
"""In place of a test's name where no single test is meant."""
ABSENT: Final = "absent"


@dataclass(frozen=True, order=True)
class Difference:
    """A test that ends in another way when it is recorded."""

    test: str
    plain: str
    recorded: str

    def __str__(self) -> str:
        return f"{self.test}: {self.plain} became {self.recorded}"


@dataclass(frozen=True)
class Explained:
    """A difference that cannot be otherwise."""

    module: str
    difference: Difference
    reason: str
    versions: Collection[str] = ("3.12", "3.13")


def differences(plain: Run, recorded: Run) -> list[Difference]:
    """Every test with another outcome, and the process where it shows more than its tests do.

    A failing test makes the status and the result of its process others. They are a difference of
    their own only where no test differs, or where the process was ended by a signal or for its
    time.
    """
    names = plain.outcomes.keys() | recorded.outcomes.keys()
    pairs = ((n, plain.outcomes.get(n, ABSENT), recorded.outcomes.get(n, ABSENT)) for n in names)
    found = sorted(Difference(*pair) for pair in pairs if pair[1] != pair[2])
    before, after = _ending(plain), _ending(recorded)
    if before != after and (not found or _cut(plain) or _cut(recorded)):
        found.append(Difference(PROCESS, before, after))
    return found


def problems(
    module: str, version: str, found: Sequence[Difference], explained: Sequence[Explained]
) -> list[str]:
    """What is wrong: a difference that is not explained, and an explained one that is not found.

    Args:
        module: the module that was run.
        version: the interpreter's, such as ``3.12``.
        found: its differences.
        explained: those that are known, of all modules and versions.
    """
    here = [one for one in explained if one.module == module and version in one.versions]
    known = {one.difference for one in here}
    unknown = [f"not explained: {one}" for one in found if one not in known]
    gone = [one.difference for one in here if one.difference not in found]
    return unknown + [f"explained, but did not differ: {one}" for one in gone]


def _cut(run: Run) -> bool:
    return run.status is None or run.status < 0


def _ending(run: Run) -> str:
    status = "ended for its time" if run.status is None else f"status {run.status}"
    return f"{status}, {run.result or 'no result'}"
