"""How many random schedules are tried: few by default, 1,000 for each mode with

pytest tests/python/events/test_schedules.py --hypothesis-profile=schedules
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("schedules", max_examples=1_000, deadline=None)
