"""Which of CPython's regression tests are run, by the names that ``python -m test`` takes."""

from __future__ import annotations

from typing import Final

MODULES: Final = (
    "test_generators",
    "test_coroutines",
    "test_asyncgen",
    "test_exceptions",
    "test_except_star",
    "test_exception_group",
    "test_exception_hierarchy",
    "test_exception_variations",
    "test_contextlib",
    "test_contextlib_async",
    "test_functools",
    "test_collections",
    "test_dataclasses",
    "test_enum",
    "test_threading",
    "test_threading_local",
    "test_asyncio",
    "test_weakref",
    "test_gc",
    "test_sys_settrace",
    "test_sys_setprofile",
    "test_monitoring",
    "test_inspect",
    "test_traceback",
    "test_pickle",
    "test_copy",
    "test_json",
    "test_decimal",
    "test_re",
    "test_unittest",
    "test_fork1",
    "test_posix",
    "test_subprocess",
    "test_signal",
    "test_faulthandler",
)

OWN_TOOL_UNSEEN: Final = "test_monitoring/own-tool-unseen"
"""``test_monitoring`` with the recorder's tool left out of what the tests ask first."""
EVERY: Final = (*MODULES, OWN_TOOL_UNSEEN)
