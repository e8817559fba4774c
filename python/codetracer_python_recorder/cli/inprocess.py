"""Runs the program inside this process, where a new interpreter would not load the recorder.

The program sees what the interpreter would give it, but for a few frames below its own and for
the modules that the recorder has imported.
"""

import builtins
import os
import sys
from types import CodeType, ModuleType, TracebackType
from typing import Any

from .. import _notice
from .launch import Plan

__all__ = ["begin", "run"]


def begin(reason: str, options: str) -> None:
    """Starts recording, and says that and why it happens here.

    Raises:
        RecorderError: recording cannot start.
    """
    from .._extension import native

    native.launch(options)
    _notice.note(f"the program runs inside the recorder's process: {reason}")


def run(plan: Plan) -> int:
    """Runs the program as ``__main__``.

    Returns:
        0, the exit status of a program that ends by itself. Whatever it raises passes through,
        and is reported without frames of the recorder.
    """
    sys.orig_argv = list(plan.command)
    main = _fresh_main()
    try:
        match plan.target.kind:
            case "script":
                _run_script(main, plan)
            case "module":
                _run_module(plan)
            case "code":
                _run_code(main, plan)
    except BaseException:
        _hide_own_frames()
        raise
    return 0


def _run_script(main: ModuleType, plan: Plan) -> None:
    path = plan.target.value
    sys.argv = [path, *plan.args]
    full = _as_interpreter_spells_it(path)
    from pkgutil import get_importer

    if get_importer(full) is not None:
        sys.path.insert(0, full)
        _run_as_main("__main__", alter_argv=False)
        return
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
    from importlib.machinery import SourceFileLoader

    main.__dict__.update(
        __file__=full, __cached__=None, __loader__=SourceFileLoader("__main__", full)
    )
    exec(_code_of(full), main.__dict__)


def _run_module(plan: Plan) -> None:
    sys.argv = ["-m", *plan.args]
    if not sys.flags.safe_path:
        sys.path.insert(0, os.getcwd())
    _run_as_main(plan.target.value, alter_argv=True)


def _run_code(main: ModuleType, plan: Plan) -> None:
    sys.argv = ["-c", *plan.args]
    if not sys.flags.safe_path:
        sys.path.insert(0, "")
    exec(compile(plan.target.value, "<string>", "exec", dont_inherit=True), main.__dict__)


def _run_as_main(name: str, *, alter_argv: bool) -> None:
    """What the interpreter itself calls for ``-m``, directories and zip files."""
    import runpy

    runner: Any = vars(runpy)["_run_module_as_main"]
    runner(name, alter_argv)


def _fresh_main() -> ModuleType:
    from importlib.machinery import BuiltinImporter

    main = ModuleType("__main__")
    main.__dict__.update(
        __builtins__=builtins, __loader__=BuiltinImporter, __package__=None, __annotations__={}
    )
    sys.modules["__main__"] = main
    return main


def _as_interpreter_spells_it(path: str) -> str:
    if os.path.isabs(path):
        return path
    return os.path.join(os.getcwd(), path)


def _code_of(path: str) -> CodeType:
    from importlib.util import MAGIC_NUMBER
    from io import open_code

    with open_code(path) as file:
        content = file.read()
    if content.startswith(MAGIC_NUMBER):
        import marshal

        code: CodeType = marshal.loads(content[16:])
        return code
    return compile(content, path, "exec", dont_inherit=True)


def _hide_own_frames() -> None:
    """Makes the hook that reports the active exception start at the program's first frame."""
    report = sys.excepthook

    def without_own_frames(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        sys.excepthook = report
        shown = _below_own(traceback)
        report(kind, error.with_traceback(shown), shown)

    sys.excepthook = without_own_frames


def _below_own(traceback: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that belongs to the program."""
    own = os.path.dirname(__file__) + os.sep
    at = traceback
    while at is not None and at.tb_frame.f_code is not run.__code__:
        at = at.tb_next
    while at is not None and at.tb_frame.f_code.co_filename.startswith(own):
        at = at.tb_next
    return at
