"""Draws expressions, and keeps the lines of the program being drawn."""

from __future__ import annotations

from hypothesis import strategies as st

ERRORS = ("ValueError", "KeyError", "TypeError", "ZeroDivisionError", "StopIteration")
NAMES = ("a", "b", "c", "d")


class Expressions:
    """Collects the lines of one program; every choice is drawn."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.depth = 0
        self.fresh = 0
        self.plain: list[str] = []
        self.generators: list[str] = []
        self.coroutines: list[str] = []
        self.sources = ["countdown"]
        self.kind = "module"
        self.loops = 0

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def choice(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def often(self) -> bool:
        return self.draw(st.booleans())

    def new(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    def add(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    # Expressions are ints below 1000, so that values stay small and comparable.

    def expression(self, depth: int = 0) -> str:
        kinds = ["name", "name", "constant"]
        if depth < 2:
            kinds += [
                "sum",
                "division",
                "choice",
                "lambda",
                "comprehension",
                "generator",
                "walrus",
                "and",
            ]
            if self.plain and self.kind != "class":
                kinds += ["call", "call"]
        kind = self.choice(*kinds)
        if kind == "constant":
            return str(self.number(0, 9))
        if kind == "name":
            return self.choice(*NAMES)
        inner = self.expression(depth + 1)
        if kind == "sum":
            return f"({inner} + {self.expression(depth + 1)}) % 997"
        if kind == "division":
            return f"({inner} // {self.expression(depth + 1)})"
        if kind == "choice":
            test = f"{self.choice(*NAMES)} > {self.number(0, 6)}"
            return f"({inner} if {test} else {self.expression(depth + 1)})"
        if kind == "and":
            return f"(({inner} and {self.expression(depth + 1)}) or 0)"
        if kind == "lambda":
            return f"(lambda x, y={self.number(0, 5)}: (x + y) % 97)({inner})"
        if kind in ("comprehension", "generator"):
            # A class body's names are not visible in these; their iterables may hold no walrus.
            bound = str(self.number(0, 3)) if self.kind == "class" else f"{self.choice(*NAMES)} % 4"
            if kind == "generator":
                return f"sum(x % 5 for x in range({bound}))"
            return self.choice(
                f"len([x for x in range({bound}) if x != 1])",
                f"sum({{x * y for x in range(3) for y in range({bound})}})",
                f"len({{x: x + 1 for x in range({bound})}})",
            )
        if kind == "walrus":
            return f"({self.choice(*NAMES)} := {inner})"
        return f"{self.choice(*self.plain)}({inner}, {self.choice(*NAMES)})"
