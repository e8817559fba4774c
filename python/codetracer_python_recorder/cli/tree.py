"""The processes of a recording as text: one line each, below the one that it came from."""

from collections.abc import Iterator
from typing import Any

__all__ = ["ending", "lines"]

_SHOWN = 200
"""Processes that are listed; a server may have had many more."""


def lines(children: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each process, indented by its depth.

    Args:
        children: as ``info --json`` has them.
    """
    left = _SHOWN
    for depth, child in _walk(children):
        if left == 0:
            yield "..."
            return
        left -= 1
        yield "  " * depth + _line(child)


def _walk(children: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    waiting = [(0, child) for child in reversed(children)]
    while waiting:
        depth, child = waiting.pop()
        yield depth, child
        waiting.extend((depth + 1, grandchild) for grandchild in reversed(child["children"]))


def _line(child: dict[str, Any]) -> str:
    came = {"fork": "forked", "follow": "started", "return": "went on"}
    began = came.get(child["began_by"], "began")
    command = " ".join([child["program"], *child["args"]])
    return (
        f"{child['pid']} {began}, {ending(child)}, {child['events']:,} events, "
        f"in {child['path']}: {command}"
    )


def ending(info: dict[str, Any]) -> str:
    """How a process ended, as far as its recording says."""
    if info.get("damage"):
        return f"damaged ({info['damage']})"
    if info["status"] == "running":
        return "still running"
    if info["signal_name"]:
        return f"ended by {info['signal_name']}"
    if info["status"] == "interrupted" or info["ended_by"] is None:
        return info["reason"] or "ended"
    if info["ended_by"] == "exec":
        return "replaced by another program"
    status = info["exit_status"]
    by = {"_exit": "os._exit", "stop": "stop"}.get(info["ended_by"])
    text = "ended" if status is None else f"exit status {status}"
    return f"{text} by {by}" if by else text
