"""The options of an event, and the rule that decides between an event's and a bus's value.

Owns their names, their validation and the reading of an effective value. Refuses to know what
they do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .modes import EventConcurrencyMode, EventHandlerCompletionMode, EventHandlerConcurrencyMode

if TYPE_CHECKING:
    from .event_bus import EventBus
    from .record import EventRecord

__all__ = [
    "EVENT_OPTIONS",
    "LIMIT_OPTIONS",
    "MODE_OPTIONS",
    "Plain",
    "below",
    "check_limit",
    "check_option",
    "check_wait",
    "effective",
]


def check_limit(name: str, value: object) -> float | None:
    """``value`` as a limit in seconds; ``None`` is unlimited.

    Raises:
        TypeError: it is no number.
        ValueError: it is zero, negative or not finite.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds or None, not {value!r}")
    if not value > 0 or not math.isfinite(value):
        raise ValueError(f"{name} must be more than 0 seconds, or None for no limit, not {value!r}")
    return float(value)


def check_wait(name: str, value: object) -> float | None:
    """``value`` as the time to wait in seconds: ``None`` is unlimited, 0 does not wait.

    Raises:
        TypeError: it is no number.
        ValueError: it is negative or not a number.
    """
    if value is None or value == math.inf:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds or None, not {value!r}")
    if not value >= 0:
        raise ValueError(f"{name} must not be negative: {value!r}")
    return float(value)


LIMIT_OPTIONS: Final = (
    "event_timeout",
    "event_slow_timeout",
    "event_handler_timeout",
    "event_handler_slow_timeout",
)
_MODES: Final[dict[str, Callable[[Any], Any]]] = {
    "event_concurrency": EventConcurrencyMode,
    "event_handler_concurrency": EventHandlerConcurrencyMode,
    "event_handler_completion": EventHandlerCompletionMode,
}
MODE_OPTIONS: Final = tuple(_MODES)
EVENT_OPTIONS: Final = frozenset((*LIMIT_OPTIONS, *MODE_OPTIONS))


def check_option(name: str, value: object) -> object:
    """The validated value of the event option ``name``; a mode of ``None`` leaves it to the bus.

    Raises:
        TypeError, ValueError: the value is not allowed.
    """
    mode = _MODES.get(name)
    if mode is None:
        return check_limit(name, value)
    return None if value is None else mode(value)


def effective(record: EventRecord, name: str, bus: EventBus | None) -> Any:
    """What the option is worth on ``bus``: the event's own value, else the bus's default."""
    own = record.own
    if own and name in own:
        value = own[name]
        if value is not None or name not in _MODES:
            return value
    return None if bus is None else bus.defaults.get(name)


class Plain:
    """What holds on a bus for events that set nothing themselves.

    Attributes:
        timeout: the event's cap in seconds.
        slow: seconds after which a running event is warned about, if that is before its cap.
        handler_slow: as ``slow``, for a handler.
        concurrency: which events run at the same time.
        handlers: how the handlers run.
    """

    __slots__ = ("concurrency", "handler_slow", "handlers", "slow", "timeout")

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self.timeout: float | None = defaults["event_timeout"]
        self.slow = below(defaults["event_slow_timeout"], self.timeout)
        self.handler_slow = below(defaults["event_handler_slow_timeout"], self.timeout)
        self.concurrency: EventConcurrencyMode = defaults["event_concurrency"]
        self.handlers: EventHandlerConcurrencyMode = defaults["event_handler_concurrency"]


def below(threshold: float | None, limit: float | None) -> float | None:
    """A slow monitor's threshold, if it is below the limit of the same body."""
    return threshold if threshold is not None and (limit is None or threshold < limit) else None
