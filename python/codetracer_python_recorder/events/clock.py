"""Wall clock time and the ids made of it.

Owns time stamps (nanoseconds since 1970 inside, RFC 3339 text outside) and UUIDv7 ids. Refuses to
measure durations: limits and thresholds use the event loop's own clock.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

__all__ = ["format_time", "next_sequence", "parse_time", "uuid7", "wall_ns"]

# Replaced by tests that run under a virtual clock.
wall_ns = time.time_ns

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-]\d\d:\d\d))"
)


def _numbers() -> Iterator[int]:
    """Numbers of 62 bits from a random one on, with room for 2**31 of them."""
    return itertools.count(int.from_bytes(os.urandom(8)) >> 2 & ~(1 << 31))


_sequence = _numbers()


def _reseed() -> None:
    """Keeps a forked child from repeating its parent's ids."""
    global _sequence
    _sequence = _numbers()


os.register_at_fork(after_in_child=_reseed)


def next_sequence() -> int:
    """A number that grows with each call in this process."""
    return next(_sequence)


def uuid7(at_ns: int, sequence: int) -> str:
    """The UUIDv7 (RFC 9562) of a time and a sequence number; later arguments give later ids.

    Args:
        at_ns: nanoseconds since 1970; its millisecond and, in 1/4096 ms, the rest are kept.
        sequence: a number of ``next_sequence``, which is another one in each process.
    """
    milliseconds, rest = divmod(at_ns, 1_000_000)
    high = ((milliseconds & 0xFFFFFFFFFFFF) << 16) | 0x7000 | (rest * 4096 // 1_000_000)
    low = (2 << 62) | (sequence & 0x3FFFFFFFFFFFFFFF)
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def format_time(at_ns: int) -> str:
    """``2026-01-01T00:00:00.000000000Z`` for nanoseconds since 1970."""
    seconds, rest = divmod(at_ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"


def parse_time(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time.

    Raises:
        ValueError: ``text`` is no RFC 3339 time with a zone.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    date, clock, fraction, _, offset = match.groups()
    moment = datetime.fromisoformat(f"{date}T{clock}{offset or '+00:00'}").astimezone(UTC)
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))
