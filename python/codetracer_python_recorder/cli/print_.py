"""``print``: shows a recording as an indented tree of calls, or as JSON lines."""

import argparse
import json
from typing import TYPE_CHECKING, Any, Final

from . import tree
from .opening import add_directory, open_recording, printable, thread_number
from .output import stdout_wants_colour, use_utf8, write_err, write_out

if TYPE_CHECKING:
    from .._native import Recording

__all__ = ["HELP", "NAME", "add_arguments", "run"]

NAME = "print"
HELP = "show what a recording holds, as a tree of calls"

_COLOURS: Final = ("auto", "always", "never")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_directory(parser)
    parser.add_argument(
        "--lines", action="store_true", help="show lines and the values that each changed, too"
    )
    parser.add_argument(
        "--depth", metavar="N", type=_positive, help="show N levels of calls only; 1 is the first"
    )
    parser.add_argument(
        "--function",
        metavar="NAME",
        help="show calls of this function and what they call only: its qualified name or the last "
        "part of it; * and ? stand for any text and any character",
    )
    parser.add_argument(
        "--thread", metavar="THREAD", help="show one thread only, by number or name"
    )
    parser.add_argument(
        "--json", action="store_true", help="write one JSON object per event and line"
    )
    parser.add_argument(
        "--color",
        "--colour",
        metavar="WHEN",
        dest="colour",
        choices=_COLOURS,
        default="auto",
        help="auto, always or never (default: auto, on a terminal)",
    )


def run(args: argparse.Namespace) -> int:
    """Writes the recording to stdout as it is read.

    Raises:
        UsageError: there is no recording, or an argument does not fit it.
        EnvironmentError: the recording is damaged.
    """
    recording = open_recording(args.dir)
    thread = thread_number(recording, args.thread)
    info = _say_which(recording)
    if args.json:
        use_utf8()
        recording.print_json(_write, depth=args.depth, function=args.function, thread=thread)
        return 0
    colour = args.colour == "always" or (args.colour == "auto" and stdout_wants_colour())
    recording.print_tree(
        _write,
        lines=args.lines,
        depth=args.depth,
        function=args.function,
        thread=thread,
        colour=colour,
    )
    for line in tree.lines(info["children"]):
        write_out(printable(f"process {line}") + "\n")
    return 0


def _say_which(recording: "Recording") -> dict[str, Any]:
    info: dict[str, Any] = json.loads(recording.info_json(family=True))
    if info["status"] != "finished":
        write_err(f"recorder: this recording is not finished ({info['status']}): {info['path']!a}")
    return info


def _write(chunk: bytes) -> None:
    write_out(chunk.decode("utf-8", "backslashreplace"))


def _positive(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if not 0 < number < 2**32:
        raise argparse.ArgumentTypeError(f"{text!a} is no number from 1 on")
    return number
