"""A thousand million events: calls, lines, lists and attributes for as long as it takes."""

from measure import run


class Counter:
    def __init__(self) -> None:
        self.value = 0
        self.last: list[int] = []

    def add(self, x: int) -> int:
        self.value += x
        if x & 15 == 0:
            self.last.append(x)
            if len(self.last) > 10:
                self.last.clear()
        return self.value


def main(n: int) -> int:
    counter = Counter()
    total = 0
    for i in range(n):
        total ^= i
        total &= 0xFFFF
        if i & 3 == 0:
            total += counter.add(i)
            total &= 0xFFFFFF
    return total


if __name__ == "__main__":
    run(main, 170_000_000)
