"""Draws statements: simple ones, and blocks of them nested a few deep."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.program_expressions import ERRORS, NAMES, Expressions


class Statements(Expressions):
    """Each `do_` method adds one kind of statement; `nested` blocks may still be opened."""

    def body(self, statements: int, nested: int) -> None:
        self.depth += 1
        for _ in range(self.number(1, statements)):
            self.statement(nested)
        self.depth -= 1

    def block(self, header: str, nested: int) -> None:
        self.add(header)
        self.body(2, nested - 1)

    def statement(self, nested: int) -> None:
        kinds = [
            "assign",
            "assign",
            "augment",
            "unpack",
            "delete",
            "multiline",
            "short",
            "oneline_loop",
        ]
        if nested > 0:
            kinds += [
                "if",
                "for",
                "while",
                "try",
                "try",
                "with",
                "match",
                "group",
                "closure",
                "consume",
                "inner_class",
            ]
        if self.loops:
            kinds += ["break", "continue"]
        kinds += {
            "module": [],
            "class": [],
            "function": ["return", "raise"],
            "generator": ["yield", "yield", "yield", "delegate", "raise", "return"],
            "coroutine": ["await", "await", "gather", "async_with", "async_for", "raise", "return"],
            "async_generator": ["yield", "yield", "await", "raise"],
        }[self.kind]
        if self.kind == "class":
            kinds = ["assign", "augment", "unpack", "oneline_loop"] + (
                ["if", "for", "try"] if nested > 0 else []
            )
        getattr(self, f"do_{self.choice(*kinds)}")(nested)

    def do_assign(self, nested: int) -> None:
        target = self.choice("a", "b", "c", "d", "a = b", "c = d")
        self.add(f"{target} = {self.expression()}")

    def do_augment(self, nested: int) -> None:
        self.add(
            f"{self.choice(*NAMES)} {self.choice('+=', '-=', '*=', '%=')} "
            f"{self.choice(*NAMES)} or {self.number(1, 9)}"
        )

    def do_unpack(self, nested: int) -> None:
        self.add(
            self.choice(
                "a, b = b, a",
                "a, (b, c) = 1, (2, 3)",
                "a, *_, d = range(4)",
                "[c, d] = divmod(17, a or 5)",
                "a, b = b" if self.kind != "class" else "a = b",
            )
        )

    def do_delete(self, nested: int) -> None:
        name = self.choice(*NAMES)
        self.add(f"del {name}")
        self.add(f"{name} = {self.number(0, 9)}")

    def do_multiline(self, nested: int) -> None:
        for line in (
            f"{self.choice(*NAMES)} = sum([",
            f"    {self.expression(1)},",
            f"    {self.expression(1)},",
            "])",
        ):
            self.add(line)

    def do_short(self, nested: int) -> None:
        self.add(
            self.choice(
                "a += 1; b = a",
                "if a > 2: b = 0",
                "assert c != 3, 'three'",
                "pass",
                "if a: pass",
                "print(a, b)",
            )
        )

    def do_oneline_loop(self, nested: int) -> None:
        n = self.number(0, 3)
        counter = self.new("n")
        if self.often():
            self.add(
                f"for {self.choice('a', 'b', counter)} in range({n}): c = {self.expression(1)}"
            )
        else:
            self.add(f"{counter} = {n}")
            self.add(f"while {counter} > 0: {counter} -= 1")

    def do_if(self, nested: int) -> None:
        self.block(f"if {self.expression(1)} > {self.number(0, 6)}:", nested)
        if self.often():
            self.block(f"elif {self.choice(*NAMES)} < {self.number(0, 6)}:", nested)
        if self.often():
            self.block("else:", nested)

    def loop(self, header: str, nested: int, before: str = "") -> None:
        self.loops += 1
        self.add(header)
        if before:
            self.add(f"    {before}")
        self.body(2, nested - 1)
        self.loops -= 1
        if self.often():
            self.block("else:", nested)

    def do_for(self, nested: int) -> None:
        source = self.choice(
            "range(2)", "range(3)", "'xy'", "[]", "(i * 2 for i in range(3))", "iter([4, 5])"
        )
        self.loop(f"for {self.new('i')}, {self.choice(*NAMES)} in enumerate({source}):", nested)

    def do_while(self, nested: int) -> None:
        counter = self.new("n")
        self.add(f"{counter} = {self.number(0, 3)}")
        self.loop(f"while {counter} > 0:", nested, f"{counter} -= 1")

    def do_try(self, nested: int) -> None:
        self.block("try:", nested)
        clauses = self.number(0, 2)
        for _ in range(clauses):
            name = self.choice(*ERRORS)
            form = self.choice(
                f"except {name}:", f"except ({name}, LookupError):", f"except {name} as error:"
            )
            self.block(form, nested)
            if self.often():
                self.add(
                    "    "
                    + self.choice(
                        "raise",
                        f"raise {self.choice(*ERRORS)}('again')",
                        "raise TypeError from None",
                        "pass",
                    )
                )
        if clauses and self.often():
            self.block("except Exception:", nested)
        if clauses and self.often():
            self.block("else:", nested)
        if not clauses or self.often():
            loops, self.loops = self.loops, 0
            self.block("finally:", nested)
            self.loops = loops

    def do_group(self, nested: int) -> None:
        self.add("try:")
        errors = ", ".join(f"{self.choice(*ERRORS)}()" for _ in range(self.number(1, 3)))
        self.add(f"    raise ExceptionGroup('several', [{errors}])")
        for name in sorted({self.choice(*ERRORS), self.choice(*ERRORS)}):
            self.add(f"except* {name}{self.choice('', ' as group')}:")
            self.add(f"    {self.choice('a', 'b')} = {self.number(0, 9)}")
            if self.often():
                self.add("    " + self.choice("raise", "raise KeyError('new')", "b += 1"))

    def do_with(self, nested: int) -> None:
        name = self.choice(*ERRORS)
        manager = self.choice(
            f"Guard({name})",
            "Guard()",
            f"contextlib.suppress({name})",
            f"Guard() as a, Guard({name}) as b",
            "managed(a) as c",
        )
        self.block(f"with {manager}:", nested)
        if self.often():
            self.add(f"    raise {self.choice(*ERRORS)}")

    def do_match(self, nested: int) -> None:
        self.add(
            f"match {self.choice('(a, b)', '[a, b, c]', '{**dict(k=a, l=b)}', 'Point(a, b)', 'a')}:"
        )
        self.depth += 1
        cases = [
            "case (0, c):",
            "case [a, *_] if a > 3:",
            "case {'k': 1 | 2 as d, **rest}:",
            "case Point(x=0) | Point(y=0):",
            "case Point(x, y):",
            "case int():",
        ]
        for case in self.draw(
            st.lists(st.sampled_from(cases), min_size=1, max_size=3, unique=True)
        ):
            self.block(case, nested)
        if self.often():
            self.block("case _:", nested)
        self.depth -= 1

    def do_closure(self, nested: int) -> None:
        name = self.new("inner")
        outer, loops = self.kind, self.loops
        self.kind, self.loops = "function", 0
        if self.often():
            self.add("@traced")
        self.add(f"def {name}(c, d=1):")
        if outer == "module":
            self.add("    global b")
            self.add("    a = b")
        else:
            self.add("    nonlocal a")
            self.add("    b = a")
        self.body(3, nested - 1)
        self.kind, self.loops = outer, loops
        self.add(f"{self.choice(*NAMES)} = {name}({self.choice(*NAMES)}) or 1")

    def do_inner_class(self, nested: int) -> None:
        name = self.new("Local")
        outer, loops = self.kind, self.loops
        self.kind, self.loops = "class", 0
        self.add(f"class {name}(Guard):")
        self.add(f"    a, b, c, d = {self.number(0, 3)}, 2, 3, 4")
        self.body(2, nested - 1)
        self.kind, self.loops = outer, loops
        self.add(f"{self.choice(*NAMES)} = {name}.a")

    def do_consume(self, nested: int) -> None:
        if not self.generators:
            self.do_assign(nested)
            return
        name, source = self.new("g"), self.choice(*self.generators)
        self.add(f"{name} = {source}({self.choice(*NAMES)}, 2)")
        for _ in range(self.number(1, 3)):
            self.add(
                self.choice(
                    f"a = next({name}, 0) or 0",
                    f"b = sum(x or 0 for x in {name})",
                    f"for c in {name}: d = c or 1",
                    f"next({name}, None); c = {name}.send(3) or 1",
                    f"{name}.throw({self.choice(*ERRORS)})",
                    f"{name}.close()",
                    f"del {name}; {name} = {source}(1, 1)",
                    f"a, *b = {name}; b = len(b)",
                )
            )

    def do_break(self, nested: int) -> None:
        self.add(f"if {self.choice(*NAMES)} > {self.number(0, 6)}: break")

    def do_continue(self, nested: int) -> None:
        self.add(f"if {self.choice(*NAMES)} > {self.number(0, 6)}:")
        self.add("    continue")

    def do_return(self, nested: int) -> None:
        self.add(f"if {self.choice(*NAMES)} > {self.number(2, 6)}: return {self.expression(1)}")

    def do_raise(self, nested: int) -> None:
        self.add(
            f"if {self.choice(*NAMES)} == {self.number(0, 6)}: "
            f"raise {self.choice(*ERRORS)}({self.choice(*NAMES)})"
        )

    def do_yield(self, nested: int) -> None:
        forms = [
            f"yield {self.expression(1)}",
            "a = (yield b) or 1" if self.kind == "generator" else "yield",
            "yield",
        ]
        self.add(
            self.choice(*forms, f"for _ in range({self.number(0, 3)}): yield {self.choice(*NAMES)}")
        )

    def do_delegate(self, nested: int) -> None:
        source = f"{self.choice(*self.generators)}(a, 1)" if self.generators else "range(2)"
        self.add(f"{self.choice(*NAMES)} = (yield from {self.choice(source, '[1, 2]')}) or 1")

    def do_await(self, nested: int) -> None:
        if self.coroutines and self.often():
            self.add(
                f"{self.choice(*NAMES)} = await "
                f"{self.choice(*self.coroutines)}({self.choice(*NAMES)}, 1) or 1"
            )
        else:
            self.add("await asyncio.sleep(0)")

    def do_gather(self, nested: int) -> None:
        if not self.coroutines:
            self.do_await(nested)
            return
        one, other = self.choice(*self.coroutines), self.choice(*self.coroutines)
        self.add(
            f"a = len(await asyncio.gather({one}(a, 1), {other}(b, 2), "
            f"return_exceptions={self.often()}))"
        )

    def do_async_with(self, nested: int) -> None:
        self.block(f"async with Guard({self.choice(*ERRORS)}):", nested)

    def do_async_for(self, nested: int) -> None:
        if self.often():
            self.add(f"c = len([x async for x in {self.choice(*self.sources)}(2) if x])")
        else:
            self.loop(
                f"async for {self.choice(*NAMES)} in "
                f"{self.choice(*self.sources)}({self.number(0, 2)}):",
                max(nested, 1),
            )
