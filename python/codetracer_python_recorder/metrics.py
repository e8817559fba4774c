"""What the recorder counts of itself: caught panics, detaches, and what recordings held.

``install_metrics`` hands the counts to a function of the program; ``openmetrics`` writes those of a
recording as text that monitoring systems read.
"""

import sys
from collections.abc import Callable, Mapping

from ._extension import native
from .exceptions import make_type_error

__all__ = ["deliver", "install_metrics", "openmetrics"]

Sink = Callable[[Mapping[str, int]], object]

_sink: Sink | None = None


def install_metrics(sink: Sink | None) -> None:
    """Has ``sink`` called with what was counted since its last call, by counter.

    It is called when ``flush`` or ``stop`` ends or a session is left, on that thread and never
    inside a hook; what was counted meanwhile comes with the next call. Its own exceptions go to
    ``sys.unraisablehook``.

    Args:
        sink: the function, or ``None`` for none.

    Raises:
        UsageError: ``ERR_INVALID_ARGUMENT``, it cannot be called.
    """
    global _sink
    if sink is not None and not callable(sink):
        raise make_type_error(
            "ERR_INVALID_ARGUMENT",
            f"sink must be callable or None, not {type(sink).__name__}",
            argument="sink",
        )
    _sink = sink


def deliver() -> None:
    """Calls the sink, if there is one and something was counted."""
    sink = _sink
    if sink is None:
        return
    grown = native.take_metrics()
    if not grown:
        return
    try:
        sink(grown)
    except Exception as error:
        _report(sink, error)


def openmetrics(counters: Mapping[str, int], labels: Mapping[str, str] | None = None) -> str:
    """Counters as OpenMetrics text (version 1.0.0, https://openmetrics.io).

    Args:
        counters: by name, such as ``Trace(path).info["counters"]`` or what a sink is given. A dot
            ends the name of the counter; what follows is its label ``reason``. A name that ends in
            ``_peak`` is the most that there was, and a gauge.
        labels: put on every sample.

    Returns:
        The text, ending in ``# EOF`` and a line end.
    """
    families: dict[str, list[tuple[str, int]]] = {}
    for name, n in sorted(counters.items()):
        family, _, reason = name.partition(".")
        families.setdefault(_name(family), []).append((reason, n))
    lines = []
    for family, samples in families.items():
        kind, end = ("gauge", "") if family.endswith("_peak") else ("counter", "_total")
        lines.append(f"# TYPE codetracer_{family} {kind}")
        for reason, n in samples:
            own = {**(labels or {}), **({"reason": reason} if reason else {})}
            shown = ",".join(f'{_name(key)}="{_escaped(value)}"' for key, value in own.items())
            lines.append(f"codetracer_{family}{end}{'{' + shown + '}' if shown else ''} {n}")
    return "\n".join([*lines, "# EOF"]) + "\n"


def _name(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _report(sink: object, error: Exception) -> None:
    class Unraisable:
        exc_type = type(error)
        exc_value = error
        exc_traceback = error.__traceback__
        err_msg = "Exception ignored in the sink of the recorder's metrics"
        object = sink

    sys.unraisablehook(Unraisable)  # type: ignore[arg-type]
