"""Records what a Python program did: calls, lines, values, exceptions.

Record a block of a program and read it back::

    import codetracer_python_recorder as recorder

    with recorder.trace("trace-out"):
        work()

    for call in recorder.Trace("trace-out").calls():
        print(call.function, call.args, call.result)

Whole programs are recorded by ``codetracer-python-recorder record script.py``. Names are loaded at
their first use, so that importing the package costs next to nothing. Where the environment has
``CODETRACER_TRACE=DIR``, importing the package starts a recording there; see ``auto_start``.
"""

from os import environ as _environ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native import version as __version__
    from .exceptions import (
        EnvironmentError,
        InternalError,
        RecorderError,
        TargetError,
        UsageError,
    )
    from .formats import DEFAULT_FORMAT, TRACE_BINARY, TRACE_JSON, TRACE_NATIVE
    from .metrics import install_metrics
    from .policy import configure_policy, configure_policy_from_env, policy_snapshot
    from .reading import Call, Event, Frame, Trace, Value
    from .session import TraceSession, flush, is_tracing, start, stop, trace

__all__ = [
    "DEFAULT_FORMAT",
    "TRACE_BINARY",
    "TRACE_JSON",
    "TRACE_NATIVE",
    "Call",
    "EnvironmentError",
    "Event",
    "Frame",
    "InternalError",
    "RecorderError",
    "TargetError",
    "Trace",
    "TraceSession",
    "UsageError",
    "Value",
    "__version__",
    "configure_policy",
    "configure_policy_from_env",
    "flush",
    "install_metrics",
    "is_tracing",
    "policy_snapshot",
    "start",
    "stop",
    "trace",
]

# Every public name and the module that has it. No module may have the name of a public function:
# importing it would put the module in the function's place.
_HOMES = {
    "DEFAULT_FORMAT": "formats",
    "TRACE_BINARY": "formats",
    "TRACE_JSON": "formats",
    "TRACE_NATIVE": "formats",
    "Call": "reading",
    "EnvironmentError": "exceptions",
    "Event": "reading",
    "Frame": "reading",
    "InternalError": "exceptions",
    "RecorderError": "exceptions",
    "TargetError": "exceptions",
    "Trace": "reading",
    "TraceSession": "session",
    "UsageError": "exceptions",
    "Value": "reading",
    "configure_policy": "policy",
    "configure_policy_from_env": "policy",
    "flush": "session",
    "install_metrics": "metrics",
    "is_tracing": "session",
    "policy_snapshot": "policy",
    "start": "session",
    "stop": "session",
    "trace": "session",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from ._extension import native

        value: object = native.version
    elif name in _HOMES:
        from importlib import import_module

        value = getattr(import_module("." + _HOMES[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})


if _environ.get("CODETRACER_TRACE"):
    from .auto_start import auto_start_from_env

    auto_start_from_env()
    del auto_start_from_env
