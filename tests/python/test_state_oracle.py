"""The state that a recording gives for each step is what a deep-copying oracle saw.

`STATE_ORACLE_EXAMPLES=500` draws more programs, and makes the one that differs small.
`STATE_ORACLE_ALL=1` judges programs that change objects as those that bind names are judged.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import state_generator
from oracle.deepcopy_compare import EVERYTHING, Tally
from oracle.deepcopy_judge import Verdict, verdict_on
from oracle.state_gaps import CHANGES_DIFFER, KNOWN_GAPS
from oracle.state_programs import DEMANDS, LIMITS, PROGRAMS

LOOKING_FOR = int(os.environ.get("STATE_ORACLE_EXAMPLES", "0"))
JUDGE_ALL = bool(int(os.environ.get("STATE_ORACLE_ALL", "0")))


def test_every_known_gap_is_of_a_program() -> None:
    assert KNOWN_GAPS.keys() <= PROGRAMS.keys()
    assert DEMANDS.keys() <= PROGRAMS.keys()
    assert set().union(*DEMANDS.values()) == EVERYTHING
    assert len(PROGRAMS) >= 200


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_state_at_each_step_is_what_the_oracle_saw(name: str, tmp_path: Path) -> None:
    verdict = verdict_on(PROGRAMS[name], tmp_path, DEMANDS.get(name, frozenset()))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    same = verdict.complete or (name in LIMITS and verdict.difference is None)
    if name in KNOWN_GAPS:
        assert not same, f"{name} is the same on {version}: take it from KNOWN_GAPS"
    else:
        assert same, f"{name}: {verdict}"


def draw(
    programs: st.SearchStrategy[str], examples: int, judge: Callable[[Verdict], None]
) -> Tally:
    """Has programs judged; says how much of them was compared."""
    total = Tally()

    @settings(
        max_examples=LOOKING_FOR or examples,
        derandomize=not LOOKING_FOR,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if LOOKING_FOR else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(source=programs)
    def each(source: str) -> None:
        with tempfile.TemporaryDirectory() as directory:
            verdict = verdict_on(source, Path(directory), frozenset())
        total.add(verdict.tally)
        judge(verdict)

    each()
    return total


def is_the_same(verdict: Verdict) -> None:
    assert verdict.difference is None, verdict.difference


def assert_known(total: Tally) -> None:
    assert total.known > 1000
    assert total.unknown.total() < total.known / 100, total
    assert total.share < 0.1, total


@pytest.mark.timeout(120 + 60 * LOOKING_FOR)
def test_a_generated_program_that_binds_names_has_the_state_that_the_oracle_saw() -> None:
    assert_known(draw(state_generator.bindings(), 30, is_the_same))


@pytest.mark.timeout(120 + 60 * LOOKING_FOR)
def test_a_generated_program_that_changes_objects_has_the_state_that_the_oracle_saw() -> None:
    if not CHANGES_DIFFER or JUDGE_ALL:
        assert_known(draw(state_generator.changes(), 30, is_the_same))
        return
    found: list[str | None] = []
    draw(state_generator.changes(), 10, lambda verdict: found.append(verdict.difference))
    assert any(found), "no drawn program differs: set CHANGES_DIFFER to False"
