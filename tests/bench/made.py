"""Writes the programs that are too long to stand in the sources: code of a thousand lines.

CPython looks for the line of such code from the beginning, at each LINE event, so that it costs
microseconds there where it costs nanoseconds elsewhere.
"""

from pathlib import Path
from typing import Final

LINES: Final = 1_200
"""Of the long function."""
DEFINITIONS: Final = 400
"""Above the main loop of the long script."""

_LONG_FUNCTION: Final = '''"""One function of more than a thousand lines."""

from measure import run


def main(n: int) -> int:
    total = 0
    for i in range(n):
{body}
    return total


if __name__ == "__main__":
    run(main, 100)
'''

_LONG_SCRIPT: Final = '''"""A script whose main loop stands below its definitions."""

import time

from measure import finish, size

{definitions}

n = size(1_000)
start = time.thread_time()
total = 0
i = 0
while i < n:
    total += f{last}(i)
    total &= 0xFFFFF
    if i & 1:
        total -= f0(total)
    i += 1
finish(start)
'''

_DEFINITION: Final = """
def f{k}(x: int) -> int:
    y = x + {k}
    if y & 1:
        y -= {k}
    return y
"""


def long_function() -> str:
    """Source of a function of ``LINES`` lines in one loop."""
    steps = (
        "total += i",
        "total ^= {k}",
        "total &= 0xFFFF",
    )
    body = [" " * 8 + steps[k % len(steps)].format(k=k) for k in range(LINES)]
    return _LONG_FUNCTION.format(body="\n".join(body))


def long_script() -> str:
    """Source of a script with ``DEFINITIONS`` functions above its main loop."""
    definitions = "\n".join(_DEFINITION.format(k=k) for k in range(DEFINITIONS))
    return _LONG_SCRIPT.format(definitions=definitions, last=DEFINITIONS - 1)


def write(directory: Path, measure: Path) -> None:
    """Puts the programs into ``directory``, beside a copy of the module that measures them."""
    directory.mkdir(parents=True, exist_ok=True)
    sources = {
        "long_function.py": long_function(),
        "long_script.py": long_script(),
        "measure.py": measure.read_text(encoding="utf-8"),
    }
    for name, text in sources.items():
        path = directory / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
