"""What happens to a recording, as events for ``TraceSession.on``.

::

    from codetracer_python_recorder import start
    from codetracer_python_recorder.lifecycle import RecordingCommitted

    session = start("trace-out")
    session.on(RecordingCommitted, lambda event: upload(event.path), timeout=30)

They are events of the event bus, so they need the extra ``events`` (pydantic 2).
"""

from __future__ import annotations

from typing import Literal

from .events import BaseEvent

__all__ = [
    "LifecycleEvent",
    "RecorderFailed",
    "RecordingCommitted",
    "RecordingDetached",
    "RecordingStarted",
]


class LifecycleEvent(BaseEvent[None]):
    """Base of the four events.

    Attributes:
        path: the directory of the recording, absolute.
        trace_id, run_id: UUIDv7 of the recording and of the process; empty where recording could
            not start.
    """

    path: str
    trace_id: str
    run_id: str


class RecordingStarted(LifecycleEvent):
    """Recording began.

    Attributes:
        format: the format that the recording will have.
    """

    format: str


class RecordingDetached(LifecycleEvent):
    """Recording ended by a failure while the program ran; the program goes on unrecorded.

    Attributes:
        code: the code of the failure; ``RecorderFailed`` tells the rest.
    """

    code: str


class RecordingCommitted(LifecycleEvent):
    """The recording is saved and may be read, moved or sent away.

    Attributes:
        partial: whether it ends before the program did.
        reason: the code of what ended it, if it is partial.
        events, calls: how many it holds.
        bytes: its size.
    """

    partial: bool
    reason: str | None
    events: int
    calls: int
    bytes: int


class RecorderFailed(LifecycleEvent):
    """The recorder failed; what follows is decided by the switch ``on_recorder_error``.

    Attributes:
        stage: ``start``, ``running`` or ``commit``.
        code, kind, message, context: as of ``RecorderError``.
    """

    stage: Literal["start", "running", "commit"]
    code: str
    kind: str
    message: str
    context: dict[str, str]
