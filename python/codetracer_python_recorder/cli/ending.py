"""How a recording ended, for people."""

from collections.abc import Iterator
from typing import Any

__all__ = ["ending", "left_out", "standing"]

_THREADS_SHOWN = 16
_CALLERS_SHOWN = 3
_WORDS = {
    "running": "not yet, the program runs",
    "exit": "with the program",
    "stop": "by a call, while the program went on",
    "unknown": "without a word: SIGKILL, os._exit or the machine",
}


def ending(info: dict[str, Any]) -> str:
    """What ended the recording.

    Args:
        info: the object that ``info --json`` writes.
    """
    ended = info["ended"]
    if ended["by"] == "failure":
        return f"by a failure of the recorder, {ended['code']}"
    if ended["by"] == "signal":
        return _signal(info)
    return _WORDS[ended["by"]]


def _signal(info: dict[str, Any]) -> str:
    ended = info["ended"]
    names = {one["thread"]: one["name"] for one in info["thread_names"]}
    number = ended["thread"]
    if number is None:
        thread = f"a thread that was not recorded, {ended['native_thread']} of the system"
    else:
        thread = f"thread {number}" + (f" ({names[number]})" if names.get(number) else "")
    sender = ended["sender"]
    if sender is not None:
        by = "itself" if sender == info["pid"] else f"process {sender}"
        why = f", sent by {by}"
    else:
        why = "" if ended["address"] is None else f", at address {ended['address']:#x}"
    return f"by {ended['signal_name']} in {thread}{why}"


def left_out(*, bytes: int, segments: int, events: int) -> str:
    """What could not be read of a recording that was not finished.

    Args:
        bytes: at the end of the container.
        segments: of which a part or all is left out.
        events: missing between those that are there.
    """
    parts = [
        (bytes, f"{bytes:,} torn or damaged bytes at the end"),
        (segments, f"{segments:,} damaged segments"),
        (events, f"{events:,} events between others"),
    ]
    return ", ".join(text for count, text in parts if count)


def standing(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and text of a line for each thread that was inside a recorded function at the end.

    Args:
        info: the object that ``info --json`` writes.
    """
    threads = [one for one in info["standings"] or () if one["frames"] != []]
    for one in threads[:_THREADS_SHOWN]:
        name = f" ({one['name']})" if one["name"] else ""
        yield "stood", f"thread {one['thread']}{name}: {_place(one)}"
    if len(threads) > _THREADS_SHOWN:
        yield "stood", f"{len(threads) - _THREADS_SHOWN:,} more threads"


def _place(one: dict[str, Any]) -> str:
    if one["frames"] is None:
        return "not known, the recording is damaged there"
    *callers, top = one["frames"]
    shown = callers[: -_CALLERS_SHOWN - 1 : -1]
    text = _frame(top) + "".join(f", from {_frame(frame)}" for frame in shown)
    more = one["depth"] - 1 - len(shown)
    return f"{text}, and {more:,} more" if more else text


def _frame(frame: dict[str, Any]) -> str:
    return f"{frame['file'] or '?'}:{frame['line']} in {frame['function'] or '?'}"
