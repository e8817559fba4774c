"""More programs written by hand: managers, async code, classes, code from C, threads, the end."""

from __future__ import annotations

PROGRAMS: dict[str, str] = {}

PROGRAMS["context_managers"] = """\
import contextlib
class M:
    def __init__(self, swallow=False, enter=None, leave=None):
        self.swallow, self.enter, self.leave = swallow, enter, leave
    def __enter__(self):
        if self.enter: raise self.enter
        return self
    def __exit__(self, *a):
        if self.leave: raise self.leave
        return self.swallow
@contextlib.contextmanager
def cm(swallow):
    try:
        yield swallow
    except ValueError:
        if not swallow:
            raise
def attempt(f):
    try:
        print(f())
    except Exception as e:
        print(repr(e))
@attempt
def suppressed():
    with M(True) as m: raise KeyError
    with M(True), M() as (x): raise KeyError
@attempt
def passes():
    with M(), M(enter=ValueError('enter')):
        print('never')
@attempt
def leaving():
    with (M(leave=KeyError('leave')) as a,
          M() as b):
        return 1
@attempt
def generator_based():
    with cm(True) as x:
        raise ValueError
    with cm(False):
        raise ValueError('through')
@attempt
def returns():
    for i in range(2):
        with M():
            if i: return i
            continue
@attempt
def stack():
    with contextlib.ExitStack() as s:
        s.enter_context(M(True))
        s.callback(print, 'called')
        raise OSError
with contextlib.suppress(ZeroDivisionError):
    1 / 0
with contextlib.suppress(ZeroDivisionError): 1 / 0
"""

PROGRAMS["asynchronous"] = """\
import asyncio
class It:
    def __init__(self): self.n = 2
    def __aiter__(self): return self
    async def __anext__(self):
        await asyncio.sleep(0)
        self.n -= 1
        if self.n < 0: raise StopAsyncIteration
        return self.n
class Aw:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return 7
class AwIter:
    def __await__(self): return iter([None, None])
async def agen():
    try:
        for i in range(3):
            x = yield i
            await asyncio.sleep(0)
    except ValueError:
        yield 'caught'
    finally:
        await asyncio.sleep(0)
        print('agen done')
async def fail(e):
    await asyncio.sleep(0)
    raise e
async def forever():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.sleep(0)
        raise
    finally:
        print('cancelled')
async def main():
    async for i in It(): print(i)
    print([i async for i in It() if i], {i: await Aw() async for i in It()})
    print(await Aw(), await AwIter())
    async for i in agen():
        if i == 1: break
    g = agen()
    await anext(g); await g.asend(1)
    print(await g.athrow(ValueError))
    await g.aclose()
    print(await asyncio.gather(fail(KeyError('a')), Aw(), return_exceptions=True))
    t = asyncio.create_task(forever(), name='t')
    await asyncio.sleep(0)
    t.cancel()
    try:
        await t
    except asyncio.CancelledError:
        print('yes')
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(forever())
            tg.create_task(fail(ValueError(1)))
    except* ValueError as e:
        print(len(e.exceptions))
    f = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: f.set_result(3))
    print(await f)
    c = fail(ValueError())
    c.close()
asyncio.run(main())
async def simple(): return 1
c = simple()
try: c.send(None)
except StopIteration as e: print(e.value)
"""

PROGRAMS["called_from_c"] = """\
import functools, re
class V:
    def __init__(self, n): self.n = n
    def __lt__(self, o): return self.n < o.n
    def __eq__(self, o): return self.n == o.n
    def __hash__(self): return self.n
    def __bool__(self): return self.n > 1
    def __len__(self): return self.n
    def __getattr__(self, name):
        if name == 'lost': raise AttributeError(name)
        return name
    def __iter__(self):
        yield from range(self.n)
    def __contains__(self, x): return x == self.n
    def __call__(self, *a, **k): return len(a)
    def __repr__(self): return f'V({self.n})'
    def __add__(self, o): return NotImplemented
    def __radd__(self, o): return V(self.n + 1)
    def __getitem__(self, i): return i
    def __del__(self): deleted.append(self.n)
deleted = []
vs = [V(3), V(1), V(2)]
print(sorted(vs), max(vs), {V(1): 1, V(1): 2}, list(map(lambda v: v.n, vs)))
print(hasattr(vs[0], 'lost'), vs[0].found, bool(vs[1]), [*vs[0]], 3 in vs[0], vs[0](1, 2))
print(functools.reduce(lambda a, b: a + b, [1, 2, 3]), re.sub('.', lambda m: m[0] * 2, 'ab'))
try: vs[0] + 1
except TypeError: pass
print(1 + vs[0], vs[0][1:2])
del vs
print(len(deleted) > 0)
class Bad:
    def __del__(self): raise ValueError('ignored')
import sys
sys.unraisablehook = lambda *_: None
Bad()
print(list(filter(lambda x: x % 2, range(4))), [*map(V.__len__, [V(1)])])
"""

PROGRAMS["classes"] = """\
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple
import abc
class Meta(type):
    def __new__(m, name, bases, ns, **k):
        return super().__new__(m, name, bases, ns)
    def __call__(cls, *a):
        return super().__call__(*a)
class Base(metaclass=Meta):
    def __init_subclass__(cls, **k):
        cls.k = k
    def __init__(self, x=1):
        self.x = x
    @property
    def p(self): return self.x
    @p.setter
    def p(self, v):
        self.x = v
    @staticmethod
    def s(): return 1
    @classmethod
    def c(cls): return cls(4)
class D(Base, z=3):
    def __init__(self):
        super().__init__(2)
    for i in range(2):
        j = i
    def p2(self): return [self.__class__ for _ in range(2)]
D.c if False else D.s(); d = D(); d.p = 5; d.p2(); Base.c().p
class Desc:
    def __get__(self, o, t): return 1
    def __set_name__(self, o, n): self.n = n
class E(Enum):
    A = 1
    B = 2
    def m(self): return self.value
class T(NamedTuple):
    a: int
    b: int = 2
    def s(self): return self.a + self.b
@dataclass(order=True, frozen=True)
class P:
    x: int
    y: list = field(default_factory=lambda: [])
    z = Desc()
    def __post_init__(self):
        pass
print(E.A.m(), T(1).s(), P(1) == P(1), P(1) < P(2), P(1).z, repr(P(3)))
class G[X]:
    def m[Y](self, y: Y) -> Y:
        return y
type Alias[Q] = list[Q]
print(G[int]().m(3), Alias.__value__)
def gen[Z: int](z: Z): return z
gen(1)
class Abstract(abc.ABC):
    @abc.abstractmethod
    def m(self): ...
try: Abstract()
except TypeError: print('abstract')
"""

PROGRAMS["code_from_strings"] = """\
def local():
    x = 1
    exec('y = 1\\nfor i in range(2): y += i\\nprint(y)')
    return eval('x + 1'), eval('[v for v in range(2)]')
print(local())
exec('def made(a):\\n    return a * 2')
print(made(2))
exec(compile('z = 1\\nz += 1', '<made up>', 'exec'))
exec('hidden = 1', {'__name__': 'elsewhere'})
f = eval('lambda q: q + 1')
f(1)
try: exec('1 / 0')
except ZeroDivisionError: print('zero')
try: exec('def')
except SyntaxError: print('syntax')
"""

PROGRAMS["match_and_walrus"] = """\
from dataclasses import dataclass
@dataclass
class Pt:
    x: int
    y: int
def m(v):
    match v:
        case 0 | 1: return 'small'
        case int(n) if n > 10: return n
        case [a, [b, *c], *_]:
            return a, b, c
        case {'k': [k, _], **rest}:
            return k, rest
        case Pt(x=0, y=yy):
            return yy
        case Pt(x, y) if (s := x + y) > 3: return s
        case str() as text:
            pass
        case None:
            return
        case _:
            raise TypeError(v)
    return text
points = Pt(0, 2), Pt(3, 4), Pt(1, 1)
for v in (0, 11, 5, [1, [2, 3, 4]], {'k': [1, 2], 'l': 3}, *points, 'text', None):
    try: print(m(v))
    except TypeError as e: print(e)
if (n := 3) > 2 and (k := n * 2): print(n, k)
while (n := n - 1) > 0:
    print(n)
print([y for x in range(4) if (y := x * 2) > 2], y)
"""

PROGRAMS["threads_one_at_a_time"] = """\
import threading
local = threading.local()
def work(n):
    local.x = n
    for i in range(n): local.x += i
    if n == 2: raise ValueError
    return local.x
class T(threading.Thread):
    def run(self):
        inner = threading.Thread(target=work, args=(3,))
        inner.start()
        inner.join()
threading.excepthook = lambda a: print(a.exc_type.__name__)
for n in range(4):
    t = threading.Thread(target=work, args=(n,))
    t.start()
    t.join()
t = T(); t.start(); t.join()
def gen():
    yield 1
    yield 2
g = gen(); next(g)
t = threading.Thread(target=lambda: print(next(g))); t.start(); t.join()
t = threading.Timer(0, work, (1,)); t.start(); t.join()
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool:
    print(list(pool.map(lambda v: v * 2, range(3))))
"""

PROGRAMS["ends_by_exit"] = """\
import atexit, sys
@atexit.register
def last():
    for i in range(2): print('last', i)
class K:
    def __del__(self): pass
def deep(n):
    try:
        if n: return deep(n - 1)
        sys.exit(3)
    finally:
        print(n)
deep(3)
"""

PROGRAMS["ends_by_exception"] = """\
def f(n):
    if n: f(n - 1)
    else: {}['missing']
try:
    f(2)
except KeyError as e:
    raise RuntimeError('from here') from e
"""
