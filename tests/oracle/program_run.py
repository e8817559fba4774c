"""Run a script as `__main__` in this process and say which code is its own."""

from __future__ import annotations

import atexit
import json
import os
import sys
import sysconfig
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _library_roots() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    here = {sysconfig.get_paths()[name] for name in names}
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    there = {sysconfig.get_path(name, vars=base) for name in names}
    roots = {os.path.realpath(path) + os.sep for path in here | there}
    return (*sorted(roots), str(Path(__file__).resolve().parent) + os.sep)


_ROOTS = _library_roots()
_decided: dict[tuple[str, str | None], bool] = {}


def is_own(filename: str, module: str | None) -> bool:
    """Whether code of `filename`, run in globals named `module`, is the program's."""
    key = filename, module
    if key not in _decided:
        _decided[key] = _is_own(filename, module)
    return _decided[key]


def _is_own(filename: str, module: str | None) -> bool:
    if filename.startswith("<frozen "):
        return False
    if filename.startswith("<"):
        if module == "__main__":
            return True
        origin = getattr(sys.modules.get(module or ""), "__file__", None)
        return isinstance(origin, str) and is_own(origin, None)
    return not os.path.realpath(filename).startswith(_ROOTS)


def run_as_main(
    script: str,
    arguments: list[str],
    events: list[Any],
    out: str,
    start: Callable[[], None],
    stop: Callable[[], None],
) -> None:
    """Replace this process's `__main__` by `script`; write `events` as JSON lines at its exit."""

    def finish() -> None:
        stop()
        with open(out, "w", encoding="utf-8") as file:
            for event in events:
                file.write(json.dumps(event) + "\n")

    atexit.register(finish)
    code = compile(Path(script).read_bytes(), script, "exec", dont_inherit=True)
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=script, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    sys.argv[:] = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    start()
    exec(code, main.__dict__)
