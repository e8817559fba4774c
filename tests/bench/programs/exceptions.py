"""Exceptions of the program and of the interpreter: raised, passed on, caught."""

from measure import run


class Refused(Exception):
    pass


def check(i: int) -> int:
    if i % 3 == 0:
        raise Refused(i)
    return i


def ask(i: int) -> int:
    return check(i) + 1


def look_up(table: dict[int, int], i: int) -> int:
    try:
        return table[i % 8]
    except KeyError:
        return 0


def main(n: int) -> int:
    table = {1: 1, 2: 4, 3: 9}
    total = 0
    for i in range(n):
        try:
            total += ask(i)
        except Refused as refused:
            total -= len(refused.args)
        total += look_up(table, i)
    return total


if __name__ == "__main__":
    run(main, 600_000)
