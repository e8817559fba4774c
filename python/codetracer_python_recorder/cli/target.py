"""What ``record`` runs, and the checks that need not start it."""

from __future__ import annotations

import os
import stat
import sys

from ..exceptions import RecorderError, make

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Literal

    Kind = Literal["script", "module", "code"]

__all__ = ["Target", "check_target"]

_MAIN: Final = ("__main__.py", "__main__.pyc")


class Target:
    """A script, directory or zip file by path; a module by name; code as text.

    Attributes:
        kind: which of them.
        value: path, name or text.
        is_joined: whether the value stood in one word with -m or -c, as ``sys.orig_argv`` shows.
    """

    __slots__ = ("is_joined", "kind", "value")

    def __init__(self, kind: Kind, value: str, is_joined: bool = False) -> None:
        self.kind = kind
        self.value = value
        self.is_joined = is_joined


def check_target(target: Target, *, is_default: bool) -> None:
    """Refuses what the interpreter could not run. Nothing is imported or opened.

    Args:
        target: what to run.
        is_default: whether the command was not named, so that the script may be a misspelt one.

    Raises:
        UsageError: ``ERR_SCRIPT_NOT_FOUND``, ``ERR_SCRIPT_UNREADABLE``, ``ERR_MODULE_NOT_FOUND``,
            ``ERR_UNKNOWN_COMMAND``, ``ERR_INVALID_ARGUMENT``.
    """
    if target.kind == "script":
        _check_script(target.value, is_default)
    elif target.kind == "module":
        _check_module(target.value)


def _check_script(path: str, is_default: bool) -> None:
    if path in ("", "-"):
        raise make(
            "ERR_INVALID_ARGUMENT",
            "a program cannot be recorded from standard input; save it in a file",
            path=path,
        )
    try:
        mode = os.stat(path).st_mode
    except PermissionError as error:
        raise _unreadable(path, "the system denies access to it") from error
    except (OSError, ValueError) as error:
        raise _missing(path, is_default) from error
    if stat.S_ISDIR(mode):
        if not any(os.path.exists(os.path.join(path, name)) for name in _MAIN):
            raise _unreadable(path, "it is a directory without a __main__.py")
    elif not os.access(path, os.R_OK):
        raise _unreadable(path, "the system denies access to it")
    elif stat.S_ISSOCK(mode) or stat.S_ISBLK(mode):
        raise _unreadable(path, "it is no file")


def _missing(path: str, is_default: bool) -> RecorderError:
    if is_default and os.path.basename(path) == path and not os.path.splitext(path)[1]:
        return make(
            "ERR_UNKNOWN_COMMAND",
            f"{path!a} is neither a command nor a file",
            word=path,
        )
    return make(
        "ERR_SCRIPT_NOT_FOUND",
        "the script does not exist",
        path=path,
        directory=_here(),
    )


def _unreadable(path: str, why: str) -> RecorderError:
    return make(
        "ERR_SCRIPT_UNREADABLE",
        f"the script cannot be run: {why}",
        path=path,
    )


def _check_module(name: str) -> None:
    top = name.partition(".")[0]
    if not name or not top or "/" in name or "\0" in name:
        raise make(
            "ERR_INVALID_ARGUMENT",
            f"-m takes the absolute name of a module, not {name!a}",
            module=name,
        )
    if not _may_exist(top):
        raise make(
            "ERR_MODULE_NOT_FOUND",
            f"there is no module {top!a} for this interpreter",
            module=name,
            executable=sys.executable,
            directory=_here(),
        )


def _may_exist(top: str) -> bool:
    """Whether the interpreter may find a top-level module; the finders are asked, none is run."""
    if top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return True
    from importlib.util import find_spec

    # Under -m the interpreter looks in the current directory first.
    added = not sys.flags.safe_path
    if added:
        sys.path.insert(0, os.getcwd() if _here() else "")
    try:
        return top in sys.modules or find_spec(top) is not None
    except Exception:
        return True
    finally:
        if added:
            del sys.path[0]


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
