"""What the ``.pth`` imports when ``record`` has left its options in the environment.

Recording starts here, inside ``site``, before the program's first line. Nothing may be raised
into ``site``: it would print a traceback and run the program unrecorded.
"""

import os
import sys

__all__: list[str] = []

_VARIABLE = "CODETRACER_PYTHON_RECORDER_LAUNCH"
_INTERRUPTED = 130


def _begin() -> None:
    # Processes that the program starts must not find it.
    options = os.environ.pop(_VARIABLE, None)
    if options is None:
        return
    try:
        from . import _native

        _native.launch(options)
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
    except Exception as error:
        _fail(options, error)


def _fail(options: str, error: Exception) -> None:
    """Follows the policy: the process ends here, or the program runs unrecorded."""
    status = 70
    try:
        import json

        from . import _notice
        from .exceptions import RecorderError, make

        if isinstance(error, ImportError):
            python = sys.version.split()[0]
            error = make("ERR_UNSUPPORTED_PYTHON", f"cannot load: {error}", python=python)
        elif not isinstance(error, RecorderError):
            error = make("ERR_INTERNAL", f"starting failed: {error!r}")
        status = error.exit_status
        # A mistake of the caller ends the process under every policy.
        if error.kind != "Usage" and json.loads(options).get("on_recorder_error") == "disable":
            _notice.warning(error, "the program runs unrecorded")
            return
        _notice.failure(error)
    except BaseException as failed:
        os.write(2, f"recorder: ERR_INTERNAL: starting failed: {failed!r}\n".encode())
    os._exit(status)


_begin()
