"""Waiting for an event to be complete.

Owns the difference between waiting outside of handlers (nothing but waiting) and inside (the
event jumps the queue), from the bus's loop and from another one. Refuses to process anything
itself: a wait that ends early changes nothing but the wait.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from .cycles import closes_cycle, cycle_error
from .event_result import EventResult, current_run
from .lock_manager import take_handler_lock, yield_handler_lock
from .modes import EventStatus, State
from .record import EventRecord, Live, Wait, promote

if TYPE_CHECKING:
    from typing import Any

__all__ = ["wait", "wait_for"]


async def wait(record: EventRecord, *, jump: bool) -> None:
    """Returns when the event is complete.

    Args:
        record: the event.
        jump: inside a handler, what has not started of the event starts now.

    Raises:
        RuntimeError: the event was never emitted.
        EventCycleError: the event waits for the calling handler.
    """
    live = record.live
    if live is None:
        if record.status is EventStatus.COMPLETED:
            return
        raise RuntimeError(f"{record.type} was not emitted on any bus, so it cannot be awaited")
    loop = asyncio.get_running_loop()
    bus = record.bus
    if bus is not None and bus._loop is not loop:
        await _wait_from_elsewhere(record, bus.loop)
        return
    run = current_run()
    if run is not None and run.execution is not None:
        await _wait_inside(record, live, run, loop, jump)
        return
    future = loop.create_future()
    if live.waiters is None:
        live.waiters = []
    live.waiters.append(future)
    try:
        await future
    finally:
        if record.live is live:
            live.waiters.remove(future)


async def wait_for(record: EventRecord, timeout: float | None, *, jump: bool = True) -> None:
    """As ``wait``, for at most ``timeout`` seconds; 0 does not wait, ``None`` waits without limit.

    Raises:
        TimeoutError: the event is not complete yet.
    """
    if timeout is None:
        await wait(record, jump=jump)
    elif record.live is not None or record.status is not EventStatus.COMPLETED:
        if timeout == 0:
            raise TimeoutError(f"{record.type} is not complete")
        async with asyncio.timeout(timeout):
            await wait(record, jump=jump)


async def _wait_inside(
    record: EventRecord,
    live: Live,
    run: EventResult[Any],
    loop: asyncio.AbstractEventLoop,
    jump: bool,
) -> None:
    """A handler's wait. Its handler lock is free for others meanwhile, and its own again after."""
    entry = Wait(run, record, loop, jump)
    if live.waits is None:
        live.waits = []
    live.waits.append(entry)
    if run.waits is None:
        run.waits = []
    run.waits.append(entry)
    own = run.record.live
    if own is not None and yield_handler_lock(own, run):
        run.yielded = True
    torn_down = False
    try:
        # What is queued everywhere waits for nothing yet, and a jump starts it.
        at_once = jump and _is_queued(live)
        if not at_once and closes_cycle(entry):
            raise cycle_error(entry)
        if jump:
            promote(record)
            if not at_once:
                # What runs already may wait for a lock that it can enter now.
                _let_in(run)
        if record.live is live:
            await entry.future
    except GeneratorExit:
        torn_down = True
        raise
    finally:
        live.waits.remove(entry)
        run.waits.remove(entry)
        if own is not None and run.yielded and not torn_down:
            if own.serial_owner is None and run.is_live and not run.waits:
                own.serial_owner = run
                run.yielded = False
            else:
                await _take_back(own, run)


def _is_queued(live: Live) -> bool:
    """Whether nothing of an event has started anywhere."""
    for execution in live:  # noqa: SIM110
        if execution.state is not State.QUEUED:
            return False
    return True


def _let_in(run: EventResult[Any]) -> None:
    """Looks again who may enter the locks around a handler that waits for one thing more."""
    inner = run.execution
    for execution in () if inner is None else (inner, *inner.enclosing()):
        lock = execution.bus.locks.get_lock_for_event(execution.bus, execution.record.event)
        if lock is not None:
            lock.recheck()


async def _take_back(own: Live, run: EventResult[Any]) -> None:
    """Ends the yielding of the handler lock, unless the handler waits elsewhere or has ended."""
    if not run.waits and run.is_live:
        await take_handler_lock(own, run)
        if run.waits:
            yield_handler_lock(own, run)
        else:
            run.yielded = False


async def _wait_from_elsewhere(record: EventRecord, home: asyncio.AbstractEventLoop) -> None:
    """Waits on this thread's loop for an event of another loop."""
    here = asyncio.get_running_loop()
    done = here.create_future()

    def tell() -> None:
        if not done.done():
            done.set_result(None)

    def ended(_: object) -> None:
        with suppress(RuntimeError):  # Whoever waited has closed the loop.
            here.call_soon_threadsafe(tell)

    def register() -> None:
        live = record.live
        if live is None:
            ended(None)
            return
        remote = home.create_future()
        remote.add_done_callback(ended)
        live.waiters = [*(live.waiters or ()), remote]

    home.call_soon_threadsafe(register)
    await done
