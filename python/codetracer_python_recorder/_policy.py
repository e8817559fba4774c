"""The switches of one recording: default, then environment, then what the caller says."""

from __future__ import annotations

import os

from ._extension import native
from .exceptions import make, make_type_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["resolve"]


def resolve(
    given: Mapping[str, object], *, source: str, use_env: bool
) -> dict[str, bool | int | str]:
    """The value of every switch.

    Args:
        given: what the caller says, by key; ``None`` leaves a switch as it is.
        source: where ``given`` comes from, for the message.
        use_env: whether the environment is read.

    Raises:
        UsageError: ``ERR_INVALID_POLICY_VALUE``, a key or a value is not allowed.
    """
    texts = {
        str(key): _text(str(key), value, source)
        for key, value in given.items()
        if value is not None
    }
    return native.resolve_policy(texts, source, use_env)


def _text(key: str, value: object, source: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise make_type_error(
            "ERR_INVALID_POLICY_VALUE",
            f"{key} cannot be of type {type(value).__name__} ({source}); allowed: bool, int, str",
            key=key,
            value=type(value).__name__,
            source=source,
        )
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise make(
                "ERR_INVALID_POLICY_VALUE",
                f"{key} must be valid text ({source})",
                key=key,
                value=ascii(value),
                source=source,
            ) from None
    return value
