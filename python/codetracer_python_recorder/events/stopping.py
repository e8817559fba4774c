"""Ending events early: everything under a stopped parent, and everything that a winner beats.

Owns the walk over buses and children. Refuses to end a single execution or run, which they do
themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .modes import EventHandlerCompletionMode, EventStatus
from .options import effective

if TYPE_CHECKING:
    from .record import EventRecord

__all__ = ["cancel_event", "cut_losers"]


def cancel_event(record: EventRecord, cause: BaseException | None, seconds: float | None) -> None:
    """Cancels an unfinished event with everything under it: what runs is aborted."""
    live = record.live
    if live is None or record.status is EventStatus.COMPLETED:
        return
    for execution in list(live):
        execution.settle("its parent was stopped", seconds, cause)
    for child in list(record.children()):
        cancel_event(child, cause, seconds)


def cut_losers(record: EventRecord) -> None:
    """Stops what a winner makes superfluous, on the buses that stop at the first value."""
    live = record.live
    if live is None or record.winner is None:
        return
    for execution in list(live):
        mode = effective(record, "event_handler_completion", execution.bus)
        if live.first or mode is EventHandlerCompletionMode.FIRST:
            execution.settle("another handler was first", None, None, keep_children=True)
