"""A smaller number of what ``just kills`` does a thousand times."""

from __future__ import annotations

import collections
from pathlib import Path

import pytest
from e2e.kills import Full, Sequence, compare, kills


def test_a_killed_program_leaves_all_that_it_did(tmp_path: Path) -> None:
    seen = collections.Counter(where for _, where in kills(40, seed=1, jobs=2, keep=tmp_path))
    assert seen.total() == 40
    fell = {where.partition(",")[0] for where in seen}
    assert {"running", "saving"} <= fell, seen
    assert any("recovered" in where for where in seen), seen


STEP: Sequence = [("call", "step", 1, ""), ("line", "step", 2, ""), ("return", "step", 2, "")]


@pytest.mark.parametrize(
    ("found", "count", "holds"),
    [
        (STEP * 2, 2, True),
        (STEP * 2, 1, True),
        (STEP + STEP[:2], 1, True),
        (STEP * 2, 3, False),
        (STEP * 2, 0, False),
        (STEP + STEP[1:], 1, False),
        (STEP[1:], 0, False),
        (STEP * 4, 3, False),
    ],
)
def test_what_is_missing_or_too_much_is_noticed(found: Sequence, count: int, holds: bool) -> None:
    full = Full({"T1": STEP * 3}, 0, 0, 0)
    if holds:
        compare({"T1": found}, full, {"T1": count})
        return
    with pytest.raises(AssertionError):
        compare({"T1": found}, full, {"T1": count})
