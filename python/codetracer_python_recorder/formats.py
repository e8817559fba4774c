"""The formats that a recording can be written in."""

from __future__ import annotations

from .exceptions import make, make_type_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

__all__ = [
    "DEFAULT_FORMAT",
    "SUPPORTED_FORMATS",
    "TRACE_BINARY",
    "TRACE_JSON",
    "TRACE_NATIVE",
    "is_supported",
    "normalize_format",
]

TRACE_NATIVE: Final = "native"
"""The recorder's own layout: complete, indexed, safe against crashes."""

TRACE_BINARY: Final = "binary"
"""The binary layout of release 0.3.0; this version does not write it."""

TRACE_JSON: Final = "json"
"""The JSON layout of release 0.3.0; this version does not write it."""

DEFAULT_FORMAT: Final = TRACE_NATIVE
"""What is written when nobody says anything."""

SUPPORTED_FORMATS: Final = frozenset({TRACE_NATIVE})
"""What this version writes."""


def is_supported(value: str) -> bool:
    """Whether this version writes the format of that name, in any case."""
    return value.strip().lower() in SUPPORTED_FORMATS


def normalize_format(value: str | None) -> str:
    """The name of a format as the recorder spells it; ``None`` is the default.

    Raises:
        UsageError: ``ERR_UNSUPPORTED_FORMAT``, this version does not write it;
            ``ERR_INVALID_ARGUMENT``, it is no text.
    """
    if value is None:
        return DEFAULT_FORMAT
    if not isinstance(value, str):
        raise make_type_error(
            "ERR_INVALID_ARGUMENT",
            f"format must be a str, not {type(value).__name__}",
            argument="format",
        )
    if not is_supported(value):
        allowed = ", ".join(sorted(SUPPORTED_FORMATS))
        raise make(
            "ERR_UNSUPPORTED_FORMAT",
            f"format {value!r} cannot be written by this version; use {allowed}",
            argument="format",
            value=value,
            allowed=allowed,
        )
    return value.strip().lower()
