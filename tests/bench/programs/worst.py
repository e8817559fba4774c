"""Single events that are as dear as a program can make them: calls given big, deep, wide values.

Each value is new to the recorder when it is given. The median of a case is what counts, so that
other work on the machine does not.
"""

import random
import time
from collections.abc import Callable
from statistics import median

from measure import finish, size


class Node:
    def __init__(self, depth: int) -> None:
        self.name = f"node {random.random()}"
        self.below: list[Node] = []
        if depth:
            for _ in range(7):
                self.below.append(Node(depth - 1))


def text(length: int, alphabet: str = "abcdefghijklmnop") -> str:
    return random.choice(alphabet) * length


def words(n: int) -> list[str]:
    return [f"{random.random()}" * 50 for _ in range(n)]


def table(n: int) -> dict[str, list[int]]:
    return {f"key {random.random()}": [i, i + 1, i + 2] for i in range(n)}


CASES: dict[str, Callable[[], object]] = {
    "a tree of objects": lambda: Node(4),
    "a list of long strings": lambda: words(300),
    "a dict of lists": lambda: table(300),
    "lists in lists": lambda: [
        [[[i, j, k, 0.5] for i in range(9)] for j in range(9)] for k in range(9)
    ],
    "a string of 10 MB": lambda: text(10_000_000),
    "a string of 5,000,000 wide characters": lambda: text(5_000_000, "\U0001f40d\U0001f98a"),
    "10 MB of bytes": lambda: random.randbytes(10) * 1_000_000,
    "an int of 8,000,000 bits": lambda: random.getrandbits(64) << 8_000_000,
    "a list of a million": lambda: [random.random()] * 1_000_000,
    "a set of 100,000": lambda: set(range(random.randrange(9), 100_000)),
}


def take(value: object) -> int:
    return 0


def take_many(*values: object, **more: object) -> int:
    return 0


def main(n: int) -> dict[str, float]:
    taken = {}
    for name, make in CASES.items():
        times = []
        for _ in range(n):
            value = make()
            start = time.thread_time_ns()
            take(value)
            times.append(time.thread_time_ns() - start)
        taken[name] = median(times)
    times = []
    for _ in range(n):
        many = words(100)
        names = dict(zip(words(100), words(100), strict=True))
        start = time.thread_time_ns()
        take_many(*many, **names)
        times.append(time.thread_time_ns() - start)
    taken["two hundred arguments"] = median(times)
    return taken


if __name__ == "__main__":
    START = time.thread_time()
    finish(START, main(size(21)))
