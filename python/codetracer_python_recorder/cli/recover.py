"""``recover``: saves what a killed process left of its recording."""

import argparse
import json
from typing import Any

from .._extension import native
from .ending import left_out
from .opening import add_directory, check_path, printable
from .output import use_utf8, write_out

__all__ = ["HELP", "NAME", "add_arguments", "run"]

NAME = "recover"
HELP = "save what a killed process left of its recording"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_directory(parser)
    parser.add_argument("--json", action="store_true", help="write one JSON object")


def run(args: argparse.Namespace) -> int:
    """Commits what was left, and says what was found and kept.

    Raises:
        UsageError: ``ERR_TRACE_NOT_FOUND``, nothing is to be recovered; ``ERR_TRACE_RUNNING``, the
            writer is alive.
        EnvironmentError: what was left cannot be read or saved.
    """
    check_path(args.dir)
    text = native.recover(args.dir)
    if args.json:
        use_utf8()
        write_out(text + "\n")
        return 0
    found: dict[str, Any] = json.loads(text)
    for recording in found["recordings"]:
        write_out(printable(_line(recording)) + "\n")
    for path in found["running"]:
        write_out(printable(f"left alone, still being written: {path}") + "\n")
    return 0


def _line(recording: dict[str, Any]) -> str:
    parts = [f"recovered {recording['dir']}: {recording['events']:,} events"]
    if recording["segment_events"]:
        parts.append(f"{recording['segment_events']:,} of them not yet in the container")
    cut = left_out(
        bytes=recording["cut_bytes"],
        segments=recording["cut_segments"],
        events=recording["missing_events"],
    )
    if cut:
        parts.append(f"left out {cut}")
    if recording["partial"]:
        parts.append(f"partial, {recording['reason']}")
    return "; ".join(parts)
