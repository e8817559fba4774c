"""Lines on stderr for failures: one for people, one of JSON for programs where that is asked for.

A stderr that is closed, full or replaced by something broken is nobody's failure.
"""

from __future__ import annotations

import sys

from ._gen.codes import CODES
from .exceptions import human_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .exceptions import RecorderError

__all__ = ["advised_line", "failure", "note", "raised", "trailer", "warning"]


def advised_line(error: RecorderError) -> str:
    """The line for people, and what the catalogue says to do."""
    line = human_line(error)
    info = CODES.get(error.code or "")
    return line if info is None else f"{line}. {info.fix}"


def failure(error: RecorderError, *, json: bool = False) -> None:
    """Says what went wrong, and what to do."""
    _line(advised_line(error))
    raised(error, json=json)


def warning(error: RecorderError, consequence: str, *, json: bool = False) -> None:
    """Says what went wrong where the policy turns it into a warning, and what follows."""
    _line(f"{human_line(error)} [{consequence}]")
    raised(error, json=json)


def raised(error: RecorderError, *, json: bool) -> None:
    """Says to programs what somebody is told by an exception or by a line before this one."""
    if json and not error._said:
        _line(trailer(error))
    error._said = True


def trailer(error: RecorderError) -> str:
    """The line of JSON of a failure."""
    code, context = error.code or "ERR_INTERNAL", dict(error.context)
    try:
        from ._extension import native

        return native.trailer(code, error.message, context)
    except Exception:
        # The compiled module is what is missing, so no recording and no run have ids.
        import json

        fields = {
            "error_code": code,
            "error_kind": error.kind,
            "message": error.message,
            "context": context,
            "exit_status": error.exit_status,
            "run_id": None,
            "trace_id": None,
        }
        return json.dumps(fields, separators=(",", ":"))


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
