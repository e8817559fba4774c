"""A small program with values of many kinds, calls, exceptions, a generator, threads and a task."""

import asyncio
import collections
import dataclasses
import decimal
import enum
import threading


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5


class Slotted:
    __slots__ = ("inner",)


def kinds():
    none, yes, number, large = None, True, -7, 1 << 300
    real, text, raw = 2.5, "text \u00e9 \U0001f600", b"\x00\xff" * 40
    items = [1, [2, (3, {4})], {"key": Point(1), 2: Colour.RED}]
    items.append(items)
    slotted = Slotted()
    slotted.inner = items
    odd = [decimal.Decimal("1.5"), range(3), 2j, frozenset("a"), bytearray(b"x"), kinds, Point]
    named = collections.OrderedDict(a=1)
    named["b"] = "long " * 200
    del named["a"]
    return none, yes, number, large, real, text, raw, odd, named


def numbers(n):
    for i in range(n):
        yield i + 1


def fails(depth):
    if depth:
        return fails(depth - 1)
    raise ValueError("lost", depth)


def work():
    kinds()
    total = sum(numbers(5))
    try:
        fails(3)
    except ValueError as error:
        caught = error
    return total, caught.args


async def task():
    await asyncio.sleep(0)
    return 1


thread = threading.Thread(target=work)
thread.start()
thread.join()
work()
asyncio.run(task())
print("done")
