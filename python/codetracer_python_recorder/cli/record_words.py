"""Splits the words after ``record`` into the recorder's options and the program's command line.

Only what stands before the program is the recorder's. No word after it is looked at.
"""

from __future__ import annotations

from .._gen.policy import SWITCHES
from .._said import is_on
from ..exceptions import make
from ..formats import normalize_format
from .target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .target import Kind

__all__ = ["Request", "asks_for_json", "no_flag", "split"]

_TAKES_VALUE: Final = {s.flag: s.shape != "bool" for s in SWITCHES}
_KEYS: Final = {s.flag: s.key for s in SWITCHES}
_NOT_YET: Final = frozenset(
    {
        "--activation-path",
        "--io-capture",
        "--module-name-from-globals",
        "--no-framework-filters",
        "--no-module-name-from-globals",
        "--pytest",
        "--trace-filter",
        "--unittest",
    }
)
"""Options of other releases that this one refuses by name."""

_COMMAND: Final = "codetracer-python-recorder record"


def no_flag(flag: str) -> str:
    """The flag that switches off what is on by default."""
    return f"--no-{flag.removeprefix('--')}"


_OFF: Final = {no_flag(s.flag): s.key for s in SWITCHES if s.default is True}


def asks_for_json(words: list[str]) -> bool:
    """Whether failures are to be lines of JSON as well; asked of words that may make no sense."""
    given: dict[str, bool | str] = {}
    at = 1 if words[:1] == ["record"] else 0
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        flag, equals, _ = words[at].partition("=")
        if flag == "--json-errors":
            given["json_errors"] = True
        at += 2 if _TAKES_VALUE.get(flag) and not equals else 1
    return is_on("json_errors", given)


class Request:
    """What ``record`` is asked to do.

    Attributes:
        given: switches that the command line sets, by key.
        target: what to run.
        args: the program's own arguments.
        is_default: whether ``record`` was not named.
    """

    __slots__ = ("args", "given", "is_default", "target")

    def __init__(
        self, given: dict[str, bool | str], target: Target, args: list[str], is_default: bool
    ) -> None:
        self.given = given
        self.target = target
        self.args = args
        self.is_default = is_default


def split(words: list[str], *, is_default: bool) -> Request:
    """Reads the words after ``record``.

    Raises:
        UsageError: ``ERR_UNKNOWN_OPTION``, ``ERR_UNSUPPORTED_OPTION``,
            ``ERR_UNSUPPORTED_FORMAT``, ``ERR_INVALID_ARGUMENT``.
    """
    given: dict[str, bool | str] = {}
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            break
        if word == "-" or not word.startswith("-"):
            at -= 1
            break
        if word[:2] in ("-m", "-c"):
            kind: Kind = "module" if word[1] == "m" else "code"
            value, at = _attached_or_next(words, at, word[:2], word[2:] or None)
            target = Target(kind, value, is_joined=bool(word[2:]))
            return Request(given, target, words[at:], is_default)
        flag, equals, attached = word.partition("=")
        if flag == "--format":
            value, at = _attached_or_next(words, at, flag, attached if equals else None)
            normalize_format(value)
        elif flag in _OFF and not equals:
            given[_OFF[flag]] = False
        elif flag not in _KEYS:
            raise _no_such_option(flag)
        elif _TAKES_VALUE[flag]:
            given[_KEYS[flag]], at = _attached_or_next(
                words, at, flag, attached if equals else None
            )
        elif equals:
            raise make("ERR_INVALID_ARGUMENT", f"{flag} takes no value", option=flag)
        else:
            given[_KEYS[flag]] = True
    if at >= len(words):
        raise make(
            "ERR_INVALID_ARGUMENT",
            f"nothing to record; name a script, -m module or -c code, or see {_COMMAND} --help",
        )
    return Request(given, Target("script", words[at]), words[at + 1 :], is_default)


def _attached_or_next(
    words: list[str], at: int, option: str, attached: str | None
) -> tuple[str, int]:
    if attached is not None:
        return attached, at
    if at >= len(words):
        raise make("ERR_INVALID_ARGUMENT", f"{option} needs a value", option=option)
    return words[at], at + 1


def _no_such_option(flag: str) -> Exception:
    if flag in _NOT_YET:
        return make(
            "ERR_UNSUPPORTED_OPTION",
            f"{flag} is not available in this version",
            option=flag,
        )
    return make(
        "ERR_UNKNOWN_OPTION",
        f"record has no option {flag}",
        option=flag,
    )
