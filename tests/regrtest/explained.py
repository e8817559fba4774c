"""Tests of CPython that end in another way when they are recorded, each with its reason."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from regrtest.comparing import Difference, Explained

TABLE: Final = Path(__file__).with_name("explained.toml")


def read(text: str) -> tuple[Explained, ...]:
    """The differences of a table, one for each test and version that it names."""
    return tuple(
        Explained(
            group["module"],
            Difference(f"test.{test}", group["plain"], group["recorded"]),
            group["reason"],
            tuple(group["versions"]),
        )
        for group in tomllib.loads(text)["explained"]
        for test in group["tests"]
    )


EXPLAINED: Final = read(TABLE.read_text(encoding="utf-8"))
