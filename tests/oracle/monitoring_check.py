"""The same record by `sys.monitoring`, in Python: shows where the two interfaces differ.

Usage and output as `settrace_recorder.py`. What is asked of any recorder built on `sys.monitoring`:

- LINE fires once for a line that jumps back onto itself: each backward JUMP within it is a line.
- RAISE also fires for the StopIteration that ends an iterator: only a traceback that begins at the
  frame is a raise.
"""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType
from typing import Any

from program_run import is_own, run_as_main

TOOL = 4
monitoring = sys.monitoring
EVENTS = monitoring.events

events: list[dict[str, Any]] = []


def line_at(code: CodeType, offset: int) -> int | None:
    for first, after, line in code.co_lines():
        if first <= offset < after:
            return line
    return None


def write(kind: str, frame: FrameType, line: int | None, exception: str | None = None) -> None:
    code = frame.f_code
    if is_own(code.co_filename, frame.f_globals.get("__name__")):
        events.append(
            {
                "kind": kind,
                "thread": threading.current_thread().name,
                "file": code.co_filename,
                "line": line,
                "function": code.co_qualname,
                "exception": exception,
            }
        )


def on_start(code: CodeType, offset: int) -> None:
    write("call", sys._getframe(1), code.co_firstlineno)


def on_line(code: CodeType, line: int) -> None:
    write("line", sys._getframe(1), line)


def on_jump(code: CodeType, offset: int, target: int) -> None:
    if target < offset and line_at(code, offset) == line_at(code, target):
        write("line", sys._getframe(1), line_at(code, target))


def on_raise(code: CodeType, offset: int, error: BaseException) -> None:
    frame = sys._getframe(1)
    if error.__traceback__ is not None and error.__traceback__.tb_frame is frame:
        write("raise", frame, frame.f_lineno, type(error).__name__)


def at_offset(kind: str) -> Any:
    def callback(code: CodeType, offset: int, *_: Any) -> None:
        frame = sys._getframe(1)
        write(kind, frame, frame.f_lineno)

    return callback


def start() -> None:
    monitoring.use_tool_id(TOOL, "monitoring check")
    callbacks = {
        EVENTS.PY_START: on_start,
        EVENTS.PY_RESUME: at_offset("resume"),
        EVENTS.PY_THROW: at_offset("throw"),
        EVENTS.PY_RETURN: at_offset("return"),
        EVENTS.PY_YIELD: at_offset("yield"),
        EVENTS.PY_UNWIND: at_offset("unwind"),
        EVENTS.RAISE: on_raise,
        EVENTS.LINE: on_line,
        EVENTS.JUMP: on_jump,
    }
    for event, callback in callbacks.items():
        monitoring.register_callback(TOOL, event, callback)
    monitoring.set_events(TOOL, sum(callbacks))


def stop() -> None:
    monitoring.set_events(TOOL, 0)
    monitoring.free_tool_id(TOOL)


if __name__ == "__main__":
    run_as_main(sys.argv[2], sys.argv[3:], events, sys.argv[1], start, stop)
