"""Every switch. Written by `just gen`; do not edit."""

from typing import Final, NamedTuple


class Switch(NamedTuple):
    """What the table says about one switch."""

    key: str
    shape: str
    choices: tuple[str, ...]
    default: bool | str
    env: str | None
    flag: str
    doc: str


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
        key="trace_dir",
        shape="path",
        choices=(),
        default="trace-out",
        env=None,
        flag="--trace-dir",
        doc="The directory that becomes the recording.",
    ),
)
