"""Test suites of real packages end the same, recorded or not, and their recordings open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from e2e.packages import CACHE, PACKAGES, Package, needed
from e2e.plain_and_recorded import both, info


@pytest.mark.timeout(900)
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_s_test_suite_runs_recorded_as_it_runs_plain(
    package: Package, tmp_path: Path
) -> None:
    source = package.source()
    # Time limits that a package sets for its own tests say nothing about their outcome.
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:timeout", f"--basetemp={tmp_path}/t"]
    # Nor does what a test asserts of the seconds it took.
    untimed = ["-k", f"not {package.timed}"] if package.timed else []
    shown = both(
        [
            "-m",
            "pytest",
            *options,
            *untimed,
            "-o",
            "addopts=",
            "-o",
            "filterwarnings=",
            package.tests,
        ],
        source,
        tmp_path / "trace",
        extra={"PYTHONPATH": f"{source}:{needed()}"},
        timeout=400,
    )
    passed = re.search(r"(\d+) passed", shown.output)
    assert passed is not None, shown.output
    assert int(passed[1]) >= package.passing
    about = info(tmp_path / "trace")
    assert about["calls"] > 1000
    assert about["exit_status"] == shown.status
    assert source.is_relative_to(CACHE)
