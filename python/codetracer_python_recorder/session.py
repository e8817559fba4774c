"""Recording from inside a program: ``start``, ``stop``, ``trace`` and the session they give.

One process has at most one recording, of all its threads. Where it is started decides nothing:
frames that run already are recorded from their next line on. Failures of the recorder follow the
switch ``on_recorder_error``: ``abort`` raises them here, never inside the recorded code;
``disable`` writes one warning line to stderr and lets the program run unrecorded.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from . import _notice
from ._extension import native
from ._moments import Moments
from ._paths import absolute, text_of
from ._session_words import (
    check_exit_code,
    check_reason,
    refuse,
    settings_of,
    wants_json,
    with_switch,
)
from .exceptions import RecorderError, make
from .formats import DEFAULT_FORMAT, normalize_format
from .metrics import deliver

if TYPE_CHECKING:
    from ._hooks import Hooks
    from .lifecycle import LifecycleEvent

__all__ = ["TraceSession", "flush", "is_tracing", "start", "stop", "trace"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_E = TypeVar("_E", bound="LifecycleEvent")

_UNRECORDED = "the program runs unrecorded"

_current: "TraceSession | None" = None
_as_json = False
"""Whether failures of the current session are lines of JSON as well."""
_required: "object | None" = None
"""Where the current session should record, if it must and cannot."""


class TraceSession:
    """A recording of this process, from ``start`` until ``stop``.

    As a context manager it stops at the end of the block.

    Attributes:
        path: where the recording will be; ``~`` is expanded, links are not resolved.
        format: the format that it will have.
    """

    path: Path
    format: str

    def __init__(self, path: Path, format: str, moments: Moments) -> None:
        self.path = path
        self.format = format
        self._moments = moments
        self._hooks: Hooks | None = None

    def on(
        self, event: type[_E], handler: Callable[[_E], object], *, timeout: float = 10.0
    ) -> None:
        """Calls ``handler`` when ``event`` happens to this recording.

        Handlers are called at safe points only: here, if the event has happened already, in
        ``flush``, in ``stop``, and when the interpreter exits. There a recording that still runs
        and has handlers is stopped. They run side by side, unrecorded, in threads of the
        recorder's own, coroutine functions on a loop of their own; the safe point waits until all
        have ended or their limits have passed.

        A handler that fails or takes too long is a failure of the recorder: under ``abort`` the
        call in which it ran raises it when everything else is done, under ``disable`` it is one
        warning line. The recording is not affected. Without the events' classes, which are in
        ``lifecycle``, nothing of the event bus is imported.

        Args:
            event: ``RecordingStarted``, ``RecordingDetached``, ``RecordingCommitted`` or
                ``RecorderFailed``.
            handler: a function or coroutine function of the event. What it returns is ignored.
            timeout: seconds after which the program goes on without it.

        Raises:
            UsageError: ``ERR_MISSING_EXTRA``, pydantic is not installed; ``ERR_INVALID_ARGUMENT``,
                an argument is wrong.
            TargetError: ``ERR_HOOK_FAILED``, ``ERR_HOOK_TIMEOUT``, under ``abort``.
        """
        if self._hooks is None:
            from ._apart import unrecorded

            self._hooks = unrecorded(self._make_hooks)
        self._hooks.add(event, handler, timeout)
        self._tell(None)

    def stop(self, *, exit_code: int | None = None) -> None:
        """Ends this recording and saves it; does nothing when it has ended already.

        Args:
            exit_code: the exit status that the recording shall state for the program.

        Raises:
            RecorderError: recording or saving failed, under ``abort``.
        """
        if _current is self:
            stop(exit_code=exit_code)

    def flush(self) -> None:
        """As the function ``flush``, while this recording runs."""
        if _current is self:
            flush()

    def dump(self, path: str | os.PathLike[str], *, reason: str = "dump") -> Path:
        """Saves what this flight recorder holds now as a recording of its own, and goes on.

        Everything that was recorded before the call is in it. Other threads go on meanwhile.

        Args:
            path: the directory that becomes the recording. An older recording there is replaced;
                anything else is left alone and refused.
            reason: why, in a word or a line; ``info`` shows it.

        Returns:
            Where the recording is.

        Raises:
            UsageError: ``ERR_NO_FLIGHT_RECORDER``, everything is kept, or nothing is recorded any
                more; ``ERR_INVALID_ARGUMENT``, an argument is wrong;
                ``ERR_OUTPUT_NOT_DIRECTORY``, ``ERR_OUTPUT_FOREIGN``, the place is somebody
                else's.
            EnvironmentError: it cannot be written.
        """
        try:
            check_reason(reason)
            place = absolute(text_of(path, "path"), "path")
            if _current is not self:
                raise make("ERR_NO_FLIGHT_RECORDER", "this recording has ended")
            answer: dict[str, Any] = json.loads(native.dump(place, reason))
        except RecorderError as error:
            _notice.raised(error, json=_as_json)
            raise
        return Path(answer["dir"])

    def _make_hooks(self) -> "Hooks":
        from ._hooks import Hooks

        return Hooks(self._moments, self.stop)

    def _stop(self, exit_code: int | None) -> None:
        moments = self._moments
        moments.look()
        answer: str | None = None
        failure: RecorderError | None = None
        try:
            answer = native.stop(exit_code)
        except RecorderError as error:
            failure = error
        moments.stopped(answer, failure)
        self._tell(failure)

    def _flush(self) -> None:
        failure: RecorderError | None = None
        self._moments.look()
        try:
            native.flush()
        except RecorderError as error:
            failure = error
        self._tell(failure)

    def _tell(self, failure: RecorderError | None) -> None:
        """Calls the handlers that are due; raises ``failure``, else what went wrong with them."""
        problems = [] if self._hooks is None else self._hooks.deliver()
        if failure is None and problems and self._moments.aborts:
            failure = problems.pop(0)
        for problem in problems:
            if self._moments.aborts:
                _notice.failure(problem, json=_as_json)
            else:
                _notice.warning(problem, "the program goes on", json=_as_json)
        if failure is not None:
            raise failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _stop_at_end(self, error)

    def __repr__(self) -> str:
        return f"TraceSession({str(self.path)!r}, {self.format!r})"


def start(
    path: str | os.PathLike[str],
    *,
    format: str = DEFAULT_FORMAT,
    start_on_enter: str | os.PathLike[str] | None = None,
    trace_filter: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    flight_recorder: str | None = None,
    policy: Mapping[str, object] | None = None,
    apply_env_policy: bool = True,
) -> TraceSession:
    """Starts a recording of this process.

    Args:
        path: the directory that becomes the recording. An older recording there is replaced when
            this one is saved; anything else is left alone and refused.
        format: how it is written; see ``formats``.
        start_on_enter: not available in this version.
        trace_filter: not available in this version.
        flight_recorder: keeps only the newest part of the recording: so much on disk (``"32M"``,
            ``"500K"``; copies of sources are not counted), or so many seconds (``"30s"``). The
            same as that switch in ``policy``. ``TraceSession.dump`` saves it while it runs.
        policy: switches for this recording only: ``on_recorder_error`` (``"abort"`` or
            ``"disable"``), ``keep_partial_trace`` (bool), ``capture`` (``"calls"``, ``"lines"`` or
            ``"values"``), ``all`` (bool); how much of a value is kept: ``max_string`` (characters,
            1 to 16,000), ``max_bytes`` (of bytes and ints, 1 to 16,000), ``max_items`` (of a
            container, 1 to 1,000), ``max_objects`` (1 to 4,096) and ``max_depth`` (1 to 64) of what
            is described when a value is first seen; ``overload``, what happens where the program
            is faster than it can be stored (``"wait"``, or ``"drop"`` with a gap that counts what
            is missing); ``flight_recorder``,
            and ``dump_on``, the signal that saves it beside ``path`` while it runs
            (``"SIGUSR1"``, ``"SIGUSR2"``, ``"SIGHUP"``, ``"SIGQUIT"``).
        apply_env_policy: whether environment variables may set switches that ``policy`` does not.

    Returns:
        The session. Under ``disable`` it may be one that records nothing; ``is_tracing`` knows.

    Raises:
        UsageError: ``ERR_ALREADY_TRACING``, a recording runs; ``ERR_UNSUPPORTED_FORMAT``,
            ``ERR_UNSUPPORTED_OPTION``, this version cannot do that; ``ERR_INVALID_ARGUMENT``,
            ``ERR_INVALID_POLICY_VALUE``, an argument is wrong; ``ERR_OUTPUT_NOT_DIRECTORY``,
            ``ERR_OUTPUT_FOREIGN``, the place is somebody else's; ``ERR_SIGNAL_TAKEN``, the program
            handles the signal of ``dump_on``.
        EnvironmentError: the machine does not allow it; under ``abort`` only.
    """
    try:
        switches = with_switch(policy, "flight_recorder", flight_recorder)
        return _start(path, format, start_on_enter, trace_filter, switches, apply_env_policy)
    except RecorderError as error:
        _notice.raised(error, json=wants_json(policy, apply_env_policy))
        raise


def start_with_process(path: str, *, format: str | None, trace_filter: str | None) -> None:
    """Starts a recording that the end of the process saves, with what the environment says.

    Raises:
        RecorderError: it cannot start.
    """
    _start(path, normalize_format(format), None, trace_filter, None, True, native.launch, "import")


def _start(
    path: str | os.PathLike[str],
    format: str,
    start_on_enter: object,
    trace_filter: object,
    policy: Mapping[str, object] | None,
    apply_env_policy: bool,
    begin: Callable[[str], str] = native.start,
    origin: str = "api",
) -> TraceSession:
    global _current, _as_json, _required
    if native.is_tracing():
        raise make(
            "ERR_ALREADY_TRACING",
            "a recording is running in this process; stop it before starting another",
        )
    place = text_of(path, "path")
    name = normalize_format(format)
    refuse("start_on_enter", start_on_enter)
    refuse("trace_filter", trace_filter)
    settings = settings_of(policy, apply_env_policy)
    options: dict[str, Any] = {
        "dir": absolute(place, "path"),
        "origin": origin,
        "next_command": "codetracer-python-recorder print",
        **settings,
    }
    moments = Moments(options["dir"], settings)
    session = TraceSession(Path(place), name, moments)
    as_json = bool(settings["json_errors"])
    required = None
    try:
        answer = begin(json.dumps(options))
    except RecorderError as error:
        if origin != "api" or settings["on_recorder_error"] != "disable" or error.kind == "Usage":
            raise
        _notice.warning(error, _UNRECORDED, json=as_json)
        moments.not_started(error)
        if settings["require_trace"]:
            required = options["dir"]
    else:
        moments.started(answer, name)
    _current, _as_json, _required = session, as_json, required
    return session


def stop(*, exit_code: int | None = None) -> None:
    """Ends the recording and saves it; does nothing when none is running.

    Args:
        exit_code: the exit status that the recording shall state for the program.

    Raises:
        RecorderError: recording or saving failed, under ``abort``. The recording has ended.
        UsageError: ``ERR_INVALID_ARGUMENT``, ``exit_code`` is no 32-bit number; the recording
            goes on.
    """
    if exit_code is not None:
        check_exit_code(exit_code)
    try:
        _finish(exit_code)
    except RecorderError as error:
        _notice.raised(error, json=_as_json)
        raise


def _finish(exit_code: int | None) -> None:
    global _current, _required
    session, _current = _current, None
    missing, _required = _required, None
    try:
        if session is None:
            native.stop(exit_code)
        else:
            session._stop(exit_code)
    finally:
        deliver()
    if missing is not None:
        raise make(
            "ERR_TRACE_MISSING",
            "a recording was required, and none that holds an event was made",
            path=missing,
        )


def flush() -> None:
    """Makes what was recorded so far safe; does nothing when no recording is running.

    Raises:
        RecorderError: recording failed and has ended, under ``abort``.
    """
    try:
        if _current is None:
            native.flush()
        else:
            _current._flush()
    except RecorderError as error:
        _notice.raised(error, json=_as_json)
        raise
    finally:
        deliver()


def is_tracing() -> bool:
    """Whether this process is being recorded now."""
    return native.is_tracing()


def trace(
    path: str | os.PathLike[str],
    *,
    format: str = DEFAULT_FORMAT,
    trace_filter: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    flight_recorder: str | None = None,
    policy: Mapping[str, object] | None = None,
    apply_env_policy: bool = True,
) -> "_Block":
    """A context manager that records its block; a decorator that records each call.

    Arguments are those of ``start``, which runs when the block is entered. The value of ``with
    ... as`` is the session. An exception of the block passes unchanged; if the recorder fails as
    well, its failure goes to stderr.
    """
    return _Block(
        path,
        {
            "format": format,
            "trace_filter": trace_filter,
            "flight_recorder": flight_recorder,
            "policy": policy,
            "apply_env_policy": apply_env_policy,
        },
    )


class _Block:
    """What ``trace`` returns."""

    def __init__(self, path: str | os.PathLike[str], keywords: dict[str, Any]) -> None:
        self._path = path
        self._keywords = keywords
        self._session: TraceSession | None = None

    def __enter__(self) -> TraceSession:
        self._session = start(self._path, **self._keywords)
        return self._session

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            _stop_at_end(session, error)

    def __call__(self, function: Callable[_P, _R], /) -> Callable[_P, _R]:
        from functools import wraps

        @wraps(function)
        def recorded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            with _Block(self._path, self._keywords):
                return function(*args, **kwargs)

        return recorded


def _stop_at_end(session: TraceSession, error: BaseException | None) -> None:
    if error is None:
        session.stop()
    elif _current is session:
        try:
            _finish(None)
        except RecorderError as failure:
            if not failure._said:
                _notice.failure(failure, json=_as_json)
