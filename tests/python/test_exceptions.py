"""The exception classes: what they are, what they carry, and that they travel."""

import copy
import errno
import pickle

import pytest
from codetracer_python_recorder import exceptions as ex
from codetracer_python_recorder._gen.codes import CODES, EXIT_STATUS

ACTIVE = sorted(name for name, info in CODES.items() if not info.retired)


@pytest.mark.parametrize("code", ACTIVE)
def test_the_kind_of_a_code_picks_class_and_exit_status(code: str) -> None:
    error = ex.make(code, "m", a=1)
    kind = CODES[code].kind
    assert type(error).__name__ == f"{kind}Error"
    assert (error.code, error.kind, error.exit_status) == (code, kind, EXIT_STATUS[kind])
    assert error.context == {"a": "1"}
    assert str(error) == f"[{code}] m (a=1)"
    assert error.message == "m"


@pytest.mark.parametrize(
    ("cls", "builtins"),
    [
        (ex.UsageError, (ValueError, RuntimeError)),
        (ex.EnvironmentError, (OSError,)),
        (ex.TargetError, (RuntimeError,)),
        (ex.InternalError, (RuntimeError,)),
    ],
)
def test_each_class_is_the_builtin_that_callers_used_to_catch(
    cls: type[ex.RecorderError], builtins: tuple[type[BaseException], ...]
) -> None:
    assert issubclass(cls, ex.RecorderError)
    for builtin in builtins:
        assert issubclass(cls, builtin)


SAMPLES = [
    (ex.make("ERR_PANIC", "m", entry="start"), ex.InternalError, RuntimeError),
    (ex.make_type_error("ERR_INVALID_ARGUMENT", "m"), ex.UsageError, TypeError),
    (ex.make("ERR_SCRIPT_NOT_FOUND", "m", path="a.py"), ex.UsageError, FileNotFoundError),
    (
        ex._from_native("ERR_NO_SPACE", "full", {"path": "/x"}, errno.ENOSPC),
        ex.EnvironmentError,
        OSError,
    ),
    (
        ex._from_native("ERR_PERMISSION", "no", {"path": "/x"}, errno.EACCES),
        ex.EnvironmentError,
        PermissionError,
    ),
    (
        ex._from_native("ERR_NOT_FOUND", "no", {"path": "/x"}, errno.ENOENT),
        ex.EnvironmentError,
        FileNotFoundError,
    ),
    (ex.EnvironmentError(errno.EIO, "by hand"), ex.EnvironmentError, OSError),
    (ex.UsageError("by hand"), ex.UsageError, ValueError),
]


@pytest.mark.parametrize(("error", "cls", "builtin"), SAMPLES, ids=lambda v: getattr(v, "code", ""))
@pytest.mark.parametrize("travel", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_pickling_restores_everything(error, cls, builtin, travel) -> None:  # type: ignore[no-untyped-def]
    again = travel(error)
    assert type(again) is type(error)
    assert isinstance(again, cls)
    assert isinstance(again, builtin)
    assert type(again).__name__ == cls.__name__
    assert again.args == error.args
    assert str(again) == str(error)
    for name in ("code", "kind", "message", "context", "exit_status", "errno", "filename"):
        assert getattr(again, name, None) == getattr(error, name, None), name


def test_the_system_s_reason_is_where_oserror_has_it() -> None:
    error = ex._from_native("ERR_NO_SPACE", "full", {"path": "/x"}, errno.ENOSPC)
    assert isinstance(error, OSError)
    assert (error.errno, error.filename) == (errno.ENOSPC, "/x")
    assert str(error) == "[ERR_NO_SPACE] full (path=/x)"


def test_a_code_that_python_does_not_know_is_internal() -> None:
    error = ex._from_native("ERR_FROM_THE_FUTURE", "m", {}, None)
    assert type(error) is ex.InternalError
    assert error.code == "ERR_FROM_THE_FUTURE"


def test_the_human_line_is_one_line() -> None:
    error = ex.make("ERR_INVALID_ARGUMENT", "a\nb\x1b[0m", k="v")
    expected = "recorder: ERR_INVALID_ARGUMENT: a\\nb\\x1b[0m (k=v)"
    assert ex.human_line(error) == expected
