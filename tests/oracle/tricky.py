"""Programs written by hand, each around one thing that is easy to record wrongly."""

from __future__ import annotations

PROGRAMS: dict[str, str] = {}

PROGRAMS["one_line_loops"] = """\
def gen(n):
    for i in range(n): yield i
t = 0
for i in range(4): t += i
while t > 0: t -= 2
for i in range(3): a = i; b = a
for i in range(3): [j for j in range(i)]
for i in range(2):
    for j in range(3): t += j
for x in gen(3): t += x
for x in (y for y in range(3)): t += x
while True: t += 1; break
for i in range(5): t = (
    i + 1)
for i in range(3): pass
for i in []: t = 1
else: t = 2
squares = [k * k for k in range(3)]
n = 3
while (n := n - 1): pass
def f(n):
    while n: n -= 1
    return n
f(3)
g = lambda n: [m for m in range(n)]
g(3); g(2)
for i in range(3): continue
"""

PROGRAMS["one_line_functions"] = """\
def f(): return 1
def g(x): pass
h = lambda: 0
class A: pass
class B: x = 1; y = 2
def gen(): yield 1; yield 2
def gen2(): x = yield 1; yield x
async def c(): return 1
f(); g(f()); h(); list(gen())
i = gen2(); next(i); i.send(3)
try: c().send(None)
except StopIteration as e: print(e.value)
sorted([3, 1, 2], key=lambda v: -v)
"""

PROGRAMS["statements_over_many_lines"] = """\
def add(a, b):
    return a + b
x = add(
    add(
        1,
        2),
    add(3,
        4)
)
y = [
    add(1, 2),
    3,
    *[i
      for i in range(3)
      if i
      != 1],
]
z = (1 if x > 100
     else 2 if y
     else 3)
assert (x ==
        10), (
    'no')
text = f'''{
    add(x,
        1)
}'''
w = (x
     .bit_length()
     .bit_length())
if (x > 1 and
        y and
        not z):
    print(x)
elif (z and
      x):
    print(
        y,
        z)
def decorate(k):
    def inner(f):
        return f
    return inner
@decorate(1)
@decorate(
    2)
def f(a=add(1,
            1),
      *, b: add(1, 2) = 4
      ):
    return (a,
            b)
f(
)
class C(
    object,
):
    a = (1,
         2)
d = {'a': add(1, 1),
     'b':
         add(2, 2)}
1 < add(1, 1) < (
    add(1, 2)) < 5
del (x,
     y)
"""

PROGRAMS["long_function"] = (
    "def f(n):\n    t = 0\n"
    + "".join(
        f"    t += {i}\n" if i % 7 else f"    for i in range(2): t += {i}\n" for i in range(450)
    )
    + "    while n > 0:\n        n -= 1\n        t += n\n    return t\nprint(f(4))\nf(2)\n"
)

PROGRAMS["loop_below_many_definitions"] = (
    "".join(
        f"def f{i}(x):\n    y = x + {i}\n    if y > 3:\n        return y\n    return 0\n\n"
        for i in range(150)
    )
    + "total = 0\nfor i in range(20):\n    if i % 2:\n        total += f3(i)\n"
    + "    else:\n        total -= 1\n"
    + "for i in range(5): total += f149(i)\nwhile total > 30:\n    total -= 9\n"
    + "    if total == 41: break\nprint(total)\n"
)

PROGRAMS["long_literal"] = (
    "def one():\n    return 1\ntable = {\n"
    + "".join(f"    {i}: [{i},\n        {i} + 1],\n" for i in range(200))
    + "    'k': one(),\n}\nprint(len(table))\n"
)

PROGRAMS["long_function_with_handlers_and_yields"] = (
    "def f(n):\n    t = n\n"
    + "".join(f"    t += {i}\n" for i in range(220))
    + "    try:\n        for i in range(n):\n            try:\n                yield t // (i - 1)\n"
    + "            except ZeroDivisionError:\n                t += 1\n"
    + "            except ValueError as e:\n                yield str(e)\n"
    + "            else:\n                continue\n            finally:\n                t -= 1\n"
    + "    finally:\n        print('end')\n    with open(__file__) as file: pass\n    return t\n"
    + "print(list(f(4)))\ng = f(3)\nnext(g)\nprint(g.throw(ValueError('v')))\n"
    + "g.close()\nfor x in f(2): print(x)\n"
)

PROGRAMS["generators_closed_and_thrown_into"] = """\
def plain():
    yield 1
    yield 2
def guarded():
    try:
        yield 1
        yield 2
    finally:
        print('closed')
def stubborn():
    while True:
        try:
            x = yield 1
            print('got', x)
        except ValueError:
            yield 'caught'
        except GeneratorExit:
            return
def outer(inner):
    try:
        r = yield from inner
    except KeyError:
        yield 'outer'
    return r if 'r' in locals() else None
def attempt(f, *a):
    try:
        return f(*a)
    except BaseException as e:
        return type(e).__name__
g = plain(); g.close()
g = plain(); next(g); g.close(); attempt(next, g)
g = plain(); attempt(g.throw, ValueError); attempt(next, g)
g = plain(); next(g); attempt(g.throw, ValueError('x'))
g = guarded(); next(g); g.close()
g = guarded(); next(g); del g
g = stubborn(); next(g); g.send(4); g.throw(ValueError()); next(g); g.close()
for kind in (plain, guarded, stubborn):
    g = outer(kind()); next(g); print(attempt(g.throw, KeyError('k')))
    g = outer(kind()); next(g); print(attempt(g.throw, ValueError('v'))); g.close()
    del g
for v in guarded():
    break
print([v for v, _ in zip(guarded(), range(1))])
def swallow():
    try: yield
    except GeneratorExit: yield 'no'
g = swallow(); next(g); print(attempt(g.close)); del g
def raises():
    raise StopIteration('s')
    yield
print(attempt(next, raises()))
x = any(i > 1 for i in guarded())
def multi():
    a = (yield
         1) + (
        yield 2)
    return a
g = multi(); next(g); g.send(1); attempt(g.send, 2)
"""

PROGRAMS["iterators_that_stop"] = """\
class Count:
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        return self
    def __next__(self):
        if not self.n:
            raise StopIteration
        self.n -= 1
        return self.n
for i in Count(2):
    print(i)
for i in Count(2): print(i)
print(list(Count(2)), [i for i in Count(1)], next(Count(0), None))
a, b = Count(2)
def delegate():
    yield from Count(2)
    r = yield from map(str, Count(1))
print(list(delegate()))
try:
    next(iter([]))
except StopIteration:
    pass
try:
    next(Count(0))
except StopIteration as e:
    print(repr(e))
for k in {}: pass
for x, y in zip(Count(1), Count(2)): print(x, y)
class Old:
    def __getitem__(self, i):
        if i > 1: raise IndexError
        return i
for i in Old(): print(i)
print(2 in Old(), 0 in Count(2))
"""

PROGRAMS["finally_and_control_flow"] = """\
def returns(n):
    for i in range(3):
        try:
            if i == n:
                return i
            if i == 1:
                continue
        finally:
            print('finally', i)
    else:
        return 'else'
def overrides():
    try:
        raise ValueError
    finally:
        return 1
def breaks():
    while True:
        try:
            raise KeyError
        finally:
            break
    for _ in range(2):
        try:
            1 / 0
        except ZeroDivisionError:
            continue
        finally:
            print('f')
def nested():
    try:
        try:
            raise ValueError(1)
        except ValueError as e:
            try:
                raise KeyError from e
            finally:
                print('inner')
        finally:
            print('outer')
    except KeyError:
        try:
            raise
        except LookupError:
            return 'found'
def reraise():
    try:
        int('x')
    except ValueError as e:
        error = e
    raise error
def else_raises():
    try:
        pass
    except ValueError:
        pass
    else:
        raise TypeError
for n in range(4): print(returns(n))
print(overrides(), breaks(), nested())
for f in (reraise, else_raises):
    try: f()
    except Exception as e: print(repr(e))
try: [1 // i for i in (1, 0)]
except ZeroDivisionError: pass
def comprehension(xs):
    return [1 // x
            for x in xs
            if x != 5]
try: comprehension([1, 5, 0])
except ZeroDivisionError: pass
"""

PROGRAMS["exception_groups"] = """\
def f(kinds):
    try:
        try:
            raise ExceptionGroup('g', [k() for k in kinds])
        except* ValueError as g:
            print('value', len(g.exceptions))
        except* (TypeError, KeyError):
            raise
        except* OSError:
            raise RuntimeError
        else:
            print('else')
        finally:
            print('finally')
    except ExceptionGroup as e:
        print(repr(e))
f([ValueError]); f([ValueError, TypeError]); f([TypeError, OSError]); f([IndexError])
f([IndexError, ValueError])
try:
    raise ValueError('naked')
except* ValueError as e:
    print(e)
try:
    pass
except* ValueError:
    pass
else:
    print('none')
"""
