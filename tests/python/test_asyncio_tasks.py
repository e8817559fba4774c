"""Which asyncio task an event belongs to, for tasks that run before ``create_task`` returns."""

from __future__ import annotations

from collections.abc import Callable

from codetracer_python_recorder import Trace

Record = Callable[..., Trace]

# Ended tasks give their addresses back to those that come after them.
EAGER = """
import asyncio
async def quick(n):
    return n
async def failing(n):
    raise ValueError(n)
async def slow(n):
    await asyncio.sleep(0)
    await quick(n)
    return n
async def nested(n):
    return await asyncio.create_task(slow(n)), await asyncio.create_task(quick(n))
async def main():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    for n in range(20):
        for kind in (quick, failing, slow, nested):
            task = asyncio.create_task(kind(n), name=f"{kind.__name__}-{n}")
            await asyncio.wait([task])
            task.exception()
            del task
asyncio.run(main())
"""


def test_a_task_that_runs_while_it_is_made_is_one_task(record: Record) -> None:
    trace = record(EAGER)
    steps = [event for event in trace.steps() if event.function != "<module>"]
    task_of = {event.call: event.task for event in steps if event.kind == "call"}
    assert [event for event in steps if event.task != task_of[event.call]] == []
    [main] = trace.calls()[0].children
    alone = [call for call in main.children if call.function != "nested"]
    nesting = [call for call in main.children if call.function == "nested"]
    assert (len(alone), len(nesting)) == (60, 20)
    assert all(inner.task == call.task for call in alone for inner in call.children)
    begun = [main, *main.children, *(inner for call in nesting for inner in call.children)]
    assert len({call.task for call in begun}) == len(begun) == 121
    # The event loop makes two of its own when it ends.
    assert trace.info["tasks"] == 123
