"""Whether a wait could ever end.

Owns the walk along what waits for what: events for buses and children, executions for locks and
handlers, handlers for events. Refuses to wait or to cancel; it answers, or fails the one await that
closed a cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .errors import EventCycleError

if TYPE_CHECKING:
    from .event_result import EventResult
    from .process import Execution
    from .record import EventRecord, Wait

__all__ = ["closes_cycle", "cycle_error", "refuse_at_rest"]


def closes_cycle(wait: Wait) -> bool:
    """Whether what ``wait`` waits for waits, directly or not, for the waiting handler."""
    start = list(_of_event(wait.record))
    if wait.jump:
        # What is queued starts at once.
        start = [node for node in start if not getattr(node, "is_queued", False)]
    return _reaches(start, wait.run)


def refuse_at_rest(record: EventRecord) -> None:
    """Fails the waits that could never end because ``record``, whose handlers do not run, is stuck.

    Those are waits for it, and waits for others that it keeps from their turn in front of a lock.
    """
    if record.live is None or record.is_running:
        return
    _refuse(list(record.pressing()))
    for execution in record.live:
        if execution.is_blocked:
            _refuse(list(_waits_below(_lock_holders(execution))))


def _refuse(waits: list[Wait]) -> None:
    for wait in waits:
        if not wait.future.done() and not wait.record.is_running and closes_cycle(wait):
            wait.future.set_exception(cycle_error(wait))


def _waits_below(executions: Iterable[Execution]) -> Iterator[Wait]:
    """The waits of the handlers of executions, and of what those wait for."""
    seen: set[int] = set()
    rest = list(executions)
    for execution in rest:
        for run in execution.runs if execution.is_running else ():
            for wait in run.waits or ():
                if run.is_live and id(wait) not in seen:
                    seen.add(id(wait))
                    yield wait
                    rest += [] if wait.record.live is None else wait.record.live


def cycle_error(wait: Wait) -> EventCycleError:
    """The error for the await that closes a cycle."""
    run = wait.run
    name = f"{run.eventbus_name}.{run.handler_name}({run.record.type})"
    return EventCycleError(f"{name} awaits {wait.record.type}, which waits for {name}")


def _reaches(
    start: Iterable[object], target: EventResult[Any], seen: set[int] | None = None
) -> bool:
    seen = set() if seen is None else seen
    rest: list[Any] = list(start)
    while rest:
        node = rest.pop()
        if node is target:
            return True
        if id(node) not in seen:
            seen.add(id(node))
            if node.node_kind == "run":
                rest += _of_run(node)
            elif node.node_kind == "event":
                rest += _of_event(node)
            elif _is_promised(node):
                # It starts with whatever comes first: its turn, or the end of its parent's
                # handlers.
                turn, end = _of_execution(node), _of_parent(node)
                if _reaches(turn, target, set(seen)) and _reaches(end, target, set(seen)):
                    return True
            else:
                rest += _of_execution(node)
    return False


def _is_promised(execution: Any) -> bool:
    """Whether it is queued and will be promoted when its parent's handlers have ended."""
    return bool(execution.is_queued and execution.record.is_jumped)


def _of_parent(execution: Any) -> Iterator[object]:
    live = execution.record.live
    emitter = None if live is None else live.emitter
    if emitter is not None and emitter.record.live is not None:
        yield from emitter.record.live


def _of_event(record: EventRecord) -> Iterator[object]:
    """What an event waits for: its buses and its children.

    While its own handlers run, a child that waits for a lock does not count: it may get it yet, and
    is looked at again when the handlers have ended.
    """
    live = record.live
    if live is None:
        return
    yield from live
    rest = list(record.children())
    for child in rest:
        if not live.open_executions:
            yield child
        elif child.live is not None:
            yield from (e for e in child.live if e.is_running)
            rest += child.children()


def _of_run(run: EventResult[Any]) -> Iterator[object]:
    """What a running handler waits for: events, and the handler lock that it yielded meanwhile."""
    for wait in run.waits or ():
        if not wait.future.done():
            yield wait.record
    live = run.record.live
    if live is not None and run.yielded and live.serial_owner not in (None, run):
        yield live.serial_owner


def _of_execution(execution: Any) -> Iterator[object]:
    """What one bus waits for before it is done with an event."""
    if execution.is_blocked:
        yield from _lock_holders(execution)
    elif execution.is_queued:
        yield from _lock_holders(execution)
        yield from execution.bus.running()
    elif execution.is_running:
        live = execution.record.live
        if live is not None and live.serial_owner is not None:
            yield live.serial_owner
        yield from (run for run in execution.runs if run.is_live)


def _lock_holders(execution: Execution) -> Iterator[Execution]:
    """Those that hold the lock which ``execution`` needs and do not wait for it themselves."""
    lock = execution.bus.locks.get_lock_for_event(execution.bus, execution.record.event)
    if lock is not None and lock.depth:
        around = {execution, *execution.enclosing()}
        yield from (holder for holder in lock.holders if holder not in around)  # type: ignore[misc]
