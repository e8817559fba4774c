"""Whole programs, drawn by Hypothesis, that bind values of all kinds and change objects in place.

`bindings()` draws programs that only bind names, in frames that only their own code writes to;
`changes()` adds changes of every sort: through items, attributes, aliases, callees, C functions,
closures and globals. Like those of `programs`, they are deterministic and end.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

from oracle.program_expressions import ERRORS
from oracle.programs import Builder
from oracle.state_prelude import KINDS, NAMES, TICK

SCALARS = (
    *("None", "True", "...", "NotImplemented", "0", "-1", "2**53", "2**53 + 1", "-(2**70)"),
    *("1.5", "-0.0", "float('nan')", "float('inf')", "complex(-0.0, 1)", "''", "'caf\\u00e9'"),
    *("'\\ud800'", "'x' * 1024", "b''", "b'\\x00\\xff'"),
)
CONTAINERS = (
    *("[]", "[1, [2, 3]]", "()", "(1, ('x', [2]))", "{'k': [1], 2: None}", "{1, 'y'}"),
    *("frozenset({1, 'z'})", "range(1, 9, 3)", "slice(1, None)", "bytearray(b'xy')", "len", "int"),
)
OBJECTS = (
    *("Box(1)", "Slot([2])", "Point(1, [2])", "Kind.A", "Box", "order", "deque([1, 2], 3)"),
    *("Counter('aab')", "defaultdict(list, k=[1])", "OrderedDict(a=1)", "decimal.Decimal('1.5')"),
    *("datetime.date(2020, 1, 2)", "pathlib", "functools.partial(len, 'a')", "KeyError('k', [1])"),
    *("types.SimpleNamespace(a=1)", "lambda: 1", "iter([1])", "{1: 2}.keys()"),
)
# A deque, counter, defaultdict, ordered dict, bytearray and instances: not in every program.
OPTIONAL = ("q", "n", "e", "r", "b8", "y", "w", "o", "p")
NEW = ("[5]", "(6, [7])", "{'n': 8}", "'new'", "1.5", "2**60", "{9}", "Point(1)", "Kind.B", "None")
HELD = ("xs", "m", "s", "q", "h", "o", "w", "p", "t", "xs[:1]", "[xs, m]", "(o, xs)", "shared")
LISTS = ("xs", "o.items", "m.setdefault('l', [])", "G['l']", "t[0]", "e['k']", "h")
MAPPINGS = ("m", "o.table", "G['d']", "r", "e", "o.__dict__.setdefault('more', {})")
KEYS = ("'k'", "'j'", "1", "(1, 2)", "None")

ON_LISTS = (
    *("{l}.append({v})", "{l}.insert(0, {v})", "{l}.extend(({v}, {v}))", "list.append({l}, {v})"),
    *("{l}.clear(); {l}.append({v})", "{l}[:0] = [{v}]", "{l}[-1:] = [{v}, 0]", "{l}[1:] = ()"),
    *("if {l}: {l}.pop()", "if {l}: {l}[0] = {v}", "if {l}: del {l}[-1]", "{l}.reverse()"),
    *("{l}.sort(key=order)", "random.Random({i}).shuffle({l})", "operator.iadd({l}, [{v}])"),
    *(
        "del {l}[::2]",
        "touch({l}, {v})",
        "touch(touch({l}, {v}), 0)",
        "list(map({l}.append, (1,)))",
    ),
    *("x = [{l}.append(i) for i in range(2)]", "any({l}.append(i) for i in range(2))"),
    *("functools.reduce(lambda acc, i: acc.append(i) or acc, (1, 2), {l})", "x = {l}; x += [{v}]"),
    *("x = sorted({l}, key=order); x.append({v})", "(lambda: {l}.append({v}))()"),
    *(
        "exec('l.append({i})', {{'l': {l}, '__name__': '__main__'}})",
        "x, *z = [*{l}, {v}]; z.append(x)",
    ),
    *("if len({l}) > 1: {l}[0], {l}[1] = {l}[1], {l}[0]", "x = list({l}); x.append({l})"),
)
ON_MAPPINGS = (
    *("{d}[{k}] = {v}", "{d}.pop({k}, None)", "{d}.update({{{k}: {v}}})", "x = {d}.keys()"),
    *("x = {d}.setdefault({k}, {v})", "if {d}: {d}.popitem()", "dict.__setitem__({d}, {k}, {v})"),
    *("fill({d}, {v}, z={v})", "{d}.clear()", "x = {d}; x |= {{{k}: {v}}}", "x = dict({d})"),
    *("for x in list({d}): {d}[x] = {i}", "x = {{**{d}, 'z': {v}}}; del x['z']"),
)
ON_OTHERS = (
    *("s.add({i})", "s.discard({i})", "s |= {{{i}}}", "s ^= {{1, {i}}}", "if s: s.pop()"),
    *("s.update((1, 'u'))", "s.difference_update({{1}})", "q.append({v})", "q.appendleft({v})"),
    *("q.rotate(1)", "if q: q.popleft()", "if q: q[0] = {v}", "q.extend((1, {v}))", "q.reverse()"),
    *("h[:] = sorted(range({i}))", "h[:] = []; heapq.heappush(h, {i})", "heapq.heapify(h[:0])"),
    *("h[:] = [1, 5]; bisect.insort(h, {i})", "t[{b}][{b}] += {i}", "t[{b}][{b}] -= {i}"),
    *("t[0], t[1] = t[1], t[0]", "t[{b}][:] = [{i}, {i}]", "t[{b}] = [0, {i}]", "n['a'] += {i}"),
    *(
        "n.update('ab')",
        "n.subtract('a')",
        "e[{k}].append({v})",
        "x = e[{k}]",
        "r.move_to_end('k')",
    ),
    *("r['k'] = {v}", "b8[1:2] = b'xyz'[:{b}]", "b8.append({i})", "b8[0] = {i}", "b8 += b'!'"),
    *("memoryview(b8)[0:1] = b'm'", "y.z = {v}", "G['l'], G['d'] = [{v}], {{{k}: {v}}}"),
    *("set_shared({v})", "globals()['shared'] = [{v}]", "x = counter({i}); x(); x()"),
    *("x = feeder(xs); next(x); x.send({v}); next(x, None)", "x = feeder(h); next(x); x.close()"),
    *("x = (xs, [xs]); x[1].append(x)", "x = xs * 2; x.append(m)", "t[0] is t[1] or t.reverse()"),
    *("xs = xs + [{v}]", "m, p.y = p.y, m", "xs, h = h, xs", "x = [[0]] * 2; x[0].append({i})"),
)
ON_OBJECTS = (
    *("o.x = {v}", "o.x = o", "o.y = 1; del o.y", "o.put({k}, {v})", "o[{k}] = {v}", "p.x = {v}"),
    *(
        "o.total = {v}",
        "o.total += 1",
        "setattr(o, 'z', {v})",
        "vars(o)['z'] = {v}",
        "o.items = []",
    ),
    *("o.__dict__.update(u={v})", "o.peer = Box({v})", "o = o.peer or o", "o.items += [{v}]"),
    *("w.a = {v}", "w.b += 1", "p.y = p", "Box.made.append({i})", "o.peer = o.peer or Box(o)"),
    *("del w.b; w.b = {i}", "object.__setattr__(p, 'x', {v})", "x = p; x.y = {v}", "p.x = xs"),
    *("delattr(o, 'z')", "if o.peer: o.peer.items.append({v})", "o.x, p.x = p.x, o.x"),
)


BLOCKS = (
    *("with Keep(xs) as x:", "for o.x in range(2):", "for t[0][1], x in [(1, xs), (2, h)]:"),
    *("with contextlib.nullcontext([xs]) as x, contextlib.nullcontext(m) as m:",),
    *("for x in list(xs):", "for x, z in list(m.items()):", "while len(h) > 1 and h.pop():"),
    *("if (x := xs.copy()) or x.append(1):", "for x in feeder(xs):"),
)


class StateBuilder(Builder):
    """Draws from a smaller set of blocks than its parent, and from more values."""

    changing = False
    absent: frozenset[str] = frozenset()

    def add(self, text: str) -> None:
        if not self.changing and text == "    nonlocal a":
            text = "    a = 1"
        super().add(text)

    def value(self) -> str:
        if self.changing:
            return self.choice(*NEW, *filter(self.usable, HELD))
        return self.choice(*SCALARS, *CONTAINERS)

    def statement(self, nested: int) -> None:
        if self.kind == "class" or self.number(0, 2) == 0:
            super().statement(nested)
        elif self.changing:
            self.change(nested)
        else:
            target = self.choice("u", "v", "u = v", "u, *v", "k")
            self.add(f"{target} = {self.bound() if '*' in target else self.value()}")

    def bound(self) -> str:
        """A value that unpacks into one name and the rest."""
        return f"[{self.value()}, {self.value()}]" if self.often() else f"({self.value()},)"

    def change(self, nested: int) -> None:
        kind = self.choice("list", "list", "mapping", "other", "other", "object", "block", "value")
        if kind == "block" and nested > 0:
            self.change_block(nested)
            return
        if kind == "value":
            self.add(f"{self.choice('x', 'z')} = {self.choice(*OBJECTS, *SCALARS, *CONTAINERS)}")
            return
        forms = {
            "list": ON_LISTS,
            "mapping": ON_MAPPINGS,
            "object": ON_OBJECTS,
        }.get(kind, ON_OTHERS)
        target = self.choice(*filter(self.usable, LISTS))
        self.add(
            self.choice(*filter(self.usable, forms)).format(
                l=target,
                d=self.choice(*filter(self.usable, MAPPINGS)),
                v=self.value(),
                k=self.choice(*KEYS),
                i=self.number(0, 9),
                b=self.number(0, 1),
            )
        )
        if kind == "list":
            self.add(f"del {target}[6:]")

    def change_block(self, nested: int) -> None:
        self.block(
            self.choice(*filter(self.usable, BLOCKS)),
            nested,
        )

    def do_with(self, nested: int) -> None:
        self.block(f"with contextlib.suppress({self.choice(*ERRORS)}) as u:", nested)
        if self.often():
            self.add(f"    raise {self.choice(*ERRORS)}({self.value()})")

    def do_match(self, nested: int) -> None:
        self.add(f"match {self.choice('(a, [b, c])', '[a, b]', '{**dict(k=a, l=[b])}', 'a')}:")
        for case in ("case (0, c):", "case [d, [*u]]:", "case {'k': d, **v}:", "case v:"):
            self.add(f"    {case}")
            self.add(f"        {'u.append(d)' if self.changing and '*u' in case else 'd = 1'}")

    def do_inner_class(self, nested: int) -> None:
        self.add("class Local:")
        self.add(f"    a = b = {self.value() if not self.changing else 3}")
        self.add("    c = [b for b in range(3)]")

    def do_short(self, nested: int) -> None:
        self.add(self.choice("a += 1; b = a", "if a > 2: b = 0", "pass", "assert c != 3, 'three'"))

    def opening(self) -> list[str]:
        if not self.changing:
            return ["u = v = args"]
        return [line for line in NAMES.splitlines() if self.usable(line)]

    def usable(self, text: str) -> bool:
        """Whether the program has the optional names that a statement uses."""
        return self.absent.isdisjoint(re.findall(r"\w+", text))

    def function(self, kind: str) -> None:
        at = len(self.lines)
        super().function(kind)
        for line in range(at, len(self.lines)):
            if self.lines[line].lstrip().startswith("d = 4"):
                self.lines[line + 1 : line + 1] = [f"    {name}" for name in self.opening()]
                return

    def main(self) -> None:
        self.kind = "function"
        self.add("def main(*args):")
        for name in ("tick()", "a, b, c, d = 1, 2, 3, 4", *self.opening()):
            self.add(f"    {name}")
        self.depth += 1
        for _ in range(self.number(8, 20)):
            self.statement(2)
        self.depth -= 1
        arguments = ", xs, m" if self.changing else ", 'third'"
        for name in self.plain:
            self.add(f"    try: c = {name}({self.number(0, 6)}, 1{arguments})")
            self.add("    except (Exception, OutOfTicks) as error: d = 1")
        for name in self.generators:
            self.add(f"    try: d = list({name}({self.number(0, 6)}, 1{arguments}))")
            self.add("    except (Exception, OutOfTicks) as error: d = 2")
        self.add("    c = d = 0")
        self.kind = "module"
        self.add("try: main()")
        self.add("except (Exception, OutOfTicks) as error: a = 1")
        self.add("b = 2")


class ChangingBuilder(StateBuilder):
    """Changes what it bound."""

    changing = True

    def __init__(self, draw: st.DrawFn) -> None:
        super().__init__(draw)
        self.absent = frozenset(draw(st.sets(st.sampled_from(OPTIONAL))))


def _program(builder: StateBuilder, kinds: list[str]) -> str:
    builder.lines = (TICK + (KINDS if builder.changing else "")).splitlines()
    for kind in kinds:
        builder.function(kind)
    builder.main()
    return "\n".join(builder.lines) + "\n"


_KINDS = st.lists(st.sampled_from(["function", "function", "generator"]), max_size=3)


@st.composite
def bindings(draw: st.DrawFn) -> str:
    """A program that binds names."""
    return _program(StateBuilder(draw), draw(_KINDS))


@st.composite
def changes(draw: st.DrawFn) -> str:
    """A program that binds names and changes objects in place."""
    return _program(ChangingBuilder(draw), draw(_KINDS))
