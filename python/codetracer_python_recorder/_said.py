"""What is said of a switch, where the compiled module, which would check it, may be missing."""

from __future__ import annotations

import os

from ._gen.policy import SWITCHES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

__all__ = ["is_on", "said_of"]

_ON: Final = frozenset({"1", "true", "t", "yes", "y"})


def said_of(key: str, given: Mapping[str, object]) -> str:
    """What the caller, else the environment, says of a switch, else its default.

    Args:
        key: the switch.
        given: what the caller says, by key.
    """
    switch = next(switch for switch in SWITCHES if switch.key == key)
    said = given.get(key)
    if said is None:
        said = os.environ.get(switch.env or "") or str(switch.default)
    return str(said).strip()


def is_on(key: str, given: Mapping[str, object]) -> bool:
    """As ``said_of``, for a switch that is on or off."""
    return said_of(key, given).lower() in _ON
