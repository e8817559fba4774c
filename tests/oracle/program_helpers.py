"""What every generated program begins with: the tick that ends it, managers, iterators, threads."""

from __future__ import annotations

PRELUDE = """\
import asyncio
import contextlib
import threading
from dataclasses import dataclass
from functools import wraps

ticks = 0


class OutOfTicks(BaseException):
    pass


def tick():
    global ticks
    ticks += 1
    if ticks > 400:
        raise OutOfTicks


class Guard:
    def __init__(self, *kinds):
        self.kinds = kinds

    def __enter__(self):
        return len(self.kinds)

    def __exit__(self, kind, error, traceback):
        return kind is not None and issubclass(kind, self.kinds)

    async def __aenter__(self):
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, kind, error, traceback):
        await asyncio.sleep(0)
        return kind is not None and issubclass(kind, self.kinds)


def traced(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper


"""

HELPERS = """\
@dataclass
class Point:
    x: int
    y: int = 0


@contextlib.contextmanager
def managed(value):
    try:
        yield value
    except KeyError:
        pass
    finally:
        tick()


async def countdown(n):
    while n > 0:
        tick()
        yield n
        n -= 1
        await asyncio.sleep(0)


def in_thread(function, *args):
    box = []

    def target():
        try:
            box.append(function(*args))
        except (Exception, OutOfTicks) as error:
            box.append(type(error).__name__)
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    return box


def recurse(function, a, b):
    tick()
    return recurse(function, a - 1, b) if a > 0 else function(a, b)


"""
