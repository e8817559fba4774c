"""The compiled module as ``native``; importing this says with a code when there is none that fits.

Raises on import:
    EnvironmentError: ``ERR_UNSUPPORTED_PYTHON``, the interpreter has not what recording needs, or
        the compiled module is missing or was built for another one.
"""

import sys

from .exceptions import RecorderError, make

__all__ = ["native"]

_OLDEST = (3, 12)


def _unsupported(problem: str) -> RecorderError:
    found = f"{sys.implementation.name} {sys.version.split()[0]}"
    return make("ERR_UNSUPPORTED_PYTHON", problem, python=found, executable=sys.executable)


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
    raise _unsupported(
        "the compiled module of codetracer-python-recorder does not fit this interpreter; "
        "install the package for it"
    ) from _error
