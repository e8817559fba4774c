"""The exceptions of the recorder.

The tree, with the built-in classes that each is as well::

    RecorderError (Exception)
    +-- UsageError (ValueError, RuntimeError)      exit status 2
    |   +-- _UsageTypeError (TypeError)
    |   +-- _UsageFileNotFoundError (FileNotFoundError)
    +-- EnvironmentError (OSError)                 exit status 10
    |   +-- _EnvironmentFileNotFoundError (FileNotFoundError)
    |   +-- _EnvironmentPermissionError (PermissionError)
    +-- TargetError (RuntimeError)                 exit status 20
    +-- InternalError (RuntimeError)               exit status 70

Programs read ``code`` and ``context``; the message is for people and may change. Every code is
explained by ``codetracer-python-recorder explain CODE``. The built-in bases are there for callers
that catch what earlier releases raised.
"""

from __future__ import annotations

import os

from ._gen.codes import CODES, EXIT_STATUS

# Importing `typing` would cost more than the rest of a launch.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar, Final

__all__ = [
    "EnvironmentError",
    "InternalError",
    "RecorderError",
    "TargetError",
    "UsageError",
    "human_line",
    "make",
    "make_type_error",
]


class RecorderError(Exception):
    """Any failure of the recorder; catch it where the kind does not matter.

    When: raised by the functions of this package, never inside the recorded program by a hook.
    Why: see ``code`` and the message.
    What to do: ``codetracer-python-recorder explain CODE`` says it for each code.

    Attributes:
        code: the stable name of the cause, such as ``ERR_NO_SPACE``; ``None`` on an instance that
            was not raised by the recorder.
        message: the text for people, without code and context.
        kind: ``Usage``, ``Environment``, ``Target`` or ``Internal``; ``None`` on the base class.
        context: facts about the cause, by name. Keys and values are strings.
        exit_status: what a command that ends because of it returns.
    """

    kind: ClassVar[str | None] = None
    code: str | None = None
    message: str = ""
    context: dict[str, str]
    exit_status: ClassVar[int] = 1

    _said = False

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.context = {}

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self)
        # Leaf classes carry their parent's name, so they cannot be found by it.
        known = next((name for name, leaf in _LEAVES.items() if leaf is kind), kind)
        system = {k: v for k in _SYSTEM_FIELDS if (v := getattr(self, k, None)) is not None}
        return _restore, (known, self.args, dict(self.__dict__), system)

    def __str__(self) -> str:
        # OSError would put errno and filename beside a message that has them already.
        return str(self.args[0]) if len(self.args) == 1 else super().__str__()


class UsageError(RecorderError, ValueError, RuntimeError):
    """The caller's mistake.

    When: a flag, an argument or the order of calls is wrong.
    Why: the recorder refuses what it cannot honour instead of guessing.
    What to do: correct the call; the message names the argument and what is allowed.
    """

    kind = "Usage"
    exit_status = EXIT_STATUS["Usage"]


class EnvironmentError(RecorderError, OSError):
    """The machine did not allow it.

    When: disk, permissions, limits, or an interpreter that is missing or not supported.
    Why: ``errno`` and ``filename`` are set where the operating system gave a reason.
    What to do: repair what the message names, or let the recording go somewhere else.
    """

    kind = "Environment"
    exit_status = EXIT_STATUS["Environment"]


class TargetError(RecorderError, RuntimeError):
    """The recorded program took recording away.

    When: it freed the recorder's tool id, or closed or replaced its files.
    Why: the recorder never takes back what the program took.
    What to do: find the place in the program that the message describes.
    """

    kind = "Target"
    exit_status = EXIT_STATUS["Target"]


class InternalError(RecorderError, RuntimeError):
    """A defect of the recorder.

    When: a condition that the recorder relies on did not hold, or a panic was caught.
    Why: nothing that the caller did should lead here.
    What to do: report it with message and context.
    """

    kind = "Internal"
    exit_status = EXIT_STATUS["Internal"]


class _UsageTypeError(UsageError, TypeError):
    """A UsageError where an argument has the wrong type."""


class _UsageFileNotFoundError(UsageError, FileNotFoundError):
    """A UsageError where the caller named a file that does not exist."""


class _EnvironmentFileNotFoundError(EnvironmentError, FileNotFoundError):
    """An EnvironmentError for ENOENT."""


class _EnvironmentPermissionError(EnvironmentError, PermissionError):
    """An EnvironmentError for EACCES and EPERM."""


# Programs and tracebacks see the public name.
for _leaf, _public in (
    (_UsageTypeError, UsageError),
    (_UsageFileNotFoundError, UsageError),
    (_EnvironmentFileNotFoundError, EnvironmentError),
    (_EnvironmentPermissionError, EnvironmentError),
):
    _leaf.__name__ = _leaf.__qualname__ = _public.__name__

_LEAVES: Final[dict[str, type[RecorderError]]] = {
    "usage.type": _UsageTypeError,
    "usage.file": _UsageFileNotFoundError,
    "environment.file": _EnvironmentFileNotFoundError,
    "environment.permission": _EnvironmentPermissionError,
}
_BY_KIND: Final[dict[str, type[RecorderError]]] = {
    "Usage": UsageError,
    "Environment": EnvironmentError,
    "Target": TargetError,
    "Internal": InternalError,
}
_BY_CODE: Final[dict[str, type[RecorderError]]] = {
    "ERR_SCRIPT_NOT_FOUND": _UsageFileNotFoundError,
    "ERR_TRACE_NOT_FOUND": _UsageFileNotFoundError,
    "ERR_NOT_FOUND": _EnvironmentFileNotFoundError,
    "ERR_PERMISSION": _EnvironmentPermissionError,
}
_SYSTEM_FIELDS: Final = ("errno", "strerror", "filename", "filename2")


def make(code: str, message: str, /, **context: object) -> RecorderError:
    """The exception of a code, to be raised by the caller.

    Args:
        code: the name of an active code.
        message: the text for people.
        context: facts for programs; values become strings.

    Returns:
        An instance of the class that the code's kind picks.
    """
    return _build(None, code, message, {k: str(v) for k, v in context.items()}, None)


def make_type_error(code: str, message: str, /, **context: object) -> RecorderError:
    """As ``make``, for a code of kind Usage, and a ``TypeError`` as well."""
    facts = {k: str(v) for k, v in context.items()}
    return _build(_UsageTypeError, code, message, facts, None)


def human_line(error: RecorderError) -> str:
    """The line for people on stderr, without a line end and without control characters."""
    text = f"recorder: {error.code}: {error.message}{_facts(error.context)}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _from_native(
    code: str,
    message: str,
    context: Mapping[str, str],
    errno: int | None,
    said: bool = False,
) -> RecorderError:
    """The exception of an error made in the compiled module; ``said`` when stderr has it."""
    error = _build(None, code, message, dict(context), errno)
    error._said = said
    return error


def _build(
    cls: type[RecorderError] | None,
    code: str,
    message: str,
    context: dict[str, str],
    errno: int | None,
) -> RecorderError:
    info = CODES.get(code)
    if cls is None or info is None or info.kind != cls.kind:
        kind = "Internal" if info is None else info.kind
        cls = _BY_CODE.get(code, _BY_KIND[kind])
    error = cls(f"[{code}] {message}{_facts(context)}")
    error.code = code
    error.message = message
    error.context = context
    if isinstance(error, OSError):
        _fill_system_fields(error, context.get("path"), errno)
    return error


def _fill_system_fields(error: OSError, path: str | None, errno: int | None) -> None:
    if errno is not None:
        error.errno = errno
        error.strerror = os.strerror(errno)
    if path is not None:
        error.filename = path


def _facts(context: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{key}={value}" for key, value in context.items())
    return f" ({pairs})" if pairs else ""


def _restore(
    known: str | type[RecorderError],
    args: tuple[object, ...],
    state: dict[str, Any],
    system: dict[str, Any],
) -> RecorderError:
    """The inverse of ``RecorderError.__reduce__``."""
    cls = _LEAVES[known] if isinstance(known, str) else known
    error = cls(*args)
    error.__dict__.update(state)
    for name, value in system.items():
        setattr(error, name, value)
    return error
