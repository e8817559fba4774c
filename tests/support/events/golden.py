"""The events of tests/contract/events/golden/python.json.

``PYTHONPATH=tests python -m support.events.golden`` writes the file anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from codetracer_python_recorder.events import BaseEvent, EventBus

from .clock import VirtualLoop, run_virtually

GOLDEN = Path(__file__).parents[2] / "contract" / "events" / "golden"


class Order(BaseEvent[int]):
    text: str
    big: int
    event_version: str = "7"


class Nested(BaseEvent[dict[str, list[int]]]):
    pass


class Failing(BaseEvent[int]):
    event_timeout: float | None = 1.5


class Never(BaseEvent):  # type: ignore[type-arg]
    payload: Any = None


def event_id(number: int) -> str:
    """A fixed UUIDv7."""
    return f"019b76da-a800-7000-8000-{number:012x}"


async def _events(loop: VirtualLoop) -> list[dict[str, Any]]:
    near = EventBus("near", id=event_id(1))
    far = EventBus("far", id=event_id(2))
    near.on(Order, lambda event: far.emit(event), id=event_id(3), handler_name="forward")

    async def child(event: Order) -> int:
        await loop.snooze(0.000000001 * 250)
        await near.emit(Nested(event_id=event_id(21), event_slow_timeout=None))
        return 2**60

    far.on(Order, child, id=event_id(4), handler_name="child")
    near.on(Nested, lambda event: {"a": [1, 2]}, id=event_id(5), handler_name="nested")
    near.on(Nested, lambda event: None, id=event_id(6), handler_name="none")

    async def slow(event: Failing) -> int:
        await loop.snooze(9)
        return 1

    def fails(event: Failing) -> int:
        raise ValueError("no\nvalue")

    near.on(Failing, fails, id=event_id(7), handler_name="fails")
    near.on(Failing, lambda event: "text", id=event_id(8), handler_name="wrong")
    near.on(Failing, slow, id=event_id(9), handler_name="slow")
    near.on(Failing, slow, id=event_id(10), handler_name="never")
    order = Order(
        event_id=event_id(20), text='ä "quoted"\n\0', big=2**70, event_concurrency="parallel"
    )
    failing = Failing(event_id=event_id(22))
    await near.emit(order)
    await near.emit(failing)
    payload = {"list": [1, 1.5, True, None, "x"], "deep": {"a": {"b": []}}, "safe": 2**53}
    never = Never(event_id=event_id(23), payload=payload, extra=-(2**53) - 1)
    children = order.event_children
    return [event.model_dump(mode="json") for event in (order, *children, failing, never)]


def golden_events() -> list[dict[str, Any]]:
    """The dumps, made under a virtual clock and with fixed ids."""
    return run_virtually(_events)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    text = json.dumps({"events": golden_events()}, indent=1, ensure_ascii=False)
    (GOLDEN / "python.json").write_text(text + "\n")
