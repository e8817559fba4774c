"""Programs that each bind names in one way: cells, globals, patterns, handlers, class bodies, exec.

Also values of each kind, and programs around the limits.
"""

from __future__ import annotations

from oracle.state_programs_changes import within

CELLS = {
    "nonlocal_rebinding": within(
        "n = 0",
        "def up():",
        "    nonlocal n",
        "    n += 1",
        "    return n",
        "up()",
        "m = n",
        "n = 'x'",
    ),
    "cell_holds_a_changed_list": within(
        "c = []", "def add(v):", "    c.append(v)", "    return c", "add(1)", "add(2)"
    ),
    "free_variable_only_read": (
        "def outer(a):\n    b = [a]\n    def inner():\n        c = 1\n        d = b\n"
        "        return c\n    inner()\n    return inner\nouter(1)\n"
    ),
    "cell_changed_while_suspended": (
        "def outer():\n    n = 0\n    def gen():\n        yield n\n        m = n\n"
        "        yield m\n    g = gen()\n    next(g)\n    n = 5\n    next(g)\nouter()\n"
    ),
    "two_closures_one_cell": (
        "def make():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n"
        "    def get():\n        m = n\n        return m\n    return up, get\n"
        "up, get = make()\nup()\nget()\nup()\nget()\n"
    ),
    "loop_closures_share_the_variable": within(
        "fs = []", "for i in range(2):", "    fs.append(lambda: i)", "n = [f() for f in fs]"
    ),
    "deleted_cell": within("n = 1", "def f(): return n", "f()", "del n", "n = 2", "f()"),
    "argument_that_is_a_cell": (
        "def f(a, b):\n    def g():\n        nonlocal a\n        a = [b]\n"
        "        return a\n    b = 2\n    g()\n    a.append(b)\n    return a\nf(1, 1)\n"
    ),
    "cell_of_a_method": (
        "class C:\n    def m(self):\n        k = __class__\n        return k\nC().m()\n"
    ),
    "deep_nonlocal": within(
        "n = [0]",
        "def f():",
        "    def g():",
        "        nonlocal n",
        "        n = n + [1]",
        "    g()",
        "    m = n",
        "f()",
    ),
}

# These demand nothing of the function that borrows the cell, only of the one that made it.
OWNERS_OF_CELLS = {
    "owner_sees_its_cell_rebound": within(
        "n = 0",
        "def up():",
        "    nonlocal n",
        "    n += 1",
        "up()",
        "m = 1",
        "up(); up()",
        "n = 'x'",
    ),
    "owner_sees_its_cell_deleted": within(
        "n = [1]", "def drop():", "    nonlocal n", "    del n", "drop()", "m = 1"
    ),
    "owner_sees_its_argument_rebound": (
        "def f(a):\n    def g():\n        nonlocal a\n        a = [a]\n    g()\n    b = a\n"
        "    return b\nf(1)\n"
    ),
    "owner_sees_a_cell_bound_first_elsewhere": within(
        "def put():", "    nonlocal n", "    n = 'first'", "put()", "m = n", "n = 2"
    ),
}

GLOBALS = {
    "global_rebound_by_a_function": (
        "n = 0\ndef f():\n    global n\n    n += 1\nf()\nm = n\nf()\ndone = 1\n"
    ),
    "global_made_by_a_function": (
        "def f():\n    global made\n    made = [1]\nf()\nmade.append(2)\ndone = 1\n"
    ),
    "global_deleted_by_a_function": ("n = 1\ndef f():\n    global n\n    del n\nf()\ndone = 1\n"),
    "global_changed_by_a_function": ("c = []\ndef f():\n    c.append(1)\nf()\nf()\ndone = 1\n"),
    "global_changed_by_another_function": (
        "def f():\n    global n\n    n = 1\n    g()\n    m = n\ndef g():\n    global n\n"
        "    n = 2\nf()\ndone = 1\n"
    ),
    "globals_dict": (
        "globals()['x'] = [1]\nx.append(2)\nglobals().update(y=3)\nglobals().pop('y')\ndone = 1\n"
    ),
    "module_list_changed": ("c = [1]\nc.append(2)\nc[0] = 'x'\nd = c\nd += [3]\ndone = 1\n"),
    "module_loop": ("c = {}\nfor i in range(3):\n    c[i] = [i]\n    c[i].append(i)\ndone = 1\n"),
    "module_attribute": (
        "import types\nm = types.ModuleType('m')\nm.x = 1\nn = m.x\nm.x += 1\ndone = 1\n"
    ),
    "module_del": ("a = [1]\nb = a\ndel a\nb.append(2)\na = b\ndone = 1\n"),
    "exec_binds_globals": ("exec('x = [1]\\nx.append(2)\\ny = x')\nx.append(3)\ndone = 1\n"),
    "exec_in_a_namespace": (
        "space = {'__name__': '__main__', 'c': [0]}\n"
        "exec('c.append(1)\\nd = c\\nd[0] = 5', space)\nkeys = len(space)\ndone = 1\n"
    ),
    "exec_with_locals": (
        "here = {}\nexec('a = [1]\\nb = a\\nb.append(2)\\ndel a', globals(), here)\ndone = 1\n"
    ),
    "import_forms": (
        "import os, os.path as p\nfrom os import sep, linesep as end\ndef f():\n"
        "    import sys as s\n    from math import pi\n    return s, pi\nf()\n"
    ),
    "type_alias_and_generics": (
        "type A = list[int]\ndef f[T](v: T) -> T:\n    w = v\n    return w\nclass C[T]:\n"
        "    x = 1\nf(1)\ndone = 1\n"
    ),
}

BINDINGS = {
    "unpacking_with_star": within(
        "a, *b = 'xyz'", "(c, *d), e = [1, 2], 3", "b.append(a)", "[*f] = b"
    ),
    "augmented_names": within(
        "a = 1; b = 'x'; c = 2.5; d = (1,)",
        "a += 1; b *= 2; c -= 1; d += (2,)",
        "a <<= 70; a >>= 1",
    ),
    "chained_assignment": within("a = b = c = []", "a.append(1)", "b = c = 2"),
    "walrus": within(
        "if (n := 3) > (m := 2): k = n",
        "while (n := n - 1): j = [n]",
        "k = [(l := v) for v in 'ab']",
    ),
    "walrus_in_a_comprehension_condition": within(
        "k = [y for v in range(4) if (y := v * v) > 1]", "n = y"
    ),
    "inlined_comprehensions": within(
        "x = 'kept'",
        "a = [x for x in range(3)]",
        "b = {x: [x] for x in 'ab'}",
        "c = {y for y in (1, 2)}",
        "d = [",
        "    x",
        "    for x in range(2)",
        "]",
    ),
    "nested_comprehensions": within(
        "n = 2",
        "a = [[i * j for i in range(n)] for j in range(n)]",
        "b = {i: {j for j in 'xy'} for i in a[1]}",
    ),
    "comprehension_variable_in_a_cell": within("b = [lambda: i for i in range(2)]", "c = b[0]()"),
    "comprehension_at_module_level": (
        "x = 1\na = [x for x in range(2)]\nb = {\n    k: [k]\n    for k in 'ab'\n}\ndone = x\n"
    ),
    "comprehension_in_a_class_body": (
        "class C:\n    n = 2\n    a = [i for i in range(2)]\n    b = {\n        i: 0\n"
        "        for i in 'ab'\n    }\n    c = a\ndone = 1\n"
    ),
    "match_captures": within(
        "v = (1, [2, {'k': 3, 'z': 4}], 5)",
        "match v:",
        "    case (a, [b, {'k': c, **d}], *e) as f if a:",
        "        e.append(d)",
    ),
    "failed_match_captures": within(
        "match [1, 2]:",
        "    case [a, b] if a > b:",
        "        n = 1",
        "    case [a, _]:",
        "        n = 2",
    ),
    "match_class_pattern": (
        "class P:\n    __match_args__ = ('x', 'y')\n"
        "    def __init__(self): self.x = [1]; self.y = 2\n"
    )
    + within("match P():", "    case P(a, y=b):", "        a.append(b)"),
    "with_as": within(
        "import contextlib",
        "with contextlib.nullcontext([1]) as a, contextlib.nullcontext((a, 2)) as (b, c):",
        "    b.append(c)",
    ),
    "except_as": within(
        "try:", "    raise KeyError('k')", "except KeyError as e:", "    n = e.args", "m = n"
    ),
    "except_as_shadows": within(
        "e = 1", "try: 1 / 0", "except ZeroDivisionError as e: n = 1", "e = 2"
    ),
    "except_star": within(
        "try:",
        "    raise ExceptionGroup('g', [ValueError(1), KeyError(2)])",
        "except* ValueError as e:",
        "    n = len(e.exceptions)",
        "except* KeyError as e:",
        "    m = [e.message]",
    ),
    "exception_with_a_cause": within(
        "try:",
        "    try:",
        "        1 / 0",
        "    except ZeroDivisionError as e:",
        "        raise ValueError('v') from e",
        "except ValueError as f:",
        "    c = f.__cause__",
    ),
    "del_of_names": within("a = [1]; b = a; c = 2", "del a", "del (b), [c]", "a = b = c = 3"),
    "conditional_binding": within("for i in range(2):", "    if i: a = [i]", "    else: b = i"),
    "for_else_and_unused_target": within(
        "for i in []: a = 1", "else: b = 2", "for i, (j, *k) in [(1, (2, 3))]: c = k"
    ),
    "annotated_names": within("a: int", "b: list = [1]", "c: 'x' = b", "(d): int = 4"),
    "try_finally_return": (
        "def f():\n    a = [1]\n    try:\n        return a\n    finally:\n"
        "        a = a + [2]\n        b = a\nf()\n"
    ),
    "class_body": (
        "class C:\n    a = 1\n    b: int = 2\n    c = [a, b]\n    c.append(3)\n"
        "    for i in range(2):\n        c[0] = i\n    del i\n"
        "    def m(self): return self.c\n    a += 5\ndone = 1\n"
    ),
    "class_body_in_a_function": (
        "def make(n):\n    k = [n]\n    class C:\n        x = n\n        k.append(x)\n"
        "        def m(self): return n\n    return C\nmake(1)\ndone = 1\n"
    ),
    "class_body_changes_globals": (
        "k = []\nd = {}\nclass C:\n    k.append(1)\n    d['a'] = [2]\n"
        "    class D:\n        k.append(2)\n        d['a'].append(3)\ndone = 1\n"
    ),
    "metaclass_and_init_subclass": (
        "class M(type):\n    def __new__(m, name, bases, space, **kw):\n"
        "        space['added'] = [name]\n"
        "        return super().__new__(m, name, bases, space)\nclass B(metaclass=M):\n"
        "    x = 1\n    def __init_subclass__(c): c.y = [c.x]\nclass D(B):\n    x = 2\n"
        "done = 1\n"
    ),
    "lambda_arguments": within(
        "f = lambda a, *b, k=[], **d: (a, b, k, d)", "n = f(1, 2, k=[3], z=4)", "n[2].append(5)"
    ),
    "argument_rebound": (
        "def f(a, b=[0], *c, d=None, **e):\n    a = [a]\n    b = b + [1]\n    c += (2,)\n"
        "    e['n'] = d\n    del d\n    return a\nf(1)\nf(1, [2], 3, d=4, k=5)\n"
    ),
    "generator_locals": (
        "def g(n):\n    a = [n]\n    b = yield a\n    a.append(b)\n"
        "    c = yield from h(a)\n    return c\ndef h(v):\n    w = yield v\n"
        "    v.append(w)\n    return v\n"
    )
    + within(
        "i = g(1)",
        "a = next(i)",
        "i.send('x')",
        "try: i.send('y')",
        "except StopIteration as e: n = e.value",
    ),
}

VALUES = {
    "ints": within(
        "a = 0; b = -1; c = 2**53; d = 2**53 + 1; e = -(2**64)",
        "a = True",
        "b = 1 << 2047; c = -(1 << 1000)",
    ),
    "floats_and_complex": within(
        "a = float('nan'); b = float('inf'); c = -b; d = -0.0; e = 5e-324",
        "a = 1 + 2j; b = complex(-0.0, float('inf'))",
    ),
    "strings": within(
        "a = ''; b = 'x' * 1024; c = '\\ud800 alone'; d = '\\u4e2d\\U0001f600\\x00'",
        "a = 'it\\'s \"q\"\\n'",
    ),
    "bytes_and_bytearrays": within(
        "a = b''; b = b'\\x00\\xff' * 128; c = bytearray(b'ab'); d = memoryview(b'x')"
    ),
    "singletons": within("a = None; b = ...; c = NotImplemented; d = True; e = False", "a = b = d"),
    "tuples_and_frozensets": within(
        "a = (); b = (1, ('x', [2])); c = frozenset({1, (2, 'y')}); d = frozenset()"
    ),
    "range_and_slice": within(
        "a = range(5); b = range(10, 0, -3); c = slice(1, None); d = slice('a', [1], None)"
    ),
    "enums": (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = [2]\nclass F(enum.IntFlag):\n"
        "    X = 1\n    Y = 2\n"
    )
    + within("a = E.A; b = E('x') if 0 else E.B; c = F.X; d = [F.Y, E.A]"),
    "decimals_and_fractions": "import decimal, fractions\n"
    + within("a = decimal.Decimal('1.50'); b = fractions.Fraction(1, 3); c = [a]"),
    "dates_and_times": "import datetime as t\n"
    + within(
        "a = t.date(2020, 1, 2); b = t.datetime(2020, 1, 2, 3, 4, 5)",
        "c = t.timedelta(1, 2); d = t.time(1, 2)",
    ),
    "uuids_and_paths": "import uuid, pathlib\n"
    + within("a = uuid.UUID(int=5); b = pathlib.PurePosixPath('/a/b'); c = [a, b]"),
    "functions_and_classes": "class C: pass\n"
    + within(
        "a = main; b = C; c = int; d = len; e = [].append; f = C().__init__; g = lambda: 0",
        "h = [a, b, a]",
    ),
    "deque_and_friends": "import collections as c\n"
    + within(
        "a = c.deque([1, [2]], 5); b = c.OrderedDict(x=1); d = c.defaultdict(list, k=[1])",
        "e = c.Counter('aab'); f = c.ChainMap({'a': 1})",
    ),
    "exceptions": (
        "class E(Exception):\n    def __init__(self, code):\n"
        "        super().__init__(code, [code])\n        self.code = [code]\n"
    )
    + within("a = E(1); b = ValueError(); c = [a, KeyError('k')]"),
    "partials_and_methods": ("import functools\nclass C:\n    def m(self): pass\n")
    + within("a = functools.partial(max, 1); b = C().m; c = C.m; d = [a, b]"),
    "iterators_and_generators": within(
        "a = iter([1]); b = (i for i in 'ab'); c = zip('a', 'b'); d = map(str, a); e = enumerate(b)"
    ),
    "mapping_proxy_and_views": "import types\n"
    + within("d = {'a': 1}; a = types.MappingProxyType(d); b = d.items()", "d['b'] = 2"),
    "mixed_keys": within(
        "d = {1: 'a', None: 'b', (1, 'x'): [2], 2.5: 3, b'k': 4, frozenset({1}): 5}", "d[None] = 6"
    ),
    "sixty_four_items": within(
        "a = list(range(64)); b = set(range(64)); c = dict.fromkeys(range(64))", "a[63] = 'x'"
    ),
    "deep_first_sight": within("a = [[[[1]]]]", "b = {'k': {'k': {'k': (1, 2)}}}"),
}

LIMITS = {
    "more_than_64_items": within(
        "a = list(range(100)); b = dict.fromkeys(range(70)); c = set(range(80))",
        "a[3] = 'x'",
        "a.append('y')",
        "a.insert(0, 'z')",
    ),
    "long_strings_and_bytes": within(
        "a = 'ab' * 513; b = b'x' * 257; c = 1 << 2048", "a = [a, 'k']"
    ),
    "deeper_than_4": within("a = [[[[[[1]]]]]]", "b = a[0]", "c = a[0][0][0][0][0]", "c.append(2)"),
    "change_below_the_depth": within(
        "a = [[[[[[1]]]]]]", "a[0][0][0][0][0].append(2)", "a[0][0][0][0] = 'x'"
    ),
    "more_than_256_objects": within(
        "a = [[[] for _ in range(20)] for _ in range(20)]", "a[0].append(1)", "a[19][19].append(2)"
    ),
    "change_beyond_64_items": within("a = [0] * 100", "a[80] = 'x'", "a[99] += 1", "a[0] = 'y'"),
    "attribute_beyond_64": "class P: pass\n"
    + within("p = P()", "for i in range(70): setattr(p, f'a{i}', i)", "p.a69 = 'x'", "p.a1 = 'y'"),
}

PROGRAMS: dict[str, str] = CELLS | OWNERS_OF_CELLS | GLOBALS | BINDINGS | VALUES | LIMITS
