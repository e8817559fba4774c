"""Which event is whose child."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap

import pytest
from codetracer_python_recorder.events import BaseEvent, EventBus
from support.events.real import looped


class Parent(BaseEvent[str]):
    pass


class Child(BaseEvent[str]):
    pass


class Grandchild(BaseEvent[str]):
    pass


@looped
async def test_an_event_outside_of_handlers_has_no_parent() -> None:
    bus = EventBus()
    event = await bus.emit(Parent())
    assert (event.event_parent_id, event.event_emitted_by_handler_id) == (None, None)


@looped
async def test_an_async_handlers_event_is_a_child() -> None:
    bus = EventBus()
    child = Child()

    async def handler(event: Parent) -> None:
        bus.emit(child)

    entry = bus.on(Parent, handler)
    parent = await bus.emit(Parent())
    assert child.event_parent_id == parent.event_id
    assert child.event_emitted_by_handler_id == entry.id
    assert parent.event_children == [child]


@looped
async def test_a_sync_handlers_event_is_a_child() -> None:
    bus = EventBus()
    child = Child()
    bus.on(Parent, lambda event: bus.emit(child))
    parent = await bus.emit(Parent())
    assert child.event_parent_id == parent.event_id
    assert child.event_status == "completed"


@looped
async def test_children_are_listed_by_the_result_that_emitted_them() -> None:
    bus = EventBus()
    one, two = Child(), Child()
    first = bus.on(Parent, lambda event: bus.emit(one))
    second = bus.on(Parent, lambda event: bus.emit(two))
    parent = await bus.emit(Parent())
    assert parent.event_results[first.id].event_children == [one]
    assert parent.event_results[second.id].event_children == [two]


@looped
async def test_three_generations() -> None:
    bus = EventBus()
    child, grandchild = Child(), Grandchild()

    async def on_parent(event: Parent) -> None:
        await bus.emit(child)

    bus.on(Parent, on_parent)
    bus.on(Child, lambda event: bus.emit(grandchild))
    parent = await bus.emit(Parent())
    assert grandchild.event_parent_id == child.event_id
    assert bus.event_is_child_of(grandchild, parent)
    assert bus.event_is_parent_of(parent, grandchild)
    assert not bus.event_is_child_of(parent, grandchild)


@looped
async def test_a_child_on_another_bus() -> None:
    bus, other = EventBus(), EventBus()
    child = Child()
    bus.on(Parent, lambda event: other.emit(child))
    parent = await bus.emit(Parent())
    assert child.event_parent_id == parent.event_id
    assert other.event_is_child_of(child, parent)


@looped
async def test_forwarding_makes_no_child() -> None:
    first, second = EventBus(), EventBus()
    first.on("*", second.emit)
    event = await first.emit(Parent())
    assert event.event_parent_id is None
    assert event.event_children == []


@looped
async def test_a_task_of_a_handler_emits_children() -> None:
    bus = EventBus()
    child = Child()

    async def handler(event: Parent) -> None:
        async def inner() -> None:
            bus.emit(child)

        await asyncio.create_task(inner())

    bus.on(Parent, handler)
    parent = await bus.emit(Parent())
    assert child.event_parent_id == parent.event_id


@looped
async def test_code_that_outlives_its_handler_emits_no_children() -> None:
    bus = EventBus()
    child = Child()
    tasks: list[asyncio.Task[None]] = []

    async def handler(event: Parent) -> None:
        async def later() -> None:
            await asyncio.sleep(0.005)
            bus.emit(child)

        tasks.append(asyncio.create_task(later()))

    bus.on(Parent, handler)
    parent = await bus.emit(Parent())
    await tasks[0]
    await child
    assert child.event_parent_id is None
    assert parent.event_children == []


@looped
async def test_concurrent_code_emits_no_children() -> None:
    bus = EventBus()
    inside, leave = asyncio.Event(), asyncio.Event()

    async def handler(event: Parent) -> None:
        inside.set()
        await leave.wait()

    bus.on(Parent, handler)
    parent = bus.emit(Parent())
    await inside.wait()
    other = bus.emit(Child())
    leave.set()
    await other
    assert other.event_parent_id is None
    assert parent.event_children == []


@looped
async def test_an_explicit_parent_is_kept() -> None:
    bus = EventBus()
    known = Parent()
    child = Child(event_parent_id=known.event_id)
    bus.on(Parent, lambda event: bus.emit(child))
    parent = await bus.emit(Parent())
    await child
    assert child.event_parent_id == known.event_id
    assert parent.event_children == []


@looped
async def test_children_of_parallel_parents_are_not_mixed_up() -> None:
    bus = EventBus(event_concurrency="parallel")
    children: dict[str, Child] = {}

    async def handler(event: Parent) -> None:
        await asyncio.sleep(0.002)
        children[event.event_id] = bus.emit(Child())
        await asyncio.sleep(0.002)

    bus.on(Parent, handler)
    parents = [bus.emit(Parent()) for _ in range(10)]
    for parent in parents:
        await parent
        assert parent.event_children == [children[parent.event_id]]


@looped
async def test_unawaited_children_hold_the_parent_open() -> None:
    bus = EventBus()

    async def on_child(event: Child) -> None:
        await asyncio.sleep(0.005)

    bus.on(Parent, lambda event: bus.emit(Child()))
    bus.on(Child, on_child)
    parent = bus.emit(Parent())
    await asyncio.sleep(0.002)
    assert parent.event_status == "started"
    await parent
    assert parent.event_children[0].event_status == "completed"


@looped
async def test_a_failing_handlers_children_are_children() -> None:
    bus = EventBus()
    child = Child()

    async def handler(event: Parent) -> None:
        bus.emit(child)
        raise RuntimeError("after the emission")

    bus.on(Parent, handler)
    parent = await bus.emit(Parent())
    assert parent.event_children == [child]
    with pytest.raises(RuntimeError):
        await parent.event_result()


@looped
async def test_the_tree_is_drawn() -> None:
    bus = EventBus("tree")

    async def on_parent(event: Parent) -> str:
        await bus.emit(Child())
        return "done"

    bus.on(Parent, on_parent)
    bus.on(Child, lambda event: "leaf", handler_name="leaf")
    parent = await bus.emit(Parent())
    lines = bus.log_tree().splitlines()
    assert [line.split()[0] for line in lines[:1]] == [bus.label]
    assert [line.count("── ") for line in lines] == [0, 1, 1, 1, 1]
    assert "Parent#" in lines[1]
    assert "'done'" in lines[2]
    assert "Child#" in lines[3]
    assert "tree.leaf" in lines[4]
    assert parent.event_log_tree().splitlines()[0] == lines[1][4:]


FORK = """
import asyncio, os
from codetracer_python_recorder.events import BaseEvent, EventBus

bus = EventBus()
child = BaseEvent()
bus.on("Parent", lambda event: bus.emit(child))

class Parent(BaseEvent[str]):
    pass

async def main():
    return await bus.emit(Parent())

parent = asyncio.run(main())
pid = os.fork()
if pid:
    os.waitpid(pid, 0)
print(parent.event_id, child.event_parent_id, child.event_id, BaseEvent().event_id, flush=True)
"""


def test_ids_in_a_forked_process() -> None:
    program = [sys.executable, "-c", textwrap.dedent(FORK)]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    first, second = (line.split() for line in done.stdout.splitlines())
    # What was made before has the same ids in both, what is made afterwards has not.
    assert first[:3] == second[:3]
    assert first[0] == first[1] != first[2]
    assert first[3][18:] != second[3][18:], "only the times differ"
