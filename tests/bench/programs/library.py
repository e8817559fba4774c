"""Nearly all of the time is spent in standard library code, which is not recorded by default."""

import textwrap

from measure import run

TEXT = "A recording holds what the program did, and a library is not the program. " * 12


def main(n: int) -> int:
    total = 0
    for width in range(n):
        total += len(textwrap.wrap(TEXT, 20 + width % 60))
    return total


if __name__ == "__main__":
    run(main, 2_500)
