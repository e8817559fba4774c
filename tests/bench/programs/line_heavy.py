"""Lines and small ints, hardly a call: nested loops."""

from measure import run


def main(n: int) -> int:
    total = 0
    for i in range(n):
        odd = i & 1
        j = 0
        while j < 100:
            total += i ^ j
            if odd:
                total -= j
            total &= 0xFFFFF
            j += 1
    return total


if __name__ == "__main__":
    run(main, 30_000)
