"""Runs one module of the regression tests and reads how each of its tests ended.

Names come from the report that ``--junit-xml`` writes. A test with a failing subtest has no name
there; the headings of the tracebacks in the log name it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from regrtest.modules import OWN_TOOL_UNSEEN

RECORDER: Final = (sys.executable, "-m", "codetracer_python_recorder")
_UNSEEN: Final = Path(__file__).with_name("own_tool_unseen.py")
_DROPPED: Final = ("PYTEST_", "PYTHON", "CODETRACER_", "FORCE_COLOR", "COLUMNS")
_HEADING: Final = re.compile(r"^(?P<how>FAIL|ERROR): \S+ \((?P<name>[\w.<>]+)\)", re.MULTILINE)
_RESULT: Final = re.compile(r"^Result: (?P<result>.+)$", re.MULTILINE)
_HOW: Final = {"FAIL": "failed", "ERROR": "error"}


@dataclass(frozen=True)
class Run:
    """How one run of a module ended."""

    status: int | None
    """The exit status, negative for a signal; None where it was ended for its time."""
    result: str
    """What ``python -m test`` calls it; empty where it said nothing."""
    outcomes: Mapping[str, str]
    """By test: passed, failed, error, skipped, or what regrtest calls it."""
    cpu: float
    """Seconds of its processes."""
    peak_kib: int
    log: str


def environment() -> dict[str, str]:
    """This process's, without what changes an interpreter, a test or the recorder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    return {**kept, "PYTHONHASHSEED": "0", "NO_COLOR": "1", "SOURCE_DATE_EPOCH": "1700000000"}


def plain(module: str, place: Path, longest: float) -> Run:
    """Runs a module by the interpreter alone."""
    return _run([sys.executable, "-m", "test"], module, place, longest)


def recorded(module: str, place: Path, trace: Path, longest: float) -> Run:
    """Runs a module with everything recorded."""
    if module == OWN_TOOL_UNSEEN:
        words = [sys.executable, str(_UNSEEN), str(trace)]
    else:
        words = [*RECORDER, "record", "--all", "--trace-dir", str(trace), "-m", "test"]
    return _run(words, module, place, longest)


def _run(command: list[str], module: str, place: Path, longest: float) -> Run:
    place.mkdir(parents=True)
    report = place / "report.xml"
    words = [*command, "-v", "--junit-xml", str(report), module.partition("/")[0]]
    with (place / "log.txt").open("wb") as log:
        started = time.monotonic()
        process = subprocess.Popen(
            words,
            cwd=place,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        ended = _wait(process, started + longest)
    text = (place / "log.txt").read_text(encoding="utf-8", errors="replace")
    result = _RESULT.search(text)
    return Run(
        status=ended[0],
        result=result["result"] if result else "",
        outcomes=outcomes(report.read_text(encoding="utf-8") if report.exists() else "", text),
        cpu=ended[1],
        peak_kib=ended[2],
        log=text,
    )


def _wait(process: subprocess.Popen[bytes], until: float) -> tuple[int | None, float, int]:
    late = False
    while True:
        found, status, used = os.wait4(process.pid, os.WNOHANG)
        if found:
            break
        if not late and time.monotonic() > until:
            late = True
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.02)
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    return None if late else code, used.ru_utime + used.ru_stime, used.ru_maxrss


def outcomes(report: str, log: str) -> dict[str, str]:
    """How each test ended, by its name.

    Args:
        report: what ``--junit-xml`` wrote; empty where the process did not come so far.
        log: what the run printed.
    """
    found: dict[str, str] = {}
    cases = ElementTree.fromstring(report).iter("testcase") if report else ()
    for case in cases:
        name = case.get("name")
        if name is None:
            continue
        _worst(found, name, _how(case))
    for heading in _HEADING.finditer(log):
        _worst(found, heading["name"], _HOW[heading["how"]])
    return found


def _how(case: ElementTree.Element) -> str:
    for tag, how in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        if case.find(tag) is not None:
            return how
    if case.find("output") is not None:
        return "expected failure"
    return "passed" if case.find("outcome") is None else "unexpected success"


def _worst(found: dict[str, str], name: str, how: str) -> None:
    if how in ("failed", "error") or name not in found:
        found[name] = how
