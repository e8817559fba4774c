"""Argument parsing whose mistakes are coded errors and whose help goes through ``output``."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from ..exceptions import make
from .output import finish, write_out

__all__ = ["Command", "Ended", "Help", "Parser", "command_parser"]

Ended = int | Callable[[], int]
"""An exit status, or what is left to do outside of every handler of ours and then gives it."""


class Documented(Protocol):
    """What the module of every command has."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Declares the command's arguments."""


class Command(Documented, Protocol):
    """What the module of a command has whose arguments are parsed here."""

    def run(self, args: argparse.Namespace, /) -> Ended:
        """Does the work."""


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that raises coded errors and never exits by itself."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(
            add_help=False,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **keywords,
        )

    def error(self, message: str) -> NoReturn:
        """Raises what argparse complains about.

        Raises:
            UsageError: ``ERR_INVALID_ARGUMENT``.
        """
        raise make("ERR_INVALID_ARGUMENT", f"{message}; see {self.prog} --help", command=self.prog)

    def parse_words(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments of a command.

        Raises:
            UsageError: ``ERR_UNKNOWN_OPTION``, ``ERR_INVALID_ARGUMENT``.
        """
        args, extra = self.parse_known_args(words)
        for word in extra:
            if word.startswith("-") and word != "-":
                raise make(
                    "ERR_UNKNOWN_OPTION",
                    f"{self.prog} has no option {word}",
                    command=self.prog,
                    option=word,
                )
        if extra:
            raise make(
                "ERR_INVALID_ARGUMENT",
                f"{self.prog} cannot use {extra[0]!r}; see {self.prog} --help",
                command=self.prog,
                value=extra[0],
            )
        return args


class Help(argparse.Action):
    """``--help``."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Writes the help and ends the command."""
        write_out(parser.format_help())
        finish()
        raise SystemExit(0)


def command_parser(command: Documented) -> Parser:
    """The parser of one command."""
    about = command.HELP[:1].upper() + command.HELP[1:] + "."
    parser = Parser(prog=f"codetracer-python-recorder {command.NAME}", description=about)
    command.add_arguments(parser)
    parser.add_argument("-h", "--help", action=Help, help="show this text")
    return parser
