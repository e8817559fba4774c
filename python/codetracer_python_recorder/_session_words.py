"""Checks of what is said to ``start``, ``trace`` and ``stop``, before anything is done with it."""

from collections.abc import Mapping

from ._policy import resolve
from ._said import is_on
from .exceptions import make, make_type_error
from .policy import configured

__all__ = [
    "check_exit_code",
    "check_reason",
    "refuse",
    "settings_of",
    "wants_json",
    "with_switch",
]

_SOURCE = "argument policy="
_LONGEST_REASON = 200
_EXIT_CODES = range(-(2**31), 2**31)


def wants_json(policy: object, use_env: bool) -> bool:
    """Whether failures are lines of JSON as well; asked where the switches may make no sense."""
    given = configured()
    if isinstance(policy, Mapping):
        given.update((key, value) for key, value in policy.items() if value is not None)
    is_said = use_env or given.get("json_errors") is not None
    return is_said and is_on("json_errors", given)


def settings_of(policy: Mapping[str, object] | None, use_env: bool) -> dict[str, bool | int | str]:
    """The switches of a recording, by name, without ``trace_dir``."""
    given: dict[str, object] = configured()
    if policy is not None:
        if not isinstance(policy, Mapping):
            raise make_type_error(
                "ERR_INVALID_ARGUMENT",
                f"policy must be a mapping, not {type(policy).__name__}",
                argument="policy",
            )
        given.update((key, value) for key, value in policy.items() if value is not None)
    if "trace_dir" in given:
        raise make(
            "ERR_INVALID_POLICY_VALUE",
            f"trace_dir cannot be set here ({_SOURCE}); use the argument path",
            key="trace_dir",
            source=_SOURCE,
        )
    settings = resolve(given, source=_SOURCE, use_env=bool(use_env))
    del settings["trace_dir"]
    return settings


def refuse(option: str, value: object) -> None:
    """Raises if an option is given that is not built."""
    if value is not None:
        raise make(
            "ERR_UNSUPPORTED_OPTION",
            f"{option}= is not available in this version; leave it out",
            option=option,
        )


def with_switch(
    policy: Mapping[str, object] | None, key: str, value: object
) -> Mapping[str, object] | None:
    """A policy with one switch more, that has a keyword of its own; ``None`` is not said."""
    if value is None or not (policy is None or isinstance(policy, Mapping)):
        return policy
    return {**(policy or {}), key: value}


def check_reason(reason: object) -> None:
    """Raises unless it is a line of text that is not empty."""
    if not isinstance(reason, str):
        raise make_type_error(
            "ERR_INVALID_ARGUMENT",
            f"reason must be a str, not {type(reason).__name__}",
            argument="reason",
        )
    if not reason.isprintable() or not 0 < len(reason) <= _LONGEST_REASON:
        raise make(
            "ERR_INVALID_ARGUMENT",
            f"reason must be one line of at most {_LONGEST_REASON} characters",
            argument="reason",
            value=ascii(reason[:_LONGEST_REASON]),
        )


def check_exit_code(exit_code: object) -> None:
    """Raises unless it is an int of 32 bits."""
    if isinstance(exit_code, bool) or not isinstance(exit_code, int):
        raise make_type_error(
            "ERR_INVALID_ARGUMENT",
            f"exit_code must be an int or None, not {type(exit_code).__name__}",
            argument="exit_code",
        )
    if exit_code not in _EXIT_CODES:
        raise make(
            "ERR_INVALID_ARGUMENT",
            f"exit_code must fit 32 bits, not {exit_code}",
            argument="exit_code",
            value=exit_code,
        )
