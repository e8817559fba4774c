"""What the ``.pth`` imports when ``record`` has left its options in the environment.

Recording starts here, inside ``site``, before the program's first line. Nothing may be raised
into ``site``: it would print a traceback and run the program unrecorded.
"""

import os
import sys

__all__ = ["begin", "settle"]

_VARIABLE = "CODETRACER_PYTHON_RECORDER_LAUNCH"
_UNRECORDED = "unrecorded:"
"""Stands in place of options where nothing can be recorded, before: whether the program's status is
that of the process (0 or 1), whether failures are lines of JSON too, a colon, and where a recording
would have to be, if it must."""
_INTERRUPTED = 130
_kept: list[object] = []
"""Modules that the program must find unmade. Released, they would be garbage for it to collect."""


def begin() -> None:
    """Start recording if the environment asks for it."""
    # Processes that the program starts must not find it.
    options = os.environ.pop(_VARIABLE, None)
    if options is None:
        return
    if options.startswith("follow:"):
        from . import _follow

        _follow.begin(options.removeprefix("follow:"))
        return
    try:
        if options.startswith(_UNRECORDED):
            from ._ending import end_without

            on, _, place = options.removeprefix(_UNRECORDED).partition(":")
            end_without(place or None, propagate=on[0] == "1", json=on[1] == "1")
        else:
            from . import _native

            _native.launch(options)
    except KeyboardInterrupt:
        os._exit(_INTERRUPTED)
    except Exception as error:
        _fail(options, error)


def settle(known: set[str], young: int) -> None:
    """Leave no trace of the launch in what the program can count.

    Modules of the interpreter that were not among the ``known`` ones are forgotten again, so that
    the program's own import makes them. The number of containers that the cyclic collector had
    counted, ``young``, is put back, so that the program's first collection comes when it would
    unrecorded.
    """
    import gc

    if "gc" not in known:
        # The count was taken when the module had just been made: it is made once more, to see
        # how many containers it consists of.
        _kept.append(sys.modules.pop("gc"))
        before = gc.get_count()[0]
        import gc as again

        young -= gc.get_count()[0] - before
        _kept.append(again)
    for name in ("atexit", "gc"):
        if name not in known and name in sys.modules:
            _kept.append(sys.modules.pop(name))
    native = sys.modules.get("codetracer_python_recorder._native")
    if native is not None:
        native.set_young_count(gc.get_count(), gc.get_threshold(), young)


def _fail(options: str, error: Exception) -> None:
    """Follows the policy: the process ends here, or the program runs unrecorded."""
    status = 70
    try:
        import json

        from . import _notice
        from ._ending import end_without
        from .exceptions import RecorderError, make

        if isinstance(error, ImportError):
            python = sys.version.split()[0]
            error = make("ERR_UNSUPPORTED_PYTHON", f"cannot load: {error}", python=python)
        elif not isinstance(error, RecorderError):
            error = make("ERR_INTERNAL", f"starting failed: {error!r}")
        status = error.exit_status
        try:
            policy = dict(json.loads(options))
        except (TypeError, ValueError):
            policy = {}
        as_json = bool(policy.get("json_errors"))
        # A mistake of the caller ends the process under every policy.
        if error.kind != "Usage" and policy.get("on_recorder_error") == "disable":
            _notice.warning(error, "the program runs unrecorded", json=as_json)
            end_without(
                policy["dir"] if policy.get("require_trace") else None,
                propagate=policy.get("propagate_script_exit", True),
                json=as_json,
            )
            return
        _notice.failure(error, json=as_json)
    except BaseException as failed:
        os.write(2, f"recorder: ERR_INTERNAL: starting failed: {failed!r}\n".encode())
    os._exit(status)
