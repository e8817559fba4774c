"""Starts recording in a process that a recorded one has started, under ``--follow``.

The process belongs to the program: whatever goes wrong here is one warning line, and changes
neither what it does nor its status.
"""

import os
import sys

__all__ = ["begin"]

_CONSEQUENCE = "the process goes on unrecorded"


def begin(options: str) -> None:
    """Begins a recording in the family that ``options`` name, as JSON."""
    try:
        from . import _native
        from .cli.interpreter import program

        _native.follow(options, *(program(sys.orig_argv) or (None, None)))
    except Exception as error:
        _say(error)


def _say(error: Exception) -> None:
    try:
        from . import _notice
        from .exceptions import RecorderError, make

        if not isinstance(error, RecorderError):
            error = make("ERR_INTERNAL", f"following failed: {error!r}")
        _notice.warning(error, _CONSEQUENCE, json=False)
    except Exception as failed:
        os.write(2, f"recorder: ERR_INTERNAL: following failed: {failed!r}\n".encode())
