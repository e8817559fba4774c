"""Whether a wait could ever end.

Owns the walk along what waits for what: events for buses and children, executions for locks and
handlers, handlers for events. Refuses to wait or to cancel; it answers, or fails the one await that
closed a cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .errors import EventCycleError
from .event_result import EventResult
from .record import EventRecord, Wait

if TYPE_CHECKING:
    from .process import Execution

__all__ = ["break_cycle", "closes_cycle", "cycle_error"]


def closes_cycle(wait: Wait) -> bool:
    """Whether what ``wait`` waits for waits, directly or not, for the waiting handler."""
    return _first_reached([wait.record], {wait.run}) is not None


def break_cycle(execution: Execution) -> None:
    """Fails a handler's wait for ``execution`` if its lock waits for that handler."""
    waits = list(execution.record.waits())
    if not waits:
        return
    found = _first_reached(_lock_holders(execution), {wait.run for wait in waits})
    for wait in waits:
        if wait.run is found and not wait.future.done():
            wait.future.set_exception(cycle_error(wait))
            return


def cycle_error(wait: Wait) -> EventCycleError:
    """The error for the await that closes a cycle."""
    run = wait.run
    name = f"{run.eventbus_name}.{run.handler_name}({run.record.type})"
    return EventCycleError(f"{name} awaits {wait.record.type}, which waits for {name}")


def _first_reached(
    start: Iterable[object], targets: set[EventResult[Any]]
) -> EventResult[Any] | None:
    seen: set[int] = set()
    rest = list(start)
    while rest:
        node = rest.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, EventResult):
            if node in targets:
                return node
            rest += _of_run(node)
        elif isinstance(node, EventRecord):
            if node.live is not None:
                rest += node.live.executions
                rest += node.children()
        else:
            rest += _of_execution(node)
    return None


def _of_run(run: EventResult[Any]) -> Iterator[object]:
    """What a running handler waits for: events, and the handler lock that it yielded meanwhile."""
    for wait in run.waits or ():
        yield wait.record
    live = run.record.live
    if live is not None and run.yields and live.serial_owner not in (None, run):
        yield live.serial_owner


def _of_execution(execution: Any) -> Iterator[object]:
    """What one bus waits for before it is done with an event."""
    state = execution.state.name
    if state in ("QUEUED", "LOCKING"):
        yield from _lock_holders(execution)
        if state == "QUEUED" and not execution.record.is_jumped:
            yield from execution.bus.running()
    elif state == "RUNNING":
        owner = execution.record.live.serial_owner if execution.record.live else None
        if owner is not None:
            yield owner
        yield from (run for run in execution.runs if run.is_live)


def _lock_holders(execution: Execution) -> Iterator[Execution]:
    """Those that hold the lock which ``execution`` needs and do not wait for it themselves."""
    lock = execution.bus.locks.get_lock_for_event(execution.bus, execution.record.event)
    if lock is not None and lock.depth:
        around = {execution, *execution.enclosing()}
        yield from (holder for holder in lock.holders if holder not in around)  # type: ignore[misc]
