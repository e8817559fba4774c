"""Turns this process into the interpreter that runs the program."""

from __future__ import annotations

import os
import sys

from ..exceptions import make
from .interpreter import own_options
from .output import flush_streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, NoReturn

    from .target import Target

__all__ = ["VARIABLE", "Plan", "become", "next_command", "why_not_by_exec"]

VARIABLE: Final = "CODETRACER_PYTHON_RECORDER_LAUNCH"
"""Carries the options to ``_start``, which removes it."""

_HOOK: Final = "codetracer_python_recorder.pth"


class Plan:
    """The program as the interpreter gets it: ``target`` with ``args``, and this one's options.

    Attributes:
        target: what to run.
        args: the program's own arguments.
        command: the whole command line, the interpreter first.
    """

    __slots__ = ("args", "command", "target")

    def __init__(self, target: Target, args: list[str]) -> None:
        own = [sys.executable or "", *own_options(sys.orig_argv)]
        letter = {"module": "-m", "code": "-c"}.get(target.kind)
        if letter is None:
            # A name like an option stays a name.
            program = ["--", target.value] if target.value.startswith("-") else [target.value]
        else:
            program = [letter + target.value] if target.is_joined else [letter, target.value]
        self.target = target
        self.args = args
        self.command = [*own, *program, *args]


def why_not_by_exec() -> str | None:
    """Why the ``.pth`` would not run in the interpreter to be started; ``None`` when it would.

    That interpreter gets this one's options and environment, so its site directories are the same.
    """
    if sys.flags.no_site:
        return "-S keeps the recorder out of a new interpreter"
    import site

    places = [*site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        places.append(site.getusersitepackages())
    if any(os.path.isfile(os.path.join(place, _HOOK)) for place in places):
        return None
    return f"{_HOOK} is in no site directory of this interpreter"


def become(plan: Plan, options: str | None) -> NoReturn:
    """Replaces this process by the program.

    Args:
        plan: what to run.
        options: what to record, as JSON; ``None`` for nothing.

    Raises:
        EnvironmentError: ``ERR_LAUNCH_FAILED``, the interpreter could not be started.
    """
    environment = dict(os.environ)
    environment.pop(VARIABLE, None)
    if options is not None:
        environment[VARIABLE] = options
    flush_streams()
    try:
        os.execve(plan.command[0], plan.command, environment)
    except (OSError, ValueError) as error:
        raise make(
            "ERR_LAUNCH_FAILED",
            f"the interpreter cannot be started: {error}",
            executable=plan.command[0],
        ) from error


def next_command() -> str:
    """The command that shows a recording, as it can be pasted where this one was typed."""
    own = sys.argv[0]
    name = os.path.basename(own)
    if name == "__main__.py":
        python = sys.orig_argv[0] if sys.orig_argv else sys.executable
        return f"{_quoted(python)} -m codetracer_python_recorder print"
    found = _on_path(name)
    if found is not None and os.path.exists(own) and os.path.samefile(found, own):
        own = name
    return f"{_quoted(own)} print"


def _quoted(text: str) -> str:
    """The text as a POSIX shell takes it for one word."""
    if text.isascii() and text and all(c.isalnum() or c in "@%+=:,./-_" for c in text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def _on_path(name: str) -> str | None:
    for place in os.get_exec_path():
        path = os.path.join(place, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None
