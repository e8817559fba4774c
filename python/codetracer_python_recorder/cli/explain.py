"""``explain``: what an error code means, why it happens and what to do."""

import argparse
import difflib
import textwrap

from .._gen.codes import CODES, EXIT_STATUS
from ..exceptions import make
from .output import write_out

__all__ = ["HELP", "NAME", "add_arguments", "explain_text", "list_text", "run"]

NAME = "explain"
HELP = "say what an error code means and what to do about it"

_WIDTH = 88


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("code", nargs="?", help="such as ERR_NO_SPACE; without it, all are listed")


def run(args: argparse.Namespace) -> int:
    """Prints one code's explanation, or the list of codes.

    Raises:
        UsageError: ``ERR_UNKNOWN_CODE``, there is no such code.
    """
    write_out(list_text() if args.code is None else explain_text(args.code))
    return 0


def explain_text(code: str) -> str:
    """The explanation of ``code``; case and the leading ``ERR_`` do not matter.

    Raises:
        UsageError: ``ERR_UNKNOWN_CODE``, there is no such code.
    """
    name = code.strip().upper()
    if not name.startswith("ERR_"):
        name = "ERR_" + name
    info = CODES.get(name)
    if info is None:
        near = difflib.get_close_matches(name, CODES, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise make("ERR_UNKNOWN_CODE", f"there is no code {code!r}{hint}", name=code)
    state = "retired, raised no more" if info.retired else f"exit status {EXIT_STATUS[info.kind]}"
    parts = [
        f"{name} ({info.kind}, {state})",
        _part("What happened", info.summary),
        _part("Why", info.why),
        _part("What to do", info.fix),
        f"Example:\n    {info.example}",
    ]
    return "\n\n".join(parts) + "\n"


def list_text() -> str:
    """One line per code that can be raised."""
    rows = [(name, info) for name, info in CODES.items() if not info.retired]
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name:<{width}}  {info.summary}\n" for name, info in rows)


def _part(title: str, text: str) -> str:
    wrapped = textwrap.fill(
        text,
        _WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{title}:\n{wrapped}"
