"""The compiled module. Options and answers that are JSON are documented where Python makes them."""

from collections.abc import Callable, Sequence
from typing import Any, final

__all__ = [
    "Recording",
    "_after_fork_in_child",
    "_at_exit",
    "_before_fork",
    "check_output",
    "dump",
    "encode_options",
    "end_without",
    "failure",
    "flush",
    "follow",
    "is_tracing",
    "launch",
    "recording",
    "recover",
    "resolve_policy",
    "run_apart",
    "set_young_count",
    "start",
    "stop",
    "take_metrics",
    "trailer",
    "version",
]

version: str

@final
class Recording:
    """An open recording. The methods that print give UTF-8 to ``write``."""

    def info_json(self, *, family: bool = False) -> str: ...
    def print_json(
        self,
        write: Callable[[bytes], object],
        /,
        *,
        depth: int | None = None,
        function: str | None = None,
        thread: int | None = None,
    ) -> None: ...
    def print_tree(
        self,
        write: Callable[[bytes], object],
        /,
        *,
        lines: bool = False,
        depth: int | None = None,
        function: str | None = None,
        thread: int | None = None,
        colour: bool = False,
    ) -> None: ...
    def events_json(
        self,
        from_step: int,
        /,
        *,
        thread: int | None = None,
        kinds: Sequence[str] = ...,
        limit: int = 8192,
    ) -> tuple[bytes, int | None]: ...
    def frames_json(self, step: int, /, *, all: bool = True) -> str | None: ...
    def calls_json(self, *, parent: int | None = None, thread: int | None = None) -> str: ...

def start(options: str) -> str: ...
def launch(options: str) -> str: ...
def follow(options: str, kind: str | None, value: str | None, /) -> str: ...
def set_young_count(
    counts: tuple[int, int, int], thresholds: tuple[int, int, int], young: int
) -> bool: ...
def stop(exit_code: int | None = None) -> str | None: ...
def flush() -> None: ...
def dump(dir: str, reason: str, /) -> str: ...
def failure() -> str | None: ...
def run_apart(callable: Callable[[], object], /) -> None: ...
def is_tracing() -> bool: ...
def check_output(dir: str) -> None: ...
def resolve_policy(
    given: dict[str, str], source: str, use_env: bool, /
) -> dict[str, bool | int | str]: ...
def encode_options(options: dict[str, Any], /) -> str: ...
def trailer(code: str, message: str, context: dict[str, str], /) -> str: ...
def take_metrics() -> dict[str, int]: ...
def end_without(
    required: str | None, propagate: bool, json: bool, status: int | None = None, /
) -> None: ...
def recording(path: str, /) -> Recording: ...
def recover(path: str, /) -> str: ...
def _at_exit() -> None: ...
def _before_fork() -> None: ...
def _after_fork_in_child() -> None: ...
