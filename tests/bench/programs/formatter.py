"""A published formatter, run over a big file: functions of its own source, one after another."""

import ast
import os
import sys
import time

from measure import finish, size

START = time.thread_time()
HOME = os.environ["BENCH_FORMATTER"]
sys.path.insert(0, HOME)

import black  # noqa: E402

SOURCES = ("linegen.py", "lines.py", "comments.py", "strings.py")
LONGEST = 80


def pieces() -> list[str]:
    """The functions and short classes of the formatter's source, as text."""
    out = []
    for name in SOURCES:
        with open(os.path.join(HOME, "black", name), encoding="utf-8") as file:
            text = file.read()
        lines = text.splitlines(keepends=True)
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                last = node.end_lineno or first
                if last - first < LONGEST:
                    out.append("".join(lines[first - 1 : last]))
    return out


PIECES = pieces()


def main(n: int) -> int:
    text = "\n\n".join(PIECES[i % len(PIECES)] for i in range(n))
    return len(black.format_str(text, mode=black.Mode()))


if __name__ == "__main__":
    main(size(20))
    finish(START)
