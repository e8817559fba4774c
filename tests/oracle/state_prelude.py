"""What generated programs begin with: the tick that ends them, and what they share and change."""

from __future__ import annotations

# Ends a program that runs long without rebinding a global.
TICK = """\
import contextlib
from dataclasses import dataclass
from functools import wraps

ticks = iter(range(150))


class OutOfTicks(BaseException):
    pass


def tick():
    if next(ticks, None) is None:
        raise OutOfTicks


def traced(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper


"""

KINDS = """\
import bisect
import datetime
import decimal
import enum
import functools
import heapq
import operator
import pathlib
import random
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque


class Kind(enum.Enum):
    A = 1
    B = 2


@dataclass
class Point:
    x: object
    y: object = 0


class Slot:
    __slots__ = ('a', 'b')

    def __init__(self, a):
        self.a = a
        self.b = 0


class Box:
    made = []

    def __init__(self, x):
        self.x = x
        self.items = []
        self.table = {}
        self.peer = None

    @property
    def total(self):
        return len(self.items)

    @total.setter
    def total(self, to):
        self.items[:] = [to]
        self.set_to = to

    def put(self, k, v):
        self.table[k] = v
        self.made.append(k)
        del self.made[4:]
        return self

    def __setitem__(self, k, v):
        self.table[k] = [v]

    def __delattr__(self, name):
        self.__dict__.pop(name, None)


class Chatty:
    def __setattr__(self, name, v):
        object.__setattr__(self, name, (v, [v]))


class Keep:
    def __init__(self, held):
        self.held = held

    def __enter__(self):
        self.held.append('in')
        return self.held

    def __exit__(self, kind, error, traceback):
        del self.held[3:]


G = {'l': [0], 'd': {}}
shared = [1]


def order(v):
    return v % 5 if type(v) is int else len(type(v).__name__)


def touch(l, v):
    l.append(v)
    del l[5:]
    return l


def set_shared(v):
    global shared
    shared = v


def fill(d, *rest, **more):
    d.update(more)
    d['rest'] = rest
    return d


def feeder(l):
    tick()
    l.append('fed')
    got = yield l
    l[:] = [got]
    yield got
    l.clear()


def counter(by):
    count = 0
    log = []

    def add():
        nonlocal count
        count += by
        log.append(count)
        return log
    return add


"""

# The containers that the statements of a function change.
NAMES = """\
xs = args[0] if args else [[1], 2]
m = {'k': xs, 1: 2}
s = {1, 'e'}
q = deque([1, xs], 5)
h = [1, 3]
t = [[0, 1], [2, 3]]
o = Box(xs)
w = Slot(xs)
p = Point(1, m)
n = Counter('aab')
e = defaultdict(list)
r = OrderedDict(k=1, j=[2])
b8 = bytearray(b'abcd')
y = Chatty()"""
