"""Programs that bind names in every way the language has, to values of every builtin kind."""

from __future__ import annotations

PROGRAMS: dict[str, str] = {}

PROGRAMS["scalars"] = """\
def f():
    a = 0; b = -1; c = 2**53; d = 2**53 + 1; e = -2**64; g = 10**30
    a = True
    a = 1
    a = 1.0
    a = -0.0
    a = 0.0
    a = float('nan')
    a = float('inf')
    a = -a
    a = 1e300
    a = 0.1
    a = 1 + 2j
    a = complex('nan')
    a = b''
    a = b'\\x00\\xff"\\'q'
    a = ''
    a = 'caf\\u00e9 \\u4e2d \\U0001f600 \\x00 \\n "'
    a = '\\ud800 alone'
    a = None
    a = ...
    a = NotImplemented
    return a
f()
"""

PROGRAMS["containers"] = """\
def f():
    a = []
    a = [1, [2, [3]]]
    a = (1, ('x', None), [2.5])
    a = ()
    a = {'k': [1], 2: {'n': (1,)}, (1, 2): None}
    a = {}
    a = {1}
    a = {'p', 'q', 3}
    a = set()
    a = frozenset({1, b'2'})
    b = [1]
    b.append(b)
    c = b
    d = {}
    d['self'] = d
    e = d
    x = [1, 2]
    y = [x, x]
    z = (y, x)
    wide = list(range(100))
    return z
f()
"""

PROGRAMS["instances"] = """\
class Plain:
    kind = 'plain'
    def __init__(self, x, y=2):
        self.x = x
        self.y = [y]
class Node:
    def __init__(self, next=None):
        self.next = next
        self.me = self
def f():
    a = Plain(1)
    b = Plain(a)
    n = Node(Node())
    m = [a, b]
    a = object()
    return b
r = f()
"""

PROGRAMS["ways_to_bind"] = """\
import contextlib
@contextlib.contextmanager
def manager(v):
    yield v
def f(p, q=2, *rest, k, o='d', **more):
    a, b = 1, 2
    a, b = b, a
    (c, *d), e = [1, 2, 3], 'e'
    [g, *h] = 'xyz'
    a = b = 5
    a += 1; b -= 1
    c: int = 3
    i: int
    for j in range(2):
        j2 = j
    for k1, (k2, k3) in [(1, (2, 3)), (4, (5, 6))]: pass
    while (w := a) > 4:
        a -= 1
    if (w2 := 5) and w:
        pass
    with manager('m') as m:
        m2 = m
    with manager((1, 2)) as (m3, m4), manager(3) as m5:
        pass
    try:
        raise KeyError('k')
    except KeyError as err:
        x = 1
    y = 2
    import os
    import os.path as path
    from os import sep, linesep as end
    def inner(): pass
    class Inner: z = 1
    fn = lambda v: v
    s = [t for t in range(3)]
    u = {t: t for t in range(2)}
    v = [last := t for t in range(3)]
    p = None
    del q
    q = 7
    del q, (p)
    match (1, [2, {'k': 3, 'l': 4}], 5):
        case (m6, [m7, {'k': m8, **m9}], *m10) as whole:
            pass
    match {'a': 1}:
        case {'a': 2}: n1 = 1
        case {'a': int() as n2}: n3 = n2
    rest = (
        1,
        2)
    assert (z := 3)
    return more
f(1, k=3)
f(1, 2, 3, 4, k=5, extra=[6])
"""

PROGRAMS["module_names"] = """\
a = 1
a, b = 2, [3]
a += 1
for i in range(3):
    c = i * 2
for i in range(2): d = i
e = [x for x in range(3)]
if (g := 4) > 3: h = g
try:
    1 / 0
except ZeroDivisionError as err:
    j = 1
k = 2
import os, sys as system
from os import sep
def f(): pass
class C: pass
with open(os.devnull) as file: pass
del a
a = 'again'
del b, c
a = None
"""

PROGRAMS["cells_and_globals"] = """\
total = 0
def counter():
    count = 0
    seen = []
    def step(by=1):
        nonlocal count
        count += by
        seen.append(count)
        return count
    step()
    step(2)
    count = 10
    step(by=3)
    del count
    return step
def globals_too():
    global total, made, gone
    total += 5
    made = [total]
    gone = 1
    del gone
    total = 'text'
counter()
globals_too()
def outer(a):
    b = a + 1
    def middle():
        c = b
        def inner():
            nonlocal b, c
            b = c = 'inner'
            return a
        inner()
        c = 4
        return c
    middle()
    a = 3
    return a, b
outer(1)
def adders():
    return [lambda x, n=n: x + n for n in range(2)]
[add(1) for add in adders()]
"""

PROGRAMS["class_bodies"] = """\
def make(n):
    class Local:
        '''doc'''
        x = n
        y = x + 1
        for i in range(2):
            z = i
        def method(self, a): return (a, __class__)
        del z
        note: int = 5
    return Local().method(1)
make(4)
class Base:
    registry = []
    def __init_subclass__(cls, tag='', **rest):
        tag = tag or 'none'
class Derived(Base, tag='d'):
    x: int
    y = (1, 2)
    y = y + (3,)
"""

PROGRAMS["generators"] = """\
def gen(n):
    got = None
    while n:
        got = yield n
        n -= 1
    x = yield 'tuple', [n]
    try:
        y = yield
    except ValueError as e:
        z = yield e.args
    return 'end'
g = gen(2)
a = next(g)
a = g.send('first')
a = g.send(['second'])
a = g.send(3)
a = g.throw(ValueError('v', 1))
try: g.send('last')
except StopIteration as e: a = e.value
def outer():
    r = yield from gen(0)
    return r
b = outer()
c = [next(b), b.send(1), b.throw(ValueError())]
for i in (j * j for j in range(3)): k = i
def one(): v = yield 1; w = v
h = one(); next(h); next(h, None)
async def coro(p):
    q = p + 1
    return q
c1 = coro(1)
try: c1.send(None)
except StopIteration as e: d = e.value
c1 = None
"""

PROGRAMS["leaving"] = """\
def returns(x):
    y = x; return y
def nothing():
    z = 1
def early(n):
    for i in range(n):
        a = i
        if i: return {'i': i}
def raises():
    before = 1
    before = 2; 1 / 0
def passes():
    w = 'w'; raises()
def final():
    try:
        t = 1
        return t
    finally:
        t = 2
def caught():
    try: u = 1; raises()
    except ZeroDivisionError: v = 2
    return
def recursive(n): m = n; return m if n == 0 else recursive(n - 1) + 1
returns([1]); nothing(); early(3); final(); caught(); recursive(3)
try: passes()
except ZeroDivisionError as error: pass
one = (lambda v: v + 1)(1)
"""
