"""Runs one module both ways, compares, and opens the recording."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regrtest.comparing import Difference, Explained, differences, problems
from regrtest.outcomes import RECORDER, Run, environment, plain, recorded


@dataclass(frozen=True)
class Checked:
    """Two runs of a module and what is said of them."""

    plain: Run
    recorded: Run
    differences: Sequence[Difference]
    problems: Sequence[str]


def check(module: str, place: Path, longest: float, explained: Sequence[Explained]) -> Checked:
    """Runs a module plain and recorded.

    Args:
        module: its name.
        place: a directory for logs and the recording.
        longest: seconds after which one run is ended.
        explained: the differences that are known, of all modules and versions.
    """
    here = place / module.replace("/", "-")
    shutil.rmtree(here, ignore_errors=True)
    before = plain(module, here / "plain", longest)
    after = recorded(module, here / "recorded", here / "trace", longest)
    found = differences(before, after)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    wrong = problems(module, version, found, explained)
    if not before.outcomes:
        wrong.append(f"no test ran: {before.log[-500:]}")
    return Checked(before, after, found, [*wrong, *opening(here / "trace")])


def opening(trace: Path) -> list[str]:
    """What is wrong with a recording."""
    words = [*RECORDER, "info", "--json", str(trace)]
    done = subprocess.run(
        words, capture_output=True, text=True, env=environment(), timeout=60, check=False
    )
    if done.returncode != 0:
        return [f"the recording does not open: {done.stderr.strip()}"]
    about = json.loads(done.stdout)
    if about["partial"] or about["events"] == 0:
        return [f"the recording is partial or empty: {done.stdout}"]
    return []
