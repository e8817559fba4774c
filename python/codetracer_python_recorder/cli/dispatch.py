"""Finds the command, parses its arguments, runs it, and turns a failure into line and status.

What ``record`` does not need is imported where it is needed: its program waits.
"""

from __future__ import annotations

from ..exceptions import RecorderError, make
from .output import escape_what_stdout_cannot_write, finish, write_failure, write_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from .arguments import Command, Ended

__all__ = ["COMMANDS", "dispatch"]

COMMANDS: Final[dict[str, str]] = {
    "record": "record",
    "info": "info",
    "print": "print_",
    "recover": "recover",
    "attach": "attach",
    "explain": "explain",
}
"""Every command and its module in this package, in the order of ``--help``."""

_INTERRUPTED = 130
_ABOUT = """Records what a Python program did: calls, lines, values, exceptions.

Without a command, record is meant: codetracer-python-recorder script.py ARGS...
"""


def dispatch(words: list[str]) -> Ended:
    """Runs the command that ``words`` name."""
    try:
        status = _run(words)
        finish()
    except RecorderError as error:
        write_failure(error, json=_asks_for_json(words))
        return error.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:
        # What is left over is a defect; people get its line, a report needs its place.
        failure = make("ERR_INTERNAL", f"{type(error).__name__}: {error}", place=_place_of(error))
        write_failure(failure, json=_asks_for_json(words))
        return failure.exit_status
    return status


def _asks_for_json(words: list[str]) -> bool:
    from .record_words import asks_for_json

    return asks_for_json(words)


def _run(words: list[str]) -> Ended:
    first = words[0] if words else None
    if first is None:
        raise make(
            "ERR_INVALID_ARGUMENT",
            "nothing to do; name a script to record, or see codetracer-python-recorder --help",
        )
    if first in ("-h", "--help"):
        write_out(_overview())
        return 0
    if first == "--version":
        from .._extension import native

        write_out(f"codetracer-python-recorder {native.version}\n")
        return 0
    if first not in COMMANDS:
        return _record(["record", *words], default=True)
    if first == "record":
        return _record(words, default=False)
    escape_what_stdout_cannot_write()
    from .arguments import command_parser

    command = _load(first)
    return command.run(command_parser(command).parse_words(words[1:]))


def _record(words: list[str], *, default: bool) -> Ended:
    from . import record

    if any(word in ("-h", "--help") for word in words[1:2]):
        from .arguments import command_parser

        write_out(command_parser(record).format_help())
        return 0
    return record.run(record.split(words[1:], is_default=default))


def _load(name: str) -> Command:
    from importlib import import_module

    module: Command = import_module("." + COMMANDS[name], __package__)
    return module


def _overview() -> str:
    from .arguments import Help, Parser

    parser = Parser(
        prog="codetracer-python-recorder",
        usage="codetracer-python-recorder [COMMAND] ...",
        description=_ABOUT,
    )
    parser.add_argument("-h", "--help", action=Help, help="show this text")
    parser.add_argument("--version", action="store_true", help="show the version")
    commands = parser.add_argument_group("commands (each has --help)")
    for name in COMMANDS:
        commands.add_argument(name, help=_load(name).HELP)
    return parser.format_help()


def _place_of(error: BaseException) -> str:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return "unknown"
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"
