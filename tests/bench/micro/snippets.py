"""The loops whose iterations are counted, one for each kind of event."""

from dataclasses import dataclass
from typing import Final

LOOP: Final = "loop"

_PROGRAM: Final = """\
import ctypes
import sys

class Point:
    def __init__(self):
        self.x = 0

def nothing():
    return None

def given(a, b, c):
    return None

def main(n, ready, items, point):
    i = 0
    while i < n:
{body}        i += 1

main(int(sys.argv[1]), 7, [1, 2, 3], Point())
# Without the end of the interpreter, and without compressing what was recorded, as `os._exit` has.
ctypes.CDLL(None)._exit(0)
"""


@dataclass(frozen=True)
class Snippet:
    """The body of a loop, and the modes in which it is counted."""

    name: str
    body: str
    captures: tuple[str, ...] = ("values",)

    @property
    def source(self) -> str:
        """A program that runs the body as often as its argument says."""
        lines = self.body.splitlines(keepends=True)
        return _PROGRAM.format(body="".join(" " * 8 + line for line in lines))


SNIPPETS: Final = (
    Snippet(LOOP, "", ("calls", "lines", "values")),
    Snippet("line", "ready\n", ("lines", "values")),
    Snippet("line that changes an int", "k = i\n"),
    Snippet("call and return", "nothing()\n", ("calls", "lines", "values")),
    Snippet("call with arguments", "given(i, 'text', None)\n"),
    Snippet("list append and pop", "items.append(i)\nitems.pop()\n"),
    Snippet("list item store", "items[1] = i\n"),
    Snippet("attribute store", "point.x = i\n"),
    Snippet(
        "raise and handle",
        "try:\n    raise ValueError\nexcept ValueError:\n    ready\n",
        ("calls", "values"),
    ),
)
"""The first is the bare loop, which the figures of the others leave out."""
