"""What every test of the event bus is watched for, and how many random schedules are tried.

Schedules are few by default, 1,000 for each mode with
pytest tests/python/events/test_schedules.py --hypothesis-profile=schedules
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings
from support.events.leaks import Watch, watched

settings.register_profile("schedules", max_examples=1_000, deadline=None)


@pytest.fixture(autouse=True, scope="session")
def _few_objects() -> None:
    """Leaves what exists before the first test to itself, so that looking for garbage is quick."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[Watch]:
    """Fails a test that leaves a task, a timer or an error that nobody saw."""
    with watched() as watch:
        yield watch
    assert watch.found == []
