"""Reading what handlers returned and raised.

Owns the choice among results and the errors that readers get. Refuses to let a reader's task look
cancelled: an error that is no ``Exception`` is wrapped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import EventHandlerAbortedError, EventHandlerCancelledError, EventHandlerError
from .event_result import EventResult
from .modes import EventResultStatus
from .options import check_wait
from .stopping import cut_losers
from .waiting import wait_for

if TYPE_CHECKING:
    from .base_event import BaseEvent

__all__ = ["first", "is_value", "values"]


def is_value(result: EventResult[Any]) -> bool:
    """Whether a result has a value that is neither ``None`` nor an event."""
    return (
        result.status is EventResultStatus.COMPLETED
        and result.result is not None
        and not hasattr(result.result, "event_status")
    )


async def values[T](
    event: BaseEvent[T],
    timeout: float | None,
    include: Callable[[EventResult[T]], bool] | None,
    raise_if_any: bool,
    raise_if_none: bool,
) -> list[T]:
    """See ``BaseEvent.event_results_list``."""
    await wait_for(event._record, check_wait("timeout", timeout))
    results = list((event._record.results or {}).values())
    if raise_if_any:
        _raise([result for result in results if result.error is not None])
    chosen = include or is_value
    good = [r for r in results if r.error is None and r.has_value and chosen(r)]
    found: list[Any] = [r.result for r in good]
    if raise_if_none and not found:
        raise ValueError(f"no handler of {event.event_type} returned a value")
    return found


async def first[T](
    event: BaseEvent[T], timeout: float | None, raise_if_any: bool, raise_if_none: bool
) -> T | None:
    """See ``BaseEvent.first``."""
    record = event._record
    seconds = check_wait("timeout", timeout)
    if record.live is not None:
        record.live.first = True
        cut_losers(record)
    try:
        await wait_for(record, seconds)
    except TimeoutError:
        return None
    if raise_if_any:
        stopped = (EventHandlerAbortedError, EventHandlerCancelledError)
        results = (record.results or {}).values()
        failed = [r for r in results if r.error is not None and not isinstance(r.error, stopped)]
        _raise(failed)
    if record.winner is None:
        if raise_if_none:
            raise ValueError(f"no handler of {event.event_type} returned a value")
        return None
    return record.winner.result


def _raise(failed: list[EventResult[Any]]) -> None:
    errors = [_readable(result) for result in failed]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup(f"{len(errors)} handlers failed", errors)


def _readable(result: EventResult[Any]) -> Exception:
    error = result.error
    if isinstance(error, Exception):
        return error
    name = f"{result.eventbus_name}.{result.handler_name}"
    return EventHandlerError(f"{name}: {error}", event_result=result, cause=error)
