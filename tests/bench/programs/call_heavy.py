"""Calls and returns, little else: recursive Fibonacci numbers."""

from measure import run


def fib(n: int) -> int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def main(n: int) -> int:
    total = 0
    for _ in range(n):
        total += fib(15)
    return total


if __name__ == "__main__":
    run(main, 127)
