"""The modes and states of events, handlers and results.

Owns the closed vocabularies that appear in constructors, in attributes and in JSON. Refuses
behaviour.
"""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import Final, Literal

__all__ = [
    "UNSET",
    "EventConcurrencyMode",
    "EventHandlerCompletionMode",
    "EventHandlerConcurrencyMode",
    "EventResultStatus",
    "EventStatus",
    "State",
    "Unset",
]


class EventStatus(StrEnum):
    """What an event is doing; it is never "error", because errors belong to results."""

    PENDING = "pending"
    STARTED = "started"
    COMPLETED = "completed"


class EventResultStatus(StrEnum):
    """What one handler's run for one event is doing."""

    PENDING = "pending"
    STARTED = "started"
    COMPLETED = "completed"
    ERROR = "error"


class EventConcurrencyMode(StrEnum):
    """Which events run at the same time."""

    PARALLEL = "parallel"
    BUS_SERIAL = "bus-serial"
    GLOBAL_SERIAL = "global-serial"


class EventHandlerConcurrencyMode(StrEnum):
    """Which handlers of one event run at the same time."""

    SERIAL = "serial"
    PARALLEL = "parallel"


class EventHandlerCompletionMode(StrEnum):
    """Whether an event waits for all of its handlers or for the first value."""

    ALL = "all"
    FIRST = "first"


class State(Enum):
    """Where an execution is."""

    QUEUED = auto()
    LOCKING = auto()
    RUNNING = auto()
    DONE = auto()


class Unset(Enum):
    """The type of ``UNSET``."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Literal[Unset.UNSET]] = Unset.UNSET
