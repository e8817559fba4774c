"""Calls of a recording, many at a time: what lies between two steps of a thread is read once.

A call whose beginning and end lie in one page has all its calls in it too. For any other call the
compiled module is asked, which reads more of the recording.
"""

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from ._native import Recording

__all__ = ["Head", "Pages", "Record", "parse_lines"]

_KINDS: Final = ["call", "return", "yield", "resume", "throw", "unwind"]
_EVENTS: Final = 8192
_KEPT: Final = 3


def parse_lines(lines: bytes) -> list[dict[str, Any]]:
    """The objects of JSON lines; a line end within a string would be escaped."""
    objects: list[dict[str, Any]] = json.loads(b"[" + lines.rstrip().replace(b"\n", b",") + b"]")
    return objects


class Head(NamedTuple):
    """What identifies a call, and where it lies."""

    call: int
    thread: int
    depth: int
    function: str | None
    file: str | None
    line: int | None
    first_step: int | None
    last_step: int | None


class Record:
    """A call as a page has it: its first and last event as JSON, and its calls."""

    __slots__ = ("begun", "children", "ended", "suspended")

    def __init__(self, begun: dict[str, Any]) -> None:
        self.begun = begun
        self.ended: dict[str, Any] | None = None
        self.children: list[Record] = []
        self.suspended = False

    def head(self) -> Head:
        """The call's head."""
        begun, ended = self.begun, self.ended
        return Head(
            begun["call"],
            begun["thread"],
            begun["depth"],
            begun["function"],
            begun["file"],
            begun["line"],
            begun["step"],
            None if ended is None else ended["step"],
        )


class _Page(NamedTuple):
    thread: int
    first: int
    end: float
    records: dict[int, Record]


class Pages:
    """The calls of one recording."""

    def __init__(self, native: "Recording") -> None:
        self._native = native
        self._pages: OrderedDict[int, _Page] = OrderedDict()
        self._threads: int | None = None

    def heads(self, *, parent: int | None = None, thread: int | None = None) -> list[Head]:
        """The calls that ``parent`` made, or the outermost ones of a thread or of all."""
        found = json.loads(self._native.calls_json(parent=parent, thread=thread))
        return [Head(*(call[field] for field in Head._fields)) for call in found]

    def record(self, call: int, thread: int, step: int) -> Record | None:
        """The record of the call that began at ``step``."""
        for page in reversed(self._pages.values()):
            if page.thread == thread and page.first <= step < page.end:
                self._pages.move_to_end(page.first)
                return page.records.get(call)
        return self._from(thread, step).records.get(call)

    def children(
        self, call: int, thread: int, step: int | None, record: Record | None
    ) -> list[tuple[Head, Record | None]]:
        """The calls that a call made, in their order."""
        if record is not None and record.ended is None and step is not None:
            # It did not end in the page where it was found, but may in one that begins with it.
            record = self._from(thread, step).records.get(call)
        if record is not None and record.ended is not None and not self._may_be_elsewhere(record):
            return [(child.head(), child) for child in record.children]
        return [(head, None) for head in self.heads(parent=call)]

    def _from(self, thread: int, step: int) -> _Page:
        """The page that begins with ``step``."""
        page = self._pages.get(step) or self._read(thread, step)
        self._pages[step] = page
        while len(self._pages) > _KEPT:
            self._pages.popitem(last=False)
        return page

    def _may_be_elsewhere(self, record: Record) -> bool:
        """Whether the frame may have run on another thread between."""
        if not record.suspended:
            return False
        if self._threads is None:
            self._threads = json.loads(self._native.info_json())["threads"]
        return self._threads > 1

    def _read(self, thread: int, step: int) -> _Page:
        lines, end = self._native.events_json(step, thread=thread, kinds=_KINDS, limit=_EVENTS)
        records: dict[int, Record] = {}
        stack: list[Record | None] = []
        for event in parse_lines(lines):
            kind, depth = event["kind"], event["depth"]
            record = records.get(event["call"])
            if kind == "call":
                record = records[event["call"]] = Record(event)
                below = stack[depth - 1] if 0 < depth <= len(stack) else None
                if below is not None:
                    below.children.append(record)
            if kind in ("call", "resume", "throw"):
                del stack[depth:]
                stack += [None] * (depth - len(stack))
                stack.append(record)
            elif record is not None:
                record.suspended |= kind == "yield"
                if kind != "yield":
                    record.ended = event
        return _Page(thread, step, float("inf") if end is None else end, records)
