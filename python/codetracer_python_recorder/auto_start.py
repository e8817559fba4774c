"""Recording of a process whose environment asks for it when the package is imported.

``CODETRACER_TRACE`` names the directory that becomes the recording; switches come from the
environment. It ends with the program, or with ``stop()``.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

__all__ = ["ENV_TRACE_FILTER", "ENV_TRACE_FORMAT", "ENV_TRACE_PATH", "auto_start_from_env"]

ENV_TRACE_PATH: Final = "CODETRACER_TRACE"
"""The directory that becomes the recording."""
ENV_TRACE_FORMAT: Final = "CODETRACER_FORMAT"
"""How it is written; see ``formats``."""
ENV_TRACE_FILTER: Final = "CODETRACER_TRACE_FILTER"
"""Not available in this version: naming one is refused."""

_LAUNCH: Final = "CODETRACER_PYTHON_RECORDER_LAUNCH"
_PACKAGE: Final = "codetracer_python_recorder"
_COMMAND: Final = "codetracer-python-recorder"


def auto_start_from_env() -> None:
    """Starts a recording of this process if ``CODETRACER_TRACE`` asks for one.

    Nothing is raised. A failure is one line on stderr; under ``abort``, and where the caller is
    mistaken, the process ends with the exit status of its kind when the program has ended. The
    command line and the programs that it records are left alone.
    """
    place = os.environ.get(ENV_TRACE_PATH)
    if not place or os.environ.get(_LAUNCH) or _is_command_line():
        return
    try:
        from .session import start_with_process

        start_with_process(
            place,
            format=os.environ.get(ENV_TRACE_FORMAT) or None,
            trace_filter=os.environ.get(ENV_TRACE_FILTER) or None,
        )
    except Exception as error:
        _fail(error, place)


def _is_command_line() -> bool:
    first = sys.argv[0] if getattr(sys, "argv", None) else ""
    if os.path.basename(first) == _COMMAND or os.path.dirname(__file__) == os.path.dirname(first):
        return True
    if first != "-m":
        return False
    from .cli.interpreter import own_options

    after = " ".join(sys.orig_argv[1 + len(own_options(sys.orig_argv)) :])
    return after.removeprefix("-m").lstrip().split(" ", 1)[0] == _PACKAGE


def _fail(error: Exception, place: str) -> None:
    from . import _notice
    from ._ending import end_with, end_without
    from ._said import is_on, said_of
    from .exceptions import RecorderError, make

    if not isinstance(error, RecorderError):
        error = make("ERR_INTERNAL", f"starting failed: {error!r}")
    json = is_on("json_errors", {})
    if error.kind == "Usage" or said_of("on_recorder_error", {}) != "disable":
        _notice.failure(error, json=json)
        end_with(error, json=json)
        return
    _notice.warning(error, "the program runs unrecorded", json=json)
    required = os.path.abspath(place) if is_on("require_trace", {}) else None
    end_without(required, propagate=is_on("propagate_script_exit", {}), json=json)
