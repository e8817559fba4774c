"""Pipelines of generators: primes, a tree walk by `yield from`, a running mean by `send`."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any


def primes() -> Iterator[int]:
    found: list[int] = []
    for number in count(2):
        if all(number % prime for prime in found):
            found.append(number)
            yield number


def pairs(numbers: Iterator[int]) -> Iterator[tuple[int, int]]:
    before = next(numbers)
    for number in numbers:
        yield before, number
        before = number


def walk(tree: Any) -> Generator[int, None, int]:
    """Yield the leaves of nested lists; return how many there were."""
    if not isinstance(tree, list):
        yield tree
        return 1
    total = 0
    for branch in tree:
        total += yield from walk(branch)
    return total


def leaves(tree: Any) -> Generator[int, None, None]:
    total = yield from walk(tree)
    yield -total


def mean() -> Generator[float, float, None]:
    total, seen = 0.0, 0
    value = yield 0.0
    while True:
        try:
            total, seen = total + value, seen + 1
            value = yield total / seen
        except ValueError:
            total, seen = 0.0, 0
            value = yield 0.0


@contextmanager
def titled(title: str) -> Iterator[None]:
    print(f"-- {title}")
    try:
        yield
    finally:
        print()


def main() -> None:
    with titled("twin primes"):
        print([pair for pair in islice(pairs(primes()), 40) if pair[1] - pair[0] == 2])
    with titled("leaves"):
        print(list(leaves([1, [2, [3, 4], []], [[5]]])))
    with titled("running mean"):
        running = mean()
        next(running)
        print([running.send(value) for value in (4.0, 8.0, 6.0)])
        running.throw(ValueError("start again"))
        print(running.send(10.0))
        running.close()


if __name__ == "__main__":
    main()
