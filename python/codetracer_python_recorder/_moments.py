"""What happened to one recording so far, as plain data, whether or not a hook asks for it.

Code of other packages runs here only where it is not recorded: in a thread of the recorder's own,
or when recording has ended.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

from ._extension import native
from .exceptions import RecorderError, make

__all__ = ["Moments"]

_METADATA: Final = "trace_metadata.json"


class Moments:
    """The moments of a recording, in their order.

    Attributes:
        happened: names of ``lifecycle`` classes with the values of the fields that are their own.
        aborts: whether failures are raised.
        pid: the process that is recorded; a forked child has no part in it.
    """

    __slots__ = ("_answer", "_failed", "_keeps_partial", "_path", "aborts", "happened", "pid")

    def __init__(self, path: str, settings: dict[str, Any]) -> None:
        self._path = path
        self._answer: str | None = None
        self._keeps_partial = bool(settings["keep_partial_trace"])
        self._failed = False
        self.aborts = settings["on_recorder_error"] == "abort"
        self.happened: list[tuple[str, dict[str, Any]]] = []
        self.pid = os.getpid()

    def started(self, answer: str, format: str) -> None:
        """Recording began; ``answer`` is the compiled module's."""
        self._answer = answer
        self._add("RecordingStarted", format=format)

    def common(self) -> dict[str, str]:
        """The fields that all events have."""
        told = {} if self._answer is None else json.loads(self._answer)
        ids = {name: told.get(name, "") for name in ("trace_id", "run_id")}
        return {"path": self._path, **ids}

    def not_started(self, error: RecorderError) -> None:
        """Recording could not begin, and the policy lets the program run."""
        self._add_failure("start", error)

    def look(self) -> bool:
        """Notices that recording has ended by itself. Returns whether it has."""
        if native.is_tracing():
            return False
        error = _last_failure()
        if error is not None and not self._failed:
            self._add("RecordingDetached", code=error.code)
            self._add_failure("running", error)
        return True

    def stopped(self, answer: str | None, error: RecorderError | None) -> None:
        """Recording ended as asked: with the compiled module's answer or its error."""
        error = error or _last_failure()
        if error is not None and not self._failed:
            self._add_failure("commit", error)
        saved = json.loads(answer) if answer is not None else self._kept()
        if saved is not None:
            self._add(
                "RecordingCommitted",
                partial=saved["partial"],
                reason=saved.get("reason"),
                events=saved["events"],
                calls=saved["calls"],
                bytes=saved["bytes"],
            )

    def _kept(self) -> dict[str, Any] | None:
        """What stands in the recording's place, if it is this one."""
        if not self._keeps_partial:
            return None
        try:
            with open(os.path.join(self._path, _METADATA), encoding="utf-8") as file:
                found: dict[str, Any] = json.load(file)
        except (OSError, ValueError):
            return None
        return found if found.get("trace_id") == self.common()["trace_id"] else None

    def _add_failure(self, stage: str, error: RecorderError) -> None:
        self._failed = True
        self._add(
            "RecorderFailed",
            stage=stage,
            code=error.code,
            kind=error.kind,
            message=error.message,
            context=dict(error.context),
        )

    def _add(self, name: str, **fields: Any) -> None:
        self.happened.append((name, fields))


def _last_failure() -> RecorderError | None:
    told = native.failure()
    if told is None:
        return None
    facts = json.loads(told)
    return make(facts["code"], facts["message"], **facts["context"])
