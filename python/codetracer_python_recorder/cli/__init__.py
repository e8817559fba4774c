"""The command line: ``codetracer-python-recorder COMMAND ...``.

A first word that is no command means ``record``. A failure is one line on stderr and an exit
status by kind; see ``exceptions``. This module parses and runs on any Python 3, so that an
interpreter that is too old is told so.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

__all__ = ["main", "main_script"]

_OLDEST_TO_PARSE = (3, 11)
_ENVIRONMENT = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: the words after the program's name; ``None`` takes them from ``sys.argv``.

    Returns:
        The exit status. ``record`` does not return when the program could be started.
    """
    if sys.version_info < _OLDEST_TO_PARSE:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write(
            "recorder: ERR_UNSUPPORTED_PYTHON: CPython 3.12 or later is needed; run it with a "
            f"newer interpreter (python={found}, executable={sys.executable})\n"
        )
        return _ENVIRONMENT
    from .dispatch import dispatch

    ended = dispatch(list(sys.argv[1:] if argv is None else argv))
    return ended if isinstance(ended, int) else ended()


def main_script() -> NoReturn:
    """Runs one command as the whole process does."""
    # The first entry is the directory of the script or, under -m, the current one. A module
    # there with the name of one of the standard library must not take its place here.
    if sys.path and not getattr(sys.flags, "safe_path", False):
        del sys.path[0]
    sys.exit(main())
