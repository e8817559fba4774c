"""Programs that each change attributes, aliases, or objects that other frames hold, in one way."""

from __future__ import annotations

from oracle.state_programs_changes import within

PLAIN = "class P:\n    def __init__(self, x, y=None):\n        self.x = x\n        self.y = y\n"
SLOTTED = "class S:\n    __slots__ = ('a', 'b')\n    def __init__(self, a):\n        self.a = a\n"

ATTRIBUTES = {
    "attribute_assignment": PLAIN + within("p = P(1)", "p.x = [2]", "p.z = 3", "p.x = p"),
    "attribute_deletion": PLAIN + within("p = P(1)", "del p.x", "p.x = 5", "del p.y, p.x"),
    "attribute_augmented": PLAIN + within("p = P(1, [1])", "p.x += 1", "p.y += [2]", "p.x -= 5"),
    "attribute_in_the_constructor": PLAIN + within("p = P(1, [2])", "q = P(p, p.y)"),
    "attribute_chain": PLAIN
    + within("p = P(P(P([1])))", "p.x.x.x.append(2)", "p.x.x.y = 3", "p.x.y = p.x.x"),
    "item_of_an_attribute": PLAIN
    + within("p = P({}, [0])", "p.x['k'] = [1]", "p.y[0] += 5", "p.x['k'][0] = 2", "del p.x['k']"),
    "attribute_of_an_item": PLAIN
    + within("c = [P(1), P(2)]", "c[0].x = 'a'", "c[1].x, c[0].y = c[0], 7", "c[-1].x.y += 1"),
    "self_items": (
        (
            "class Box:\n    def __init__(self):\n        self.items = {}\n"
            "        self.order = []\n    def put(self, k, v):\n        self.items[k] = v\n"
            "        self.order.append(k)\n        return self\n"
        )
        + within("b = Box()", "b.put('a', 1)", "b.put('b', [2]).put('a', 3)")
    ),
    "attribute_as_loop_target": PLAIN
    + within("p = P(0)", "for p.x in range(2):", "    n = p.x", "for p.y in 'a': pass"),
    "attribute_unpacking": PLAIN + within("p = P(0)", "p.x, *p.y = 'abc'", "p.x, p.y = p.y, p.x"),
    "slots": SLOTTED + within("s = S(1)", "s.b = [2]", "s.a += 1", "del s.b"),
    "slots_and_dict": SLOTTED
    + "class T(S):\n    pass\n"
    + within("t = T(1)", "t.c = 2", "t.a = [t.c]", "del t.c"),
    "inherited_slots": SLOTTED
    + "class T(S):\n    __slots__ = ('c',)\n"
    + within("t = T(1)", "t.c = [2]", "t.a = 0"),
    "dataclass": (
        (
            "from dataclasses import dataclass\n@dataclass\nclass D:\n    a: int\n"
            "    b: object = None\n    def __post_init__(self): self.b = [self.a]\n"
        )
        + within("d = D(1)", "d.b.append(2)", "d.a += 1", "d.b = d.b + [3]")
    ),
    "slotted_dataclass": (
        (
            "from dataclasses import dataclass\n@dataclass(slots=True)\nclass D:\n    a: int\n"
            "    b: list\n"
        )
        + within("d = D(1, [])", "d.b.append(2)", "d.a = 'x'")
    ),
    "frozen_dataclass_holding_a_list": (
        (
            "from dataclasses import dataclass, replace\n@dataclass(frozen=True)\nclass D:\n"
            "    a: int\n    b: list\n"
        )
        + within(
            "d = D(1, [])",
            "d.b.append(2)",
            "e = replace(d, a=2)",
            "e.b.append(3)",
            "object.__setattr__(d, 'a', 9)",
        )
    ),
    "property_setter": (
        (
            "class P:\n    def __init__(self):\n        self._v = 0\n    @property\n"
            "    def v(self):\n        return self._v\n    @v.setter\n    def v(self, to):\n"
            "        self._v = to\n        self.log = [to]\n"
        )
        + within("p = P()", "p.v = 3", "p.v += 1", "p.log.append(p.v)")
    ),
    "setitem_override": (
        (
            "class C:\n    def __init__(self):\n        self.held = {}\n"
            "    def __setitem__(self, k, v):\n        self.held[k] = [v]\n"
            "    def __getitem__(self, k):\n        return self.held[k]\n"
            "    def __delitem__(self, k):\n        del self.held[k]\n"
        )
        + within("c = C()", "c['a'] = 1", "c['a'] += [2]", "del c['a']")
    ),
    "setattr_override": (
        (
            "class C:\n    def __setattr__(self, k, v):\n"
            "        object.__setattr__(self, k, [v])\n    def __delattr__(self, k):\n"
            "        object.__setattr__(self, k, None)\n"
        )
        + within("c = C()", "c.a = 1", "c.b = c.a", "del c.a")
    ),
    "iadd_override": (
        (
            "class C:\n    def __init__(self):\n        self.n = [0]\n"
            "    def __iadd__(self, v):\n        self.n.append(v)\n        return self\n"
        )
        + within("c = C()", "d = c", "c += 1", "c += 2")
    ),
    "call_override": (
        (
            "class C:\n    def __init__(self): self.n = 0\n    def __call__(self):\n"
            "        self.n += 1\n        return self\n"
        )
        + within("c = C()", "c()", "c()()")
    ),
    "descriptor_set": (
        (
            "class Typed:\n    def __set_name__(self, owner, name):\n        self.name = name\n"
            "    def __get__(self, one, owner):\n        return one.__dict__[self.name]\n"
            "    def __set__(self, one, v):\n        one.__dict__[self.name] = v\nclass C:\n"
            "    a = Typed()\n"
        )
        + within("c = C()", "c.a = 1", "c.a += 2")
    ),
    "cached_property": (
        (
            "import functools\nclass C:\n    @functools.cached_property\n    def big(self):\n"
            "        return [1]\n"
        )
        + within("c = C()", "n = c.big", "c.big.append(2)")
    ),
    "setattr_and_delattr": PLAIN
    + within("p = P(1)", "setattr(p, 'x', 2)", "setattr(p, 'new', [p.x])", "delattr(p, 'y')"),
    "vars_and_dict_of_an_instance": PLAIN
    + within(
        "p = P(1)",
        "vars(p)['x'] = 2",
        "p.__dict__.update(z=3, y=[4])",
        "p.__dict__ = {'w': 5}",
        "p.w = 6",
    ),
    "attributes_in_another_order": PLAIN
    + within("p = P(1)", "q = P.__new__(P)", "q.y = 2; q.x = p", "del p.x; p.x = q"),
    "instance_of_a_list_subclass": "class L(list): pass\n"
    + within("c = L([1])", "c.append(2)", "c.tag = 'x'", "c[0] = c.tag"),
    "list_changed_through_super": (
        "class L(list):\n    def add(self, v):\n"
        "        super().append(v)\n        super(L, self).append(v)\n"
    )
    + within("c = L([1])", "c.add(2)", "c.add([c[0]])"),
    "dict_changed_through_super": (
        "class D(dict):\n    def __setitem__(self, key, v):\n"
        "        super().__setitem__(key, [v])\n"
    )
    + within("d = D(a=1)", "d['b'] = 2", "d['a'] = d['b']"),
    "instance_of_a_dict_subclass": "class D(dict): pass\n"
    + within("d = D(a=1)", "d['b'] = [2]", "d.tag = 'x'", "d.pop('a')"),
    "named_tuple_holding_a_list": "import collections\nN = collections.namedtuple('N', 'a b')\n"
    + within("n = N(1, [2])", "n.b.append(3)", "m = n._replace(a=4)"),
    "simple_namespace": "import types\n"
    + within("n = types.SimpleNamespace(a=1)", "n.b = [2]", "n.b.append(n.a)", "del n.a"),
    "class_attribute": ("class C:\n    n = 0\n    seen = []\n")
    + within("k = C", "k.n += 1", "C.seen.append(k.n)", "k.new = {}", "del C.n"),
    "class_attribute_through_an_instance": (
        (
            "class C:\n    seen = []\n    n = 0\n    def note(self):\n"
            "        self.seen.append(self.n)\n        type(self).n += 1\n"
        )
        + within("k = C", "c = C()", "c.note()", "c.n = 9")
    ),
    "function_attribute": within(
        "def f(): f.calls += 1", "f.calls = 0", "f()", "f.tags = ['a']", "f.tags.append('b')"
    ),
    "attribute_of_an_exception": within(
        "e = ValueError('v')", "e.code = [1]", "e.code.append(2)", "e.add_note('n')"
    ),
    "many_attributes": PLAIN
    + within(
        "p = P(0)", "for i in range(40): setattr(p, f'a{i}', i)", "p.a39 = 'last'", "p.a20 = 'mid'"
    ),
}

ALIASES = {
    "two_names_one_list": within("a = [1]", "b = a", "b.append(2)", "c = [1, 2]"),
    "alias_inside_a_container": within(
        "a = [1]", "b = {'a': a, 'l': [a]}", "a.append(2)", "b['l'][0].append(3)"
    ),
    "alias_in_two_attributes": PLAIN
    + within("a = [1]", "p = P(a, a)", "p.x.append(2)", "p.y = list(a)", "a.append(3)"),
    "alias_outlives_its_name": within("a = [1]", "b = [a]", "del a", "b[0].append(2)"),
    "name_of_an_element": within(
        "c = [[1], [2]]", "for e in c: e.append(0)", "first = c[0]", "first.append(5)"
    ),
    "multiplied_list_shares": within(
        "c = [[0]] * 3", "c[0].append(1)", "c[1] = []", "c[1].append(2)"
    ),
    "equal_but_not_the_same": within("a = [1]; b = [1]; c = (a, b)", "a.append(2)", "b.append(2)"),
    "cycle": within("a = [1]", "a.append(a)", "b = {'me': a}", "b['b'] = b", "a[1].append(b)"),
    "cycle_of_instances": PLAIN
    + within("p = P(1); q = P(p, 2)", "p.y = q", "q.x.x = 5", "p.y.y = p"),
    "swap_of_contents": within(
        "a = [1]; b = [2]", "a[:], b[:] = b[:], a[:]", "a, b = b, a", "a.append(3)"
    ),
    "replaced_not_changed": within("a = [1]; b = a", "a = a + [2]", "b.append(9)", "a = b"),
    "reused_address": within(
        "a = [1]", "a = [2]", "del a", "a = [3]; b = [a]", "a = b = None", "a = [4]; a.append(5)"
    ),
    "immutable_tuple_with_mutable_item": within(
        "t = (1, [2])", "u = t", "t[1].append(3)", "u += (4,)"
    ),
    "dict_views_and_keys": within(
        "d = {'a': 1}", "k = d.keys(); v = d.values()", "d['b'] = 2", "n = list(k); m = list(v)"
    ),
    "alias_through_a_default": within("base = [1]", "def f(a=base): a.append(2)", "f()", "f()"),
    "partial_holds_an_alias": within(
        "import functools", "c = [1]", "p = functools.partial(c.append, 2)", "p()"
    ),
}

FRAMES = {
    "callee_changes_its_argument": ("def f(v):\n    v.append(2)\n    v = [9]\n    return v\n")
    + within("a = [1]", "b = f(a)", "f(b)"),
    "callee_changes_deep_in_an_argument": "def f(v):\n    v['a'][0].append(2)\n"
    + within("a = {'a': [[1]]}", "f(a)", "n = 1"),
    "callee_of_a_callee": (
        "def g(v): v.append(2)\ndef f(v):\n    w = v\n    g(w)\n    v.append(3)\n"
    )
    + within("a = [1]", "f(a)"),
    "callee_changes_an_attribute": PLAIN
    + ("def f(p):\n    p.x = 2\n    p.y.append(3)\n")
    + within("p = P(1, [])", "f(p)"),
    "method_changes_self": (
        (
            "class C:\n    def __init__(self):\n        self.n = 0\n        self.log = []\n"
            "    def step(self):\n        self.n += 1\n        self.log.append(self.n)\n"
        )
        + within("c = C()", "c.step()", "c.step(); c.step()")
    ),
    "recursion_with_an_accumulator": (
        "def walk(n, acc):\n    if n:\n        acc.append(n)\n        walk(n - 1, acc)\n"
        "    return acc\n"
    )
    + within("a = walk(2, [])", "walk(1, a)"),
    "callee_keeps_an_alias": (
        "kept = []\ndef f(v):\n    kept.append(v)\ndef g():\n    kept[0].append('late')\n"
    )
    + within("a = [1]", "f(a)", "g()"),
    "star_arguments_share_items": (
        "def f(*args, **kw):\n    args[0].append(1)\n    kw['k'].append(2)\n    kw['n'] = 3\n"
    )
    + within("a = []; b = []", "f(a, k=b)"),
    "decorator_collects": (
        "seen = []\ndef note(f):\n    def w(*a):\n        seen.append(a)\n"
        "        return f(*a)\n    return w\n@note\ndef f(v): v.append(1)\nx = []\nf(x)\n"
        "f(x)\ndone = 1\n"
    ),
    "generator_changes_shared_state": (
        "def gen(c):\n    c.append('start')\n    yield 1\n    c.append('more')\n"
        "    yield 2\n    c.clear()\n"
    )
    + within(
        "a = []", "g = gen(a)", "n = next(g)", "a.append('mine')", "n = next(g)", "n = list(g)"
    ),
    "consumer_changes_what_a_generator_holds": (
        "def gen(c):\n    while c:\n        d = c\n        yield len(c)\n"
    )
    + within("a = [1, 2, 3]", "for n in gen(a):", "    a.pop()"),
    "send_an_object_and_change_it": (
        "def gen():\n    got = yield\n    got = yield got\n    got.append('g')\n    yield\n"
    )
    + within("g = gen(); next(g)", "a = [1]", "g.send(a)", "a.append(2)", "g.send(a)"),
    "contextmanager_changes": (
        "import contextlib\n@contextlib.contextmanager\ndef cm(c):\n    c.append('in')\n"
        "    yield c\n    c.append('out')\n"
    )
    + within("a = []", "with cm(a) as b:", "    b.append('body')"),
    "exit_changes": (
        "class C:\n    def __init__(self): self.log = []\n"
        "    def __enter__(self): return self.log\n"
        "    def __exit__(self, *e): self.log.append(len(e))\n"
    )
    + within("c = C()", "with c as log:", "    log.append('body')"),
    "exception_carries_an_object": within(
        "a = [1]",
        "try:",
        "    raise ValueError(a)",
        "except ValueError as e:",
        "    e.args[0].append(2)",
    ),
    "finally_changes_after_return": (
        "def f(a):\n    try:\n        return a\n    finally:\n        a.append('f')\n"
    )
    + within("b = f([1])", "c = f(b)"),
    "callback_from_c": (
        "def grow(v):\n    out.append(v)\n    return v\nout = []\n"
        "n = list(map(grow, 'ab'))\nm = max([1, 3], key=grow)\ndone = 1\n"
    ),
    "iteration_protocol_changes": (
        "class It:\n    def __init__(self): self.left = [1, 2]\n"
        "    def __iter__(self): return self\n    def __next__(self):\n"
        "        if not self.left: raise StopIteration\n        return self.left.pop()\n"
    )
    + within("i = It()", "n = [v for v in i]", "m = list(i)"),
    "thread_changes": "import threading\n"
    + within(
        "a = []",
        "t = threading.Thread(target=a.append, args=(1,))",
        "t.start(); t.join()",
        "a.append(2)",
    ),
    "coroutine_changes": ("async def co(c):\n    c.append(1)\n    d = c\n    return c\n")
    + within("a = []", "g = co(a)", "try: g.send(None)", "except StopIteration: n = 1"),
}

PROGRAMS: dict[str, str] = ATTRIBUTES | ALIASES | FRAMES
