"""The command line's streams: the only place of the package that writes to stdout.

``record`` never comes here for stdout, which belongs to the program. A reader that closes the
pipe early, as ``head`` does, ends the command quietly.
"""

from __future__ import annotations

import os
import sys

from .._notice import advised_line, raised

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from ..exceptions import RecorderError

__all__ = [
    "PIPE_CLOSED",
    "escape_what_stdout_cannot_write",
    "finish",
    "flush_streams",
    "stdout_wants_colour",
    "use_utf8",
    "wants_colour",
    "write_err",
    "write_failure",
    "write_out",
]

PIPE_CLOSED = 141
"""What a shell reports for a command that SIGPIPE ended."""


class OutputClosed(SystemExit):
    """Nobody reads the output any more."""

    def __init__(self) -> None:
        super().__init__(PIPE_CLOSED)


def write_out(text: str) -> None:
    """Writes ``text`` to stdout as it is.

    Raises:
        OutputClosed: the reader has closed the pipe.
    """
    _write(sys.stdout, text)


def finish() -> None:
    """Flushes stdout, so that a closed pipe is found before the interpreter ends.

    Raises:
        OutputClosed: the reader has closed the pipe.
    """
    _write(sys.stdout, "", flush=True)


def write_err(text: str) -> None:
    """Writes ``text`` and a line end to stderr; a closed stderr is nobody's failure."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass


def write_failure(error: RecorderError, *, json: bool = False) -> None:
    """Writes the one line for people that a failure gets, with what to do, and that of JSON."""
    line = advised_line(error)
    if wants_colour(sys.stderr):
        line = f"\x1b[31m{line}\x1b[0m"
    write_err(line)
    raised(error, json=json)


def wants_colour(stream: TextIO | None) -> bool:
    """Whether ``stream`` is a terminal and ``NO_COLOR`` is not set."""
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    try:
        return stream.isatty()
    except ValueError:
        return False


def stdout_wants_colour() -> bool:
    """Whether stdout is a terminal and ``NO_COLOR`` is not set."""
    return wants_colour(sys.stdout)


def use_utf8() -> None:
    """Makes stdout write UTF-8, as JSON is, whatever the locale is."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="surrogatepass")


def escape_what_stdout_cannot_write() -> None:
    """Makes stdout write characters that its encoding lacks as escapes."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def flush_streams() -> None:
    """Flushes both streams, for the moment before this process becomes another program."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _write(stream: TextIO | None, text: str, flush: bool = False) -> None:
    if stream is None:
        return
    try:
        stream.write(text)
        if flush:
            stream.flush()
    except BrokenPipeError:
        _silence(stream)
        raise OutputClosed from None


def _silence(stream: TextIO) -> None:
    """Sends what is still buffered nowhere, so that the interpreter's last flush cannot fail."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)
    except (OSError, ValueError):
        pass
