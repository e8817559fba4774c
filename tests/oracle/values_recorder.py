"""Say what each name holds at each event: `python values_recorder.py OUT.jsonl script.py args...`.

A `sys.settrace` function that reads `frame.f_locals` when a frame calls, reaches a line or leaves,
and writes what every name holds and which of them changed since the frame's event before. In-place
changes do not count: a name changed when it holds another object, or a scalar or tuple of other
content. Names that other frames can write too (cells, globals) count only where the line that just
ran stores them.
"""

from __future__ import annotations

import dis
import sys
from types import CodeType, FrameType
from typing import Any

from program_run import is_own, run_as_main
from settrace_recorder import FrameTracer

SCALARS = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented))
SEQUENCES = (list, tuple, set, frozenset)
DEPTH = 4

events: list[dict[str, Any]] = []
stores: dict[CodeType, dict[int | None, set[str]]] = {}
# Holds all values that were seen, so that no address is used twice.
keep: list[Any] = []
BINDS = ("FAST", "DEREF", "NAME", "GLOBAL")


def stored_by_line(code: CodeType) -> dict[int | None, set[str]]:
    if code not in stores:
        found: dict[int | None, set[str]] = {}
        for instruction in dis.get_instructions(code):
            verb, _, rest = instruction.opname.partition("_")
            if verb in ("STORE", "DELETE") and rest.startswith(BINDS):
                line = instruction.positions.lineno if instruction.positions else None
                names = instruction.argval
                found.setdefault(line, set()).update(names if isinstance(names, tuple) else [names])
        stores[code] = found
    return stores[code]


def describe(value: Any, seen: dict[int, int], depth: int = DEPTH) -> dict[str, Any]:
    """A tree: scalars by `repr`, containers with their content, anything else by its type."""
    kind = type(value)
    if kind in SCALARS:
        return {"type": kind.__qualname__, "repr": ascii(value)}
    node: dict[str, Any] = {"type": kind.__qualname__}
    if id(value) in seen:
        return node | {"same": seen[id(value)]}
    seen[id(value)] = node["number"] = len(seen)
    if depth == 0:
        return node
    if kind in SEQUENCES:
        node["items"] = [describe(item, seen, depth - 1) for item in list(value)[:64]]
    elif kind is dict:
        node["entries"] = [
            [describe(key, seen, depth - 1), describe(item, seen, depth - 1)]
            for key, item in list(value.items())[:64]
        ]
    elif kind.__module__ == "__main__" and isinstance(getattr(value, "__dict__", None), dict):
        node["attrs"] = {k: describe(v, seen, depth - 1) for k, v in list(vars(value).items())[:64]}
    if hasattr(value, "__len__") and kind in (*SEQUENCES, dict):
        node["len"] = len(value)
    return node


def differs(one: Any, other: Any) -> bool:
    if one is other:
        return False
    if type(one) is not type(other):
        return True
    if isinstance(one, (*SCALARS, tuple)):
        return describe(one, {}) != describe(other, {})
    return True


class ValueTracer(FrameTracer):
    """Knows what each name of its frame held at the event before."""

    def __init__(self, frame: FrameType) -> None:
        super().__init__()
        self.number = len(keep)
        self.line: int | None = None
        self.held = self.names(frame)

    def names(self, frame: FrameType) -> dict[str, Any]:
        module = frame.f_code.co_name == "<module>"
        held = dict(frame.f_globals if module else frame.f_locals)
        if not module:
            for names in stored_by_line(frame.f_code).values():
                for name in names - set(held):
                    if name in frame.f_globals and name not in frame.f_code.co_varnames:
                        held[name] = frame.f_globals[name]
        held.pop("__builtins__", None)
        keep.append(held)
        return {name: value for name, value in held.items() if not name.startswith(".")}

    def shared(self, code: CodeType, name: str) -> bool:
        return name not in code.co_varnames or name in code.co_cellvars

    def event(
        self, kind: str, frame: FrameType, arguments: set[str] | None = None
    ) -> dict[str, Any]:
        now, code = self.names(frame), frame.f_code
        changed = {n for n in now if n not in self.held or differs(self.held[n], now[n])}
        gone = set(self.held) - set(now)
        running = stored_by_line(code).get(self.line, set())
        mine = {n for n in changed | gone if n in running or not self.shared(code, n)}
        if arguments is not None:
            mine = arguments
        self.held = now
        written = {
            "kind": kind,
            "frame": self.number,
            "line": code.co_firstlineno if kind == "call" else frame.f_lineno,
            "after": self.line,
            "function": code.co_qualname,
            "changed": {n: describe(now[n], {}) if n in now else None for n in sorted(mine)},
            "held": {n: describe(value, {}) for n, value in now.items()},
            "stored": sorted(running),
            "captured": [*code.co_freevars, *code.co_cellvars],
            "shared": sorted(n for n in changed | gone if self.shared(code, n)),
        }
        events.append(written)
        return written

    def __call__(self, frame: FrameType, event: str, argument: Any) -> ValueTracer:
        if event == "exception":
            self.raised_at = frame.f_lasti
            return self
        if event == "line":
            self.event("line", frame)
            self.line = frame.f_lineno
        elif event == "return":
            kind = self.leaving(frame, argument)
            written = self.event(kind, frame)
            if kind != "unwind":
                written["result"] = describe(argument, {})
        self.raised_at = None
        return self


def enter(frame: FrameType, event: str, argument: Any) -> ValueTracer | None:
    before = frame.f_trace
    if isinstance(before, ValueTracer):
        before.raised_at = None
        return before
    code = frame.f_code
    if not is_own(code.co_filename, frame.f_globals.get("__name__")):
        return None
    tracer = ValueTracer(frame)
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    tracer.event("call", frame, {n for n in code.co_varnames[:count] if not n.startswith(".")})
    return tracer


def start() -> None:
    sys.settrace(enter)


def stop() -> None:
    sys.settrace(None)


if __name__ == "__main__":
    run_as_main(sys.argv[2], sys.argv[3:], events, sys.argv[1], start, stop)
