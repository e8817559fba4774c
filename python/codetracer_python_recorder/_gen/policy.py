"""Every switch. Written by `just gen`; do not edit."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Switch:
    """What the table says about one switch."""

    __slots__ = (
        "key",
        "shape",
        "choices",
        "default",
        "env",
        "flag",
        "doc",
    )

    def __init__(
        self,
        *,
        key: str,
        shape: str,
        choices: tuple[str, ...],
        default: bool | int | str,
        env: str | None,
        flag: str,
        doc: str,
    ) -> None:
        self.key = key
        self.shape = shape
        self.choices = choices
        self.default = default
        self.env = env
        self.flag = flag
        self.doc = doc


SWITCHES: Final[tuple[Switch, ...]] = (
    Switch(
        key="on_recorder_error",
        shape="choice",
        choices=("abort", "disable"),
        default="abort",
        env="CODETRACER_ON_RECORDER_ERROR",
        flag="--on-recorder-error",
        doc="Whether a failure of the recorder is an error (abort) or a warning (disable).",
    ),
    Switch(
        key="keep_partial_trace",
        shape="bool",
        choices=(),
        default=False,
        env="CODETRACER_KEEP_PARTIAL_TRACE",
        flag="--keep-partial-trace",
        doc="Whether a recording that failed half way is kept, marked partial.",
    ),
    Switch(
        key="require_trace",
        shape="bool",
        choices=(),
        default=False,
        env="CODETRACER_REQUIRE_TRACE",
        flag="--require-trace",
        doc="Whether it is an error, under every policy, when no recording with an event is there in the end.",
    ),
    Switch(
        key="propagate_script_exit",
        shape="bool",
        choices=(),
        default=True,
        env="CODETRACER_PROPAGATE_SCRIPT_EXIT",
        flag="--propagate-script-exit",
        doc="Whether the program's own exit status is that of the process; otherwise it is 0. A failure of the recorder is never hidden.",
    ),
    Switch(
        key="json_errors",
        shape="bool",
        choices=(),
        default=False,
        env="CODETRACER_JSON_ERRORS",
        flag="--json-errors",
        doc="Whether each failure is also one line of JSON on stderr, for programs.",
    ),
    Switch(
        key="log_level",
        shape="choice",
        choices=("off", "error", "warn", "info", "debug", "trace"),
        default="off",
        env="CODETRACER_LOG_LEVEL",
        flag="--log-level",
        doc="How much the recorder says of itself, as lines of JSON: to stderr, and to the log file where there is one.",
    ),
    Switch(
        key="log_file",
        shape="maybe_path",
        choices=(),
        default="",
        env="CODETRACER_LOG_FILE",
        flag="--log-file",
        doc="A file that what the recorder says of itself is added to, warnings and failures unless --log-level says more.",
    ),
    Switch(
        key="capture",
        shape="choice",
        choices=("calls", "lines", "values"),
        default="values",
        env="CODETRACER_CAPTURE",
        flag="--capture",
        doc="How much is recorded: calls, calls and lines, or calls, lines and values.",
    ),
    Switch(
        key="all",
        shape="bool",
        choices=(),
        default=False,
        env="CODETRACER_ALL",
        flag="--all",
        doc="Whether libraries are recorded too, not only the program's own code.",
    ),
    Switch(
        key="follow",
        shape="bool",
        choices=(),
        default=False,
        env="CODETRACER_FOLLOW",
        flag="--follow",
        doc="Whether Python programs that the program starts are recorded too, and what they start; forked children always are.",
    ),
    Switch(
        key="max_string",
        shape="count",
        choices=(),
        default=1024,
        env="CODETRACER_MAX_STRING",
        flag="--max-string",
        doc="How many characters of a string are kept; its length and a hash of both ends always are.",
    ),
    Switch(
        key="max_bytes",
        shape="count",
        choices=(),
        default=256,
        env="CODETRACER_MAX_BYTES",
        flag="--max-bytes",
        doc="How many bytes of a bytes object and of an int are kept; its true length always is.",
    ),
    Switch(
        key="max_items",
        shape="count",
        choices=(),
        default=64,
        env="CODETRACER_MAX_ITEMS",
        flag="--max-items",
        doc="How many items of a container are kept; its true length always is.",
    ),
    Switch(
        key="max_objects",
        shape="count",
        choices=(),
        default=256,
        env="CODETRACER_MAX_OBJECTS",
        flag="--max-objects",
        doc="How many objects are described when a value is first seen.",
    ),
    Switch(
        key="max_depth",
        shape="count",
        choices=(),
        default=4,
        env="CODETRACER_MAX_DEPTH",
        flag="--max-depth",
        doc="How deep objects within objects are described when a value is first seen.",
    ),
    Switch(
        key="overload",
        shape="choice",
        choices=("wait", "drop"),
        default="wait",
        env="CODETRACER_OVERLOAD",
        flag="--overload",
        doc="Whether the program waits (wait) or events are left out, which a gap counts (drop), when it is faster than they can be stored.",
    ),
    Switch(
        key="flight_recorder",
        shape="window",
        choices=(),
        default="",
        env="CODETRACER_FLIGHT_RECORDER",
        flag="--flight-recorder",
        doc="Keep only the newest part of the recording: so much on disk (500K, 32M, 2G), or so many seconds (30s).",
    ),
    Switch(
        key="dump_on",
        shape="choice",
        choices=("none", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGQUIT"),
        default="none",
        env="CODETRACER_DUMP_ON",
        flag="--dump-on",
        doc="The signal that has a flight recorder save what it holds, beside the recording, while the program goes on.",
    ),
    Switch(
        key="trace_dir",
        shape="path",
        choices=(),
        default="trace-out",
        env=None,
        flag="--trace-dir",
        doc="The directory that becomes the recording.",
    ),
)
