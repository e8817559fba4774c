"""Counts exceptions that are raised and that end, told from CPython's events by the bytecode.

CPython's RAISE comes for the StopIteration that ends a loop too, and its EXCEPTION_HANDLED for
``finally`` and clean-up code. Here a raise is any other RAISE, and an exception ends where an
``except`` clause matches or a ``with`` suppresses it: at the jump that follows the test.
"""

import dis
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType

TOOL = sys.monitoring.PROFILER_ID
_SWALLOWING = frozenset({"FOR_ITER", "SEND"})
_TESTS = {"CHECK_EXC_MATCH": False, "CHECK_EG_MATCH": False, "WITH_EXCEPT_START": True}
"""Whether the exception ends when the jump that follows the test is taken."""


@dataclass(frozen=True)
class Places:
    """Where in a code object something is decided, by offset."""

    swallowing: frozenset[int]
    """Instructions that a StopIteration ends."""
    bare: frozenset[int]
    """Handlers that take everything."""
    jumps: dict[int, tuple[int, bool]]
    """For the jump after a test: the offset after it, and whether the exception ends if taken."""
    drops: frozenset[int]
    """Instructions that drop the exception: a bare clause after others begins with one."""

    @classmethod
    def of(cls, code: CodeType) -> "Places":
        """Reads a code object's instructions."""
        found = list(dis.get_instructions(code))
        names = [each.opname for each in found]
        offsets = [each.offset for each in found]
        jumps = {}
        for i, name in enumerate(names):
            if name in _TESTS:
                jump = next(
                    k for k in range(i + 1, len(found)) if names[k].startswith("POP_JUMP_IF")
                )
                jumps[offsets[jump]] = offsets[jump + 1], _TESTS[name]
        following = list(zip(offsets, names, [*names[1:], ""], strict=True))
        return cls(
            frozenset(at for at, name, _ in following if name in _SWALLOWING),
            frozenset(
                at for at, name, then in following if (name, then) == ("PUSH_EXC_INFO", "POP_TOP")
            ),
            jumps,
            frozenset(at for at, name, _ in following if name == "POP_TOP"),
        )


class Endings:
    """Callbacks for RAISE, EXCEPTION_HANDLED and BRANCH, and what they have counted."""

    def __init__(self, inside: Callable[[CodeType, dict[str, object]], bool]) -> None:
        self._inside = inside
        self._places: dict[CodeType, Places] = {}
        self._raised = 0
        self._handled = 0

    def callbacks(self) -> dict[str, Callable[..., object]]:
        """By the name of a global event; BRANCH is local and is registered here."""
        sys.monitoring.register_callback(TOOL, sys.monitoring.events.BRANCH, self._branch)
        return {"RAISE": self._raise, "EXCEPTION_HANDLED": self._handler}

    def totals(self) -> dict[str, int]:
        """The counts, under the names of CPython's events."""
        return {"RAISE": self._raised, "EXCEPTION_HANDLED": self._handled}

    def _of(self, code: CodeType) -> Places:
        if code not in self._places:
            self._places[code] = Places.of(code)
        return self._places[code]

    def _raise(self, code: CodeType, offset: int, exception: BaseException) -> None:
        if not self._inside(code, sys._getframe(1).f_globals):
            return
        if not (isinstance(exception, StopIteration) and offset in self._of(code).swallowing):
            self._raised += 1

    def _handler(self, code: CodeType, offset: int, _: BaseException) -> None:
        if not self._inside(code, sys._getframe(1).f_globals):
            return
        places = self._of(code)
        if offset in places.bare:
            self._handled += 1
        elif places.jumps:
            sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.BRANCH)

    def _branch(self, code: CodeType, offset: int, to: int) -> object:
        place = self._of(code).jumps.get(offset)
        if place is None:
            return sys.monitoring.DISABLE
        after, ends_if_taken = place
        taken = to != after
        if taken == ends_if_taken or (not ends_if_taken and to in self._of(code).drops):
            self._handled += 1
        return None
