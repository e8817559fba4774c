"""Recordings read back: events in their order, calls as a tree, values at a step.

``step`` is an event's position in the one order of all threads, from 0. ``ns`` is nanoseconds of
the monotonic clock since the recording began. ``thread`` and ``task`` are small integers of the
recording; ``Trace.info`` has their names.
"""

import json
import os
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from . import _pages
from ._extension import native
from ._paths import text_of
from ._values import Raised, Value, event_values, exception, groups
from .exceptions import make, make_type_error

__all__ = ["Call", "Event", "Frame", "Trace", "Value"]


class Event:
    """Something that happened in a recorded program.

    Attributes:
        kind: ``call``, ``line``, ``return``, ``yield``, ``resume``, ``throw``, ``unwind``,
            ``raise``, ``handled``, ``output`` or ``gap``.
        step: its position among all events.
        ns: when it happened.
        thread: the thread.
        task: the asyncio task, ``None`` outside of one.
        file: the source of its function; ``None`` outside of any function.
        line: the line that is about to run on ``line``, else the one that runs.
        function: the qualified name of its function.
        call: identifies the call within the recording.
        depth: number of recorded calls below this one on the thread's stack.
        after: the line whose work ``values`` shows.
        origin: on ``raise``, whether this frame raised the exception or was only passed by it.
        truncated: whether a limit cut values of this event.
        source: all of it, as ``print --json`` writes it.
    """

    __slots__ = (
        "__dict__",
        "after",
        "call",
        "depth",
        "file",
        "function",
        "kind",
        "line",
        "ns",
        "origin",
        "source",
        "step",
        "task",
        "thread",
        "truncated",
    )

    def __init__(self, source: dict[str, Any]) -> None:
        self.source = source
        self.kind: str = source["kind"]
        self.step: int = source["step"]
        self.ns: int = source["ns"]
        self.thread: int = source["thread"]
        self.task: int | None = source["task"]
        self.file: str | None = source["file"]
        self.line: int | None = source["line"]
        self.function: str | None = source["function"]
        self.call: int | None = source["call"]
        self.depth: int = source["depth"]
        self.after: int | None = source.get("after")
        self.origin: bool = source["origin"]
        self.truncated: bool = source.get("truncated", False)

    @property
    def values(self) -> dict[str, Any]:
        """What changed in the frame since its previous event, by name; see ``Value``.

        Names that were bound anew, and names bound to an object that changed or is described anew.
        On ``call`` the arguments. A deleted name has ``UNBOUND``. On ``return`` and ``yield`` the
        key ``return`` has the value that left the frame.
        """
        return self._described[0]

    @property
    def objects(self) -> tuple[Value, ...]:
        """Objects that changed or are described anew and that no name of the frame refers to.

        Those inside of ``values`` are not repeated here. One object is one ``Value`` in both.
        """
        return tuple(self._described[1])

    @cached_property
    def _described(self) -> tuple[dict[str, Any], list[Any]]:
        return event_values(self.source)

    @cached_property
    def exception(self) -> Raised | None:
        """The exception of a ``raise``, ``handled``, ``throw`` or ``unwind``."""
        return exception(self.source["exception"])

    @property
    def output(self) -> str | None:
        """The text of an ``output``."""
        return self.source.get("text")

    @property
    def stream(self) -> str | None:
        """The stream of an ``output``: ``stdin``, ``stdout``, ``stderr`` or ``other``."""
        return self.source.get("stream")

    def __repr__(self) -> str:
        return f"<{self.kind} {self.function} line {self.line}, step {self.step}>"


class Frame(NamedTuple):
    """An open frame at a step."""

    call: int
    """Identifies the call within the recording."""
    function: str | None
    """Qualified name; ``None`` when it is not known."""
    file: str | None
    """The source of the function; ``None`` when it is not known."""
    line: int
    """The line that it is at."""
    values: dict[str, Any]
    """Its names and their values; see ``Value``. One object is one ``Value`` in all frames."""


class Call:
    """A recorded call: a frame from its beginning to its end.

    Attributes:
        trace: the recording.
        id: identifies the call within the recording.
        function: qualified name.
        file: the source of the function.
        line: first line of the function.
        thread: the thread that it began on.
        depth: number of recorded calls below it on the thread's stack.
        first_step: the step of its ``call`` event; ``None`` when it was running already when
            recording began.
        last_step: the step at which it returned or was left by an exception; ``None`` when neither
            was recorded.
    """

    __slots__ = (
        "__dict__",
        "depth",
        "file",
        "first_step",
        "function",
        "id",
        "last_step",
        "line",
        "thread",
        "trace",
    )

    def __init__(self, trace: "Trace", head: _pages.Head, record: _pages.Record | None) -> None:
        self.trace = trace
        self.id = head.call
        self.function = head.function
        self.file = head.file
        self.line = head.line
        self.thread = head.thread
        self.depth = head.depth
        self.first_step = head.first_step
        self.last_step = head.last_step
        if record is not None:
            self.__dict__["_record"] = record

    @property
    def opened_before(self) -> bool:
        """Whether it was running already when recording began; its arguments are not known."""
        return self.first_step is None

    @cached_property
    def args(self) -> dict[str, Any]:
        """The arguments by name; empty when they are not known."""
        begun = self._begun
        return {} if begun is None else begun.values

    @cached_property
    def result(self) -> Any:
        """The value returned; ``None`` too for a call that did not return. See ``returned``."""
        ended = self._ended
        return None if ended is None else ended.values.get("return")

    @property
    def returned(self) -> bool:
        """Whether it returned, so that ``result`` is what it returned."""
        ended = self._ended
        return ended is not None and ended.kind == "return"

    @property
    def exception(self) -> Raised | None:
        """The exception that ended it; ``None`` when none did."""
        ended = self._ended
        return None if ended is None else ended.exception

    @property
    def task(self) -> int | None:
        """The asyncio task that it began in; ``None`` outside of one."""
        event = self._begun or self._ended
        return None if event is None else event.task

    @property
    def children(self) -> tuple["Call", ...]:
        """The calls that this call made, in their order; looked up anew each time."""
        calls = self.trace._pages.children(self.id, self.thread, self.first_step, self._record)
        return tuple(Call(self.trace, head, record) for head, record in calls)

    def walk(self) -> Iterator["Call"]:
        """This call and all below it, each before those that it made."""
        todo = [self]
        while todo:
            call = todo.pop()
            yield call
            todo += reversed(call.children)

    @cached_property
    def _record(self) -> _pages.Record | None:
        if self.first_step is None:
            return None
        return self.trace._pages.record(self.id, self.thread, self.first_step)

    @cached_property
    def _begun(self) -> Event | None:
        return None if self._record is None else Event(self._record.begun)

    @cached_property
    def _ended(self) -> Event | None:
        if self._record is not None and self._record.ended is not None:
            return Event(self._record.ended)
        return None if self.last_step is None else self.trace.event(self.last_step)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Call):
            return NotImplemented
        return self.trace is other.trace and self.id == other.id

    def __hash__(self) -> int:
        return hash((id(self.trace), self.id))

    def __repr__(self) -> str:
        return f"<call {self.id} of {self.function}, step {self.first_step}>"


class Trace:
    """An open recording.

    Args:
        path: the directory that ``record`` or ``start`` was given. A recording that is still
            being written, or that a killed process left, can be read as well.

    Raises:
        UsageError: ``ERR_TRACE_NOT_FOUND``, ``ERR_NOT_A_TRACE``, no recording is there;
            ``ERR_INVALID_ARGUMENT``, ``path`` is no path.
        EnvironmentError: ``ERR_TRACE_CORRUPT``, ``ERR_TRACE_VERSION``, or what the system says.
            Reading on may find damage too.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._native = native.recording(text_of(path, "path"))
        self._pages = _pages.Pages(self._native)

    @cached_property
    def info(self) -> dict[str, Any]:
        """What is known of the recording as a whole: the object that ``info --json`` writes."""
        info: dict[str, Any] = json.loads(self._native.info_json(family=True))
        return info

    @cached_property
    def children(self) -> "tuple[Trace, ...]":
        """The recordings of the processes that came from this one, oldest first; theirs are below.

        A process that was forked, or that was started under ``--follow``. One that is still being
        recorded, or that was killed, is among them; one that cannot be read is only in ``info``.

        Raises:
            EnvironmentError: what the system says.
        """
        return tuple(Trace(c["path"]) for c in self.info["children"] if c["damage"] is None)

    @cached_property
    def threads(self) -> dict[int, str]:
        """Names of the threads by number; empty where a name is not known."""
        return {entry["thread"]: entry["name"] for entry in self.info["thread_names"]}

    @property
    def ended(self) -> dict[str, Any]:
        """What ended the recording: ``ended`` of ``info --json``."""
        ended: dict[str, Any] = self.info["ended"]
        return ended

    @property
    def standings(self) -> list[dict[str, Any]] | None:
        """Where each thread stood after its last event; ``None`` for a recording that is whole.

        Returns:
            ``thread``, ``name``, ``step``, ``depth`` and ``frames`` of each thread: the innermost
            open frames, outermost first, with ``call``, ``function``, ``file`` and ``line``.
        """
        standings: list[dict[str, Any]] | None = self.info["standings"]
        return standings

    def calls(self, thread: int | None = None) -> tuple[Call, ...]:
        """The outermost calls of a thread or of all; below them ``Call.children`` is the tree."""
        heads = self._pages.heads(thread=_number(thread, "thread"))
        return tuple(Call(self, head, None) for head in heads)

    def steps(self, thread: int | None = None, *, start: int = 0) -> Iterator[Event]:
        """Events in their order.

        Args:
            thread: one thread only.
            start: the first step wanted.
        """
        return self._events(_number(start, "start") or 0, _number(thread, "thread"), [])

    def event(self, step: int) -> Event | None:
        """The event at a step; ``None`` when there is none."""
        found = next(self._events(_number(step, "step") or 0, None, [], limit=1), None)
        return found if found is not None and found.step == step else None

    def values(self, step: int) -> dict[str, Any]:
        """The names of the frame of the event at ``step``, as they were after it.

        Returns:
            Values by name; see ``Value``. A name that is not bound, or not recorded yet, is absent.
            Objects are as their latest recorded states say, whichever thread changed them.

        Raises:
            UsageError: ``ERR_INVALID_ARGUMENT``, there is no such step.
        """
        frames = self._frames(step, every=False)
        return frames[-1].values if frames else {}

    def frames(self, step: int) -> tuple[Frame, ...]:
        """The open frames of the thread of the event at ``step``, as they were after it.

        Returns:
            The outermost frame first, the event's own last, also when it ends by this event; none
            for an event outside of any function.

        Raises:
            UsageError: ``ERR_INVALID_ARGUMENT``, there is no such step.
        """
        return self._frames(step, every=True)

    def _frames(self, step: int, *, every: bool) -> tuple[Frame, ...]:
        source = self._native.frames_json(_number(step, "step") or 0, all=every)
        if source is None:
            raise make(
                "ERR_INVALID_ARGUMENT",
                f"the recording has no step {step}; it has {self.info['events']} events",
                argument="step",
                value=step,
            )
        frames = json.loads(source)
        named = groups([frame["values"] for frame in frames])
        return tuple(
            Frame(frame["call"], frame["function"], frame["file"], frame["line"], values)
            for frame, values in zip(frames, named, strict=True)
        )

    def exceptions(self) -> Iterator[Event]:
        """The ``raise`` events of the frames that raised, in their order."""
        return (event for event in self._events(0, None, ["raise"]) if event.origin)

    def _events(
        self, start: int, thread: int | None, kinds: list[str], limit: int = 8192
    ) -> Iterator[Event]:
        step: int | None = start
        while step is not None:
            lines, step = self._native.events_json(step, thread=thread, kinds=kinds, limit=limit)
            yield from map(Event, _pages.parse_lines(lines))

    def __repr__(self) -> str:
        return f"Trace({self.info['path']!r})"


def _number(value: int | None, argument: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise make_type_error(
            "ERR_INVALID_ARGUMENT",
            f"{argument} must be an int, not {type(value).__name__}",
            argument=argument,
        )
    largest = 2**32 if argument == "thread" else 2**64
    if not 0 <= value < largest:
        raise make(
            "ERR_INVALID_ARGUMENT",
            f"{argument} must be between 0 and {largest - 1}, not {value}",
            argument=argument,
            value=value,
        )
    return value
