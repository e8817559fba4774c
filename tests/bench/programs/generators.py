"""Suspensions and resumptions: generators that feed each other."""

from collections.abc import Iterable, Iterator

from measure import run


def numbers(n: int) -> Iterator[int]:
    i = 0
    while i < n:
        yield i
        i += 1


def odd(source: Iterable[int]) -> Iterator[int]:
    for x in source:
        if x & 1:
            yield x


def handed_on(source: Iterable[int]) -> Iterator[int]:
    yield from source


def main(n: int) -> int:
    total = 0
    for x in handed_on(odd(numbers(n))):
        total += x
    return total


if __name__ == "__main__":
    run(main, 3_500_000)
