"""Record a script with `sys.settrace`: `python settrace_recorder.py OUT.jsonl script.py args...`.

One JSON object per event: kind, thread, file, line, function, exception. Trace functions know only
call, line, return and exception; the rest is told apart by where the frame stands:

- call: a frame that was traced before is entered again: a resume. Either is a throw when the next
  thing to happen in it is an exception at the very instruction at which it stood; a generator
  thrown into before its start has a throw and never a call.
- return: at a return instruction a return; at a YIELD_VALUE (3.12) or the RESUME that follows it
  (3.13) a yield; anywhere else an unwind. A throw that nothing catches leaves the frame there too:
  then no instruction ran since the exception event.
- exception: a raise when the traceback begins at this frame; where it does not, a `for`, `await` or
  `yield from` met the StopIteration that ends an iterator, which is no event.
"""

from __future__ import annotations

import dis
import sys
import threading
from types import FrameType
from typing import Any

from program_run import is_own, run_as_main

RETURNS = {dis.opmap["RETURN_VALUE"], dis.opmap["RETURN_CONST"]}
YIELDS = {dis.opmap["YIELD_VALUE"], dis.opmap["RESUME"]}

events: list[dict[str, Any]] = []


class FrameTracer:
    """The trace function of one frame. It does not refer to the frame: that would keep it alive."""

    def __init__(self) -> None:
        self.entered: tuple[dict[str, Any], int] | None = None
        self.raised_at: int | None = None

    def write(
        self, kind: str, frame: FrameType, exception: str | None = None, line: int | None = None
    ) -> dict[str, Any]:
        code = frame.f_code
        written = {
            "kind": kind,
            "thread": threading.current_thread().name,
            "file": code.co_filename,
            "line": frame.f_lineno if line is None else line,
            "function": code.co_qualname,
            "exception": exception,
        }
        events.append(written)
        return written

    def __call__(self, frame: FrameType, event: str, argument: Any) -> FrameTracer:
        if event == "exception":
            kind, _, traceback = argument
            if traceback is not None and traceback.tb_frame is frame:
                if self.entered is not None and self.entered[1] == frame.f_lasti:
                    self.entered[0]["kind"] = "throw"
                self.entered = None
                self.write("raise", frame, kind.__name__)
                self.raised_at = frame.f_lasti
            return self
        if event == "line":
            self.write("line", frame)
        elif event == "return":
            self.write(self.leaving(frame, argument), frame)
        self.entered = self.raised_at = None
        return self

    def leaving(self, frame: FrameType, value: Any) -> str:
        last = frame.f_code.co_code[frame.f_lasti]
        if last in RETURNS:
            return "return"
        if last in YIELDS and not (value is None and self.raised_at == frame.f_lasti):
            return "yield"
        return "unwind"


def enter(frame: FrameType, event: str, argument: Any) -> FrameTracer | None:
    """The global trace function: called with `call` only."""
    before = frame.f_trace
    if isinstance(before, FrameTracer):
        before.entered = before.write("resume", frame), frame.f_lasti
        before.raised_at = None
        return before
    if not is_own(frame.f_code.co_filename, frame.f_globals.get("__name__")):
        return None
    tracer = FrameTracer()
    tracer.entered = tracer.write("call", frame, line=frame.f_code.co_firstlineno), frame.f_lasti
    return tracer


def start() -> None:
    threading.settrace(enter)
    sys.settrace(enter)


def stop() -> None:
    sys.settrace(None)
    threading.settrace(None)


if __name__ == "__main__":
    run_as_main(sys.argv[2], sys.argv[3:], events, sys.argv[1], start, stop)
