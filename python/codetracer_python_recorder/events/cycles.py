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
    return _reaches([wait.record], wait.run)


def break_cycle(execution: Execution) -> None:
    """Fails the nearest handler's wait for ``execution`` that its lock waits for."""
    holders = list(_lock_holders(execution))
    for wait in _pressing(execution.record):
        if not wait.future.done() and _reaches(holders, wait.run):
            wait.future.set_exception(cycle_error(wait))
            return


def _pressing(record: EventRecord) -> Iterator[Wait]:
    """The waits for the event, and for those that nothing but it and its like hold open."""
    current: EventRecord | None = record
    while current is not None and current.live is not None:
        yield from (wait for wait in current.live.waits or () if wait.run.is_live)
        emitter = current.live.emitter
        current = None if emitter is None else emitter.record
        if current is not None and current.live is not None and current.live.open_executions:
            return


def cycle_error(wait: Wait) -> EventCycleError:
    """The error for the await that closes a cycle."""
    run = wait.run
    name = f"{run.eventbus_name}.{run.handler_name}({run.record.type})"
    return EventCycleError(f"{name} awaits {wait.record.type}, which waits for {name}")


def _reaches(start: Iterable[object], target: EventResult[Any]) -> bool:
    seen: set[int] = set()
    rest = list(start)
    while rest:
        node = rest.pop()
        if node is target:
            return True
        if id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, EventResult):
                rest += _of_run(node)
            elif isinstance(node, EventRecord):
                rest += _of_event(node)
            else:
                rest += _of_execution(node)
    return False


def _of_event(record: EventRecord) -> Iterator[object]:
    """What an event waits for: its buses and its children.

    While its own handlers run, a child that waits for a lock does not count: it may get it yet, and
    is looked at again when the handlers have ended.
    """
    live = record.live
    if live is None:
        return
    yield from live.executions
    rest = list(record.children())
    for child in rest:
        if not live.open_executions:
            yield child
        elif child.live is not None:
            yield from (e for e in child.live.executions if e.is_running)
            rest += child.children()


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
    if state == "LOCKING":
        yield from _lock_holders(execution)
    elif state == "QUEUED":
        # One that is awaited by queue jump gets its turn when its parent's handlers have ended.
        if not execution.record.is_jumped:
            yield from _lock_holders(execution)
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
