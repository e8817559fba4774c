"""Programs whose lines hold much: expressions that branch and call, bodies on the same line.

What a property or a `__getitem__` in Python does depends on how often its instruction has run, so
there are none.
"""

from __future__ import annotations

import random

PREAMBLE = """\
import functools
class K:
    def __init__(self, v=1): self.v = v
    def m(self, x=0): return x
    def __add__(self, o): return 2
    def __call__(self, x=0): return x
    def __enter__(self): return self
    def __exit__(self, *e): return True
    @classmethod
    def c(cls, x=0): return x
    @staticmethod
    def s(x=0): return x
def py(x=0, *a, k=1, **kw): return x
def one(x): return x
def boom(x=0):
    raise ValueError(x)
def maybe(x=0):
    if x % 2: raise ValueError(x)
    return x
def gen(n=2):
    for i in range(n): yield i
def two(x=0): yield x; yield x
k = K()
part = functools.partial(py)
lam = lambda x=0: x
deco = functools.wraps(py)(lambda *a: py(*a))
"""

ATOMS = [
    "1",
    "0",
    "n",
    "i",
    "None",
    "[]",
    "abs(-1)",
    "str(n)",
    "len([1])",
    "py(n)",
    "one(i)",
    "k.m(i)",
    "K(i).v",
    "lam()",
    "maybe(i)",
    "K.c(1)",
    "K.s(i)",
    "next(gen(2))",
    "part(1)",
    "deco(1)",
    "py(*(1,))",
    "py(k=2)",
    "py(x=i)",
    "k()",
    "boom(i)",
    "k+k",
]

COMPOUND = [
    "({} if {} else {})",
    "({} and {})",
    "({} or {})",
    "(not {})",
    "({} == {} != {})",
    "py({})",
    "one({})",
    "k.m({})",
    "str({})",
    "max(py(1), {}, key=str)",
    "(lambda: {})()",
    "(w := {})",
    "[{} for q in range(2)]",
    "[{} for q in gen() if {}]",
    "{{q: {} for q in two(i)}}",
    "list({} for q in range(2))",
    "sum(1 for q in gen() if {})",
    "any({} for _ in two())",
    "sorted([1, 2], key=one)",
]

SIMPLE = [
    "x = {}",
    "{}",
    "x = y = {}",
    "assert {} or True, {}",
    "lst.append({})",
    "del lst[:]",
    "n += 1",
    "pass",
]
RARE = ["return {}", "raise KeyError({})"]
YIELDING = [
    "yield {}",
    "x = yield {}",
    "yield from gen()",
    "yield {} if {} else {}",
    "x = (yield {}) or {}",
]


class Writer:
    """Writes one program, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def expression(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.1:
            return self.random.choice(ATOMS)
        form = self.random.choice(COMPOUND)
        return self.fill(form, depth - 1)

    def fill(self, form: str, depth: int) -> str:
        parts = [self.expression(depth) for _ in range(form.count("{}"))]
        return form.format(*parts)

    def simple(self, generator: bool) -> str:
        forms = [*SIMPLE, *(YIELDING * generator)]
        form = self.random.choice(RARE if self.random.random() < 0.04 else forms)
        return self.fill(form, self.random.randint(0, 3))

    def statement(self, indent: str, depth: int, generator: bool) -> list[str]:
        def simple() -> str:
            return self.simple(generator)

        def test() -> str:
            return self.expression(self.random.randint(0, 2))

        def block() -> list[str]:
            return self.block(indent + "    ", depth - 1, generator)

        if depth <= 0 or self.random.random() < 0.45:
            return [indent + simple()]
        forms = [
            lambda: [f"if {test()}: {simple()}"],
            lambda: [f"for i in gen(3): {simple()}"],
            lambda: [f"for i in range(2): {simple()}; {simple()}"],
            lambda: ["c = 2", f"while (c := c - 1): {simple()}"],
            lambda: [f"with k: {simple()}"],
            lambda: [f"with k, k as z: {simple()}"],
            lambda: [f"if {test()}:", block(), f"elif {test()}:", block(), "else:", block()],
            lambda: ["for i in gen(3):", block(), "else:", block()],
            lambda: ["for i in range(3):", [f"{indent}    if {test()}: continue"], block()],
            lambda: ["try:", block(), f"except ValueError: {simple()}"],
            lambda: [f"try: {simple()}", f"except Exception: {simple()}", f"finally: {simple()}"],
            lambda: ["try:", block(), "finally:", block()],
            lambda: ["with k:", block()],
            lambda: [
                f"match {test()}:",
                [f"{indent}    case 1 | 0: {simple()}"],
                [f"{indent}    case str() if {test()}: {simple()}"],
                [f"{indent}    case _: {simple()}"],
            ],
        ]
        lines: list[str] = []
        for part in self.random.choice(forms)():
            lines += [indent + part] if isinstance(part, str) else part
        return lines

    def block(self, indent: str, depth: int, generator: bool) -> list[str]:
        count = self.random.randint(1, 2)
        return [line for _ in range(count) for line in self.statement(indent, depth, generator)]


def program(seed: int, functions: int = 25) -> str:
    """The text of the program of `seed`, which defines and calls so many `functions`."""
    writer = Writer(seed)
    lines = [PREAMBLE]
    for n in range(functions):
        generator = writer.random.random() < 0.5
        lines += [f"def f{n}(n, i=1):", "    lst = []"]
        for _ in range(writer.random.randint(2, 4)):
            lines += writer.statement("    ", 3, generator)
        lines += ["    yield 1"] * generator
        call = f"list(f{n}(n))" if generator else f"f{n}(n)"
        lines += ["for n in range(3):", f"    try: {call}", "    except Exception: pass"]
    return "\n".join(lines) + "\n"
