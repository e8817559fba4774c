"""What becomes of exceptions in small programs, written down by hand.

A line is `kind function line type`, with `origin` after a raise in the frame that raised. `origin?`
stands where no frame of the program raised it: thrown into a generator, or made by the interpreter
between two frames. A line `-` is open: the instruction that unwinds belongs to no line.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    source: str
    expected: str

    def events(self) -> list[str]:
        return [line.strip() for line in self.expected.strip().splitlines()]


CASES: dict[str, Case] = {}

CASES["one clause catches"] = Case(
    "try:\n    int('x')\nexcept ValueError:\n    pass\n",
    "raise <module> 2 ValueError origin\nhandled <module> 3 ValueError",
)
CASES["a clause on one line catches"] = Case(
    "try: raise KeyError\nexcept KeyError: x = 1\n",
    "raise <module> 1 KeyError origin\nhandled <module> 2 KeyError",
)
CASES["the second clause catches"] = Case(
    "try:\n    int('x')\nexcept KeyError:\n    pass\nexcept ValueError:\n    x = 1\n"
    "except TypeError:\n    pass\n",
    "raise <module> 2 ValueError origin\nhandled <module> 5 ValueError",
)
CASES["a tuple of types catches"] = Case(
    "kinds = KeyError, OSError\ntry:\n    open('/missing/file')\nexcept kinds:\n    pass\n"
    "try:\n    {}[1]\nexcept (KeyError, OSError):\n    pass\n",
    "raise <module> 3 FileNotFoundError origin\nhandled <module> 4 FileNotFoundError\n"
    "raise <module> 7 KeyError origin\nhandled <module> 8 KeyError",
)
CASES["a bare except catches"] = Case(
    "try:\n    raise SystemExit(2)\nexcept:\n    pass\n",
    "raise <module> 2 SystemExit origin\nhandled <module> 3 SystemExit",
)
CASES["a bare except after a clause that does not match catches"] = Case(
    "try:\n    raise OSError\nexcept ValueError:\n    pass\nexcept:\n    x = 1\n",
    "raise <module> 2 OSError origin\nhandled <module> 5 OSError",
)
CASES["a named clause catches"] = Case(
    "def f():\n    try:\n        raise KeyError('k')\n    except LookupError as e:\n"
    "        return e.args\nf()\n",
    "raise f 3 KeyError origin\nhandled f 4 KeyError",
)
CASES["no clause matches"] = Case(
    "def f():\n    try:\n        1 / 0\n    except KeyError:\n        pass\n"
    "    except OSError as e:\n        pass\ntry:\n    f()\nexcept ArithmeticError:\n    pass\n",
    "raise f 3 ZeroDivisionError origin\nunwind f 6 ZeroDivisionError\n"
    "raise <module> 9 ZeroDivisionError\nhandled <module> 10 ZeroDivisionError",
)
CASES["finally alone handles nothing"] = Case(
    "def f():\n    try:\n        raise KeyError\n    finally:\n        x = 1\n"
    "try:\n    f()\nexcept KeyError:\n    pass\n",
    "raise f 3 KeyError origin\nunwind f 5 KeyError\n"
    "raise <module> 7 KeyError\nhandled <module> 8 KeyError",
)
CASES["a return in finally ends the exception without handling it"] = Case(
    "def f():\n    try:\n        raise KeyError\n    finally:\n        return 1\nf()\n",
    "raise f 3 KeyError origin",
)
CASES["except and finally"] = Case(
    "def f():\n    try:\n        raise KeyError\n    except KeyError:\n        x = 1\n"
    "    finally:\n        x = 2\nf()\n",
    "raise f 3 KeyError origin\nhandled f 4 KeyError",
)
CASES["contextlib.suppress suppresses"] = Case(
    "import contextlib\nwith contextlib.suppress(KeyError):\n    {}['k']\nx = 1\n",
    "raise <module> 3 KeyError origin\nhandled <module> 2 KeyError",
)
CASES["contextlib.suppress lets another pass"] = Case(
    "import contextlib\ndef f():\n    with contextlib.suppress(KeyError):\n        1 / 0\n"
    "try:\n    f()\nexcept ZeroDivisionError:\n    pass\n",
    "raise f 4 ZeroDivisionError origin\nunwind f 4 ZeroDivisionError\n"
    "raise <module> 6 ZeroDivisionError\nhandled <module> 7 ZeroDivisionError",
)

MANAGER = (
    "class M:\n    def __init__(self, answer):\n        self.answer = answer\n"
    "    def __enter__(self):\n        return self\n    def __exit__(self, *error):\n"
    "        return self.answer\n"
)

CASES["a manager of the program suppresses"] = Case(
    MANAGER + "with M(True):\n    raise KeyError\n",
    "raise <module> 9 KeyError origin\nhandled <module> 8 KeyError",
)
CASES["a true answer of any type suppresses"] = Case(
    MANAGER + "with M([0]) as m:\n    raise KeyError\n",
    "raise <module> 9 KeyError origin\nhandled <module> 8 KeyError",
)
CASES["a manager of the program does not suppress"] = Case(
    MANAGER + "def f():\n    with M(0):\n        raise KeyError\ntry:\n    f()\n"
    "except KeyError:\n    pass\n",
    "raise f 10 KeyError origin\nunwind f 10 KeyError\n"
    "raise <module> 12 KeyError\nhandled <module> 13 KeyError",
)
CASES["the outer of two managers suppresses"] = Case(
    MANAGER + "with M(True):\n    with M(False):\n        raise KeyError\n",
    "raise <module> 10 KeyError origin\nhandled <module> 8 KeyError",
)
CASES["a manager without exception handles nothing"] = Case(
    MANAGER + "with M(True):\n    x = 1\n", ""
)
CASES["an exit that raises replaces the exception"] = Case(
    "class M:\n    def __enter__(self): pass\n    def __exit__(self, *e): raise OSError\n"
    "try:\n    with M():\n        raise KeyError\nexcept OSError:\n    pass\n",
    "raise <module> 6 KeyError origin\nraise M.__exit__ 3 OSError origin\n"
    "unwind M.__exit__ 3 OSError\nraise <module> 5 OSError\nhandled <module> 7 OSError",
)
CASES["a generator manager handles, and so does its with"] = Case(
    "import contextlib\n@contextlib.contextmanager\ndef cm():\n    try:\n        yield\n"
    "    except KeyError:\n        x = 1\nwith cm():\n    raise KeyError\n",
    "raise <module> 9 KeyError origin\nraise cm 5 KeyError\nhandled cm 6 KeyError\n"
    "handled <module> 8 KeyError",
)
CASES["each matching except star clause handles"] = Case(
    "try:\n    raise ExceptionGroup('g', [KeyError(), OSError()])\nexcept* KeyError:\n    x = 1\n"
    "except* ValueError:\n    x = 2\nexcept* OSError as e:\n    x = 3\n",
    "raise <module> 2 ExceptionGroup origin\nhandled <module> 3 ExceptionGroup\n"
    "handled <module> 7 ExceptionGroup",
)
CASES["what no except star clause matches goes on"] = Case(
    "def f():\n    try:\n        raise ExceptionGroup('g', [KeyError(), OSError()])\n"
    "    except* KeyError:\n        x = 1\ntry:\n    f()\nexcept ExceptionGroup:\n    pass\n",
    "raise f 3 ExceptionGroup origin\nhandled f 4 ExceptionGroup\nunwind f - ExceptionGroup\n"
    "raise <module> 7 ExceptionGroup origin?\nhandled <module> 8 ExceptionGroup",
)
CASES["no except star clause matches"] = Case(
    "def f():\n    try:\n        raise ExceptionGroup('g', [OSError()])\n    except* KeyError:\n"
    "        x = 1\ntry:\n    f()\nexcept ExceptionGroup:\n    pass\n",
    "raise f 3 ExceptionGroup origin\nunwind f - ExceptionGroup\n"
    "raise <module> 7 ExceptionGroup origin?\nhandled <module> 8 ExceptionGroup",
)
CASES["a for loop ends without an exception"] = Case(
    "def g():\n    yield 1\nfor x in g():\n    pass\nfor x in [1]: pass\n"
    "print(list(g()), [x for x in g()])\n",
    "",
)
CASES["the StopIteration a for swallows is raised but not handled"] = Case(
    "class It:\n    def __iter__(self): return self\n    def __next__(self): raise StopIteration\n"
    "for x in It():\n    pass\n",
    "raise It.__next__ 3 StopIteration origin\nunwind It.__next__ 3 StopIteration",
)
CASES["a StopIteration from next is an exception"] = Case(
    "try:\n    next(iter([]))\nexcept StopIteration:\n    pass\n",
    "raise <module> 2 StopIteration origin\nhandled <module> 3 StopIteration",
)
CASES["a generator turns StopIteration into RuntimeError"] = Case(
    "def g():\n    raise StopIteration\n    yield\ntry:\n    next(g())\nexcept RuntimeError:\n"
    "    pass\n",
    "raise g 2 StopIteration origin\nunwind g 2 RuntimeError\n"
    "raise <module> 5 RuntimeError origin?\nhandled <module> 6 RuntimeError",
)
CASES["an exception that leaves a generator is handled outside only"] = Case(
    "def g():\n    yield 1\n    raise KeyError\ntry:\n    for x in g():\n        pass\n"
    "except KeyError:\n    pass\n",
    "raise g 3 KeyError origin\nunwind g 3 KeyError\n"
    "raise <module> 5 KeyError\nhandled <module> 7 KeyError",
)
CASES["a generator catches what is thrown in"] = Case(
    "def g():\n    try:\n        yield 1\n    except KeyError:\n        yield 2\n"
    "it = g()\nnext(it)\nit.throw(KeyError)\n",
    "raise g 3 KeyError origin?\nhandled g 4 KeyError",
)
CASES["nested try statements"] = Case(
    "try:\n    try:\n        raise KeyError\n    except OSError:\n        pass\nexcept KeyError:\n"
    "    try:\n        raise TypeError\n    except TypeError:\n        pass\n",
    "raise <module> 3 KeyError origin\nhandled <module> 6 KeyError\n"
    "raise <module> 8 TypeError origin\nhandled <module> 9 TypeError",
)
CASES["an exception passes three frames"] = Case(
    "def a():\n    b()\ndef b():\n    c()\ndef c():\n    raise KeyError\ntry:\n    a()\n"
    "except KeyError:\n    pass\n",
    "raise c 6 KeyError origin\nunwind c 6 KeyError\nraise b 4 KeyError\nunwind b 4 KeyError\n"
    "raise a 2 KeyError\nunwind a 2 KeyError\n"
    "raise <module> 8 KeyError\nhandled <module> 9 KeyError",
)
CASES["a raise in an except body"] = Case(
    "def f():\n    try:\n        raise KeyError\n    except KeyError as e:\n"
    "        raise OSError from e\ntry:\n    f()\nexcept OSError:\n    pass\n",
    "raise f 3 KeyError origin\nhandled f 4 KeyError\nraise f 5 OSError origin\n"
    "unwind f 5 OSError\nraise <module> 7 OSError\nhandled <module> 8 OSError",
)
CASES["a bare raise after a match"] = Case(
    "def f():\n    try:\n        raise KeyError\n    except KeyError:\n        raise\n"
    "try:\n    f()\nexcept KeyError:\n    pass\n",
    "raise f 3 KeyError origin\nhandled f 4 KeyError\nunwind f 5 KeyError\n"
    "raise <module> 7 KeyError\nhandled <module> 8 KeyError",
)
CASES["a bare raise caught in the same frame"] = Case(
    "try:\n    try:\n        raise KeyError\n    except KeyError:\n        raise\n"
    "except LookupError:\n    pass\n",
    "raise <module> 3 KeyError origin\nhandled <module> 4 KeyError\nhandled <module> 6 KeyError",
)
CASES["loops handle each time"] = Case(
    "for i in range(2):\n    try:\n        {}[i]\n    except KeyError: continue\n",
    "raise <module> 3 KeyError origin\nhandled <module> 4 KeyError\n" * 2,
)
CASES["a clause whose type cannot be computed"] = Case(
    "def f():\n    try:\n        1 / 0\n    except missing:\n        pass\ntry:\n    f()\n"
    "except NameError:\n    pass\n",
    "raise f 3 ZeroDivisionError origin\nraise f 4 NameError origin\nunwind f 4 NameError\n"
    "raise <module> 7 NameError\nhandled <module> 8 NameError",
)
CASES["attribute errors that C code swallows"] = Case(
    "class A:\n    def __getattr__(self, name):\n        raise AttributeError(name)\n"
    "hasattr(A(), 'x')\n",
    "raise A.__getattr__ 3 AttributeError origin\nunwind A.__getattr__ 3 AttributeError",
)
