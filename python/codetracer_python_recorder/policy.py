"""The switches of this process: what recordings follow where ``start`` is not told otherwise.

A default gives way to the environment, the environment to ``configure_policy``, and that to the
arguments of ``start``, which hold for their recording only.
"""

import os

from ._gen.policy import SWITCHES
from ._policy import resolve
from .exceptions import make

__all__ = ["configure_policy", "configure_policy_from_env", "configured", "policy_snapshot"]

_SOURCE = "configure_policy()"
_PLACE = "trace_dir"

_configured: dict[str, object] = {}


def configure_policy(**switches: object) -> None:
    """Sets switches for recordings to come.

    Args:
        switches: by key, as in ``policy_snapshot``; ``None`` leaves a switch as it is.

    Raises:
        UsageError: ``ERR_INVALID_POLICY_VALUE``, a key or a value is not allowed; then no switch
            is changed.
    """
    given = {key: value for key, value in switches.items() if value is not None}
    if _PLACE in given:
        raise make(
            "ERR_INVALID_POLICY_VALUE",
            f"{_PLACE} cannot be set here ({_SOURCE}); it is an argument of start()",
            key=_PLACE,
            source=_SOURCE,
        )
    settled = resolve(given, source=_SOURCE, use_env=False)
    _configured.update((key, settled[key]) for key in given)


def configure_policy_from_env() -> None:
    """Sets the switches that the environment names now, also for ``apply_env_policy=False``.

    Raises:
        UsageError: ``ERR_INVALID_POLICY_VALUE``, a variable has a value that is not allowed.
    """
    settled = resolve({}, source=_SOURCE, use_env=True)
    for switch in SWITCHES:
        if switch.env is not None and os.environ.get(switch.env):
            _configured[switch.key] = settled[switch.key]


def configured() -> dict[str, object]:
    """What ``configure_policy`` has set, by key."""
    return dict(_configured)


def policy_snapshot() -> dict[str, bool | int | str]:
    """The value of every switch, as a recording would have it that is started now.

    Raises:
        UsageError: ``ERR_INVALID_POLICY_VALUE``, a variable has a value that is not allowed.
    """
    settings = resolve(_configured, source=_SOURCE, use_env=True)
    del settings[_PLACE]
    return settings
