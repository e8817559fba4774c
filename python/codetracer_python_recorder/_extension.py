"""The compiled module as ``native``; importing this says with a code when there is none that fits.

Raises on import:
    EnvironmentError: ``ERR_UNSUPPORTED_PYTHON``, the interpreter has not what recording needs, or
        the compiled module is missing or was built for another one; ``ERR_SUBINTERPRETER``, this
        is an interpreter that cannot load it because it is not the main one.
"""

import sys

from .exceptions import RecorderError, make

__all__ = ["native"]

_OLDEST = (3, 12)


def _unsupported(problem: str) -> RecorderError:
    found = f"{sys.implementation.name} {sys.version.split()[0]}"
    return make("ERR_UNSUPPORTED_PYTHON", problem, python=found, executable=sys.executable)


def _is_main() -> bool:
    """Whether this is the interpreter that the process began with."""
    import importlib

    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            interpreters = importlib.import_module(name)
        except ImportError:
            continue
        return bool(interpreters.get_current() == interpreters.get_main())
    return True


# A module built for another interpreter may load and then crash, so these come first.
if sys.implementation.name != "cpython":
    raise _unsupported("recording needs CPython")
if sys.version_info < _OLDEST:
    raise _unsupported("recording needs CPython 3.12 or later")
if "t" in sys.abiflags:
    raise _unsupported("recording needs an interpreter with the GIL")
try:
    from . import _native as native
except ImportError as _error:
    if not _is_main():
        raise make(
            "ERR_SUBINTERPRETER", "recording can only be started in the main interpreter"
        ) from _error
    raise _unsupported(
        "the compiled module of codetracer-python-recorder does not fit this interpreter; "
        "install the package for it"
    ) from _error
