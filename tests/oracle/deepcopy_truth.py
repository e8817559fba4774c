"""What the deep-copying oracle saw, event by event, with what each object and name was before.

Owns who is to blame for a change: it happened between two events, and the frame that ran there made
it. A change is *pending* for another frame while the line that made it has not ended: nothing of
the frame that made it has come since. A recording may show it already, or not yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

RUNS_ON = ("call", "line", "resume", "throw", "raise")


class Truth:
    """The oracle's log, replayed: `at` goes from -1 to the last event by `forward`."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events
        self.at = -1
        self._states: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        self._names: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        self._blamed: list[int | None] = []
        self._last: dict[int, int] = {}

    @classmethod
    def read(cls, path: Path) -> Truth:
        return cls([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])

    @property
    def event(self) -> dict[str, Any]:
        return self.events[self.at]

    def forward(self) -> dict[str, Any]:
        """The next event; everything asked for afterwards is as of then."""
        before = self.events[self.at] if self.at >= 0 else None
        self.at += 1
        event = self.event
        if before is None:
            self._blamed.append(None)
        elif before["kind"] in RUNS_ON:
            self._blamed.append(before["frame"])
        else:
            self._blamed.append(before["stack"][0] if before["stack"] else None)
        self._last[event["frame"]] = self.at
        for number, state in event["states"].items():
            self._states.setdefault(int(number), []).append((self.at, state))
        for key, names in event["names"].items():
            self._names.setdefault(key, []).append((self.at, names))
        return event

    def pending(self, change: int) -> bool:
        """Whether what happened just before event `change` is of a line that still runs."""
        blamed = self._blamed[change]
        return (
            blamed is not None
            and blamed in self.event["stack"]
            and blamed != self.event["frame"]
            and self._last[blamed] < change
        )

    def states(self, number: int) -> Iterator[dict[str, Any]]:
        """The state of an object, then those before it that pending changes ended."""
        for change, state in reversed(self._states[number]):
            yield state
            if not self.pending(change):
                return

    def names(self) -> dict[str, Any]:
        """The names of the event's frame."""
        return self._names[self.event["names_of"]][-1][1]

    def given(self) -> set[str]:
        """What a namespace that is no function's held before any code of the frame ran."""
        key = self.event["names_of"]
        return set() if self.event["optimized"] else set(self._names[key][0][1])

    def globals(self) -> dict[str, Any]:
        """The names of its module."""
        return self._names[self.event["globals_of"]][-1][1]

    def former(self, name: str) -> Iterator[dict[str, Any]]:
        """What a cell or global held before pending changes, by what any frame called it."""
        if name not in self.event["shared"] and name in self.names():
            return
        for history in self._names.values():
            for (_, before), (change, _) in reversed(list(pairwise(history))):
                if not self.pending(change):
                    break
                if name in before:
                    yield before[name]
