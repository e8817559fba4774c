"""The exit status of a process in which the recorder failed and the program went on.

The compiled module sets it after the interpreter is gone. Where that module is what is missing, an
object that the interpreter releases last does so: after the program's threads and handlers have
ended, its streams are flushed and its modules gone.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .exceptions import RecorderError

__all__ = ["end_with", "end_without"]


def end_without(required: str | None, *, propagate: bool, json: bool) -> None:
    """Has the process end as one does that runs unrecorded by a failure under ``disable``.

    Args:
        required: where a recording would have to be, if there must be one.
        propagate: whether the program's own status is that of the process.
        json: whether failures are lines of JSON too.
    """
    if required is None and propagate:
        return
    native = _native()
    if native is not None:
        native.end_without(required, propagate, json)
    elif required is None:
        _Last(0, "")
    else:
        from .exceptions import make

        text = "a recording was required, and none that holds an event was made"
        error = make("ERR_TRACE_MISSING", text, path=required)
        _Last(error.exit_status, _lines(error, json))


def end_with(error: RecorderError, *, json: bool) -> None:
    """Has the process end with the status of ``error``, which stderr has heard of."""
    native = _native()
    if native is None:
        _Last(error.exit_status, "")
    else:
        native.end_without(None, True, json, error.exit_status)


def _native() -> Any:
    """The compiled module, ``None`` when there is none."""
    from .exceptions import RecorderError

    try:
        from ._extension import native
    except RecorderError:
        return None
    return native


def _lines(error: RecorderError, json: bool) -> str:
    from ._notice import advised_line, trailer

    lines = [advised_line(error), *([trailer(error)] if json else [])]
    return "".join(line + "\n" for line in lines)


class _Last:
    """Ends the process when it is released. Everything that it needs is its own by then."""

    __slots__ = ("_call",)

    def __init__(self, status: int, text: str) -> None:
        import codecs

        own, data = os.getpid(), text.encode(errors="backslashreplace")

        # Modules are gone by then, so these are kept.
        getpid, write, leave, refused = os.getpid, os.write, os._exit, OSError

        def end() -> None:
            if getpid() != own:
                return
            try:  # noqa: SIM105
                write(2, data)
            except refused:
                pass
            leave(status)

        self._call = end

        def refuse(error: UnicodeError, kept: _Last = self) -> tuple[str, int]:
            raise error

        # The interpreter forgets error handlers when it has forgotten all modules.
        codecs.register_error("codetracer-python-recorder.end", refuse)

    def __del__(self) -> None:
        self._call()
