"""``info``: what is known of a recording as a whole."""

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .._gen.policy import SWITCHES
from . import tree
from .ending import ending, left_out, standing
from .opening import add_directory, open_recording, printable
from .output import use_utf8, write_out

__all__ = ["HELP", "NAME", "add_arguments", "describe", "duration", "run", "size"]

NAME = "info"
HELP = "say who recorded what, when, how much, and how it ended"

_NAMES_SHOWN = 6
_COUNTED = ("events", "calls", "lines", "exceptions", "bytes", "duration_ns")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    add_directory(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write one JSON object")
    form.add_argument(
        "--openmetrics", action="store_true", help="write the counters as OpenMetrics"
    )


def run(args: argparse.Namespace) -> int:
    """Writes the facts to stdout.

    Raises:
        UsageError: there is no recording.
        EnvironmentError: the recording is damaged.
    """
    text = open_recording(args.dir).info_json(family=True)
    if args.json:
        use_utf8()
        write_out(text + "\n")
        return 0
    info = json.loads(text)
    if args.openmetrics:
        use_utf8()
        write_out(exposition(info))
        return 0
    rows = list(describe(info))
    width = max(len(label) for label, _ in rows)
    write_out("".join(f"{label:<{width}}  {printable(value)}\n" for label, value in rows))
    return 0


def exposition(info: dict[str, Any]) -> str:
    """The numbers of a recording as OpenMetrics text, labelled with its ids."""
    from ..metrics import openmetrics

    numbers = {key: info[key] for key in _COUNTED}
    labels = {key: info[key] for key in ("run_id", "trace_id")}
    return openmetrics({**numbers, **info["counters"]}, labels)


def describe(info: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and text of each line for people."""
    yield "recording", f"{info['path']} ({info['status']})"
    if info["partial"]:
        yield "partial", f"yes, {info['reason'] or 'for an unknown reason'}"
    yield "program", " ".join([info["program"], *info["args"]])
    yield "directory", info["workdir"]
    status = info["exit_status"]
    yield "exit status", "not known" if status is None else str(status)
    yield "ended", ending(info)
    yield from _flight(info.get("flight"))
    kinds = ", ".join(f"{info[kind]:,} {kind}" for kind in ("calls", "lines", "exceptions"))
    yield "events", f"{info['events']:,} ({kinds})"
    if info["cut"]:
        yield "left out", left_out(**info["cut"])
    yield "threads", _named(info["threads"], info["thread_names"])
    yield from standing(info)
    if info["tasks"]:
        yield "tasks", _named(info["tasks"], info["task_names"])
    if info["processes"] > 1:
        yield "processes", f"{info['processes']:,}, with those that came from this one"
        for line in tree.lines(info["children"]):
            yield "", line
    started = datetime.fromtimestamp(info["started_unix_ns"] // 10**9, UTC)
    yield "time", f"{duration(info['duration_ns'])}, from {started:%Y-%m-%d %H:%M:%S} UTC on"
    yield "size", _size_line(info)
    yield from _counted(info["counters"])
    yield "python", info["python"].partition("\n")[0]
    yield "platform", info["platform"]
    policy = info["policy"]
    switches = (switch.key for switch in SWITCHES if switch.key in policy)
    shown = (f"{key}={_plain(policy[key])}" for key in switches)
    yield "policy", " ".join(shown)
    for warning in info["warnings"]:
        yield "warning", f"{warning['code']}: {warning['message']}"
    yield "recorder", f"{info['recorder_version']}, schema {info['schema_version']}"
    yield "trace id", info["trace_id"]
    yield "run id", info["run_id"]


def _flight(flight: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    """What a flight recorder kept, and why it was saved."""
    if flight is None:
        return
    text = f"the newest {flight['window']}, saved because of {flight['reason']}"
    if flight["dropped"] and flight["dropped_events"]:
        first = flight["dropped"]["step"] + 1
        text += f"; {flight['dropped_events']:,} events before step {first:,} are dropped"
    yield "flight", text


def duration(ns: int) -> str:
    """A duration in a unit that people read.

    Args:
        ns: nanoseconds.
    """
    if ns < 1_000_000:
        return f"{ns // 1_000} us"
    if ns < 1_000_000_000:
        return f"{ns // 1_000_000} ms"
    if ns < 60_000_000_000:
        return f"{ns / 1e9:.1f} s"
    return f"{ns // 60_000_000_000} min {ns // 1_000_000_000 % 60} s"


def size(count: int) -> str:
    """A size in a unit that people read.

    Args:
        count: bytes.
    """
    for limit, unit, factor in ((10_000, "bytes", 1), (1_000_000, "kB", 1_000)):
        if count < limit:
            return f"{count // factor} {unit}"
    if count < 1_000_000_000:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e9:.1f} GB"


def _size_line(info: dict[str, Any]) -> str:
    each = f", {info['bytes'] / info['events']:.2f} bytes per event" if info["events"] else ""
    return size(info["bytes"]) + each


def _counted(counters: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Lines of what happened that need not have."""
    for label, family in (
        ("cut by limits", "truncations"),
        ("dropped events", "dropped_events"),
        ("detached", "detached"),
    ):
        found = [
            f"{n:,} {name.partition('.')[2]}"
            for name, n in counters.items()
            if n and name.startswith(family + ".")
        ]
        if found:
            yield label, ", ".join(found)
    if counters.get("panics"):
        yield "panics", f"{counters['panics']:,}"
    if counters.get("drainer_waits"):
        lag = duration(counters.get("drainer_lag_ns_peak", 0))
        yield "drainer", f"waited for {counters['drainer_waits']:,} times, at most {lag} late"


def _named(count: int, entries: list[dict[str, Any]]) -> str:
    names = [entry["name"] for entry in entries if entry["name"]][:_NAMES_SHOWN]
    more = ", ..." if len(entries) > len(names) else ""
    return f"{count:,} ({', '.join(names)}{more})" if names else f"{count:,}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
