"""Run a program under the oracle and the recorder, and say where their states first differ.

Owns which steps and names count: every event but `raise`, at which the line that raises is half
done; every name of the event's frame, and the globals that the recording gives with them. Names
that the interpreter sets by itself, such as `__file__`, may be missing; so may free variables of a
function, unless they are demanded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codetracer_python_recorder import Trace

from oracle import compare
from oracle.deepcopy_compare import EVERYTHING, Differs, Step, Tally
from oracle.deepcopy_truth import Truth

NOTHING = object()


@dataclass
class Recorded:
    """What a recording says of one step."""

    kind: str
    line: int | None
    function: str | None
    names: dict[str, Any]
    result: Any = NOTHING


@dataclass
class Verdict:
    """The first difference, if any, and how much was compared."""

    difference: str | None
    tally: Tally
    steps: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing differs and nothing is unknown but for a documented limit."""
        return self.difference is None and not self.tally.unknown

    def __str__(self) -> str:
        return f"{self.difference or 'the same'} ({self.steps} steps: {self.tally})"


def steps_of(trace: Trace) -> Iterator[Recorded]:
    """The recording's steps that the oracle has too."""
    for event in trace.steps():
        if event.kind == "gap":
            raise AssertionError(f"the recording has a gap at step {event.step}")
        if event.kind in compare.CONTROL_FLOW:
            names = trace.values(event.step)
            result = event.values.get("return", NOTHING)
            yield Recorded(event.kind, event.line, event.function, names, result)


def implicit(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def judge_step(
    truth: Truth, one: Recorded, tally: Tally, demanded: frozenset[str] = EVERYTHING
) -> None:
    """Raises `Differs` where a recorded step is not what the oracle saw."""
    event = truth.event
    place = (event["kind"], event["line"], event["function"])
    line = None if event["line"] is None else one.line
    if (one.kind, line, one.function) != place:
        raise Differs("event", place, (one.kind, one.line, one.function))
    if one.kind == "raise":
        return
    step = Step(truth, tally, demanded)
    if "result" in event:
        if one.result is NOTHING:
            raise Differs("result", step.said(event["result"]), "nothing")
        step.value("result", event["result"], one.result, late=False)
    held = truth.names()
    late = one.kind != "call"
    for name, found in one.names.items():
        if name.startswith("."):
            continue
        wanted = held.get(name, truth.globals().get(name))
        if wanted is None:
            raise Differs(name, "not bound", found)
        judge_name(step, name, wanted, found, late=late or name not in held)
    for name in sorted(held.keys() - one.names.keys() - truth.given()):
        if name in event["free"] and "free variables" not in demanded:
            tally.untold["free variables"] += 1
        elif not implicit(name):
            raise Differs(name, step.said(held[name]), "no such name")


def judge_name(step: Step, name: str, wanted: dict[str, Any], found: Any, *, late: bool) -> None:
    """A name holds what it holds now or, where a line that set it still runs, held before."""
    try:
        step.value(name, wanted, found, late=late)
    except Differs as wrong:
        for former in step.truth.former(name):
            try:
                step.value(name, former, found, late=late)
            except Differs:
                continue
            step.tally.pending += 1
            return
        raise wrong from None


def judge(
    truth: Truth, recorded: Iterable[Recorded], demanded: frozenset[str] = EVERYTHING
) -> Verdict:
    """Compares step by step, up to the first difference."""
    verdict = Verdict(None, Tally())
    steps = iter(recorded)
    while truth.at + 1 < len(truth.events):
        event = truth.forward()
        where = f"step {truth.at}: {event['kind']} {event['function']}:{event['line']}"
        one = next(steps, None)
        if one is None:
            verdict.difference = f"{where}: the recording ends before"
            return verdict
        try:
            judge_step(truth, one, verdict.tally, demanded)
        except Differs as wrong:
            verdict.difference = f"{where}: {wrong}"
            return verdict
        verdict.steps += 1
    if next(steps, None) is not None:
        verdict.difference = "the recording has more steps"
    elif verdict.tally.share > 0.5:
        verdict.difference = f"most of it is unknown: {verdict.tally}"
    return verdict


def truth_of(script: Path) -> Truth:
    """What the program does, by the oracle."""
    out = script.with_suffix(".truth")
    done = compare.run([sys.executable, compare.HERE / "deepcopy_recorder.py", out, script])
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"the program fails under the oracle: {done.stderr[-2000:]}")
    return Truth.read(out)


def verdict_on(source: str, directory: Path, demanded: frozenset[str] = EVERYTHING) -> Verdict:
    """Writes a program down, runs it under both, compares."""
    script = directory / "program.py"
    script.write_text(source, encoding="utf-8")
    trace = directory / "trace"
    done = compare.record(script, out=trace)
    if done.returncode != 0:
        raise AssertionError(f"the recorder fails: {done.stderr[-2000:]}")
    return judge(truth_of(script), steps_of(Trace(trace)), demanded)
