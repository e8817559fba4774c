"""``record``: runs a program and records it.

The command checks everything that can be checked, then becomes the program: it replaces itself
by the interpreter with the program's command line. Recording starts in there; see ``_start``.
"""

from __future__ import annotations

import os

from .. import _notice
from .._gen.policy import SWITCHES
from .._said import is_on, said_of
from ..exceptions import RecorderError
from . import launch
from .record_words import Request, no_flag, split
from .target import Target, check_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Final

    from .arguments import Ended

__all__ = ["HELP", "NAME", "add_arguments", "run", "split"]

NAME = "record"
HELP = "run a program and record it"

_METAVARS: Final = {"count": "N", "path": "DIR", "maybe_path": "FILE", "window": "SIZE|SECONDS"}
_SOURCE: Final = "command line"
_USAGE = """codetracer-python-recorder [record] [OPTIONS] script.py [ARGS...]
       codetracer-python-recorder [record] [OPTIONS] -m module [ARGS...]
       codetracer-python-recorder [record] [OPTIONS] -c code [ARGS...]"""
_ABOUT = """Run a program as `python` would, and record it.

Everything after the script, module or code belongs to the program. `--` may stand before a
script. Standard output is the program's; the recorder writes to standard error only.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's options, for its help."""
    parser.usage = _USAGE
    parser.description = _ABOUT
    for switch in SWITCHES:
        text = f"{switch.doc} Default: {_shown(switch.default)}."
        if switch.shape == "bool":
            flags = [switch.flag, *([no_flag(switch.flag)] if switch.default is True else [])]
            parser.add_argument(*flags, action="store_true", help=text)
        else:
            metavar = "|".join(switch.choices) or _METAVARS[switch.shape]
            parser.add_argument(switch.flag, metavar=metavar, help=text)
    parser.add_argument("--format", metavar="native", help="The format. Default: native.")


def run(request: Request) -> Ended:
    """Becomes the program.

    Args:
        request: what the words after ``record`` mean; see ``split``.

    Returns:
        Only where the program has to run inside this process: what runs it, to be called where
        no handler of ours is active.

    Raises:
        UsageError: the request makes no sense; under every policy.
        EnvironmentError: the program cannot be recorded, or the interpreter cannot be started.
    """
    check_target(request.target, is_default=request.is_default)
    plan = launch.Plan(request.target, request.args)
    try:
        options = _options(request)
    except RecorderError as error:
        if error.kind == "Usage" or not _disables(request):
            raise
        return _unrecorded(plan, error, request)
    reason = launch.why_not_by_exec()
    if reason is None:
        launch.become(plan, options)
    from . import inprocess

    try:
        inprocess.begin(reason, options)
    except RecorderError as error:
        if error.kind == "Usage" or not _disables(request):
            raise
        return _unrecorded(plan, error, request)
    return lambda: inprocess.run(plan)


def _unrecorded(plan: launch.Plan, error: RecorderError, request: Request) -> Ended:
    required = is_on("require_trace", request.given)
    propagate = is_on("propagate_script_exit", request.given)
    json = is_on("json_errors", request.given)
    _notice.warning(error, "the program runs unrecorded", json=json)
    place = os.path.abspath(str(request.given.get("trace_dir", "trace-out"))) if required else ""
    if propagate and not required:
        launch.become(plan, None)
    if launch.why_not_by_exec() is None:
        launch.become(plan, f"unrecorded:{propagate:d}{json:d}:{place}")
    # Nothing in a new process would say at its end what this one has to say.
    from .._ending import end_without
    from . import inprocess

    end_without(place or None, propagate=propagate, json=json)
    return lambda: inprocess.run(plan)


def _options(request: Request) -> str:
    """What the compiled module is told, once everything has been checked."""
    from .._extension import native
    from .._paths import absolute, text_of
    from .._policy import resolve

    settings = resolve(request.given, source=_SOURCE, use_env=True)
    flag = next(switch.flag for switch in SWITCHES if switch.key == "trace_dir")
    directory = absolute(text_of(settings.pop("trace_dir"), flag), flag)
    native.check_output(directory)
    return native.encode_options(
        {
            "dir": directory,
            "origin": "launch",
            "target": _described(request.target),
            "next_command": launch.next_command(),
            **settings,
        }
    )


def _described(target: Target) -> dict[str, str]:
    value = target.value.encode(errors="surrogateescape").decode(errors="replace")
    # The environment holds no string longer than 128 KiB; the code itself is in sys.orig_argv.
    return {"kind": target.kind, "value": "" if target.kind == "code" else value}


def _disables(request: Request) -> bool:
    """Whether a failure is a warning; asked where the compiled module may not be there."""
    return said_of("on_recorder_error", request.given) == "disable"


def _shown(default: bool | int | str) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    return str(default)
