"""The compiled module as ``native``; importing this says with a code when it does not fit.

Raises on import:
    EnvironmentError: ``ERR_UNSUPPORTED_PYTHON``, the compiled module is missing or was built for
        another interpreter.
"""

import sys

from .exceptions import make

__all__ = ["native"]

try:
    from . import _native as native
except ImportError as _error:
    raise make(
        "ERR_UNSUPPORTED_PYTHON",
        "the compiled module of codetracer-python-recorder does not fit this interpreter; "
        "install the package for it",
        python=sys.version.split()[0],
        executable=sys.executable,
    ) from _error
