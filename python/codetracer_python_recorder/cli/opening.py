"""What the commands that read recordings have in common."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from .._extension import native
from ..exceptions import make

if TYPE_CHECKING:
    from .._native import Recording

__all__ = [
    "add_directory",
    "check_path",
    "open_recording",
    "printable",
    "thread_number",
]


def add_directory(parser: argparse.ArgumentParser) -> None:
    """Declares the argument that names a recording."""
    parser.add_argument(
        "dir",
        metavar="DIR",
        nargs="?",
        default="trace-out",
        help="the recording (default: trace-out)",
    )


def open_recording(path: str) -> "Recording":
    """Opens the newest recording at ``path``: the committed one or an unfinished one beside it.

    Raises:
        UsageError: ``ERR_TRACE_NOT_FOUND``, ``ERR_NOT_A_TRACE``, ``ERR_INVALID_ARGUMENT``.
        EnvironmentError: ``ERR_TRACE_CORRUPT``, ``ERR_TRACE_VERSION``, or what the system says.
    """
    check_path(path)
    return native.recording(path)


def check_path(path: str) -> None:
    """Refuses what can be no path.

    Raises:
        UsageError: ``ERR_INVALID_ARGUMENT``.
    """
    if not path or "\0" in path:
        raise make("ERR_INVALID_ARGUMENT", f"DIR cannot be {path!a}", argument="DIR")


def thread_number(recording: "Recording", wanted: str | None) -> int | None:
    """The number of a thread that is named by its number or its name.

    Raises:
        UsageError: ``ERR_INVALID_ARGUMENT``, there is no such thread, or more than one.
    """
    if wanted is None:
        return None
    info: dict[str, Any] = json.loads(recording.info_json())
    threads = [(entry["thread"], entry["name"]) for entry in info["thread_names"]]
    found = [number for number, name in threads if wanted == str(number)]
    found = found or [number for number, name in threads if wanted == name]
    if len(found) == 1:
        return int(found[0])
    known = ", ".join(f"{number} ({name})" if name else str(number) for number, name in threads[:8])
    more = ", ..." if len(threads) > 8 else ""
    problem = "more than one thread is" if found else "no thread is"
    raise make(
        "ERR_INVALID_ARGUMENT",
        f"--thread: {problem} called {wanted!a}; the recording has {known or 'none'}{more}",
        option="--thread",
        value=ascii(wanted)[1:-1],
    )


def printable(text: object) -> str:
    """The text with everything escaped that would move a terminal's cursor."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))
