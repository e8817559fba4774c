"""Ints of up to 3,500 bits: each line makes one that was not there before."""

from measure import run

BITS = 3_500


def main(n: int) -> int:
    a, b = 0, 1
    total = 0
    for i in range(n):
        a += b
        b += a
        if b.bit_length() > BITS:
            total ^= a
            a = i
            b = i + 1
    return total


if __name__ == "__main__":
    run(main, 250_000)
