"""Lines for people on stderr where no caller gets an exception.

A stderr that is closed, full or replaced by something broken is nobody's failure.
"""

import sys

from ._gen.codes import CODES
from .exceptions import RecorderError, human_line

__all__ = ["advised_line", "failure", "note", "warning"]


def advised_line(error: RecorderError) -> str:
    """The line for people, and what the catalogue says to do."""
    line = human_line(error)
    info = CODES.get(error.code or "")
    return line if info is None else f"{line}. {info.fix}"


def failure(error: RecorderError) -> None:
    """Says what went wrong, and what to do."""
    _line(advised_line(error))


def warning(error: RecorderError, consequence: str) -> None:
    """Says what went wrong where the policy turns it into a warning, and what follows."""
    _line(f"{human_line(error)} [{consequence}]")


def note(text: str) -> None:
    """Says something that is no failure."""
    _line(f"recorder: {text}")


def _line(text: str) -> None:
    stream = sys.stderr
    if stream is None:
        return
    try:
        stream.write(text + "\n")
        stream.flush()
    except Exception:
        pass
