"""Whole Python programs, drawn by Hypothesis: deterministic, terminating, each with its own shape.

Every function starts with `tick()`, which ends a program that runs long, and calls only functions
above it; every loop is bounded. So a program may do anything in any order and still ends.
"""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.program_expressions import NAMES
from oracle.program_helpers import HELPERS, PRELUDE
from oracle.program_statements import Statements


class Builder(Statements):
    """Draws functions and classes, and the main part that uses them."""

    def function(self, kind: str) -> None:
        header = {
            "function": "def f",
            "generator": "def g",
            "coroutine": "async def c",
            "async_generator": "async def s",
        }
        name = self.new(header[kind].split()[-1])
        self.kind = kind
        if kind == "function" and self.often():
            self.add("@traced")
        self.add(f"{header[kind].rpartition(' ')[0]} {name}(a, b=2, *args, c=3, **options):")
        self.add("    tick()")
        self.add("    d = 4")
        if kind in ("generator", "async_generator"):
            self.add("    yield a")
        self.body(4, 2)
        if kind != "async_generator" and self.often():
            self.add(f"    return {self.choice(*NAMES)}")
        self.kind = "module"
        self.lines += ["", ""]
        {
            "function": self.plain,
            "generator": self.generators,
            "coroutine": self.coroutines,
            "async_generator": self.sources,
        }[kind].append(name)

    def class_(self) -> None:
        name = self.new("C")
        self.kind = "class"
        self.add(f"class {name}({self.choice('object', 'Guard', 'Point')}):")
        self.add("    a, b, c, d = 1, 2, 3, 4")
        self.body(2, 1)
        self.kind = "function"
        method = self.choice(
            "def method(self, b=2):",
            "@property\n    def method(self, b=2):",
            "@classmethod\n    def method(self, b=2):",
        )
        self.add(f"    {method}")
        self.add("        tick()")
        self.add("        a, c, d = 1, 2, 3")
        self.depth += 1
        self.body(3, 1)
        self.depth -= 1
        self.add("        return a")
        self.kind = "module"
        wrapper = self.new("f")
        call = "thing.method" if "property" in method else "thing.method(a)"
        self.lines += ["", "", f"def {wrapper}(a, b=1):", "    tick()"]
        self.lines += [
            f"    thing = {name}(1, 2)"
            if "Point)" in "".join(self.lines[-30:]) and f"class {name}(Point)" in self.lines
            else f"    thing = {name}()"
        ]
        self.lines += [f"    return {call}", "", ""]
        self.plain.append(wrapper)

    def run_each(self) -> None:
        """The main part: each function once more or less, survivors printed."""
        for name in self.plain:
            form = self.choice(
                "{0}({1}, {2})", "in_thread({0}, {1}, {2})", "recurse({0}, {1}, {2})"
            )
            self.attempt(form.format(name, self.number(0, 6), self.number(0, 6)))
        for name in self.generators:
            self.attempt(f"list({name}({self.number(0, 6)}))")
        for name in self.coroutines:
            self.attempt(f"asyncio.run({name}({self.number(0, 6)}))")

    def attempt(self, call: str) -> None:
        self.add("try:")
        self.add(f"    print({call})")
        self.add("except (Exception, OutOfTicks) as error:")
        self.add("    print(type(error).__name__)")


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The source text of one program."""
    builder = Builder(draw)
    builder.lines = (PRELUDE + HELPERS).splitlines()
    builder.add("a, b, c, d = 1, 2, 3, 4")
    for kind in draw(
        st.lists(
            st.sampled_from(
                ["function", "function", "generator", "async_generator", "coroutine", "class"]
            ),
            min_size=2,
            max_size=6,
        )
    ):
        if kind == "class":
            builder.class_()
        else:
            builder.function(kind)
    builder.add("try:")
    builder.body(4, 2)
    builder.add("except (Exception, OutOfTicks) as error:")
    builder.add("    print(repr(error))")
    builder.run_each()
    return "\n".join(builder.lines) + "\n"
