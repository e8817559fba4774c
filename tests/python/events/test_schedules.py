"""Random programs under a virtual clock: no deadlock, no lost event, no mode exceeded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from codetracer_python_recorder.events import (
    BaseEvent,
    EventBus,
    EventCycleError,
    EventResult,
    clock,
)
from codetracer_python_recorder.events.event_result import current_run
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from support.events.clock import VirtualLoop

MODES = ("parallel", "bus-serial", "global-serial")
TYPES = ("T0", "T1", "T2")
# Handlers emit no more events once an example has so many, or at this depth.
MOST_EVENTS, MOST_DEPTH = 60, 4

seconds = st.sampled_from([0, 1, 2, 5])
emission = st.fixed_dictionaries(
    {
        "type": st.sampled_from(TYPES),
        "bus": st.integers(0, 2),
        "timeout": st.sampled_from([None, None, 1, 3]),
        "first": st.booleans(),
    }
)
step = st.one_of(
    st.tuples(st.just("sleep"), seconds),
    st.tuples(st.just("emit"), emission),
    st.tuples(st.just("await"), emission),
    st.tuples(st.just("await"), emission),
    st.tuples(st.just("gather"), st.lists(emission, min_size=2, max_size=3)),
    st.tuples(st.just("within"), emission),
    st.tuples(st.just("completed"), emission),
    st.tuples(st.just("other"), st.integers(0, 20)),
    st.tuples(st.just("forward"), st.integers(0, 2)),
    st.tuples(st.just("swallow"), seconds),
    st.tuples(st.just("raise"), st.just(None)),
    st.tuples(st.just("return"), st.integers(0, 3)),
)
handler = st.fixed_dictionaries(
    {
        "on": st.sampled_from([*TYPES, "*"]),
        "bus": st.integers(0, 2),
        "timeout": st.sampled_from([None, None, None, 2, 4]),
        "steps": st.lists(step, max_size=4),
    }
)


class Work(BaseEvent[Any]):
    depth: int = 0


class Schedule(RuleBasedStateMachine):
    """One random program; ``mode`` is the concurrency of its buses."""

    mode = "bus-serial"

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.wall = clock.wall_ns
        clock.wall_ns = self.loop.wall_ns
        self.events: list[Work] = []
        self.waiters: list[asyncio.Task[Any]] = []
        self.started: set[object] = set()
        self.excused: set[object] = set()
        self.problems: list[str] = []

    @initialize(
        handlers=st.lists(handler, min_size=1, max_size=6),
        handler_modes=st.lists(st.sampled_from(["serial", "parallel"]), min_size=3, max_size=3),
        forwards=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=2),
        limit=st.sampled_from([None, 4, 60]),
    )
    def build(
        self,
        handlers: list[dict[str, Any]],
        handler_modes: list[str],
        forwards: list[tuple[int, int]],
        limit: float | None,
    ) -> None:
        self.buses = [
            EventBus(
                f"B{index}",
                event_concurrency=self.mode,
                event_handler_concurrency=mode,
                event_timeout=limit,
                max_history_size=20,
            )
            for index, mode in enumerate(handler_modes)
        ]
        for source, target in forwards:
            self.buses[source].on("*", self.buses[target].emit)
        for described in handlers:
            options = (
                {} if described["timeout"] is None else {"handler_timeout": described["timeout"]}
            )
            bus = self.buses[described["bus"]]
            bus.on(described["on"], self.make(described["steps"]), **options)

    def make(self, steps: list[tuple[str, Any]]) -> Any:
        async def scripted(event: Work) -> Any:
            self.entered()
            for action, detail in steps:
                if action == "return":
                    return detail
                await self.act(event, action, detail)
            return None

        return scripted

    def entered(self) -> None:
        """Notes which modes the start of a handler violates."""
        run = current_run()
        assert run is not None
        execution = run.execution
        assert execution is not None
        live = [
            other
            for event in self.events
            for other in event.event_results.values()
            if other.is_live and other is not run and other.execution not in self.excused
        ]
        if execution not in self.started:
            self.started.add(execution)
            around = set(execution.enclosing())
            for other in live:
                here = other.execution.bus is execution.bus
                if other.execution is execution or other.execution in around:
                    continue
                if self.mode == "global-serial" or (self.mode == "bus-serial" and here):
                    self.problems.append(f"{run} runs beside {other}")
        self.entered_serially(run, live)

    def entered_serially(self, run: EventResult[Any], live: list[EventResult[Any]]) -> None:
        def serial(one: EventResult[Any]) -> bool:
            execution = one.execution
            return execution is not None and execution.bus.event_handler_concurrency == "serial"

        for other in live:
            if other.record is run.record and serial(run) and serial(other) and not other.yielded:
                self.problems.append(f"{run} runs beside {other} of the same event")

    async def act(self, event: Work, action: str, detail: Any) -> None:
        match action:
            case "sleep":
                await self.loop.snooze(detail)
            case "swallow":
                try:
                    await self.loop.snooze(detail)
                except asyncio.CancelledError:
                    await self.loop.snooze(detail)
            case "raise":
                raise ValueError("raised by the schedule")
            case "forward":
                self.buses[detail].emit(event)
            case "other":
                if self.events:
                    await self.tolerate(self.events[detail % len(self.events)])
            case "gather":
                children = [self.child(event, each) for each in detail]
                await asyncio.gather(*(self.tolerate(child) for child in children if child))
            case _:
                child = self.child(event, detail)
                if child is not None:
                    await self.wait(child, action)

    async def wait(self, child: Work, action: str) -> None:
        if action == "await":
            await self.tolerate(child)
        elif action == "completed":
            try:
                await child.event_completed()
            except EventCycleError:
                return
        elif action == "within":
            try:
                async with asyncio.timeout(1):
                    await self.tolerate(child)
            except TimeoutError:
                return

    async def tolerate(self, event: Work) -> None:
        run = current_run()
        execution = None if run is None else run.execution
        around = set() if execution is None else {execution, *execution.enclosing()}
        try:
            await event
        except (EventCycleError, asyncio.CancelledError) as error:
            # What was awaited goes on inside of the handlers around, and those may go on too.
            self.excused |= around
            if isinstance(error, asyncio.CancelledError):
                raise

    def child(self, event: Work, described: dict[str, Any]) -> Work | None:
        if len(self.events) >= MOST_EVENTS or event.depth >= MOST_DEPTH:
            return None
        return self.send(described, event.depth + 1)

    def send(self, described: dict[str, Any], depth: int) -> Work:
        options: dict[str, Any] = {}
        if described["timeout"] is not None:
            options["event_timeout"] = described["timeout"]
        if described["first"]:
            options["event_handler_completion"] = "first"
        event = Work(event_type=described["type"], depth=depth, **options)
        self.events.append(event)
        return self.buses[described["bus"]].emit(event)

    def drive(self, work: Any) -> Any:
        asyncio.set_event_loop(self.loop)

        async def call() -> Any:
            return await work()

        return self.loop.run_until_complete(call())

    @rule(described=emission)
    def emit(self, described: dict[str, Any]) -> None:
        async def work() -> None:
            self.send(described, 0)

        self.drive(work)

    @rule(time=seconds)
    def advance(self, time: float) -> None:
        async def work() -> None:
            await self.loop.snooze(time)

        self.drive(work)

    @rule(index=st.integers(0, 20), timeout=st.sampled_from([0, 1, 5, None]))
    def read(self, index: int, timeout: float | None) -> None:
        async def work() -> None:
            if self.events:
                event = self.events[index % len(self.events)]
                reading = event.event_result(timeout=timeout, raise_if_any=False)
                self.waiters.append(asyncio.create_task(quiet(reading)))

        self.drive(work)

    @rule(index=st.integers(0, 20))
    def first(self, index: int) -> None:
        async def work() -> None:
            if self.events:
                event = self.events[index % len(self.events)]
                self.waiters.append(asyncio.create_task(quiet(event.first())))

        self.drive(work)

    def teardown(self) -> None:
        if not hasattr(self, "buses"):
            self.loop.close()
            clock.wall_ns = self.wall
            return

        async def work() -> None:
            # An abandoned handler may emit once more, so that idleness comes and goes.
            for _ in range(12):
                for bus in self.buses:
                    assert await bus.wait_until_idle()
                await self.loop.snooze(20)
            await asyncio.gather(*self.waiters)
            for bus in self.buses:
                left = await bus.stop()
                assert left == []

        try:
            self.drive(work)
            assert self.problems == []
            for event in self.events:
                assert event.event_status == "completed", event
                assert all(result.is_final for result in event.event_results.values())
            assert [bus.abandoned_handlers for bus in self.buses] == [0, 0, 0]
            assert asyncio.all_tasks(self.loop) == set()
            assert self.loop.pending_timers() == []
            assert self.loop.errors == []
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()
            clock.wall_ns = self.wall


async def quiet(reading: Any) -> None:
    try:
        await reading
    except (TimeoutError, ValueError):
        return


@pytest.mark.timeout(900)
@pytest.mark.parametrize("mode", MODES)
def test_random_schedules(mode: str) -> None:
    thorough = settings.get_current_profile_name() == "schedules"
    chosen = settings(
        max_examples=1_000 if thorough else 40,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    machine = type("Schedule", (Schedule,), {"mode": mode})
    run_state_machine_as_test(machine, settings=chosen)
