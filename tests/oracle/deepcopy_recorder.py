"""Say all that a program holds at each event: `python deepcopy_recorder.py OUT.jsonl script.py`.

A `sys.settrace` function that takes a deep copy of what the names of every frame on the stack
refer to. A line of output is an event of `settrace_recorder` and what is not as last told:

- `frame`, `stack`: numbers of the frame and of the program's frames that called it, nearest first.
- `names_of`, `globals_of`: the namespaces of the frame's names and of its module.
- `optimized`: whether the names are those of a function. `shared`: those in cells;
  `free`: those in cells that another function made.
- `names`: namespaces with the value of each name. `{"type", "value"}` is a scalar, `{"ref"}` an
  object.
- `states`: objects by number, as `deepcopy_heap.state` says.
- `result`: the value that leaves the frame.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

from deepcopy_heap import Heap
from program_run import is_own, run_as_main
from settrace_recorder import FrameTracer, events

_heap = Heap()
_told: dict[str, str] = {}
_modules: list[dict[str, Any]] = []
_frames = 0


def module_key(namespace: dict[str, Any]) -> str:
    """The name of a namespace that is a module's."""
    for number, known in enumerate(_modules):
        if known is namespace:
            return f"module {number}"
    _modules.append(namespace)
    return f"module {len(_modules) - 1}"


class StateTracer(FrameTracer):
    """The trace function of one frame.

    Code without fast locals keeps its names in one mapping from beginning to end. It is remembered:
    during an inlined comprehension CPython 3.13 gives the comprehension's names in its place.
    """

    def __init__(self, frame: FrameType) -> None:
        global _frames
        super().__init__()
        self.number = _frames
        _frames += 1
        self.argument: Any = None
        self.namespace: Mapping[str, Any] | None = None
        self.key = f"frame {self.number}"
        if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            self.namespace = frame.f_locals
            if frame.f_locals is frame.f_globals:
                self.key = module_key(frame.f_globals)

    def held(self, frame: FrameType) -> Mapping[str, Any]:
        return frame.f_locals if self.namespace is None else self.namespace

    def write(
        self, kind: str, frame: FrameType, exception: str | None = None, line: int | None = None
    ) -> dict[str, Any]:
        written = super().write(kind, frame, exception, line)
        spaces: dict[str, Mapping[str, Any]] = {}
        stack = []
        at: FrameType | None = frame
        while at is not None:
            tracer = at.f_trace
            if at is frame or isinstance(tracer, StateTracer):
                one = self if at is frame else tracer
                assert isinstance(one, StateTracer)
                spaces[one.key] = one.held(at)
                spaces[module_key(at.f_globals)] = at.f_globals
                stack.append(one.number)
            at = at.f_back
        written |= {
            "frame": self.number,
            "stack": stack[1:],
            "names_of": self.key,
            "globals_of": module_key(frame.f_globals),
            "optimized": self.namespace is None,
            "free": frame.f_code.co_freevars,
            "shared": [*frame.f_code.co_cellvars, *frame.f_code.co_freevars],
            "names": {},
        }
        for key, space in spaces.items():
            names = {
                name: _heap.ref(value)
                for name, value in list(space.items())
                if not name.startswith(".") and name != "__builtins__"
            }
            text = json.dumps(names)
            if _told.get(key) != text:
                _told[key] = text
                written["names"][key] = names
        if kind in ("return", "yield"):
            written["result"] = _heap.ref(self.argument)
        written["states"] = _heap.changes()
        return written

    def __call__(self, frame: FrameType, event: str, argument: Any) -> StateTracer:
        self.argument = argument
        super().__call__(frame, event, argument)
        self.argument = None
        return self


def enter(frame: FrameType, event: str, argument: Any) -> StateTracer | None:
    """The global trace function: called with `call` only."""
    before = frame.f_trace
    if isinstance(before, StateTracer):
        before.entered = before.write("resume", frame), frame.f_lasti
        before.raised_at = None
        return before
    if not is_own(frame.f_code.co_filename, frame.f_globals.get("__name__")):
        return None
    tracer = StateTracer(frame)
    tracer.entered = tracer.write("call", frame, line=frame.f_code.co_firstlineno), frame.f_lasti
    return tracer


def start() -> None:
    sys.settrace(enter)


def stop() -> None:
    sys.settrace(None)


if __name__ == "__main__":
    run_as_main(sys.argv[2], sys.argv[3:], events, sys.argv[1], start, stop)
