"""Events and buses as JSON: what one language dumps the other loads."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventHandlerAbortedError,
    EventHandlerResultSchemaError,
)
from support.events.golden import GOLDEN, Order, golden_events
from support.events.real import looped

FILES = sorted(GOLDEN.glob("*.json"))


def read(name: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads((GOLDEN / name).read_text())["events"]
    return events


def test_the_golden_file_is_what_is_dumped_today() -> None:
    assert golden_events() == read("python.json")


@pytest.mark.parametrize("name", [path.name for path in FILES])
def test_golden_events_come_out_as_they_went_in(name: str) -> None:
    for dumped in read(name):
        event: BaseEvent[Any] = BaseEvent.model_validate(dumped)
        assert event.model_dump(mode="json") == dumped
        assert (
            json.loads(BaseEvent.model_validate_json(json.dumps(dumped)).model_dump_json())
            == dumped
        )


@pytest.mark.parametrize("name", [path.name for path in FILES])
def test_a_bus_that_remembers_golden_events_dumps_them_again(name: str) -> None:
    events = read(name)
    bus = EventBus.validate({**EventBus("x").model_dump(), "events": events})
    completed = [event for event in events if event["event_status"] == "completed"]
    dumped = json.loads(bus.model_dump_json())["events"]
    assert [event for event in dumped if event["event_status"] == "completed"] == completed
    assert len(dumped) == len(events)


def test_loading_as_a_known_class_restores_types() -> None:
    dumped = read("python.json")[0]
    order = Order.model_validate(dumped)
    assert (order.text, order.big, order.event_version) == ('ä "quoted"\n\0', 2**70, "7")
    assert order.event_result_type is int
    assert order.model_dump(mode="json") == dumped


def test_loaded_errors_have_their_classes() -> None:
    failing: BaseEvent[Any] = BaseEvent.model_validate(read("python.json")[2])
    errors = [result.error for result in failing.event_results.values()]
    assert str(errors[0]) == "no\nvalue"
    assert isinstance(errors[1], EventHandlerResultSchemaError)
    assert isinstance(errors[2], EventHandlerAbortedError)
    assert errors[2].timeout_seconds == 1.5


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, {"a": -float("inf")}]])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    event: BaseEvent[Any] = BaseEvent(value=value)
    with pytest.raises(ValueError, match="no JSON form"):
        event.model_dump_json()
    assert event.model_dump()["value"] == value or value != value


@looped
async def test_results_that_json_cannot_say_are_refused() -> None:
    bus = EventBus()
    bus.on("*", lambda event: float("nan"))
    event = await bus.emit(BaseEvent())
    with pytest.raises(ValueError, match="no JSON form"):
        event.model_dump_json()
    with pytest.raises(ValueError, match="no JSON form"):
        bus.model_dump_json()


def test_include_and_exclude_choose_members() -> None:
    event = Order(text="x", big=1, event_timeout=3)
    assert event.model_dump(include={"text", "event_timeout"}) == {
        "event_timeout": 3.0,
        "text": "x",
    }
    assert "event_id" not in event.model_dump(exclude={"event_id"})
    assert "event_parent_id" not in event.model_dump(exclude_none=True)


def test_the_schema_shows_the_events_members() -> None:
    for mode in ("validation", "serialization"):
        members = Order.model_json_schema(mode=mode)["properties"]  # type: ignore[arg-type]
        assert {"event_id", "event_timeout", "event_results", "text", "big"} <= set(members)
    assert set(Order(text="x", big=1).model_dump()) <= set(members)


@looped
async def test_copies_and_pickles_keep_identity_and_outcome() -> None:
    bus = EventBus()
    bus.on(Order, lambda event: 3)
    event = await bus.emit(Order(text="x", big=2**70, event_timeout=3))
    for twin in (copy.copy(event), copy.deepcopy(event), event.model_copy()):
        assert twin == event
        assert twin is not event
        assert twin.model_dump() == event.model_dump()
    loaded = pickle.loads(pickle.dumps(event))
    assert loaded.model_dump(mode="json") == event.model_dump(mode="json")
    fresh = event.event_reset()
    assert fresh != event
    assert (fresh.event_status, fresh.event_timeout, fresh.text) == ("pending", 3.0, "x")


def test_model_construct_makes_a_usable_event() -> None:
    event = Order.model_construct(text="x", big=1, event_timeout=4)
    assert (event.text, event.event_timeout, event.event_status) == ("x", 4.0, "pending")


def test_events_inside_of_events_are_loaded() -> None:
    class Holder(BaseEvent[None]):
        inner: Order

    holder = Holder(inner=Order(text="x", big=2**70))
    loaded = Holder.model_validate_json(holder.model_dump_json())
    assert loaded.inner == holder.inner
